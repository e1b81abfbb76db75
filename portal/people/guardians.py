"""Guardian links and households.

A link is a named staff decision with its ground. To a student who is here already it starts without sight, whether
they have guardians or not, and every present guardian is told; sight is a decision of its own. Only who is entered
together with the student sees at once. A match of name, birthday, phone or email never grants sight.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from portal import audit, clock, db, jobs, mail, versions
from portal.errors import Conflict, Invalid, NotFound, say
from portal.people import sight
from portal.people.models import Guardian, Household, Student
from portal.scope import SYSTEM, Permission, Scope
from portal.text import clean, problem

SHOWN = 100
PORTION = 100  # new links that one job tells of
WITH_STUDENT = say("Entered together with the student.")
RELATIONS = ("mother", "father", "grandparent", "sibling", "guardian", "relative", "other")


class Ward(NamedTuple):
    """A student as their guardian's card names them."""

    student_id: int
    family_name: str
    middle_name: str
    given_name: str
    relation: str
    code: str
    status: str
    branch: str
    restricted: bool


async def wards(scope: Scope, person_id: int) -> list[Ward]:
    """The students a person is a guardian of, as far as the scope may know; restrictions only where it decides."""
    seen, decides = sight.guardian_links(scope), sight.guardian_decisions(scope)
    found = await db.rows(
        "SELECT s.id, p.family_name, p.middle_name, p.given_name, g.relation, s.code, s.status, b.name,"
        f" CASE WHEN g.restricted_at IS NOT NULL AND {decides.sql} THEN 1 ELSE 0 END"
        " FROM guardian g JOIN student s ON s.id = g.student_id"
        " JOIN person p ON p.id = s.person_id JOIN branch b ON b.id = s.branch_id"
        f" WHERE g.person_id = ? AND {seen.sql} ORDER BY p.birth_date, s.id LIMIT {SHOWN}",
        *decides.args,
        person_id,
        *seen.args,
    )
    return [Ward._make((*row[:8], bool(row[8]))) for row in found]


async def link(
    scope: Scope,
    *,
    person_id: int,
    student_id: int,
    relation: str,
    ground: str,
    may_pay: bool = False,
    household_id: int | None = None,
) -> Guardian:
    """Link a guardian to a student who is here already: without sight, which `allow` gives on a ground of its own.

    Raises `NotFound` for a student or person out of sight, `Conflict` when the link exists, `Invalid` beside `relation`
    or `ground`. Joins `household_id`, else begins a household of its own: parents separate.
    """
    scope.require(Permission.LINK_GUARDIANS)
    ground = clean(ground)
    errors = {"ground": problem(ground, longest=300, required=True)}
    if relation not in RELATIONS:
        errors["relation"] = say("Choose one of the list.")
    if any(errors.values()):
        raise Invalid({name: sentence for name, sentence in errors.items() if sentence})
    now = clock.now()
    async with db.transaction():
        branch_id = await _sight_of(scope, person_id, student_id)
        # One link after another: of two at once only one is the first.
        await db.row("SELECT id FROM student WHERE id = ? FOR NO KEY UPDATE", student_id)
        if await db.row("SELECT 1 FROM student WHERE id = ? AND person_id = ?", student_id, person_id):
            raise Invalid({"person_id": say("Nobody is their own guardian.")})
        present = [row[0] for row in await db.rows("SELECT person_id FROM guardian WHERE student_id = ?", student_id)]
        if person_id in present:
            raise Conflict(say("This person is a guardian of the student already."))
        if household_id is None:
            household_id = (await Household.create(branch_id=branch_id, made_at=now)).id
        guardian = await Guardian.create(
            person_id=person_id,
            student_id=student_id,
            household_id=household_id,
            relation=relation,
            may_see=False,
            may_pay=may_pay,
            ground=ground,
            linked_at=now,
            linked_by=scope.account_id,
        )
        versions.bump(versions.person(person_id))
        await audit.record(scope, "guardian.link", "student", student_id, {"person": person_id, "ground": ground})
        await tell_others([(student_id, present)])
    return guardian


async def link_with_new_student(scope: Scope, student: Student, *, person_id: int, relation: str) -> Guardian:
    """Link the first guardian of a student who is being entered, in the transaction that enters them.

    Nobody else's child is touched, so the right to enter people is enough, and `student` is what `students.admit` has
    just made. The guardian may see, may pay and is told; who is a guardian already brings their household.
    """
    scope.require(Permission.EDIT_PEOPLE)
    now = clock.now()
    household_id = await db.value("SELECT MIN(household_id) FROM guardian WHERE person_id = ?", person_id)
    if household_id is None:
        household_id = (await Household.create(branch_id=student.branch_id, made_at=now)).id  # type: ignore[attr-defined]
    guardian = await Guardian.create(
        person_id=person_id,
        student_id=student.id,
        household_id=household_id,
        relation=relation,
        may_see=True,
        may_pay=True,
        ground=str(WITH_STUDENT),
        linked_at=now,
        linked_by=scope.account_id,
    )
    versions.bump(versions.person(person_id))
    changes = {"person": person_id, "ground": str(WITH_STUDENT)}
    await audit.record(scope, "guardian.link", "student", student.id, changes)
    return guardian


