"""Every component on one page, for whoever builds the next one."""

import datetime as dt

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.web.guard import PUBLIC, guard
from portal.web.templating import page

DAYS = [dt.date(2026, 11, 18), dt.date(2026, 10, 28), dt.date(2026, 10, 7), dt.date(2026, 11, 11)]


@guard(PUBLIC)
async def patterns(request: Request) -> Response:
    """The component page; try it in both themes."""
    return page(request, "patterns/patterns.html", days=DAYS)


routes = [Route("/patterns", patterns)]
