"""What a visitor finds: what the centre teaches, and which classes are open."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import catalogue, clock
from portal.timetable import classes
from portal.web.guard import PUBLIC, guard
from portal.web.templating import page


@guard(PUBLIC)
async def welcome(request: Request) -> Response:
    """Programs with their levels, and the classes that have a seat left."""
    offers = await catalogue.offers()
    open_now = await classes.open_classes(request.state.centre.time_zone)
    today = clock.today(request.state.centre.time_zone)
    return page(request, "welcome/welcome.html", offers=offers, classes=open_now, today=today)


routes = [Route("/", welcome)]
