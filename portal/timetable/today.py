"""The present day: which lessons are still to come, in the branches one looks after and in one's own classes."""

import datetime as dt
from typing import NamedTuple

from portal import clock, db
from portal.people import sight
from portal.scope import Permission, Scope
from portal.timetable import days


class Coming(NamedTuple):
    """A lesson that is not over yet, with who teaches it ("" where nobody does)."""

    id: int
    class_name: str
    branch: str
    room: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    family_name: str
    middle_name: str
    given_name: str


async def running(scope: Scope, zone: str) -> int:
    """How many classes run today in the branches whose people the scope may see."""
    seen = _of_branches(scope)
    today = clock.today(zone)
    return int(
        await db.value(
            "SELECT COUNT(*) FROM class c WHERE c.closed_at IS NULL AND (c.starts_on IS NULL OR c.starts_on <= ?)"
            f" AND (c.ends_on IS NULL OR c.ends_on >= ?) AND {seen.sql}",
            today,
            today,
            *seen.args,
        )
    )


async def lessons(scope: Scope, zone: str) -> int:
    """How many lessons there are today in those branches; cancelled ones do not count."""
    seen = _of_branches(scope)
    return int(
        await db.value(
            "SELECT COUNT(*) FROM lesson l JOIN class c ON c.id = l.class_id"
            f" WHERE l.starts_at >= ? AND l.starts_at < ? AND l.cancelled_at IS NULL AND {seen.sql}",
            *days.bounds(zone),
            *seen.args,
        )
    )


async def coming(scope: Scope, zone: str, limit: int = 10) -> list[Coming]:
    """Today's lessons of those branches that are not over, the next first."""
    seen = _of_branches(scope)
    return await _coming(seen, clock.now(), days.bounds(zone)[1], limit)


async def next_own(scope: Scope) -> Coming | None:
    """The next lesson that the scope's person teaches, on whatever day."""
    own = db.Condition("l.teacher_id = ?", (scope.person_id,))
    now = clock.now()
    found = await _coming(own, now, now + dt.timedelta(days=366), 1)
    return found[0] if found else None


async def _coming(seen: db.Condition, since: dt.datetime, until: dt.datetime, limit: int) -> list[Coming]:
    found = await db.rows(
        "SELECT l.id, c.name, b.name, c.room, l.starts_at, l.ends_at, COALESCE(p.family_name, ''),"
        " COALESCE(p.middle_name, ''), COALESCE(p.given_name, '') FROM lesson l JOIN class c ON c.id = l.class_id"
        " JOIN branch b ON b.id = c.branch_id LEFT JOIN person p ON p.id = l.teacher_id"
        # No lesson is longer than a day: without this bound every lesson of the past would be looked at.
        " WHERE l.starts_at > ? AND l.starts_at < ? AND l.ends_at > ? AND l.cancelled_at IS NULL"
        f" AND {seen.sql} ORDER BY l.starts_at, c.name, l.id LIMIT ?",
        since - dt.timedelta(days=1),
        until,
        since,
        *seen.args,
        limit,
    )
    return [Coming._make((*row[:4], db.instant(row[4]), db.instant(row[5]), *row[6:])) for row in found]


def _of_branches(scope: Scope) -> db.Condition:
    branches = scope.branches_for(Permission.SEE_PEOPLE)
    return sight.EVERYBODY if branches is None else sight.among("c.branch_id", branches)