async def allow(
    scope: Scope, student_id: int, guardian_id: int, *, may_see: bool, may_pay: bool, is_told: bool, ground: str
) -> None:
    """Change what a link allows; raises `NotFound`, or `Invalid` without a ground."""
    scope.require(Permission.LINK_GUARDIANS)
    text = _ground(ground)
    async with db.transaction():
        before = await _find(scope, student_id, guardian_id)
        await Guardian.filter(id=guardian_id).update(may_see=may_see, may_pay=may_pay, is_told=is_told, ground=text)
        versions.bump(versions.person(before.person_id))  # type: ignore[attr-defined]
        changes = {
            "guardian": guardian_id,
            "before": [before.may_see, before.may_pay, before.is_told],
            "after": [may_see, may_pay, is_told],
            "ground": text,
        }
        await audit.record(scope, "guardian.allow", "student", student_id, changes)


async def restrict(scope: Scope, student_id: int, guardian_id: int, *, ground: str) -> None:
    """Take sight and contact from a guardian at once (a court's order).

    Raises `NotFound`, `Invalid`, or `Conflict` when they are restricted already: that ground is not written over.
    """
    scope.require(Permission.LINK_GUARDIANS)
    text = _ground(ground)
    async with db.transaction():
        guardian = await _find(scope, student_id, guardian_id)
        changed = await Guardian.filter(id=guardian_id, restricted_at__isnull=True).update(
            restricted_at=clock.now(), restricted_by=scope.account_id, ground=text
        )
        if not changed:
            raise Conflict(say("This guardian is restricted already."))
        versions.bump(versions.person(guardian.person_id))  # type: ignore[attr-defined]
        changes = {"guardian": guardian_id, "ground": text}
        await audit.record(scope, "guardian.restrict", "student", student_id, changes)


async def release(scope: Scope, student_id: int, guardian_id: int, *, ground: str) -> None:
    """Lift a restriction; the guardian still sees nothing until that is decided too.

    Raises `NotFound`, `Invalid`, or `Conflict` when there is none: nobody loses their sight by a form sent twice.
    """
    scope.require(Permission.LINK_GUARDIANS)
    text = _ground(ground)
    async with db.transaction():
        guardian = await _find(scope, student_id, guardian_id)
        changed = await Guardian.filter(id=guardian_id, restricted_at__isnull=False).update(
            restricted_at=None, restricted_by=None, may_see=False, ground=text
        )
        if not changed:
            raise Conflict(say("This guardian is not restricted."))
        versions.bump(versions.person(guardian.person_id))  # type: ignore[attr-defined]
        changes = {"guardian": guardian_id, "ground": text}
        await audit.record(scope, "guardian.release", "student", student_id, changes)


async def tell_others(links: Iterable[tuple[int, Sequence[int]]]) -> None:
    """Have the present guardians told, out of the open transaction: for each new link the student and who was there.

    A job and not an event: whoever was linked, those before are told, though the process die with the commit.
    """
    waiting = [[student_id, list(others)] for student_id, others in links if others]
    for start in range(0, len(waiting), PORTION):
        await jobs.enqueue("guardian_linked", {"links": waiting[start : start + PORTION]})


@jobs.handles("guardian_linked")
async def write_to_others(payload: dict[str, Any]) -> None:
    """Write to the guardians there were before, without naming the new one: parents separate.

    All of them are written to but the restricted, with whom there is no contact; "is told" is about what happens in
    class. Who has no email that works is named in the student's history, so that somebody calls them. Bears to run
    twice: then it is written twice.
    """
    async with db.transaction():
        for student_id, others in payload["links"]:
            await _write_to(student_id, others)


async def _write_to(student_id: int, others: Sequence[int]) -> None:
    found = await db.rows(
        "SELECT p.id, COALESCE((SELECT e.address FROM email_address e WHERE e.person_id = p.id"
        " AND e.invalid_at IS NULL ORDER BY e.is_primary DESC, e.id LIMIT 1), ''),"
        " COALESCE(a.language, ''), p.given_name, c.given_name FROM guardian g"
        " JOIN person p ON p.id = g.person_id JOIN student s ON s.id = g.student_id JOIN person c ON c.id = s.person_id"
        " LEFT JOIN account a ON a.person_id = p.id"
        f" WHERE g.student_id = ? AND g.restricted_at IS NULL AND g.person_id IN ({db.marks(len(others))})"
        " ORDER BY p.id",
        student_id,
        *others,
    )
    for person_id, address, language, name, student in found:
        if address:
            await mail.send(address, "guardian_linked", language, name=name, student=student)
        else:
            await audit.record(SYSTEM, "guardian.not_told", "student", student_id, {"person": person_id})


def _ground(typed: str) -> str:
    text = clean(typed)
    trouble = problem(text, longest=300, required=True)
    if trouble:
        raise Invalid({"ground": trouble})
    return text


async def _find(scope: Scope, student_id: int, guardian_id: int) -> Guardian:
    seen = sight.students_of_branches(scope, Permission.LINK_GUARDIANS)
    found = await db.row(
        f"SELECT g.id FROM guardian g JOIN student s ON s.id = g.student_id WHERE g.id = ? AND s.id = ? AND {seen.sql}",
        guardian_id,
        student_id,
        *seen.args,
    )
    if found is None:
        raise NotFound
    return await Guardian.get(id=guardian_id)


async def _sight_of(scope: Scope, person_id: int, student_id: int) -> int:
    """The student's branch, when both are in the scope's sight."""
    student = sight.students_of_branches(scope, Permission.LINK_GUARDIANS)
    person = sight.persons(scope)
    found = await db.row(
        f"SELECT s.branch_id FROM student s, person p WHERE s.id = ? AND p.id = ? AND {student.sql} AND {person.sql}",
        student_id,
        person_id,
        *student.args,
        *person.args,
    )
    if found is None:
        raise NotFound
    return int(found[0])
