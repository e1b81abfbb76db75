"""What time it is: the one place that asks the system, so that a test can move it."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

_shift = dt.timedelta()


def now() -> dt.datetime:
    """The present instant, aware, in UTC."""
    return dt.datetime.now(dt.UTC) + _shift


def today(zone: str) -> dt.date:
    """The calendar day it is now in `zone` (an IANA name, the centre's)."""
    return now().astimezone(ZoneInfo(zone)).date()


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
