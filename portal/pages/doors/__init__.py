"""The doors: signing in and out, a forgotten password, an invitation."""

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from portal import clock
from portal.access import links, scopes, secrets, showing, signing_in
from portal.access.signing_in import Entry
from portal.errors import Gone, Invalid, Refusal, TooMany
from portal.people import names
from portal.privacy import consents
from portal.scope import Permission, Scope
from portal.web.forms import Form, read_form, read_query
from portal.web.guard import PUBLIC, guard
from portal.web.requests import (
    DEVICE_COOKIE,
    Look,
    address_of,
    drop_session,
    keep_look,
    keep_session,
    set_flash,
    settings_of,
)
from portal.web.templating import page, see
from portal.words import translated

SECRET_COOKIE = "link"


@guard(PUBLIC)
async def sign_in_page(request: Request) -> Response:
    """The form; whoever is signed in already is sent on."""
    after = read_query(request, "next")["next"]
    if request.state.signed_in is not None:
        return see(request, _landing(request.state.scope, after))
    form = Form({"next": after}, language=request.state.language)
    return page(request, "doors/sign_in.html", form=form, **await _other_ways(request))


@guard(PUBLIC)
async def sign_in(request: Request) -> Response:
    """Open a session and go where the reader was headed, else to their own first page."""
    form = await read_form(request, "login", "password", "next")
    try:
        entry = await signing_in.sign_in(form["login"], form["password"], **browser_of(request))
    except (Invalid, TooMany) as no:
        return _again(request, "doors/sign_in.html", form, no, **await _other_ways(request))
    if request.state.signed_in is not None:
        await signing_in.sign_out(request.state.scope, request.state.signed_in.session_id)  # this browser's earlier one
    return await entered(request, entry, form["next"])


@guard(PUBLIC)
async def sign_out(request: Request) -> Response:
    """End the session, if there is one; pressing twice does no harm."""
    if request.state.signed_in is not None:
        await signing_in.sign_out(request.state.scope, request.state.signed_in.session_id)
    response = see(request, "/sign-in", flash="signed_out")
    drop_session(request, response)
    return response


@guard(PUBLIC)
async def forgotten_page(request: Request) -> Response:
    """Ask for a reset link."""
    return page(request, "doors/forgotten.html", asked=False)


@guard(PUBLIC)
async def forgotten(request: Request) -> Response:
    """The same answer whether there is such an account or not."""
    form = await read_form(request, "login")
    try:
        await links.ask_for_reset(form["login"], address=address_of(request))
    except (Invalid, TooMany) as no:
        return _again(request, "doors/forgotten.html", form, no, asked=False)
    return page(request, "doors/forgotten.html", form=form, asked=True)


@guard(PUBLIC)
async def reset_page(request: Request) -> Response:
    return await _password_page(request, links.RESET)


@guard(PUBLIC)
async def reset(request: Request) -> Response:
    return await _set_password(request, links.RESET)


@guard(PUBLIC)
async def invitation_page(request: Request) -> Response:
    return await _password_page(request, links.INVITATION)


@guard(PUBLIC)
async def invitation(request: Request) -> Response:
    return await _set_password(request, links.INVITATION)


@guard(PUBLIC)
async def look(request: Request) -> Response:
    """Language and theme on this browser, for those who are not signed in."""
    form = await read_form(request, "language", "theme", "next")
    before = Look.from_cookie(request.cookies.get("look", ""))
    chosen = Look.from_cookie(f"{form['language'] or before.language}.{form['theme'] or before.theme}")
    response = see(request, safe_next(form["next"]) or "/")
    keep_look(request, response, chosen)
    return response


def safe_next(target: str) -> str:
    """The target when it is a path of our own, else nothing: no open redirect."""
    ours = target.startswith("/") and not target.startswith("//")
    plain = target.isascii() and target.isprintable() and "\\" not in target
    return target if ours and plain else ""


