"""Accounts: who may come in, with which roles; inviting, closing, opening again."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.access import accounts, identities
from portal.errors import Conflict, Invalid, say
from portal.people import persons
from portal.scope import Permission
from portal.web.forms import Form, identity, read_form, read_query, whole
from portal.web.guard import guard
from portal.web.requests import settings_of
from portal.web.templating import page, see
from staff import words
from staff.paging import pager

HANDED_OVER = "invitation"  # the cookie that carries an invitation to the one page that shows it
SHOWN_FOR = 300


@guard(Permission.SEE_ACCOUNTS)
async def listed(request: Request) -> Response:
    """The whole page, or, while somebody types, its results alone."""
    query = read_query(request, "q", "page")
    found = await accounts.listed(request.state.scope, query["q"], page=whole(query["page"], name="page", default=1))
    pages = pager(
        request,
        number=found.number,
        size=accounts.PAGE,
        shown=len(found.accounts),
        total=found.total,
        counted=accounts.COUNTED,
        q=query["q"],
    )
    alone = request.headers.get("X-Fragment") == "results"
    template = "accounts/results.html" if alone else "accounts/accounts.html"
    response = page(request, template, q=query["q"], found=found, pages=pages, counted=accounts.COUNTED, words=words)
    response.headers["Vary"] = "X-Fragment"
    return response


@guard(Permission.SEE_ACCOUNTS)
async def account(request: Request) -> Response:
    """One account; right after inviting somebody who signs in by phone, this once with the invitation."""
    return await _show(request, Form(language=request.state.language))


@guard(Permission.EDIT_ACCOUNTS)
async def new_page(request: Request) -> Response:
    """The form for one person, with what they are reached by as the login."""
    query = read_query(request, "person_id")
    person_id = identity(query["person_id"], name="person_id")
    return await _new(request, Form(language=request.state.language), person_id)


@guard(Permission.EDIT_ACCOUNTS)
async def new(request: Request) -> Response:
    """Open the account and send, or hand over, the invitation."""
    form = await read_form(request, "person_id", "login")
    person_id = identity(form["person_id"], name="person_id")
    if person_id is None:
        no_one = Invalid({}, say("Find the person first."))
        return await _new(request, form.refused(no_one), None, no_one.status)
    try:
        invited = await accounts.open_for(request.state.scope, person_id, form["login"])
    except (Invalid, Conflict) as no:
        return await _new(request, form.refused(no), person_id, no.status)
    return _to_account(request, invited)


@guard(Permission.EDIT_ACCOUNTS)
async def invite(request: Request) -> Response:
    """A fresh invitation for an account nobody has signed in to yet."""
    form = await read_form(request)
    try:
        invited = await accounts.invite_again(request.state.scope, request.path_params["id"])
    except Conflict as no:
        return await _show(request, form.refused(no), no.status)
    return _to_account(request, invited)


@guard(Permission.EDIT_ACCOUNTS)
async def give_role(request: Request) -> Response:
    form = await read_form(request, "role", "branch_id")
    account_id = request.path_params["id"]
    try:
        branch_id = identity(form["branch_id"], name="branch_id")
        await accounts.give_role(request.state.scope, account_id, form["role"], branch_id)
    except Invalid as no:
        return await _show(request, form.refused(no), no.status)
    return see(request, f"/staff/accounts/{account_id}", flash="role_given")


@guard(Permission.EDIT_ACCOUNTS)
async def take_role(request: Request) -> Response:
    form = await read_form(request)
    account_id = request.path_params["id"]
    try:
        await accounts.take_role(request.state.scope, account_id, request.path_params["grant"])
    except Conflict as no:
        return await _show(request, form.refused(no), no.status)
    return see(request, f"/staff/accounts/{account_id}", flash="role_taken")


@guard(Permission.EDIT_ACCOUNTS)
async def close(request: Request) -> Response:
    """No sign-in from now on, and every session ended."""
    form = await read_form(request)
    account_id = request.path_params["id"]
    try:
        await accounts.disable(request.state.scope, account_id)
    except Conflict as no:
        return await _show(request, form.refused(no), no.status)
    return see(request, f"/staff/accounts/{account_id}", flash="disabled")


@guard(Permission.EDIT_ACCOUNTS)
async def reopen(request: Request) -> Response:
    await read_form(request)
    account_id = request.path_params["id"]
    await accounts.enable(request.state.scope, account_id)
    return see(request, f"/staff/accounts/{account_id}", flash="enabled")


@guard(Permission.EDIT_ACCOUNTS)
async def unlink(request: Request) -> Response:
    """Take a way in by an identity provider away, and sign the account out everywhere."""
    form = await read_form(request)
    account_id = request.path_params["id"]
    try:
        await identities.take(request.state.scope, account_id, request.path_params["identity"])
    except Conflict as no:
        return await _show(request, form.refused(no), no.status)
    return see(request, f"/staff/accounts/{account_id}", flash="identity_taken")


async def _show(request: Request, form: Form, status: int = 200) -> Response:
    scope, account_id = request.state.scope, request.path_params["id"]
    found = await accounts.find(scope, account_id)
    roles, branches, everywhere = await accounts.to_give(scope)
    may_edit = scope.may(Permission.EDIT_ACCOUNTS)
    key = request.cookies.get(HANDED_OVER, "")
    response = page(
        request,
        "accounts/account.html",
        status=status,
        form=form,
        account=found,
        is_own=account_id == scope.account_id,
        may_keep=may_edit and accounts.may_keep(scope, found),
        may_reopen=may_edit and accounts.may_reopen(scope, found),
        takes={g.id for g in found.roles if may_edit and accounts.may_hand_out(scope, g.role, g.branch_id)},
        linked=await identities.of_others(scope, account_id),
        providers={provider.issuer: provider.label for provider in settings_of(request).oidc},
        may_unlink=identities.may_take(scope),
        roles=roles,
        branches=branches,
        everywhere=everywhere,
        invitation=f"{settings_of(request).public_url}/invitation/{key}" if key and found.invited else "",
        words=words,
    )
    if key:
        response.delete_cookie(HANDED_OVER, path=f"/staff/accounts/{account_id}")
        response.headers["Cache-Control"] = "no-store"
    return response


async def _new(request: Request, form: Form, person_id: int | None, status: int = 200) -> Response:
    person = None if person_id is None else await persons.find(request.state.scope, person_id)
    login = ""
    if person is not None:
        login = next(iter([row[0] for row in person.emails] + [row[0] for row in person.phones]), "")
    return page(request, "accounts/new.html", status=status, form=form, person=person, login=login)


def _to_account(request: Request, invited: accounts.Invited) -> Response:
    """Look at the account; who signs in by phone gets no letter, so the page shows the invitation, once."""
    path = f"/staff/accounts/{invited.id}"
    response = see(request, path, flash="added" if invited.path else "invited")
    if invited.path:
        response.set_cookie(
            HANDED_OVER,
            invited.path.removeprefix("/invitation/"),
            path=path,
            max_age=SHOWN_FOR,
            httponly=True,
            samesite="strict",
            secure=settings_of(request).secure,
        )
    return response


routes = [
    Route("/staff/accounts", listed),
    Route("/staff/accounts/new", new_page),
    Route("/staff/accounts/new", new, methods=["POST"]),
    Route("/staff/accounts/{id:id}", account),
    Route("/staff/accounts/{id:id}/invitation", invite, methods=["POST"]),
    Route("/staff/accounts/{id:id}/roles", give_role, methods=["POST"]),
    Route("/staff/accounts/{id:id}/roles/{grant:id}/end", take_role, methods=["POST"]),
    Route("/staff/accounts/{id:id}/identities/{identity:id}/end", unlink, methods=["POST"]),
    Route("/staff/accounts/{id:id}/closing", close, methods=["POST"]),
    Route("/staff/accounts/{id:id}/opening", reopen, methods=["POST"]),
]
