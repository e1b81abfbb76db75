"""One's own profile: language, theme, password, other ways in, the devices that are signed in."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.access import identities, links, preferences, sessions
from portal.errors import Invalid, Refusal
from portal.pages.doors import safe_next
from portal.web.forms import Form, read_form
from portal.web.guard import SIGNED_IN, guard
from portal.web.requests import address_of, settings_of
from portal.web.templating import page, see


@guard(SIGNED_IN)
async def profile(request: Request) -> Response:
    return await show(request)


@guard(SIGNED_IN)
async def set_look(request: Request) -> Response:
    """Language and theme; what is not sent stays as it is."""
    form = await read_form(request, "language", "theme", "next")
    signed_in = request.state.signed_in
    language = form.values.get("language", signed_in.language)
    theme = form.values.get("theme", signed_in.theme)
    try:
        await preferences.set_look(request.state.scope, language=language, theme=theme)
    except Invalid as no:
        return await show(request, form, no)
    return see(request, safe_next(form["next"]) or "/profile", flash="saved")


@guard(SIGNED_IN)
async def set_password(request: Request) -> Response:
    form = await read_form(request, "current_password", "password")
    try:
        await links.change_password(
            request.state.scope,
            form["current_password"],
            form["password"],
            session_id=request.state.signed_in.session_id,
            address=address_of(request),
        )
    except Refusal as no:
        return await show(request, form, no)
    return see(request, "/profile", flash="password")


@guard(SIGNED_IN)
async def end_session(request: Request) -> Response:
    await read_form(request)
    await sessions.end(request.state.scope, request.path_params["id"])
    return see(request, "/profile", flash="session_ended")


async def show(request: Request, form: Form | None = None, no: Refusal | None = None) -> Response:
    """The profile, also of a form that was refused."""
    scope, session_id = request.state.scope, request.state.signed_in.session_id
    providers = settings_of(request).oidc
    labels = {provider.issuer: provider.label for provider in providers}
    form = form or Form(language=request.state.language)
    return page(
        request,
        "profile/profile.html",
        status=no.status if no else 200,
        form=form.refused(no) if no else form,
        sessions=await sessions.of_account(scope),
        current=session_id,
        chosen_language=request.state.signed_in.language,
        standing=await identities.standing(scope, session_id),
        linked=[(one, labels.get(one.issuer, one.issuer)) for one in await identities.of_account(scope)],
        providers=providers,
    )


routes = [
    Route("/profile", profile),
    Route("/profile/look", set_look, methods=["POST"]),
    Route("/profile/password", set_password, methods=["POST"]),
    Route("/profile/sessions/{id:id}/end", end_session, methods=["POST"]),
]
