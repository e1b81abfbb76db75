"""The last hour of this process's requests: how many a minute, how slow, and how many statements each page took.

Kept in memory and bounded by the number of routes: for each of the last sixty minutes and each route two numbers and a
histogram. A percentile is told as the upper end of the step it falls into; steps grow by a fifth.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

MINUTES = 60
_FINEST, _GROWTH, _STEPS = 0.0002, 1.2, 62  # from 0.2 ms to over 13 s
BOUNDS = tuple(_FINEST * _GROWTH**step for step in range(_STEPS))


class Page(NamedTuple):
    """What is known of one route in the last hour; seconds, and statements on average."""

    method: str
    route: str
    requests: int
    median: float
    p99: float
    statements: float


class _Cell:
    __slots__ = ("requests", "statements", "steps")

    def __init__(self) -> None:
        self.requests = 0
        self.statements = 0
        self.steps: dict[int, int] = {}


class Recent:
    """A ring of minutes; a minute that comes round again is emptied."""

    def __init__(self) -> None:
        self._minutes: list[tuple[int, dict[tuple[str, str], _Cell]]] = [(-1, {}) for _ in range(MINUTES)]

    def note(self, now: float, method: str, route: str, seconds: float, statements: int) -> None:
        """Count a request; `now` is of time.monotonic(), `route` one of a bounded set."""
        minute = int(now // 60)
        at, cells = self._minutes[minute % MINUTES]
        if at != minute:
            cells = {}
            self._minutes[minute % MINUTES] = (minute, cells)
        key = (method, route)
        cell = cells.get(key)
        if cell is None:
            cell = cells[key] = _Cell()
        cell.requests += 1
        cell.statements += statements
        step = bisect_left(BOUNDS, seconds)
        cell.steps[step] = cell.steps.get(step, 0) + 1

    def a_minute(self, now: float) -> list[int]:
        """Requests in each of the last sixty minutes, the oldest first; the one that runs now is not among them."""
        last = int(now // 60)
        counts = []
        for minute in range(last - MINUTES + 1, last):
            at, cells = self._minutes[minute % MINUTES]
            counts.append(sum(cell.requests for cell in cells.values()) if at == minute else 0)
        return counts

    def pages(self, now: float) -> list[Page]:
        """Every route asked for in the last hour, the one with the slowest p99 first."""
        together: dict[tuple[str, str], _Cell] = {}
        for cells in self._current(now):
            for key, cell in cells.items():
                sum_ = together.setdefault(key, _Cell())
                sum_.requests += cell.requests
                sum_.statements += cell.statements
                for step, count in cell.steps.items():
                    sum_.steps[step] = sum_.steps.get(step, 0) + count
        pages = [
            Page(*key, cell.requests, _at(cell, 0.5), _at(cell, 0.99), cell.statements / cell.requests)
            for key, cell in together.items()
        ]
        return sorted(pages, key=lambda page: (-page.p99, page.route, page.method))

    def _current(self, now: float) -> Iterator[dict[tuple[str, str], _Cell]]:
        last = int(now // 60)
        return (cells for at, cells in self._minutes if last - MINUTES < at <= last)


def _at(cell: _Cell, part: float) -> float:
    """The upper end of the step that holds the request below which `part` of all are."""
    wanted, seen = part * cell.requests, 0
    for step in sorted(cell.steps):
        seen += cell.steps[step]
        if seen >= wanted:
            return BOUNDS[min(step, _STEPS - 1)]
    return 0.0
