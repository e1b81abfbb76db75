"""Students: their record, their guardians, and making a person one."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from portal import audit, clock, db, versions
from portal.errors import Conflict, Invalid, NotFound, say
from portal.people import authors, codes, names, persons, sight
from portal.people.models import Person, Student
from portal.scope import Permission, Scope

SHOWN = 100
STATUSES = ("learning", "suspended", "cancelled", "finished")


class Child(NamedTuple):
    """A student as their family's pages name them."""

    id: int
    family_name: str
    middle_name: str
    given_name: str
    status: str
    branch: str


class Link(NamedTuple):
    """A guardian of a student; what the link allows, and why, is None for who does not decide on it."""

    id: int
    person_id: int
    family_name: str
    middle_name: str
    given_name: str
    relation: str
    seen: bool
    may_see: bool | None
    may_pay: bool | None
    is_told: bool | None
    restricted_at: dt.datetime | None
    ground: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """A student's own facts; `person` carries the rest."""

    id: int
    code: str
    status: str
    branch: str
    branch_id: int
    person: persons.Card
    guardians: Sequence[Link] | None
    decides: bool
    assigned_to: names.Name
    made_at: dt.datetime
    made_by: names.Name | None
    changed_at: dt.datetime
    changed_by: names.Name | None


async def of_family(scope: Scope) -> list[Child]:
    """The students whose family pages the scope may open: the guardian's children and the student themselves."""
    own = scope.children | ({scope.student_id} if scope.student_id is not None else set())
    if not own:
        return []
    among = sight.among("s.id", own)
    found = await db.rows(
        "SELECT s.id, p.family_name, p.middle_name, p.given_name, s.status, b.name FROM student s"
        " JOIN person p ON p.id = s.person_id JOIN branch b ON b.id = s.branch_id"
        f" WHERE {among.sql} ORDER BY p.birth_date, s.id",
        *among.args,
    )
    return [Child(*row) for row in found]


async def find(scope: Scope, student_id: int) -> Record:
    """A student's record for staff; raises `NotFound` when there is none or it may not be seen."""
    seen = sight.students(scope)
    found = await db.row(
        "SELECT s.person_id, s.code, s.status, b.name, s.branch_id, COALESCE(a.family_name, ''),"
        " COALESCE(a.middle_name, ''), COALESCE(a.given_name, ''), s.made_at, s.made_by, s.changed_at, s.changed_by"
        " FROM student s JOIN branch b ON b.id = s.branch_id LEFT JOIN person a ON a.id = s.assigned_to_id"
        f" WHERE s.id = ? AND {seen.sql}",
        student_id,
        *seen.args,
    )
    if found is None:
        raise NotFound
    by = await authors.of_accounts((found[9], found[11]))
    linked, decides = await _guardians(scope, student_id)
    return Record(
        id=student_id,
        code=found[1],
        status=found[2],
        branch=found[3],
        branch_id=found[4],
        person=await persons.find(scope, found[0]),
        guardians=linked,
        decides=decides,
        assigned_to=names.Name._make(found[5:8]),
        made_at=db.instant(found[8]),
        made_by=by.get(found[9]),
        changed_at=db.instant(found[10]),
        changed_by=by.get(found[11]),
    )


async def learning(scope: Scope) -> int:
    """How many students learn at present in the branches whose people the scope may see."""
    seen = sight.students_of_branches(scope, Permission.SEE_PEOPLE)
    return int(await db.value(f"SELECT COUNT(*) FROM student s WHERE s.status = 'learning' AND {seen.sql}", *seen.args))


async def admit(
    scope: Scope, person: Person, *, branch_id: int, code: str = "", assigned_to: int | None = None
) -> Student:
    """Make a person a student of a branch; a code is made when none is given. `assigned_to` is a person of the staff.

    Raises `Conflict` when the person is a student already, `Invalid` beside `code` when it is taken.
    """
    scope.require(Permission.EDIT_PEOPLE)
    now = clock.now()
    async with db.transaction():
        if await Student.filter(person_id=person.id).exists():
            raise Conflict(say("This person is a student already."))
        code = code or (await fresh_codes(1))[0]
        if await Student.filter(code=code).exists():
            raise Invalid({"code": say("Another student has this code.")})
        student = await Student.create(
            person_id=person.id,
            branch_id=branch_id,
            code=code,
            assigned_to_id=assigned_to,
            made_at=now,
            made_by=scope.account_id,
            changed_at=now,
            changed_by=scope.account_id,
        )
        await persons.refresh_keys(person.id)
        versions.bump(versions.person(person.id))
        await audit.record(scope, "student.admit", "student", student.id)
    return student


async def fresh_codes(count: int, taken: Collection[str] = ()) -> list[str]:
    """Codes that no student has: HV and five digits, after the highest there is; `taken` are not given either.

    In the caller's transaction, one caller after another.
    """
    await db.row("SELECT id FROM centre FOR NO KEY UPDATE")
    highest = await db.value("SELECT MAX(code) FROM student WHERE code LIKE 'HV_____'")
    number = int(highest[2:]) if highest and highest[2:].isdigit() else 0
    return codes.following("HV", number, count, taken)


async def _guardians(scope: Scope, student_id: int) -> tuple[list[Link] | None, bool]:
    """A student's guardians, None for who may not know them (a teacher); and whether the scope decides on them."""
    told, decides = sight.guardian_links(scope), sight.guardian_decisions(scope)
    known = await db.row(
        f"SELECT CASE WHEN {decides.sql} THEN 1 ELSE 0 END FROM student s WHERE s.id = ? AND {told.sql}",
        *decides.args,
        student_id,
        *told.args,
    )
    if known is None:
        return None, False
    seen = sight.persons(scope)
    found = await db.rows(
        "SELECT g.id, g.person_id, p.family_name, p.middle_name, p.given_name, g.relation,"
        f" CASE WHEN {seen.sql} THEN 1 ELSE 0 END, g.may_see, g.may_pay, g.is_told, g.restricted_at, g.ground"
        " FROM guardian g JOIN person p ON p.id = g.person_id"
        f" WHERE g.student_id = ? ORDER BY g.id LIMIT {SHOWN}",
        *seen.args,
        student_id,
    )
    return [_link(row, bool(known[0])) for row in found], bool(known[0])


def _link(row: tuple[Any, ...], decides: bool) -> Link:
    known = (*map(bool, row[7:10]), db.instant(row[10]) if row[10] else None, row[11])
    return Link._make((*row[:6], bool(row[6]), *(known if decides else [None] * len(known))))
