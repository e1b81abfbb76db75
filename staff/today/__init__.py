"""Today: what the day holds for whoever works here."""

from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import clock
from portal.people import students
from portal.scope import Permission
from portal.timetable import classes, today
from portal.web.guard import guard
from portal.web.templating import page


@guard(Permission.USE_STAFF_ROOM)
async def show(request: Request) -> Response:
    """One's own lessons for who teaches; figures and lessons of the branches for who sees their people."""
    scope, zone = request.state.scope, request.state.centre.time_zone
    now = clock.now()
    own, following, branch = None, None, None
    if scope.may(Permission.SEE_OWN_CLASSES):
        own = await classes.lessons_today(scope, zone)
        following = await today.next_own(scope)
    if scope.may(Permission.SEE_PEOPLE):
        branch = {
            "students": await students.learning(scope),
            "classes": await today.running(scope, zone),
            "lessons": await today.lessons(scope, zone),
            "coming": await today.coming(scope, zone),
        }
    return page(
        request,
        "today/today.html",
        now=now,
        hour=now.astimezone(ZoneInfo(zone)).hour,
        today=clock.today(zone),
        given_name=request.state.signed_in.given_name,
        own=own,
        following=following,
        branch=branch,
    )


routes = [Route("/staff", show)]
