"""Pages that are given again as they were made, for as long as nothing changed that stands on them (decision 8).

A handler marked `@versioned` says what its page was made from. The page is kept with the versions of these sources,
which are read from the same snapshot as the page itself, so neither can be older than the other. Whoever asks again
with the same session is given the kept page after one read by keys (`sessions.glance`): it tells that the session is
still open and that no version rose. Everything a page depends on is a source, or part of the key, or ends `until`:

| depends on | is |
| --- | --- |
| who reads, what they may see, language, theme | `versions.person` of the reader; the session's own cookie in the key |
| students, classes, the centre | sources |
| address, query, the languages a browser asks for | the key |
| lessons that begin, marks that come to be published, the centre's midnight | `until` |
| release | the process: what it keeps dies with it |

The ETag is a keyed hash of the account and of the page's own bytes: equal pages have equal tags whoever made them
(another worker, the process before the restart), and one account's tag is never right for another's page.
"""

import datetime as dt
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from portal import clock, db, versions
from portal.access import secrets, sessions
from portal.timetable import days
from portal.web import metrics
from portal.web.guard import Endpoint
from portal.web.requests import session_cookie, settings_of

MOST_BYTES = 64 * 1024 * 1024
PACKED_FROM = 500  # bytes; below, packing costs more than it saves
PACKING = 3  # half the time of 5 for a fourteenth more on the wire
LOOK_EVERY = dt.timedelta(seconds=30)  # a session grows old also where nobody commits
LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)

Key = tuple[bytes, bytes, bytes, bytes]
Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class View:
    """A page as it was made, with all its headers, and what must still be so for it to be right.

    `commits` is what `db.commits()` said when all of it was last looked up, which spares looking until `look_at`.
    """

    token_hash: str
    route: str
    sources: tuple[str, ...]
    versions: int
    made: dt.datetime
    until: dt.datetime
    tag: bytes
    plain: bytes
    packed: bytes
    plain_headers: Headers
    packed_headers: Headers
    same_headers: Headers
    commits: int | None = None
    look_at: dt.datetime = LONG_AGO

    @property
    def size(self) -> int:
        return len(self.plain) + len(self.packed) + 2000


class Shelf:
    """The pages this process keeps, the one given last at the end; `most_bytes` of them."""

    def __init__(self, headers: Sequence[tuple[bytes, bytes]] = (), most_bytes: int = MOST_BYTES) -> None:
        self.headers = [*headers]
        self._views: OrderedDict[Key, View] = OrderedDict()
        self._most = most_bytes
        self._bytes = 0

    def find(self, key: Key) -> View | None:
        """The page kept under a key, which becomes the last to go."""
        view = self._views.get(key)
        if view is not None:
            self._views.move_to_end(key)
        return view

    def keep(self, key: Key, view: View) -> None:
        """Keep a page, and let go of those that were not asked for the longest."""
        self.drop(key)
        self._views[key] = view
        self._bytes += view.size
        while self._bytes > self._most:
            _, gone = self._views.popitem(last=False)
            self._bytes -= gone.size

    def drop(self, key: Key) -> None:
        """Forget a page; nothing happens when there is none."""
        gone = self._views.pop(key, None)
        if gone is not None:
            self._bytes -= gone.size

    def clear(self) -> None:
        """Forget everything."""
        self._views.clear()
        self._bytes = 0


class Views:
    """Gives kept pages that are still right; everything else goes on inwards."""

    def __init__(self, app: ASGIApp, *, shelf: Shelf) -> None:
        self.app = app
        self.shelf = shelf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            key, tag, packs = _asked(scope)
            view = self.shelf.find(key)
            if view is not None:
                if await _is_right(view):
                    scope["view"] = view.route
                    status, headers, body = _choose(view, tag, packs)
                    metrics.view(metrics.UNCHANGED if status == 304 else metrics.CACHED)
                    await send({"type": "http.response.start", "status": status, "headers": headers.copy()})
                    await send({"type": "http.response.body", "body": body})
                    return
                self.shelf.drop(key)
        await self.app(scope, receive, send)


