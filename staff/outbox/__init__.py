"""The outbox of a demo centre: the letters that would have been sent."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.mail import outbox
from portal.scope import Permission
from portal.web.forms import read_query, whole
from portal.web.guard import guard
from portal.web.requests import settings_of
from portal.web.templating import page
from staff.paging import pager


@guard(Permission.READ_OUTBOX)
async def listed(request: Request) -> Response:
    """The letters, the latest first."""
    number = whole(read_query(request, "page")["page"], name="page", default=1)
    found = await outbox.listed(request.state.scope, page=number)
    pages = pager(
        request,
        number=found.number,
        size=outbox.PAGE,
        shown=len(found.letters),
        total=found.total,
        counted=outbox.COUNTED,
    )
    return page(request, "outbox/outbox.html", letters=found.letters, pages=pages)


@guard(Permission.READ_OUTBOX)
async def letter(request: Request) -> Response:
    """One letter as text, with its links; its HTML is never put into a page of ours."""
    found = await outbox.find(request.state.scope, request.path_params["id"])
    here = settings_of(request).origin
    links = [(link, _path(link) if link.startswith(f"{here}/") else link) for link in found.links]
    return page(request, "outbox/letter.html", letter=found, links=links)


def _path(link: str) -> str:
    """A link into this very house, which may be reached by another name just now."""
    parts = urlsplit(link)
    return parts.path + (f"?{parts.query}" if parts.query else "")


routes = [
    Route("/staff/outbox", listed),
    Route("/staff/outbox/{id:id}", letter),
]
