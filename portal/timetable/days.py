"""A day of the centre, as the instants between which it lies."""

import datetime as dt
from zoneinfo import ZoneInfo

from portal import clock


def begins(day: dt.date, zone: str) -> dt.datetime:
    """The instant at which a day begins in the zone."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(zone))


def ends(day: dt.date, zone: str) -> dt.datetime:
    """The instant at which a day is over in the zone: where the next begins, however long its night is."""
    return begins(day + dt.timedelta(days=1), zone)


def bounds(zone: str) -> tuple[dt.datetime, dt.datetime]:
    """The instants at which the centre's present day begins and ends."""
    today = clock.today(zone)
    return begins(today, zone), ends(today, zone)
