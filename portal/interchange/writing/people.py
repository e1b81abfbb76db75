"""Writing people: names, births, contacts, and what they are here.

Contacts are added and never taken away: an address that somebody gave us here, or took out of our letters, is
not the other system's to forget. A new address or number becomes the primary one.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from portal import db
from portal.interchange.writing import bulk, codes, drafts, leaving
from portal.interchange.writing.codes import Claim
from portal.interchange.writing.contacts import Reach
from portal.interchange.writing.desk import Desk, Ledger
from portal.people import names

_COLUMNS = (
    *("branch_id", "family_name", "middle_name", "given_name", "search_key", "contact_key", "sort_key"),
    *("birth_date", "sex", "made_at", "made_by", "changed_at", "changed_by", "id"),
)


class Standing(NamedTuple):
    """A table of what people are, with a code each: who has which record there, and the codes given now."""

    table: str
    held: dict[int, tuple[int, str]]
    given: dict[str, str]

    def code(self, key: str, person_id: int) -> str:
        return self.given.get(key) or self.held.get(person_id, (0, ""))[1]


class Writer:
    """Writes the people of one bundle."""

    def __init__(self, desk: Desk, ledger: Ledger[drafts.Person], branches: Ledger[drafts.Branch]) -> None:
        self.desk = desk
        self.ledger = ledger
        self.ids = ledger.ids
        self.branches = branches.ids

    async def write(self, births: Ledger[drafts.Birth]) -> None:
        """Everything but the births of people who were there before."""
        ledger, desk = self.ledger, self.desk
        changing = [self.ids[each.key] for each in ledger.changed]
        await desk.journal.changing("person", changing)
        student = await self._standing("student", lambda each: each.student_at)
        teacher = await self._standing("teacher", lambda each: each.teacher)
        staff = await self._standing("staff_member", lambda each: each.staff)
        new = await desk.number(ledger, "person")
        reach = Reach(self.ids, ledger.written)
        await reach.read(self.ids[each.key] for each in ledger.changed)
        born = {each.key: each for each in births.new}
        standings = (student, teacher, staff)
        made = await asyncio.to_thread(lambda: [self._row(each, standings, reach, born.get(each.key)) for each in new])
        await desk.journal.insert("person", _COLUMNS, made, len(made), desk.heard("users"))
        changed = await asyncio.to_thread(lambda: [self._change(each, standings, reach) for each in ledger.changed])
        await bulk.run(_UPDATE, changed, len(changed), desk.heard("users"))
        await reach.write(desk.journal)
        await self._students(student)
        await self._posts(teacher, staff)
        await self._works_at()

    async def _standing(self, table: str, wanted: Callable[[drafts.Person], object]) -> Standing:
        claiming = [each for each in self.ledger.written if wanted(each)]
        if not claiming and not self.ledger.changed:
            return Standing(table, {}, {})
        found = await db.rows(f'SELECT person_id, id, code FROM "{table}"')
        held = {person_id: (record_id, code) for person_id, record_id, code in found}
        await self.desk.journal.changing(
            table, (held[person][0] for each in claiming if (person := self.ids.get(each.key, 0)) in held)
        )
        claims = [Claim(each.key, held.get(self.ids.get(each.key, 0), (None,))[0], each.codes) for each in claiming]
        return Standing(table, held, await codes.allot(self.desk.findings, "users", table, claims))

    def _name(self, each: drafts.Person, standings: Iterable[Standing], reach: Reach) -> tuple[object, ...]:
        person_id = self.ids[each.key]
        given = {standing.code(each.key, person_id) for standing in standings}
        name = (each.family_name, each.middle_name, each.given_name)
        return (
            self.branches[each.branch] if each.branch else None,
            *name,
            names.search_key(*name, sorted(given)),
            reach.key(person_id),
            names.sort_key(*name),
        )

    def _row(
        self, each: drafts.Person, standings: Iterable[Standing], reach: Reach, birth: drafts.Birth | None
    ) -> tuple[object, ...]:
        born, sex = (birth.birth_date, birth.sex) if birth else (None, "")
        now, by = self.desk.now, self.desk.by
        return (*self._name(each, standings, reach), born, sex, now, by, now, by, self.ids[each.key])

    def _change(self, each: drafts.Person, standings: Iterable[Standing], reach: Reach) -> tuple[object, ...]:
        return (*self._name(each, standings, reach), self.desk.now, self.desk.by, self.ids[each.key])

    async def _students(self, student: Standing) -> None:
        now, by = self.desk.now, self.desk.by
        new, old = _parted(self.ids, student, (each for each in self.ledger.written if each.student_at))

        def values(each: drafts.Person) -> tuple[object, ...]:
            assert each.student_at
            return self.branches[each.student_at], student.given[each.key], now, by, self.ids[each.key]

        await self.desk.journal.insert(
            "student",
            ("branch_id", "code", "changed_at", "changed_by", "person_id", "made_at", "made_by"),
            ((*values(each), now, by) for each in new),
        )
        await bulk.run(
            "UPDATE student SET branch_id = ?, code = ?, changed_at = ?, changed_by = ? WHERE person_id = ?",
            map(values, old),
        )

    async def _posts(self, teacher: Standing, staff: Standing) -> None:
        ids = self.ids
        new, old = _parted(ids, teacher, (each for each in self.ledger.written if each.teacher))
        rows = [(teacher.given[each.key], each.teacher.left_on, ids[each.key]) for each in new if each.teacher]
        await self.desk.journal.insert("teacher", ("code", "left_on", "person_id"), rows)
        rows = [(teacher.given[each.key], each.teacher.left_on, ids[each.key]) for each in old if each.teacher]
        await bulk.run("UPDATE teacher SET code = ?, left_on = ? WHERE person_id = ?", rows)
        new, old = _parted(ids, staff, (each for each in self.ledger.written if each.staff))
        made = [(staff.given[each.key], *reversed(each.staff), ids[each.key]) for each in new if each.staff]
        await self.desk.journal.insert("staff_member", ("code", "position", "left_on", "person_id"), made)
        made = [(staff.given[each.key], *reversed(each.staff), ids[each.key]) for each in old if each.staff]
        await bulk.run("UPDATE staff_member SET code = ?, position = ?, left_on = ? WHERE person_id = ?", made)

    async def _works_at(self) -> None:
        pairs = [(self.ids[each.key], self.branches[where]) for each in self.ledger.written for where in each.works_at]
        changed = [self.ids[each.key] for each in self.ledger.changed if each.works_at]
        held = set(await bulk.rows_of("SELECT person_id, branch_id FROM works_at WHERE person_id IN ({ids})", changed))
        missing = [pair for pair in pairs if pair not in held]
        await self.desk.journal.insert("works_at", ("person_id", "branch_id"), missing)


_UPDATE = (
    "UPDATE person SET branch_id = COALESCE(?, branch_id), family_name = ?, middle_name = ?, given_name = ?,"
    " search_key = ?, contact_key = ?, sort_key = ?, changed_at = ?, changed_by = ? WHERE id = ?"
)


async def people(
    desk: Desk,
    found: Sequence[drafts.Person],
    births: Sequence[drafts.Birth],
    present: frozenset[str],
    branches: Ledger[drafts.Branch],
) -> Ledger[drafts.Person]:
    """People with their contacts, what they are here, and their births."""
    ledger = await desk.open("users", found, said="users" in present)
    born = await desk.open("demographics", births, said="demographics" in present)
    before = set(ledger.ids)
    if ledger.written:
        back = await leaving.students_back(ledger)
        await Writer(desk, ledger, branches).write(born)
        await leaving.learn_again(desk, back)
    for each in born.new:
        born.ids[each.key] = ledger.ids[each.key]
    await desk.journal.changing("person", (born.ids[each.key] for each in born.written if each.key in before))
    await bulk.run(
        "UPDATE person SET birth_date = ?, sex = ?, changed_at = ?, changed_by = ? WHERE id = ?",
        (
            (each.birth_date, each.sex, desk.now, desk.by, born.ids[each.key])
            for each in born.written
            if each.key in before
        ),
    )
    return ledger


def _parted(
    ids: dict[str, int], standing: Standing, found: Iterable[drafts.Person]
) -> tuple[list[drafts.Person], list[drafts.Person]]:
    """Those who have no record in the table yet, and those who have."""
    new: list[drafts.Person] = []
    old: list[drafts.Person] = []
    for each in found:
        (old if ids[each.key] in standing.held else new).append(each)
    return new, old
