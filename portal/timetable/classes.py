"""Classes: which there are, who sees them, what happens today."""

import datetime as dt
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal import clock, db
from portal.people import sight
from portal.scope import Permission, Scope

SHOWN = 200  # a list of classes or lessons never grows beyond this; the search narrows it


class OpenClass(NamedTuple):
    """A class that visitors may still join."""

    id: int
    name: str
    program_id: int | None
    level: str
    branch: str
    starts_on: dt.date | None
    seats_left: int | None
    slots: tuple[tuple[int, int, int], ...]


class Meeting(NamedTuple):
    """A lesson of one day."""

    id: int
    class_id: int
    class_name: str
    branch: str
    room: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    students: int
    cancelled: bool


class Attended(NamedTuple):
    """A class of one student."""

    id: int
    name: str
    level: str
    branch: str
    since: dt.date | None
    until: dt.date | None
    slots: tuple[tuple[int, int, int], ...]


@sight.also
def taught(scope: Scope) -> db.Condition | None:
    """A teacher sees `student s` while one of the teacher's classes counts the student among its members."""
    if not scope.may(Permission.SEE_OWN_CLASSES):
        return None
    return db.Condition(
        "EXISTS (SELECT 1 FROM class_membership m JOIN class_teacher t ON t.class_id = m.class_id"
        " WHERE m.student_id = s.id AND t.person_id = ?)",
        (scope.person_id,),
    )


def visible_to(scope: Scope) -> db.Condition:
    """Rows of `class c` the scope may see: of its branches, or taught by its person."""
    branches = scope.branches_for(Permission.SEE_PEOPLE)
    conditions = [sight.EVERYBODY if branches is None else sight.among("c.branch_id", branches)]
    if scope.may(Permission.SEE_OWN_CLASSES):
        conditions.append(
            db.Condition(
                "EXISTS (SELECT 1 FROM class_teacher t WHERE t.class_id = c.id AND t.person_id = ?)",
                (scope.person_id,),
            )
        )
    return sight.any_of(conditions)


async def open_classes(zone: str, limit: int = 60) -> list[OpenClass]:
    """Classes that have not ended and have a seat left, the next to start first."""
    today = clock.today(zone)
    found = await db.rows(
        "SELECT c.id, c.name, l.program_id, COALESCE(l.name, ''), b.name, c.starts_on,"
        " c.capacity - (SELECT COUNT(*) FROM class_membership m WHERE m.class_id = c.id"
        " AND (m.until IS NULL OR m.until >= ?)) FROM class c JOIN branch b ON b.id = c.branch_id"
        " JOIN level l ON l.id = c.level_id WHERE c.closed_at IS NULL AND c.ends_on >= ? AND c.capacity >"
        " (SELECT COUNT(*) FROM class_membership m WHERE m.class_id = c.id AND (m.until IS NULL OR m.until >= ?))"
        " ORDER BY c.starts_on DESC, c.name, c.id LIMIT ?",
        today,
        today,
        today,
        limit,
    )
    slots = await _slots([row[0] for row in found])
    return [
        OpenClass._make((*row[:5], db.day(row[5]) if row[5] else None, row[6], slots.get(row[0], ()))) for row in found
    ]


async def lessons_today(scope: Scope, zone: str) -> list[Meeting]:
    """The lessons of the centre's present day that the scope's person teaches."""
    today = clock.today(zone)
    begin = dt.datetime.combine(today, dt.time(), ZoneInfo(zone))
    end = dt.datetime.combine(today + dt.timedelta(days=1), dt.time(), ZoneInfo(zone))
    found = await db.rows(
        "SELECT l.id, c.id, c.name, b.name, c.room, l.starts_at, l.ends_at,"
        " (SELECT COUNT(*) FROM class_membership m WHERE m.class_id = c.id AND (m.since IS NULL OR m.since <= ?)"
        " AND (m.until IS NULL OR m.until >= ?)), l.cancelled_at IS NOT NULL"
        " FROM lesson l JOIN class c ON c.id = l.class_id JOIN branch b ON b.id = c.branch_id"
        " WHERE l.teacher_id = ? AND l.starts_at >= ? AND l.starts_at < ? ORDER BY l.starts_at, l.id LIMIT ?",
        today,
        today,
        scope.person_id,
        begin,
        end,
        SHOWN,
    )
    return [Meeting._make((*row[:5], db.instant(row[5]), db.instant(row[6]), row[7], bool(row[8]))) for row in found]


class Next(NamedTuple):
    """A student's next lesson."""

    student_id: int
    class_name: str
    branch: str
    starts_at: dt.datetime


async def next_lessons(scope: Scope, student_ids: list[int]) -> dict[int, Next]:
    """The next lesson of each of the scope's own students, the one going on included."""
    own = [one for one in student_ids if one in scope.children or one == scope.student_id]
    if not own:
        return {}
    found = await db.rows(
        "SELECT student_id, class_name, branch, starts_at FROM ("
        " SELECT m.student_id, c.name AS class_name, b.name AS branch, l.starts_at,"
        " ROW_NUMBER() OVER (PARTITION BY m.student_id ORDER BY l.starts_at, l.id) AS place"
        " FROM class_membership m JOIN class c ON c.id = m.class_id JOIN branch b ON b.id = c.branch_id"
        " JOIN lesson l ON l.class_id = c.id"
        f" WHERE m.student_id IN ({db.marks(len(own))}) AND m.until IS NULL"
        " AND l.cancelled_at IS NULL AND l.ends_at > ?"
        ") AS ranked WHERE place = 1",
        *own,
        clock.now(),
    )
    return {row[0]: Next._make((*row[:3], db.instant(row[3]))) for row in found}


async def of_student(scope: Scope, student_id: int) -> list[Attended]:
    """The classes of one student, the present ones first. The caller has found the student through sight."""
    found = await db.rows(
        "SELECT c.id, c.name, COALESCE(l.name, ''), b.name, m.since, m.until FROM class_membership m"
        " JOIN class c ON c.id = m.class_id JOIN branch b ON b.id = c.branch_id LEFT JOIN level l ON l.id = c.level_id"
        f" WHERE m.student_id = ? ORDER BY m.until IS NOT NULL, m.since DESC, c.id LIMIT {SHOWN}",
        student_id,
    )
    slots = await _slots([row[0] for row in found])
    return [
        Attended._make(
            (
                *row[:4],
                db.day(row[4]) if row[4] else None,
                db.day(row[5]) if row[5] else None,
                slots.get(row[0], ()),
            )
        )
        for row in found
    ]


async def _slots(class_ids: list[int]) -> dict[int, tuple[tuple[int, int, int], ...]]:
    """The weekly pattern of several classes: weekday, first and last minute."""
    pattern: dict[int, list[tuple[int, int, int]]] = {}
    if class_ids:
        found = await db.rows(
            "SELECT class_id, weekday, starts_minute, ends_minute FROM weekly_slot"
            f" WHERE class_id IN ({db.marks(len(class_ids))}) ORDER BY weekday, starts_minute",
            *class_ids,
        )
        for class_id, *slot in found:
            pattern.setdefault(class_id, []).append((slot[0], slot[1], slot[2]))
    return {class_id: tuple(slots) for class_id, slots in pattern.items()}