def _landing(scope: Scope, after: str) -> str:
    """Where the reader was headed, else where an account belongs: the staff room, or its family's page."""
    return safe_next(after) or ("/staff" if scope.may(Permission.USE_STAFF_ROOM) else "/home")


def browser_of(request: Request) -> dict[str, str]:
    """What signing in remembers of a browser."""
    return {
        "device": request.cookies.get(DEVICE_COOKIE, ""),
        "agent": request.headers.get("user-agent", ""),
        "address": address_of(request),
    }


async def _other_ways(request: Request) -> dict[str, Any]:
    """The ways in without typing: identity providers, and in a demo its cast."""
    return {"providers": settings_of(request).oidc, "demo_people": await _demo_people(request)}


async def _demo_people(request: Request) -> list[dict[str, object]]:
    """The demo's cast, where everybody may know the password: a demo that only this machine reaches."""
    if not request.state.centre.demo or request.app.state.settings.is_open:
        return []
    return [
        {
            "name": names.shown(*role[1:4], request.state.centre.name_order),
            "words": translated(role.words, request.state.language),
            "initials": names.initials(role.family_name, role.given_name),
            "fields": {"login": role.login, "password": showing.PASSWORD},
        }
        for role in await showing.cast()
    ]


async def entered(request: Request, entry: Entry, after: str) -> Response:
    """Signed in: the cookies, and on to where the reader was headed."""
    scope = await scopes.build(entry.account_id, entry.person_id)
    landing = _landing(scope, after)
    if await consents.to_ask(scope, clock.today(request.state.centre.time_zone)):
        landing = f"/consents?next={quote(landing, safe='')}"
    response = RedirectResponse(landing, status_code=303)
    keep_session(request, response, entry.token, entry.device)
    return response


def _again(request: Request, template: str, form: Form, no: Refusal, **context: object) -> Response:
    response = page(request, template, status=no.status, form=form.refused(no), **context)
    if isinstance(no, TooMany):
        response.headers["Retry-After"] = str(no.retry_after)
    return response


async def _password_page(request: Request, purpose: str) -> Response:
    """The key goes from the address into a cookie at once, so that it stays in no history and no referrer."""
    key = request.path_params["key"]
    if key != "open":
        if not secrets.is_token(key):
            raise Gone
        response = RedirectResponse(f"/{purpose}/open", status_code=303)
        response.set_cookie(
            SECRET_COOKIE,
            key,
            path=f"/{purpose}",
            max_age=1800,
            httponly=True,
            samesite="lax",
            secure=request.app.state.settings.secure,
        )
        return response
    holder = await links.holder(request.cookies.get(SECRET_COOKIE, ""), purpose)
    providers = settings_of(request).oidc
    return page(request, "doors/password.html", purpose=purpose, holder=holder, providers=providers)


async def _set_password(request: Request, purpose: str) -> Response:
    form = await read_form(request, "password")
    key = request.path_params["key"]
    key = request.cookies.get(SECRET_COOKIE, "") if key == "open" else key
    try:
        entry = await links.set_password(key, purpose, form["password"], **browser_of(request))
    except Invalid as no:
        shown = {"purpose": purpose, "holder": await links.holder(key, purpose)}
        return _again(request, "doors/password.html", form, no, providers=settings_of(request).oidc, **shown)
    except Gone as no:
        return page(request, "errors/problem.html", status=no.status, code=no.status, sentence=no.sentence, details=[])
    response = await entered(request, entry, "")
    response.delete_cookie(SECRET_COOKIE, path=f"/{purpose}")
    set_flash(request, response, "saved")
    return response


routes = [
    Route("/sign-in", sign_in_page),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/forgotten", forgotten_page),
    Route("/forgotten", forgotten, methods=["POST"]),
    Route("/reset/{key}", reset_page),
    Route("/reset/{key}", reset, methods=["POST"]),
    Route("/invitation/{key}", invitation_page),
    Route("/invitation/{key}", invitation, methods=["POST"]),
    Route("/look", look, methods=["POST"]),
]
