"""The right that a route asks for. A route without one does not start."""

from collections.abc import Awaitable, Callable, Iterator
from enum import Enum
from functools import wraps
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router

from portal import clock, db
from portal.errors import Forbidden
from portal.scope import Permission
from portal.web import requests

Endpoint = Callable[[Request], Awaitable[Response]]


class Open(Enum):
    """Rights that no role has to grant."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"


PUBLIC = Open.PUBLIC
SIGNED_IN = Open.SIGNED_IN
Right = Open | Permission


def guard(*rights: Right, largest_body: int | None = None, snapshot: bool = True) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint with the rights any one of which opens it.

    The wrapped endpoint finds `request.state.scope`. A GET reads from one snapshot of the database, at one moment.
    Signed out answers 303 to the sign-in page (after signing in, the reader of a GET is back), a missing right is
    `Forbidden`.
    `largest_body` in bytes is for uploads; other forms stay below `limits.LARGEST_BODY`. A GET that writes, or waits
    for others, holds no `snapshot`.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        async def guarded(request: Request) -> Response:
            reads = snapshot and request.method in ("GET", "HEAD")
            if reads:
                with clock.stopped():
                    async with db.snapshot():
                        response = await _admit(endpoint, rights, request)
                await requests.note_visit(request)
            else:
                response = await _admit(endpoint, rights, request)
            return response

        guarded.rights = rights  # type: ignore[attr-defined]
        guarded.largest_body = largest_body  # type: ignore[attr-defined]
        return guarded

    return mark


def unguarded(endpoint: Endpoint) -> Endpoint:
    """Mark an endpoint as public without session, scope or snapshot: it answers also when the database does not."""

    @wraps(endpoint)
    async def served(request: Request) -> Response:
        return await endpoint(request)

    served.rights = (PUBLIC,)  # type: ignore[attr-defined]
    return served


async def _admit(endpoint: Endpoint, rights: tuple[Right, ...], request: Request) -> Response:
    await requests.identify(request)
    if PUBLIC not in rights:
        if request.state.signed_in is None:
            return _to_sign_in(request)
        if SIGNED_IN not in rights and not any(request.state.scope.may(right) for right in rights):
            raise Forbidden
    return await endpoint(request)


def _to_sign_in(request: Request) -> Response:
    target = request.url.path if request.method in ("GET", "HEAD") else "/home"
    if request.url.query and request.method in ("GET", "HEAD"):
        target += "?" + request.url.query
    return RedirectResponse(f"/sign-in?next={quote(target, safe='')}", status_code=303)


def rights_of(route: Route) -> tuple[Right, ...]:
    """The rights a route was marked with; raises `LookupError` when it was not."""
    rights: tuple[Right, ...] | None = getattr(route.endpoint, "rights", None)
    if not rights:
        raise LookupError(f"{route.path} declares no right: mark {route.endpoint.__name__} with @guard(...)")
    return rights


def all_routes(routes: list[BaseRoute] | Router) -> Iterator[Route]:
    """Every route of the application, mounted ones too."""
    for route in routes.routes if isinstance(routes, Router) else routes:
        if isinstance(route, Route):
            yield route
        elif isinstance(route, Mount):
            yield from all_routes(list(route.routes))


def check_routes(routes: list[BaseRoute]) -> None:
    """Refuse to start with a route that declares no right."""
    for route in all_routes(routes):
        rights_of(route)
