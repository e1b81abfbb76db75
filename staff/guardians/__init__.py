"""The guardians of a student: linking one, and deciding what each may see and do. Each act has its ground."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.errors import Conflict, Invalid, NotFound, say
from portal.people import guardians, persons, students
from portal.privacy import readings
from portal.scope import Permission
from portal.web.forms import Form, identity, read_form, read_query
from portal.web.guard import guard
from portal.web.templating import page, see
from staff import words

OFFERED = 10


@guard(Permission.LINK_GUARDIANS)
async def show(request: Request) -> Response:
    """Who is linked, and the way to link another: find the person, choose them, say the ground."""
    query = read_query(request, "q", "person_id")
    person_id = identity(query["person_id"], name="person_id")
    return await _show(request, Form(language=request.state.language), q=query["q"], person_id=person_id)


@guard(Permission.LINK_GUARDIANS)
async def link(request: Request) -> Response:
    """Link somebody who is here already."""
    form = await read_form(request, "person_id", "relation", "ground", "may_pay")
    student_id = request.path_params["id"]
    person_id = identity(form["person_id"], name="person_id")
    if person_id is None:
        no_one = Invalid({}, say("Find the person first."))
        return await _show(request, form.refused(no_one), failed="link", status=no_one.status)
    try:
        await guardians.link(
            request.state.scope,
            person_id=person_id,
            student_id=student_id,
            relation=form["relation"],
            ground=form["ground"],
            may_pay=form["may_pay"] == "1",
        )
    except (Invalid, Conflict) as no:
        return await _show(request, form.refused(no), failed="link", person_id=person_id, status=no.status)
    return see(request, _path(student_id), flash="linked")


@guard(Permission.LINK_GUARDIANS)
async def allow(request: Request) -> Response:
    """Decide what a guardian may see and do."""
    form = await read_form(request, "may_see", "may_pay", "is_told", "ground")
    student_id, guardian_id = request.path_params["id"], request.path_params["guardian"]
    try:
        await guardians.allow(
            request.state.scope,
            student_id,
            guardian_id,
            may_see=form["may_see"] == "1",
            may_pay=form["may_pay"] == "1",
            is_told=form["is_told"] == "1",
            ground=form["ground"],
        )
    except Invalid as no:
        return await _show(request, form.refused(no), failed=f"allow-{guardian_id}", status=no.status)
    return see(request, _path(student_id), flash="saved")


@guard(Permission.LINK_GUARDIANS)
async def restrict(request: Request) -> Response:
    """Take sight and contact away at once."""
    form = await read_form(request, "ground")
    student_id, guardian_id = request.path_params["id"], request.path_params["guardian"]
    try:
        await guardians.restrict(request.state.scope, student_id, guardian_id, ground=form["ground"])
    except (Invalid, Conflict) as no:
        return await _show(request, form.refused(no), failed=f"restrict-{guardian_id}", status=no.status)
    return see(request, _path(student_id), flash="saved")


@guard(Permission.LINK_GUARDIANS)
async def release(request: Request) -> Response:
    """Lift a restriction."""
    form = await read_form(request, "ground")
    student_id, guardian_id = request.path_params["id"], request.path_params["guardian"]
    try:
        await guardians.release(request.state.scope, student_id, guardian_id, ground=form["ground"])
    except (Invalid, Conflict) as no:
        return await _show(request, form.refused(no), failed=f"release-{guardian_id}", status=no.status)
    return see(request, _path(student_id), flash="saved")


async def _show(
    request: Request,
    form: Form,
    *,
    failed: str = "",
    q: str = "",
    person_id: int | None = None,
    status: int = 200,
) -> Response:
    """`failed` names the form on the page that what was typed belongs to."""
    scope = request.state.scope
    student = await students.find(scope, request.path_params["id"])
    if student.guardians is None or not student.decides:
        raise NotFound
    linked = {one.person_id for one in student.guardians} | {student.person.id}
    found = [one for one in (await persons.search(scope, q)).people if one.id not in linked] if q.strip() else []
    response = page(
        request,
        "guardians/guardians.html",
        status=status,
        form=form,
        blank=Form(language=request.state.language),
        failed=failed,
        student=student,
        q=q,
        found=found[:OFFERED],
        more=len(found) > OFFERED,
        chosen=await persons.find(scope, person_id) if person_id else None,
        words=words,
    )
    readings.note(scope, "guardians", student.person.id)
    return response


def _path(student_id: int) -> str:
    return f"/staff/students/{student_id}/guardians"


routes = [
    Route("/staff/students/{id:id}/guardians", show),
    Route("/staff/students/{id:id}/guardians", link, methods=["POST"]),
    Route("/staff/students/{id:id}/guardians/{guardian:id}", allow, methods=["POST"]),
    Route("/staff/students/{id:id}/guardians/{guardian:id}/restriction", restrict, methods=["POST"]),
    Route("/staff/students/{id:id}/guardians/{guardian:id}/restriction/end", release, methods=["POST"]),
]
