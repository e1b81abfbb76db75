"""What time it is: the one place that asks the system, so that a test can move it."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

_shift = dt.timedelta()
_stopped: ContextVar[dt.datetime | None] = ContextVar("stopped_clock", default=None)


def now() -> dt.datetime:
    """The present instant, aware, in UTC."""
    return (_stopped.get() or dt.datetime.now(dt.UTC)) + _shift


def today(zone: str) -> dt.date:
    """The calendar day it is now in `zone` (an IANA name, the centre's)."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def stopped() -> Iterator[None]:
    """Hold the clock still for this task: everything on one page is true at one moment."""
    token = _stopped.set(dt.datetime.now(dt.UTC))
    try:
        yield
    finally:
        _stopped.reset(token)


@contextmanager
def moved(**by: float) -> Iterator[None]:
    """Move the clock of this process by a timedelta's arguments (`hours=2`), for tests."""
    global _shift
    before = _shift
    _shift = before + dt.timedelta(**by)
    try:
        yield
    finally:
        _shift = before
