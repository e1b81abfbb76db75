"""One's own data: what one agreed to, a copy of everything, who looked at it."""

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from portal import clock
from portal.errors import Conflict, Gone, Invalid, NotFound, Refusal
from portal.pages.doors import safe_next
from portal.people import students
from portal.privacy import consents, exports, readings, retention, wordings
from portal.privacy.consents import Concern
from portal.scope import Permission, Scope
from portal.web.forms import Form, identity, read_form, read_query
from portal.web.guard import SIGNED_IN, guard
from portal.web.templating import page, see


@guard(SIGNED_IN)
async def privacy(request: Request) -> Response:
    """Everything of it on one page."""
    return await _show(request, Form(language=request.state.language))


@guard(SIGNED_IN)
async def export(request: Request) -> Response:
    """Have one's own data packed."""
    form = await read_form(request)
    scope: Scope = request.state.scope
    try:
        await exports.ask(scope, scope.person_id or 0, language=request.state.language)
    except Conflict as no:
        return await _show(request, form.refused(no), no)
    return see(request, "/profile/privacy", flash="packing")


@guard(SIGNED_IN)
async def download(request: Request) -> Response:
    """The packed file, for whoever asked for it; never shown inside a page of ours, and kept by nobody on the way."""
    try:
        file = await exports.fetch(request.state.scope, request.path_params["id"])
    except Gone as no:
        return page(request, "errors/problem.html", status=no.status, code=no.status, sentence=no.sentence, details=[])
    return FileResponse(
        file.path,
        media_type="application/zip",
        filename=file.name,
        headers={"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "no-store"},
    )


@guard(SIGNED_IN)
async def give(request: Request) -> Response:
    """Agree to the words that were shown."""
    form = await read_form(request, "person_id", "kind", "version")
    try:
        await consents.give(
            request.state.scope,
            identity(form["person_id"], name="person_id") or 0,
            form["kind"],
            version=form["version"],
            language=request.state.language,
        )
    except (Invalid, Conflict) as no:
        return await _show(request, form.refused(no), no)
    return see(request, "/profile/privacy", flash="saved")


@guard(SIGNED_IN)
async def withdraw(request: Request) -> Response:
    """Take it back."""
    form = await read_form(request, "person_id", "kind")
    try:
        person_id = identity(form["person_id"], name="person_id") or 0
        await consents.withdraw(request.state.scope, person_id, form["kind"])
    except Invalid as no:
        return await _show(request, form.refused(no), no)
    return see(request, "/profile/privacy", flash="saved")


@guard(SIGNED_IN)
async def question(request: Request) -> Response:
    """The words that are required, put before the reader after signing in: once a version, and never in the way."""
    after = safe_next(read_query(request, "next")["next"]) or "/home"
    asked_for = await consents.to_ask(request.state.scope, clock.today(request.state.centre.time_zone))
    if not asked_for:
        return see(request, after)
    return page(
        request,
        "own_data/question.html",
        concerns=asked_for,
        words=wordings.current(wordings.REQUIRED, request.state.language),
        after=after,
    )


@guard(SIGNED_IN)
async def answer(request: Request) -> Response:
    """The answer: agreed for those whom the page named, or not now; either way the reader goes on."""
    form = await read_form(request, "version", "later", "next", several=("person_id",))
    scope: Scope = request.state.scope
    if not form["later"]:
        for each in form.chosen("person_id"):
            await consents.give(
                scope,
                identity(each, name="person_id") or 0,
                wordings.REQUIRED,
                version=form["version"],
                language=request.state.language,
            )
    await consents.asked(scope)
    return see(request, safe_next(form["next"]) or "/home", flash="" if form["later"] else "saved")


@guard(Permission.SEE_FAMILY_PAGES)
async def readers(request: Request) -> Response:
    """Which roles looked at a child's records, by day."""
    scope = request.state.scope
    children = await students.of_family(scope)
    child = next((one for one in children if one.id == request.path_params["id"]), None)
    if child is None:
        raise NotFound
    days = await readings.told_of_student(scope, child.id, request.state.centre.time_zone)
    return page(request, "own_data/readers.html", child=child, children=children, days=days)


async def _show(request: Request, form: Form, no: Refusal | None = None) -> Response:
    scope, centre = request.state.scope, request.state.centre
    today = clock.today(centre.time_zone)
    concerned = await consents.concerns(scope)
    return page(
        request,
        "own_data/privacy.html",
        status=no.status if no else 200,
        form=form,
        people=[(one, await _standings(request, one)) for one in concerned],
        wordings={kind: wordings.current(kind, request.state.language) for kind in wordings.KINDS},
        exports=await exports.listed(scope, scope.person_id),
        days=await retention.days_for("exports"),
        readers=await readings.told_to_family(scope, scope.person_id, centre.time_zone),
        children=await students.of_family(scope),
        today=today,
    )


async def _standings(request: Request, concern: Concern) -> list[consents.Standing]:
    """What the reader may say about one person: of a child, what a representative is asked for."""
    today = clock.today(request.state.centre.time_zone)
    found = await consents.of_person(request.state.scope, concern.person_id, today)
    return [one for one in found if one.own or ("self" if concern.is_self else "representative") in one.needed]


routes = [
    Route("/profile/privacy", privacy),
    Route("/profile/privacy/export", export, methods=["POST"]),
    Route("/profile/privacy/exports/{id:id}", download),
    Route("/profile/privacy/consents", give, methods=["POST"]),
    Route("/profile/privacy/consents/end", withdraw, methods=["POST"]),
    Route("/consents", question),
    Route("/consents", answer, methods=["POST"]),
    Route("/children/{id:id}/readers", readers),
]
