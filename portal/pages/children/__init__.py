"""A family's pages: home, and the grades of each child."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import clock, versions
from portal.errors import NotFound
from portal.gradebook import grades
from portal.people import students
from portal.scope import Permission
from portal.timetable import classes
from portal.web.guard import guard
from portal.web.templating import page, see
from portal.web.views import made_from, versioned


@guard(Permission.SEE_FAMILY_PAGES)
@versioned
async def home(request: Request) -> Response:
    """Every child with what is next and what is new."""
    scope = request.state.scope
    children = await students.of_family(scope)
    ids = [child.id for child in children]
    ahead = await classes.next_lessons(scope, ids, request.state.centre.time_zone)
    made_from(
        request,
        *map(versions.student, ids),
        *map(versions.class_, ahead.class_ids),
        until=[ahead.until, await grades.next_publication(scope, ids)],
    )
    return page(
        request,
        "children/home.html",
        children=children,
        latest=await grades.latest(scope, ids),
        lessons=ahead.lessons,
        now=clock.now(),
        today=clock.today(request.state.centre.time_zone),
    )


@guard(Permission.SEE_FAMILY_PAGES)
@versioned
async def child_grades(request: Request) -> Response:
    """By class the categories, marks and average of one child, with the arithmetic behind them."""
    scope = request.state.scope
    student_id = request.path_params["id"]
    children = await students.of_family(scope)
    child = next((one for one in children if one.id == student_id), None)
    if child is None:
        raise NotFound
    shown = await grades.of_student(scope, student_id, clock.today(request.state.centre.time_zone))
    made_from(
        request,
        *(versions.student(one.id) for one in children),
        *(versions.class_(one.id) for one in shown.classes),
        until=[shown.until],
    )
    return page(request, "children/grades.html", child=child, children=children, classes=shown.classes)


@guard(Permission.SEE_FAMILY_PAGES)
async def first_grades(request: Request) -> Response:
    """The grades of the first child: where the bar at the bottom leads."""
    children = await students.of_family(request.state.scope)
    return see(request, f"/children/{children[0].id}/grades" if children else "/home")


routes = [
    Route("/home", home),
    Route("/grades", first_grades),
    Route("/children/{id:id}/grades", child_grades),
]
