"""Classes: which there are, who sees them, what happens today."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from portal import clock, db
from portal.people import sight
from portal.scope import Permission, Scope
from portal.timetable import days

SHOWN = 200  # a list of classes or lessons never grows beyond this; the search narrows it

# How long a teacher still sees who has left their class, or whose class is over: the last marks and the report of a
# term are written in the weeks after it, and no child is a teacher's to look up for ever.
AFTERWARDS = dt.timedelta(days=30)


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
    """A class of one student. Who may know no more than the level hears no days and no hours."""

    id: int
    name: str
    level: str
    branch: str
    over: bool
    since: dt.date | None
    until: dt.date | None
    slots: tuple[tuple[int, int, int], ...]


@sight.also
def taught(scope: Scope) -> db.Condition | None:
    """A teacher sees `student s` while one of the teacher's classes counts the student among its members."""
    if not scope.may(Permission.SEE_OWN_CLASSES):
        return None
    seen = own(scope)
    return db.Condition(
        "EXISTS (SELECT 1 FROM class_membership m JOIN class c ON c.id = m.class_id"
        f" WHERE m.student_id = s.id AND {seen.sql})",
        seen.args,
    )


def own(scope: Scope) -> db.Condition:
    """Rows of `class c` with `class_membership m` that a teacher has to do with: taught, and not long over."""
    if not scope.may(Permission.SEE_OWN_CLASSES):
        return sight.NOBODY
    earliest = clock.now() - AFTERWARDS
    day = earliest.date()  # by Greenwich: whether it is thirty days or a few hours more does not matter
    return db.Condition(
        "EXISTS (SELECT 1 FROM class_teacher t WHERE t.class_id = c.id AND t.person_id = ?)"
        " AND (m.until IS NULL OR m.until >= ?) AND (c.ends_on IS NULL OR c.ends_on >= ?)"
        " AND (c.closed_at IS NULL OR c.closed_at >= ?)",
        (scope.person_id, day, day, earliest),
    )


