"""Who of the staff looked at whose records: one row for a reader, a person, a page and an hour (decision 14).

Written by a task of its own, so no page waits for it. What this process has written in the present hour it does
not write again; what waits is written together, by whoever came first. A row that cannot be written is logged and lost:
this is a record for families to look at, and not worth a page that fails. Only a list that leaves the house waits until
it is written for whom it holds.

The family reads roles and days; names and hours are for who answers for the staff.
"""

import datetime as dt
import logging
from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal import clock, db
from portal.errors import NotFound
from portal.people import sight
from portal.scope import Permission, Scope

PAGES = ("person", "student", "guardians", "accounts", "export", "list", "taken")
REMEMBERED = 20_000
_INSERT = "INSERT INTO reading (account_id, role, person_id, page, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
SHOWN = 300
# The role that a reading is put down to, where somebody holds several: the one that sees most.
_BY_REACH = ("administrator", "director", "manager", "care", "teacher", "counsellor", "accountant", "marketing")

logger = logging.getLogger(__name__)


class _Key(NamedTuple):
    account_id: int
    role: str
    person_id: int | None
    page: str
    at: dt.datetime


class Seen(NamedTuple):
    """A reading as those who answer for the staff see it."""

    at: dt.datetime
    role: str
    page: str
    family_name: str
    middle_name: str
    given_name: str


class Day(NamedTuple):
    """What the family is told: on this day somebody of this role looked at these pages."""

    day: dt.date
    role: str
    pages: tuple[str, ...]


_known: OrderedDict[_Key, None] = OrderedDict()
_waiting: dict[_Key, None] = {}
_writing = False
_of: object = None


def note(scope: Scope, page: str, person_id: int | None = None) -> None:
    """Note that the scope's account looks at a page of a person, or at a list of people; a handler calls it last.

    For staff only, and never of oneself. Takes no time: a task of its own writes it down.
    """
    global _writing
    if scope.account_id is None or not scope.may(Permission.USE_STAFF_ROOM) or person_id == scope.person_id:
        return
    if page not in PAGES:
        raise ValueError(f"{page!r} is not one of the pages that are noted")
    key = _key(scope, scope.account_id, page, person_id)
    if _is_news(key) and not _writing:
        _writing = True
        db.aside(_write())


async def note_taken(scope: Scope, people: Iterable[int]) -> None:
    """Note each of the people (their ids) whom a list names that the scope's account takes along, in one statement.

    Unlike `note` it is awaited, before the list is handed over, and raises `DatabaseError` when it cannot be written.
    """
    if scope.account_id is None:
        return
    wanted = sorted(set(people) - {scope.person_id})
    if wanted:
        await db.execute_many(_INSERT, [tuple(_key(scope, scope.account_id, "taken", each)) for each in wanted])


def _key(scope: Scope, account_id: int, page: str, person_id: int | None) -> _Key:
    role = next((role for role in _BY_REACH if role in scope.roles), "")
    return _Key(account_id, role, person_id, page, clock.now().replace(minute=0, second=0, microsecond=0))


def _is_news(key: _Key) -> bool:
    """Whether this process has not noted it before in this hour; remembers it, and has it wait to be written."""
    global _of, _writing
    if _of is not (here := db.identity()):
        _of = here
        _known.clear()
        _waiting.clear()
        _writing = False
    if key in _known:
        return False
    _known[key] = None
    while len(_known) > REMEMBERED:
        _known.popitem(last=False)
    _waiting[key] = None
    return True


async def _write() -> None:
    """Write all that waits, in one transaction at a time: there is one such task at most."""
    global _writing
    try:
        await _write_all()
    except db.DatabaseError:
        logger.exception("who looked at what could not be written")
    finally:
        _writing = False


async def _write_all() -> None:
    while _waiting:
        keys = sorted(_waiting, key=lambda key: (key.account_id, key.person_id or 0, key.page, key.at))
        _waiting.clear()
        await db.execute_many(_INSERT, [tuple(key) for key in keys])


async def may_see(scope: Scope, person_id: int) -> bool:
    """Whether the scope may know who looked at this person's pages: in its branches."""
    return await sight.reaches(scope, Permission.SEE_READERS, person_id)


async def of_person(scope: Scope, person_id: int) -> list[Seen]:
    """Who looked at a person's pages, the latest first, with their names; raises `NotFound` out of reach."""
    scope.require(Permission.SEE_READERS)
    if not await may_see(scope, person_id):
        raise NotFound
    found = await db.rows(
        "SELECT r.at, r.role, r.page, p.family_name, p.middle_name, p.given_name FROM reading r"
        " JOIN account a ON a.id = r.account_id JOIN person p ON p.id = a.person_id"
        f" WHERE r.person_id = ? ORDER BY r.at DESC, r.id DESC LIMIT {SHOWN}",
        person_id,
    )
    return [Seen(db.instant(row[0]), *row[1:]) for row in found]


async def told_to_family(scope: Scope, person_id: int, zone: str) -> list[Day]:
    """Which roles looked at one's own pages, or one's child's, on which day; raises `NotFound` for anybody else's."""
    child = sight.among("s.id", scope.children)
    own = await db.row(
        "SELECT 1 FROM person p LEFT JOIN student s ON s.person_id = p.id"
        f" WHERE p.id = ? AND (p.id = ? OR {child.sql})",
        *(person_id, scope.person_id or 0, *child.args),
    )
    if own is None:
        raise NotFound
    return await days_of(person_id, zone)


async def told_of_student(scope: Scope, student_id: int, zone: str) -> list[Day]:
    """The same of a student of one's own; raises `NotFound`."""
    person_id = await db.value("SELECT person_id FROM student WHERE id = ?", student_id)
    return await told_to_family(scope, person_id or 0, zone)


async def days_of(person_id: int, zone: str) -> list[Day]:
    """The readings of a person by day and role, the latest first. The caller has made sure that they may be known."""
    found = await db.rows(
        f"SELECT at, role, page FROM reading WHERE person_id = ? ORDER BY at DESC, id DESC LIMIT {SHOWN}", person_id
    )
    days: dict[tuple[dt.date, str], dict[str, None]] = {}
    for at, role, page in found:
        day = db.instant(at).astimezone(ZoneInfo(zone)).date()
        days.setdefault((day, role), {})[page] = None
    return [Day(day, role, tuple(pages)) for (day, role), pages in days.items()]
