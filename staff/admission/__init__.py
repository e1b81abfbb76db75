"""A new student, entered by hand."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import clock
from portal.errors import Invalid, NotFound
from portal.people import admission, persons, staffing
from portal.people.admission import Alike, PerhapsKnown
from portal.scope import Permission
from portal.web.forms import Form, read_form
from portal.web.guard import guard
from portal.web.templating import page, see
from staff import words

STUDENT = (
    *("family_name", "middle_name", "given_name", "birth_date", "sex", "phone", "email", "address"),
    *("branch_id", "assigned_to", "confirmed"),
)
GUARDIAN = (
    *("guardian_id", "guardian_relation", "guardian_family_name", "guardian_middle_name", "guardian_given_name"),
    *("guardian_phone", "guardian_email"),
)


@guard(Permission.EDIT_PEOPLE)
async def new_page(request: Request) -> Response:
    """The empty form; branch and who looks after the student are filled in."""
    return await _show(request, Form(language=request.state.language))


@guard(Permission.EDIT_PEOPLE)
async def new(request: Request) -> Response:
    """Enter the student; whoever looks known is shown before."""
    form = await read_form(request, *STUDENT, *GUARDIAN)
    today = clock.today(request.state.centre.time_zone)
    try:
        entered = await admission.enter(
            request.state.scope, form.values, today=today, confirmed=form["confirmed"] == "1"
        )
    except PerhapsKnown as no:
        return await _show(request, form.refused(no), no.status, no.alike)
    except Invalid as no:
        return await _show(request, form.refused(no), no.status)
    return see(request, f"/staff/students/{entered.student_id}", flash="added")


async def _show(request: Request, form: Form, status: int = 200, alike: Sequence[Alike] = ()) -> Response:
    scope = request.state.scope
    return page(
        request,
        "admission/new.html",
        status=status,
        form=form,
        alike=alike,
        chosen=await _chosen(request, form["guardian_id"]),
        branches=await staffing.branches(scope),
        colleagues=await staffing.colleagues(scope),
        home_branch=await staffing.home_branch(scope),
        self_id=scope.person_id,
        words=words,
    )


async def _chosen(request: Request, typed: str) -> persons.Card | None:
    """Somebody here who was taken as the guardian, so that the choice is kept."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 18):
        return None
    try:
        return await persons.find(request.state.scope, int(typed))
    except NotFound:
        return None


routes = [
    Route("/staff/people/new", new_page),
    Route("/staff/people/new", new, methods=["POST"]),
]
