"""One page of a list: what it shows of how many, and the addresses of its neighbours."""

from typing import NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request


class Pager(NamedTuple):
    """`total` is None where the list is longer than anybody counts."""

    first: int
    last: int
    total: int | None
    previous: str | None
    next: str | None


def pager(
    request: Request, *, number: int, size: int, shown: int, total: int, counted: int, path: str = "", **query: str
) -> Pager:
    """The pager of page `number`; `total` is counted up to `counted` + 1, the addresses carry `query` as well.

    `path` is where the list stands, if not at the address that was asked for.
    """
    reachable = min(total, counted)
    before = number * size

    def address(page: int) -> str:
        kept = {name: value for name, value in query.items() if value} | ({"page": str(page)} if page > 1 else {})
        return (path or request.url.path) + ("?" + urlencode(kept) if kept else "")

    return Pager(
        first=before - size + 1 if shown else 0,
        last=before - size + shown,
        total=total if total <= counted else None,
        previous=address(min(number - 1, max(1, -(-reachable // size)))) if number > 1 else None,
        next=address(number + 1) if before < reachable else None,
    )
