"""Who is here already: by code for certain, by what they are called and how they are reached perhaps.

What looks alike is looked for as far as the scope may see people, by phone or email alone only where it may see those.
A name together with a phone or email that somebody typed is no more than they knew before.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from portal import db
from portal.interchange.sheets.columns import GUARDIANS, STAFF, STUDENTS
from portal.interchange.writing import bulk
from portal.people import sight
from portal.people.admission import Human
from portal.scope import Permission, Scope

PERSON_CODE = "P"  # and the number of the person: the code of who has no other

_CODES = {
    STUDENTS: "SELECT r.code, r.person_id, r.id, r.branch_id FROM student r WHERE r.code IN ({ids})",
    STAFF: "SELECT r.code, r.person_id, r.id, NULL FROM staff_member r WHERE r.code IN ({ids})",
}


class Coded(NamedTuple):
    """Somebody by their code; `record_id` is the student or staff member; `open` when the scope may change them."""

    person_id: int
    record_id: int
    branch_id: int | None
    open: bool


class Candidate(NamedTuple):
    """Somebody who may be meant."""

    id: int
    family_name: str
    middle_name: str
    given_name: str
    birth_date: dt.date | None
    branch: str
    student_id: int | None
    student_code: str
    staff_code: str


async def coded(scope: Scope, kind: str, codes: Iterable[str]) -> dict[str, Coded]:
    """Who has these codes, all of them: a code is nobody's only when nobody at all has it."""
    if kind == GUARDIANS:
        return await _by_person_code(scope, codes)
    found = await bulk.rows_of(_CODES[kind], list(codes))
    reach = scope.branches_for(Permission.IMPORT_PEOPLE)
    at_work: dict[int, set[int]] = defaultdict(set)
    if kind == STAFF:
        people = [row[1] for row in found]
        sql = "SELECT person_id, branch_id FROM works_at WHERE person_id IN ({ids})"
        for person_id, branch_id in await bulk.rows_of(sql, people):
            at_work[person_id].add(branch_id)
    return {
        code: Coded(
            person_id,
            record_id,
            branch_id,
            reach is None or (branch_id in reach if kind == STUDENTS else bool(at_work[person_id] & reach)),
        )
        for code, person_id, record_id, branch_id in found
    }


async def _by_person_code(scope: Scope, codes: Iterable[str]) -> dict[str, Coded]:
    ids = {int(code[1:]): code for code in codes if _is_person_code(code)}
    seen = sight.persons(scope)
    found = {each for (each,) in await bulk.rows_of("SELECT p.id FROM person p WHERE p.id IN ({ids})", list(ids))}
    visible: set[int] = set()
    listed = sorted(found)
    for start in range(0, len(listed), bulk.PORTION):
        portion = listed[start : start + bulk.PORTION]
        rows = await db.rows(
            f"SELECT p.id FROM person p WHERE p.id IN ({db.marks(len(portion))}) AND {seen.sql}", *portion, *seen.args
        )
        visible |= {person_id for (person_id,) in rows}
    return {ids[person_id]: Coded(person_id, person_id, None, person_id in visible) for person_id in found}


def _is_person_code(code: str) -> bool:
    return code[:1] == PERSON_CODE and code[1:].isascii() and code[1:].isdigit() and len(code) <= 18


class Alike:
    """People in sight who are called or reached like those of a sheet."""

    def __init__(self) -> None:
        self._cards: dict[int, Candidate] = {}
        self._named: dict[str, list[int]] = defaultdict(list)
        self._reached: dict[str, list[int]] = defaultdict(list)
        self._shown: set[int] = set()

    @classmethod
    async def gather(cls, scope: Scope, humans: Iterable[Human], keys: Iterable[str]) -> "Alike":
        """Look for everybody at once."""
        self = cls()
        numbers, addresses = set(), set()
        for human in humans:
            numbers |= {human.phone} - {""}
            addresses |= {human.email} - {""}
        await self._look(scope, "p.sort_key IN ({marks})", sorted(set(keys)))
        for table, column, values in (
            ("phone_number", "number", numbers),
            ("email_address", "address", addresses),
        ):
            at = f"p.id IN (SELECT c.person_id FROM {table} c WHERE c.{column} IN ({{marks}}))"
            await self._look(scope, at, sorted(values))
            people = list(self._cards)
            sql = f"SELECT person_id, {column} FROM {table} WHERE person_id IN ({{ids}})"
            for person_id, value in await bulk.rows_of(sql, people):
                if value in values and person_id not in self._reached[value]:
                    self._reached[value].append(person_id)
        return self

    async def _look(self, scope: Scope, where: str, wanted: Sequence[str]) -> None:
        seen, reach = sight.persons(scope), sight.contacts(scope)
        for start in range(0, len(wanted), bulk.PORTION):
            portion = wanted[start : start + bulk.PORTION]
            found = await db.rows(
                "SELECT p.id, p.family_name, p.middle_name, p.given_name, p.birth_date, COALESCE(b.name, ''), s.id,"
                f" COALESCE(s.code, ''), COALESCE(m.code, ''), p.sort_key, CASE WHEN {reach.sql} THEN 1 ELSE 0 END"
                " FROM person p LEFT JOIN branch b ON b.id = p.branch_id LEFT JOIN student s ON s.person_id = p.id"
                " LEFT JOIN staff_member m ON m.person_id = p.id"
                f" WHERE {where.format(marks=db.marks(len(portion)))} AND {seen.sql} ORDER BY p.id",
                *reach.args,
                *portion,
                *seen.args,
            )
            for row in found:
                self._add(row)

    def _add(self, row: tuple[Any, ...]) -> None:
        if row[0] in self._cards:
            return
        card = Candidate._make((*row[:4], db.day(row[4]) if row[4] else None, *row[5:9]))
        self._cards[card.id] = card
        self._named[row[9]].append(card.id)
        if row[10]:
            self._shown.add(card.id)

    def of(self, human: Human, key: str, birth_date: dt.date | None = None) -> list[Candidate]:
        """Who may be meant by somebody of that name, born that day, reached like that."""
        named = set(self._named.get(key, ()))
        reached = {each for value in (human.phone, human.email) if value for each in self._reached.get(value, ())}
        found = {each for each in named if birth_date and self._cards[each].birth_date == birth_date}
        found |= {each for each in reached if each in named or each in self._shown}
        return [self._cards[each] for each in sorted(found)][:10]

    def codes(self, kind: str) -> list[str]:
        """The codes of those who were found, as students or as staff."""
        cards = self._cards.values()
        return [code for each in cards if (code := each.student_code if kind == STUDENTS else each.staff_code)]
