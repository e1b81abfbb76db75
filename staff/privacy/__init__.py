"""Privacy at the office: consents on paper, a copy for a family, who looked, erasing, how long things are kept."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import clock
from portal.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from portal.people import persons
from portal.privacy import consents, erasing, exports, readings, retention, wordings
from portal.scope import Permission
from portal.web.forms import Form, read_form
from portal.web.guard import guard
from portal.web.templating import page, see
from staff import words

RIGHTS = (Permission.NOTE_CONSENT, Permission.SEE_READERS, Permission.EXPORT_PEOPLE, Permission.ERASE_PEOPLE)


@guard(*RIGHTS)
async def person(request: Request) -> Response:
    """Everything of it about one person, each part as far as the reader's roles reach."""
    return await _show(request, Form(language=request.state.language))


@guard(Permission.NOTE_CONSENT)
async def note(request: Request) -> Response:
    """Note a consent, or that one was taken back, that came on paper."""
    form = await read_form(request, "kind", "giver_id", "agreed", "note")
    person_id = request.path_params["id"]
    try:
        await consents.note(
            request.state.scope,
            person_id,
            form["kind"],
            giver=form["giver_id"],
            note=form["note"],
            agreed=form["agreed"] != "0",
            language=request.state.centre.locale,
        )
    except Invalid as no:
        return await _show(request, form.refused(no), no)
    return see(request, f"/staff/people/{person_id}/privacy", flash="saved")


@guard(Permission.EXPORT_PEOPLE)
async def export(request: Request) -> Response:
    """Have a person's data packed, to be handed to them."""
    form = await read_form(request)
    person_id = request.path_params["id"]
    try:
        await exports.ask(request.state.scope, person_id, language=request.state.centre.locale)
    except Conflict as no:
        return await _show(request, form.refused(no), no)
    readings.note(request.state.scope, "export", person_id)
    return see(request, f"/staff/people/{person_id}/privacy", flash="packing")


@guard(Permission.SEE_READERS)
async def readers(request: Request) -> Response:
    """Who looked at a person's pages."""
    scope, person_id = request.state.scope, request.path_params["id"]
    found = await readings.of_person(scope, person_id)
    return page(request, "privacy/readers.html", person=await persons.find(scope, person_id), readers=found)


@guard(Permission.ERASE_PEOPLE)
async def erasure(request: Request) -> Response:
    """What would go and what would stay."""
    return await _ask(request, Form(language=request.state.language))


@guard(Permission.ERASE_PEOPLE)
async def erase(request: Request) -> Response:
    """Erase the person, if the name was typed."""
    form = await read_form(request, "ground", "typed_name")
    try:
        await erasing.erase(
            request.state.scope, request.path_params["id"], form["ground"], typed_name=form["typed_name"]
        )
    except (Invalid, Conflict, Forbidden) as no:
        return await _ask(request, form.refused(no), no)
    return see(request, "/staff/people", flash="erased")


@guard(Permission.SET_RETENTION)
async def kept(request: Request) -> Response:
    """How long things are kept, what went lately, who was erased (by number)."""
    return await _kept(request, Form(language=request.state.language))


@guard(Permission.SET_RETENTION)
async def keep(request: Request) -> Response:
    """Say for how many days each kind is kept."""
    form = await read_form(
        request,
        *("attempts", "sessions", "devices", "links", "letters"),
        *("jobs", "imports", "exports", "readings", "acts"),
    )
    try:
        await retention.choose(request.state.scope, form.values)
    except Invalid as no:
        return await _kept(request, form.refused(no), no)
    return see(request, "/staff/privacy", flash="saved")


async def _show(request: Request, form: Form, no: Refusal | None = None) -> Response:
    scope, person_id = request.state.scope, request.path_params["id"]
    card = await persons.find(scope, person_id)
    language = request.state.language
    standings: list[consents.Standing] | None = None
    givers: list[consents.Giver] = []
    if await consents.may_note(scope, person_id):
        standings = await consents.of_person(scope, person_id, clock.today(request.state.centre.time_zone))
        givers = await consents.givers_of(scope, person_id)
    packs = await exports.may(scope, person_id)
    may_see_readers = await readings.may_see(scope, person_id)
    if standings is None and not packs and not may_see_readers and not scope.may(Permission.ERASE_PEOPLE):
        raise NotFound
    return page(
        request,
        "privacy/person.html",
        status=no.status if no else 200,
        form=form,
        person=card,
        standings=standings,
        givers=givers,
        wordings={kind: wordings.current(kind, language) for kind in wordings.KINDS},
        packs=packs,
        exports=await exports.listed(scope, person_id) if packs else [],
        days=await retention.days_for("exports"),
        sees_readers=may_see_readers,
        is_own=person_id == scope.person_id,
        words=words,
    )


async def _ask(request: Request, form: Form, no: Refusal | None = None) -> Response:
    found = await erasing.preview(request.state.scope, request.path_params["id"])
    return page(
        request,
        "privacy/erasure.html",
        status=no.status if no else 200,
        form=form,
        preview=found,
        person=found.person,
        grounds=erasing.GROUNDS,
    )


async def _kept(request: Request, form: Form, no: Refusal | None = None) -> Response:
    scope = request.state.scope
    return page(
        request,
        "privacy/kept.html",
        status=no.status if no else 200,
        form=form,
        kinds=await retention.chosen(scope),
        runs=await retention.latest(scope),
        erasures=await erasing.latest(scope),
    )


routes = [
    Route("/staff/privacy", kept),
    Route("/staff/privacy", keep, methods=["POST"]),
    Route("/staff/people/{id:id}/privacy", person),
    Route("/staff/people/{id:id}/privacy/consents", note, methods=["POST"]),
    Route("/staff/people/{id:id}/privacy/export", export, methods=["POST"]),
    Route("/staff/people/{id:id}/readers", readers),
    Route("/staff/people/{id:id}/erasure", erasure),
    Route("/staff/people/{id:id}/erasure", erase, methods=["POST"]),
]