async def open_classes(zone: str, limit: int = 60) -> list[OpenClass]:
    """Classes that have not ended and have a seat left: the next to begin first, then those at work, newest first."""
    today = clock.today(zone)
    found = await db.rows(
        "SELECT c.id, c.name, l.program_id, COALESCE(l.name, ''), b.name, c.starts_on,"
        " c.capacity - (SELECT COUNT(*) FROM class_membership m WHERE m.class_id = c.id"
        " AND (m.until IS NULL OR m.until >= ?)) FROM class c JOIN branch b ON b.id = c.branch_id"
        " JOIN level l ON l.id = c.level_id WHERE c.closed_at IS NULL AND c.ends_on >= ? AND c.capacity >"
        " (SELECT COUNT(*) FROM class_membership m WHERE m.class_id = c.id AND (m.until IS NULL OR m.until >= ?))"
        " ORDER BY CASE WHEN c.starts_on IS NULL THEN 2 WHEN c.starts_on < ? THEN 1 ELSE 0 END,"
        " CASE WHEN c.starts_on >= ? THEN c.starts_on END, c.starts_on DESC, c.name, c.id LIMIT ?",
        today,
        today,
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
    found = await db.rows(
        "SELECT l.id, c.id, c.name, b.name, c.room, l.starts_at, l.ends_at,"
        " (SELECT COUNT(*) FROM class_membership m WHERE m.class_id = c.id AND (m.since IS NULL OR m.since <= ?)"
        " AND (m.until IS NULL OR m.until >= ?)), l.cancelled_at IS NOT NULL"
        " FROM lesson l JOIN class c ON c.id = l.class_id JOIN branch b ON b.id = c.branch_id"
        " WHERE l.teacher_id = ? AND l.starts_at >= ? AND l.starts_at < ? ORDER BY l.starts_at, l.id LIMIT ?",
        today,
        today,
        scope.person_id,
        *days.bounds(zone),
        SHOWN,
    )
    return [Meeting._make((*row[:5], db.instant(row[5]), db.instant(row[6]), row[7], bool(row[8]))) for row in found]


class Next(NamedTuple):
    """A student's next lesson."""

    student_id: int
    class_name: str
    branch: str
    starts_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is next for each student, all the classes they are or were in, and when another lesson will be next."""

    lessons: Mapping[int, Next] = field(default_factory=dict)
    class_ids: frozenset[int] = frozenset()
    until: dt.datetime | None = None


async def next_lessons(scope: Scope, student_ids: list[int], zone: str) -> Ahead:
    """The next lesson of each of the scope's own students, the one going on included.

    A lesson is a student's when its day lies within their time in the class.
    """
    mine = [one for one in student_ids if one in scope.children or one == scope.student_id]
    if not mine:
        return Ahead()
    now = clock.now()
    found = await db.rows(
        "SELECT m.student_id, m.class_id, m.since, m.until, c.name, b.name FROM class_membership m"
        " JOIN class c ON c.id = m.class_id JOIN branch b ON b.id = c.branch_id"
        f" WHERE m.student_id IN ({db.marks(len(mine))}) ORDER BY m.id DESC",
        *mine,
    )
    class_ids = frozenset(row[1] for row in found)
    # A lesson that began yesterday may still be going on.
    yesterday = clock.today(zone) - dt.timedelta(days=1)
    members = [row for row in found if not row[3] or db.day(row[3]) >= yesterday][:SHOWN]
    if not members:
        return Ahead(class_ids=class_ids)
    firsts: list[str] = []
    args: list[object] = []
    for place, (_, class_id, since, until, *_) in enumerate(members):
        # No lesson is longer than a day: without this bound every lesson of the past would be looked at.
        earliest = now - dt.timedelta(days=1)
        if since:
            earliest = max(earliest, days.begins(db.day(since), zone))
        before = " AND l.starts_at < ?" if until else ""
        firsts.append(
            f"SELECT * FROM (SELECT {place} AS place, l.starts_at, l.ends_at FROM lesson l WHERE l.class_id = ?"
            f" AND l.cancelled_at IS NULL AND l.ends_at > ? AND l.starts_at >= ?{before}"
            f" ORDER BY l.starts_at, l.id LIMIT 1) AS first_{place}"
        )
        args += [class_id, now, earliest, *([days.ends(db.day(until), zone)] if until else [])]
    following: dict[int, Next] = {}
    turns: list[dt.datetime] = []
    for place, starts_at, ends_at in await db.rows(" UNION ALL ".join(firsts), *args):
        student_id, _, _, _, class_name, branch = members[place]
        lesson = Next(student_id, class_name, branch, db.instant(starts_at))
        turns.append(lesson.starts_at if lesson.starts_at > now else db.instant(ends_at))
        known = following.get(student_id)
        if known is None or lesson.starts_at < known.starts_at:
            following[student_id] = lesson
    return Ahead(following, class_ids, min(turns, default=None))


async def of_student(scope: Scope, student_id: int, today: dt.date) -> list[Attended] | None:
    """The classes of one student, the present ones first; None when there are some and the scope may know of none.

    The caller has found the student through sight. The family, a teacher (of their own classes) and whoever sees the
    grades of the branch see it all; whoever enters students there, the counsellor, sees which class and which level.
    """
    whole = _timetable_seen(scope, student_id)
    some = sight.any_of([whole, _of_branches(scope, Permission.EDIT_PEOPLE)])
    if some == sight.NOBODY:  # nor whether there are any
        return None
    found = await db.rows(
        "SELECT c.id, c.name, COALESCE(l.name, ''), b.name, COALESCE(m.until < ?, ?), m.since, m.until,"
        f" CASE WHEN {whole.sql} THEN 1 ELSE 0 END FROM class_membership m"
        " JOIN class c ON c.id = m.class_id JOIN branch b ON b.id = c.branch_id LEFT JOIN level l ON l.id = c.level_id"
        f" WHERE m.student_id = ? AND {some.sql}"
        f" ORDER BY COALESCE(m.until < ?, ?), m.since IS NULL, m.since DESC, c.id LIMIT {SHOWN}",
        today,
        False,
        *whole.args,
        student_id,
        *some.args,
        today,
        False,
    )
    if not found and await db.row("SELECT 1 FROM class_membership WHERE student_id = ?", student_id):
        return None
    slots = await _slots([row[0] for row in found if row[7]])
    return [
        Attended._make(
            (
                *row[:4],
                bool(row[4]),
                db.day(row[5]) if row[7] and row[5] else None,
                db.day(row[6]) if row[7] and row[6] else None,
                slots.get(row[0], ()) if row[7] else (),
            )
        )
        for row in found
    ]


def _timetable_seen(scope: Scope, student_id: int) -> db.Condition:
    """Rows of `class c` with `class_membership m` whose days and hours the scope may know."""
    if student_id in scope.children or student_id == scope.student_id:
        return sight.EVERYBODY
    return sight.any_of([_of_branches(scope, Permission.SEE_GRADES), own(scope)])


def _of_branches(scope: Scope, permission: Permission) -> db.Condition:
    branches = scope.branches_for(permission)
    return sight.EVERYBODY if branches is None else sight.among("c.branch_id", branches)


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
