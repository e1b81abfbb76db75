"""Coming in by an identity provider: being sent there, coming back, linking and unlinking.

Only a form of ours sends a browser to a provider, so that no link can. The answer is a page that leads on, not a
redirect: a browser holds `form-action` of our policy against every redirect that follows a form, and where a provider
leads next is not ours to list.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.access import identities, links, provider_visits, secrets, signing_in
from portal.access.identities import Vouched
from portal.access.provider_visits import INVITATION, LINK, SIGN_IN, Keys, Visit
from portal.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Refusal, TooMany, Unanswered
from portal.pages import profile
from portal.pages.doors import SECRET_COOKIE, browser_of, entered, safe_next
from portal.web.forms import read_form, read_query
from portal.web.guard import PUBLIC, SIGNED_IN, guard
from portal.web.oidc import Client
from portal.web.requests import DEVICE_COOKIE, address_of, keep_visit, visit_key
from portal.web.templating import page, see

BACK = {SIGN_IN: "/sign-in", LINK: "/profile", INVITATION: "/invitation/open"}


@guard(PUBLIC)
async def start(request: Request) -> Response:
    """Send the browser to a provider, to come back signed in where the reader was headed."""
    form = await read_form(request, "next")
    return await _send(request, _client(request), SIGN_IN, after=safe_next(form["next"]))


@guard(PUBLIC)
async def start_page(request: Request) -> Response:
    """Whoever loads the page in between again chooses anew."""
    _client(request)
    return see(request, "/sign-in")


@guard(PUBLIC)
async def start_with_invitation(request: Request) -> Response:
    """Accept an invitation with an account at a provider instead of a password."""
    await read_form(request)
    client = _client(request)
    key = request.cookies.get(SECRET_COOKIE, "")
    await links.holder(key, links.INVITATION)
    return await _send(request, client, INVITATION, link_hash=secrets.hashed(key))


@guard(SIGNED_IN)
async def start_linking(request: Request) -> Response:
    """Link an account at a provider to one's own, from a session just begun or with the password."""
    form = await read_form(request, "provider", "present_password")
    session_id = request.state.signed_in.session_id
    client = _clients(request).get(form["provider"])
    if client is None:
        raise NotFound
    try:
        await identities.prove(
            request.state.scope, form["present_password"], session_id=session_id, address=address_of(request)
        )
    except (Invalid, TooMany, Conflict) as no:
        return await profile.show(request, form, no)
    return await _send(request, client, LINK, session_id=session_id)


@guard(SIGNED_IN)
async def unlink(request: Request) -> Response:
    """Unlink one of one's own; never the last way in."""
    form = await read_form(request)
    try:
        await identities.unlink(
            request.state.scope,
            request.path_params["id"],
            session_id=request.state.signed_in.session_id,
            issuers={client.provider.issuer for client in _clients(request).values()},
        )
    except Conflict as no:
        return await profile.show(request, form, no)
    return see(request, "/profile", flash="unlinked")


@guard(PUBLIC, snapshot=False)
async def back(request: Request) -> Response:
    """The browser is back: its visit ends, whatever the provider says; then the provider is asked whom it saw."""
    client = _client(request)
    answer = read_query(request, "state", "code", "error", "iss")
    keys = Keys(answer["state"], visit_key(request))
    visit = None
    try:
        visit = await provider_visits.end(client.provider.name, keys)
        vouched = await client.vouched(answer, keys)
        response = await _ACTS[visit.purpose](request, visit, vouched)
    except (Gone, Forbidden, Conflict, Unanswered) as no:
        return _problem(request, client, no, visit)
    await provider_visits.forgive(keys)
    return response


async def _sign_in(request: Request, visit: Visit, vouched: Vouched) -> Response:
    entry = await identities.sign_in(vouched, **browser_of(request))
    await _leave(request)
    return await entered(request, entry, visit.after)


async def _accept(request: Request, visit: Visit, vouched: Vouched) -> Response:
    entry = await identities.accept(visit.link_hash, vouched, **browser_of(request))
    await _leave(request)
    response = await entered(request, entry, "")
    response.delete_cookie(SECRET_COOKIE, path="/invitation")
    return response


async def _link(request: Request, visit: Visit, vouched: Vouched) -> Response:
    here = request.state.signed_in
    await identities.link(
        request.state.scope, vouched, session_id=here.session_id if here else None, begun_in=visit.session_id
    )
    return see(request, "/profile", flash="linked")


_ACTS = {SIGN_IN: _sign_in, LINK: _link, INVITATION: _accept}


async def _leave(request: Request) -> None:
    """End the session that this browser had before."""
    if request.state.signed_in is not None:
        await signing_in.sign_out(request.state.scope, request.state.signed_in.session_id)


async def _send(
    request: Request,
    client: Client,
    purpose: str,
    *,
    after: str = "",
    session_id: int | None = None,
    link_hash: str = "",
) -> Response:
    try:
        keys = await provider_visits.begin(
            client.provider.name,
            purpose,
            browser=visit_key(request),
            device=request.cookies.get(DEVICE_COOKIE, ""),
            address=address_of(request),
            session_id=session_id,
            link_hash=link_hash,
            after=after,
        )
        address = await client.address(keys, request.state.language)
    except (TooMany, Unanswered) as no:
        return _problem(request, client, no, Visit(purpose, session_id, link_hash, after))
    response = page(request, "identities/going.html", provider=client.provider, address=address, back=BACK[purpose])
    response.headers["Cache-Control"] = "no-store"
    keep_visit(request, response, keys.browser, int(provider_visits.LIFETIME.total_seconds()))
    return response


def _problem(request: Request, client: Client, no: Refusal, visit: Visit | None) -> Response:
    """What happened, and the way back to where it began."""
    response = page(
        request,
        "identities/problem.html",
        status=no.status,
        provider=client.provider,
        sentence=no.sentence,
        unknown=isinstance(no, identities.Unknown),
        purpose=visit.purpose if visit else SIGN_IN,
        back=BACK[visit.purpose if visit else SIGN_IN],
        after=visit.after if visit else "",
    )
    response.headers["Cache-Control"] = "no-store"
    if isinstance(no, TooMany):
        response.headers["Retry-After"] = str(no.retry_after)
    return response


def _clients(request: Request) -> dict[str, Client]:
    clients: dict[str, Client] = request.app.state.clients
    return clients


def _client(request: Request) -> Client:
    client = _clients(request).get(request.path_params["provider"])
    if client is None:
        raise NotFound
    return client


routes = [
    Route("/sign-in/with/{provider}", start_page),
    Route("/sign-in/with/{provider}", start, methods=["POST"]),
    Route("/sign-in/with/{provider}/callback", back),
    Route("/invitation/open/with/{provider}", start_with_invitation, methods=["POST"]),
    Route("/profile/identities", start_linking, methods=["POST"]),
    Route("/profile/identities/{id:id}/end", unlink, methods=["POST"]),
]
