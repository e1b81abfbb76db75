"""docs/addresses.md lists what there is; a route without a right does not start."""

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from portal.web.guard import check_routes
from tests.architecture import addresses


def test_the_page_lists_every_address():
    assert addresses.PAGE.read_text() == addresses.written()


async def _unmarked(request: Request) -> Response:
    return Response()


@pytest.mark.parametrize("routes", [[Route("/x", _unmarked)], [Mount("/y", routes=[Route("/x", _unmarked)])]])
def test_a_route_without_a_right_does_not_start(routes):
    with pytest.raises(LookupError, match="/x declares no right"):
        check_routes(routes)