def versioned(endpoint: Endpoint) -> Endpoint:
    """Mark a handler (inside its guard) whose page is kept; the handler calls `made_from`, or the page is not.

    Only whole pages (200) of somebody signed in are kept, and none that sets a cookie or says something once.
    """

    @wraps(endpoint)
    async def kept(request: Request) -> Response:
        response = await endpoint(request)
        sources: set[str] | None = getattr(request.state, "view_sources", None)
        once = "set-cookie" in response.headers or "flash" in request.cookies
        if sources is None or response.status_code != 200 or once or request.state.signed_in is None:
            return response
        view = await _made(request, response, tuple(sorted(sources)))
        key, tag, packs = _asked(request.scope)
        shelf: Shelf = request.app.state.views
        shelf.keep(key, view)
        metrics.view(metrics.FRESH)
        return _answer(view, tag, packs)

    return kept


def made_from(request: Request, *sources: str, until: Iterable[dt.datetime | None] = ()) -> None:
    """Say what a page was made from besides its reader and the centre, and when time itself will change it.

    The centre's midnight is one of these times for every page.
    """
    state = request.state
    state.view_sources = {versions.CENTRE, versions.person(state.signed_in.person_id), *sources}
    _, midnight = days.bounds(state.centre.time_zone)
    state.view_until = min([midnight, *(moment for moment in until if moment is not None)])


async def _made(request: Request, response: Response, sources: tuple[str, ...]) -> View:
    """The kept page of a fresh answer; its versions come from the snapshot that the guard holds around the handler."""
    state = request.state
    plain = bytes(response.body)
    packed = gzip.compress(plain, PACKING, mtime=0) if len(plain) >= PACKED_FROM else b""
    tag = _tag(state.signed_in.account_id, packed or plain)
    shelf: Shelf = request.app.state.views
    common = [
        *shelf.headers,
        (b"cache-control", b"private, no-cache"),
        (b"etag", tag),
        (b"vary", b"Accept-Encoding, Accept-Language, Cookie"),
    ]
    whole = [*common, (b"content-type", response.headers["content-type"].encode())]
    return View(
        token_hash=secrets.hashed(request.cookies[session_cookie(settings_of(request))]),
        route=request.scope["route"].path,
        sources=sources,
        versions=await versions.current(sources),
        made=clock.now(),
        until=state.view_until,
        tag=tag,
        plain=plain,
        packed=packed,
        plain_headers=[*whole, (b"content-length", b"%d" % len(plain))],
        packed_headers=[*whole, (b"content-encoding", b"gzip"), (b"content-length", b"%d" % len(packed))],
        same_headers=common,
    )


async def _is_right(view: View) -> bool:
    now = clock.now()
    if not view.made <= now < view.until:
        return False
    try:
        commits = db.commits()  # before what it vouches for
        if commits is None or commits != view.commits or now >= view.look_at:
            if await sessions.glance(view.token_hash, view.sources) != view.versions:
                return False
            view.commits, view.look_at = commits, now + LOOK_EVERY
    except db.OperationalError:
        return False  # the way inwards meets the same trouble, and has a page for it
    return True


def _asked(scope: Scope) -> tuple[Key, bytes, bool]:
    """Under which key the page would be kept, which tags the browser has, and whether it unpacks gzip."""
    cookie = languages = tags = accepts = b""
    for name, value in scope["headers"]:
        if name == b"cookie":
            cookie += b"\n" + value
        elif name == b"accept-language":
            languages += value
        elif name == b"if-none-match":
            tags += value
        elif name == b"accept-encoding":
            accepts += value
    return (scope["raw_path"], scope["query_string"], cookie, languages), tags, b"gzip" in accepts


def _choose(view: View, tags: bytes, packs: bool) -> tuple[int, Headers, bytes]:
    if view.tag in tags:
        return 304, view.same_headers, b""
    if packs and view.packed:
        return 200, view.packed_headers, view.packed
    return 200, view.plain_headers, view.plain


def _answer(view: View, tags: bytes, packs: bool) -> Response:
    status, headers, body = _choose(view, tags, packs)
    response = Response(body, status)
    response.raw_headers = headers.copy()
    return response


def _tag(account_id: int, page: bytes) -> bytes:
    keyed = hashlib.blake2b(page, digest_size=16, key=secrets.derived("views"), salt=account_id.to_bytes(16, "big"))
    return b'"%s"' % keyed.hexdigest().encode()
