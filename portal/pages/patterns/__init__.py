"""Every component on one page, for whoever builds the next one."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.web.guard import PUBLIC, guard
from portal.web.templating import page


@guard(PUBLIC)
async def patterns(request: Request) -> Response:
    """The component page; try it in both themes."""
    return page(request, "patterns/patterns.html")


routes = [Route("/patterns", patterns)]
