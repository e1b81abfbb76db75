"""Writing a plan: many rows in few statements, each noted in the journal of the import.

The rules that the verbs of the room keep hold here as well: a guardian sees only the student who is made in the same
act, whoever comes to a student who is here is told of to those before, contacts are added and never taken away, keys
are folded anew. Nobody gets a role or an account.
"""

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from portal import db
from portal.errors import say
from portal.interchange.journal import Journal
from portal.interchange.sheets.columns import GUARDIANS, STAFF, STUDENTS
from portal.interchange.sheets.planning import Link, Plan, Planned, Somebody
from portal.interchange.writing import bulk
from portal.interchange.writing.contacts import Contacts
from portal.people import names, staffing, students
from portal.people.guardians import WITH_STUDENT, tell_others
from portal.scope import Scope

GROUND = say("Spreadsheet import")
"""The ground of a link to a student who was here; stored in English, translated where it is shown."""

MANY = 500  # new rows after which the database's own figures are worth nothing

Counts = dict[str, dict[str, int]]
Heard = Callable[[str, int, int], None]

_PERSON = (
    *("id", "branch_id", "family_name", "middle_name", "given_name", "birth_date", "sex", "address"),
    *("search_key", "contact_key", "sort_key", "made_at", "made_by", "changed_at", "changed_by"),
)


class Facts(NamedTuple):
    """What stands of a person who is here."""

    family_name: str
    middle_name: str
    given_name: str
    birth_date: dt.date | None
    sex: str
    address: str
    branch_id: int | None


class Writer:
    """Writes one plan in the transaction of its import."""

    def __init__(
        self, scope: Scope, journal: Journal, plan: Plan, kind: str, *, name_order: str, assigned_to: int | None
    ) -> None:
        self._by = scope.account_id
        self._journal = journal
        self._now = journal.at
        self._plan = plan
        self._kind = kind
        self._order = name_order
        self._assigned_to = assigned_to
        self._tally: dict[str, dict[str, int]] = defaultdict(lambda: {"new": 0, "changed": 0, "same": 0})
        self._changed: set[int] = set()
        self._codes: dict[int, list[str]] = defaultdict(list)

    async def write(self, progress: Heard) -> Counts:
        """Everything; returns how many of what are new, changed, the same."""
        people = self._people()
        new = [one for one in people if one.new]
        for one, person_id in zip(new, await bulk.fresh_ids("person", len(new)), strict=True):
            one.person_id = person_id
        await self._give_codes()
        facts = await self._facts(one.person_id for one in people if not one.new)
        emails, phones = await self._contacts(people, facts)
        branches = self._homes()
        rows = await asyncio.to_thread(
            lambda: [self._new(one, emails, phones, branches.get(one.person_id)) for one in new]
        )
        await self._journal.insert("person", _PERSON, rows, len(rows), lambda done, all_: progress("users", done, all_))
        await self._change(people, facts, emails, phones)
        await emails.write(self._journal)
        await phones.write(self._journal)
        await self._records()
        await self._link()
        await self._look_again(len(rows))
        return {kind: dict(numbers) for kind, numbers in self._tally.items()}

    async def _look_again(self, written: int) -> None:
        """Have PostgreSQL count anew after many rows: by what it believed before, a list of people takes minutes."""
        if written >= MANY and db.dialect() == "postgres":
            await db.execute("ANALYZE person, student, guardian, staff_member, email_address, phone_number")

    def _people(self) -> list[Somebody]:
        """Everybody whom the plan writes, once; a person who is here may stand in several rows."""
        found: dict[int, Somebody] = {}
        for planned in self._plan.rows:
            for one in (planned.person, *(link.guardian for link in planned.links)):
                found.setdefault(id(one), one)
        return list(found.values())

    def _homes(self) -> dict[int, int | None]:
        """The home branch of each new person: the student's or colleague's own, the first child's for a guardian."""
        homes: dict[int, int | None] = {}
        for planned in self._plan.rows:
            branch_id = planned.branch_id
            for one in (planned.person, *(link.guardian for link in planned.links)):
                homes.setdefault(one.person_id, branch_id)
        return homes

    async def _give_codes(self) -> None:
        """Codes for new students and staff whose rows name none."""
        if self._kind == GUARDIANS:
            return
        new = [planned for planned in self._plan.rows if not planned.record_id]
        without = [planned for planned in new if not planned.draft.code]
        taken = {planned.draft.code for planned in new}
        fresh = students.fresh_codes if self._kind == STUDENTS else staffing.fresh_codes
        for planned, code in zip(without, await fresh(len(without), taken) if without else [], strict=True):
            planned.draft.code = code
        for planned in new:
            self._codes[planned.person.person_id].append(planned.draft.code)

    async def _facts(self, ids: Iterable[int]) -> dict[int, Facts]:
        wanted = list(dict.fromkeys(ids))
        found = await bulk.rows_of(
            "SELECT id, family_name, middle_name, given_name, birth_date, sex, address, branch_id FROM person"
            " WHERE id IN ({ids})",
            wanted,
        )
        for table in ("student", "teacher", "staff_member"):
            for person_id, code in await bulk.rows_of(
                f"SELECT person_id, code FROM {table} WHERE person_id IN ({{ids}})", wanted
            ):
                self._codes[person_id].append(code)
        return {row[0]: Facts._make((*row[1:4], db.day(row[4]) if row[4] else None, *row[5:])) for row in found}

    async def _contacts(self, people: Sequence[Somebody], facts: Mapping[int, Facts]) -> tuple[Contacts, Contacts]:
        """Emails and phones; whoever gets one they had not is changed."""
        told = [one for one in people if one.overwrites]
        pairs = (
            ("email_address", "address", {one.person_id: [one.human.email] for one in told if one.human.email}),
            ("phone_number", "number", {one.person_id: [one.human.phone] for one in told if one.human.phone}),
        )
        made = []
        for table, column, wanted in pairs:
            sql = f"SELECT person_id, {column} FROM {table} WHERE person_id IN ({{ids}})"
            standing = set(await bulk.rows_of(sql, [each for each in wanted if each in facts]))
            news = {each: values for each, values in wanted.items() if (each, values[0]) not in standing}
            self._changed |= {each for each in news if each in facts}
            contacts = Contacts(table, column, news)
            # Of everybody here, not only of those with news: the key is folded from all they have.
            await contacts.read(list(facts))
            made.append(contacts)
        return made[0], made[1]

    def _new(self, one: Somebody, emails: Contacts, phones: Contacts, branch_id: int | None) -> tuple[Any, ...]:
        name = (one.human.family_name, one.human.middle_name, one.human.given_name)
        draft = one.draft
        born, sex, address = (draft.birth_date, draft.sex, draft.address) if draft else (None, "", "")
        return (
            *(one.person_id, branch_id, *name, born, sex, address),
            names.search_key(*name, sorted(self._codes.get(one.person_id, ()))),
            names.contact_key(emails.of(one.person_id), phones.of(one.person_id)),
            names.sort_key(*name),
            *(self._now, self._by, self._now, self._by),
        )

    async def _change(
        self, people: Sequence[Somebody], facts: Mapping[int, Facts], emails: Contacts, phones: Contacts
    ) -> None:
        """Write over what differs of people who are here; of whom only a contact is new, the key is folded anew."""
        after = dict(facts)
        for one in people:
            if not one.new and one.draft is not None and one.overwrites:
                after[one.person_id] = self._after(one, after[one.person_id])
        self._changed |= {each for each, now in after.items() if now != facts[each]}
        rows = []
        for person_id in sorted(self._changed):
            now = after[person_id]
            name = (now.family_name, now.middle_name, now.given_name)
            rows.append(
                (
                    *now,
                    names.search_key(*name, sorted(self._codes.get(person_id, ()))),
                    names.contact_key(emails.of(person_id), phones.of(person_id)),
                    names.sort_key(*name),
                    *(self._now, self._by, person_id),
                )
            )
        await self._journal.changing("person", sorted(self._changed))
        await bulk.run(
            "UPDATE person SET family_name = ?, middle_name = ?, given_name = ?, birth_date = ?, sex = ?, address = ?,"
            " branch_id = ?, search_key = ?, contact_key = ?, sort_key = ?, changed_at = ?, changed_by = ?"
            " WHERE id = ?",
            rows,
        )

    def _after(self, one: Somebody, now: Facts) -> Facts:
        """A person as they stand after a row: what it leaves empty stays."""
        draft, human = one.draft, one.human
        assert draft is not None
        family, middle, given = human.family_name, human.middle_name, human.given_name
        if draft.whole:
            if draft.whole == names.shown(*now[:3], self._order):
                family, middle, given = now[:3]
        elif draft.lead:
            if draft.lead == " ".join(part for part in now[:2] if part):
                family, middle = now[:2]
        else:
            middle = middle or now.middle_name
        moved = draft.branch_id if self._kind == STUDENTS and draft.branch_id else now.branch_id
        return Facts(
            family or now.family_name,
            middle,
            given or now.given_name,
            draft.birth_date or now.birth_date,
            draft.sex or now.sex,
            draft.address or now.address,
            moved,
        )

    async def _records(self) -> None:
        """Students and staff."""
        if self._kind == STUDENTS:
            await self._students()
        elif self._kind == STAFF:
            await self._staff()

    async def _students(self) -> None:
        new = [planned for planned in self._plan.rows if not planned.record_id]
        old = [planned for planned in self._plan.rows if planned.record_id]
        for planned, record_id in zip(new, await bulk.fresh_ids("student", len(new)), strict=True):
            planned.made_id = record_id
        made = (self._now, self._by, self._now, self._by)
        columns = ("id", "person_id", "branch_id", "code", "assigned_to_id")
        await self._journal.insert(
            "student",
            (*columns, "made_at", "made_by", "changed_at", "changed_by"),
            [
                (one.made_id, one.person.person_id, one.draft.branch_id, one.draft.code, self._assigned_to, *made)
                for one in new
            ],
        )
        at = dict(
            await bulk.rows_of("SELECT id, branch_id FROM student WHERE id IN ({ids})", [o.record_id for o in old])
        )
        moving = [one for one in old if one.draft.branch_id not in (None, at[one.record_id])]
        await self._journal.changing("student", [one.record_id for one in moving])
        await bulk.run(
            "UPDATE student SET branch_id = ?, changed_at = ?, changed_by = ? WHERE id = ?",
            [(one.draft.branch_id, self._now, self._by, one.record_id) for one in moving],
        )
        self._count(STUDENTS, new, old, {id(one) for one in moving})

    async def _staff(self) -> None:
        new = [planned for planned in self._plan.rows if not planned.record_id]
        old = [planned for planned in self._plan.rows if planned.record_id]
        await self._journal.insert(
            "staff_member",
            ("person_id", "code", "position"),
            [(one.person.person_id, one.draft.code, one.draft.position) for one in new],
        )
        ids = [one.record_id for one in old]
        at = dict(await bulk.rows_of("SELECT id, position FROM staff_member WHERE id IN ({ids})", ids))
        moving = [one for one in old if one.draft.position not in ("", at[one.record_id])]
        await self._journal.changing("staff_member", [one.record_id for one in moving])
        await bulk.run(
            "UPDATE staff_member SET position = ? WHERE id = ?",
            [(one.draft.position, one.record_id) for one in moving],
        )
        people = [one.person.person_id for one in self._plan.rows]
        held = set(await bulk.rows_of("SELECT person_id, branch_id FROM works_at WHERE person_id IN ({ids})", people))
        wanted = {(one.person.person_id, one.draft.branch_id): one for one in self._plan.rows if one.draft.branch_id}
        missing = [pair for pair in wanted if pair not in held]
        await self._journal.insert("works_at", ("person_id", "branch_id"), missing)
        self._count(STAFF, new, old, {id(one) for one in moving} | {id(wanted[pair]) for pair in missing})

    def _count(self, kind: str, new: Sequence[Planned], old: Sequence[Planned], moved: set[int]) -> None:
        changed = sum(one.person.person_id in self._changed or id(one) in moved for one in old)
        self._tally[kind] |= {"new": len(new), "changed": changed, "same": len(old) - changed}

    async def _link(self) -> None:
        """Guardians and their households; those who were there before are told of who comes to them."""
        links = [(planned, link) for planned in self._plan.rows for link in planned.links]
        coming = [(planned, link) for planned, link in links if not link.there]
        households = await self._households(coming)
        rows, told = [], []
        old = [planned.record_id for planned, _ in coming if planned.record_id]
        present: dict[int, list[int]] = defaultdict(list)
        for student_id, person_id in await bulk.rows_of(
            "SELECT student_id, person_id FROM guardian WHERE student_id IN ({ids})", list(dict.fromkeys(old))
        ):
            present[student_id].append(person_id)
        done: set[tuple[int, int]] = set()
        for planned, link in coming:
            person_id, student_id = link.guardian.person_id, planned.student_id
            if (person_id, student_id) in done or person_id in present[student_id]:
                continue
            done.add((person_id, student_id))
            with_student = not planned.record_id
            ground = str(WITH_STUDENT if with_student else GROUND)
            allowed = (with_student, with_student, True)
            rows.append(
                (person_id, student_id, households[person_id], link.relation, *allowed, ground, self._now, self._by)
            )
            told.append((student_id, present[student_id]))
        await self._journal.insert("guardian", _GUARDIAN, rows)
        await tell_others(told)
        same = [link for _, link in links if link.there]
        changed = sum(link.guardian.person_id in self._changed for link in same)
        if links:
            self._tally["guardians"] |= {"new": len(rows), "changed": changed, "same": len(same) - changed}

    async def _households(self, coming: Sequence[tuple[Planned, Link]]) -> dict[int, int]:
        """The household of each guardian: their own if they have one, one for two who come new with a new student."""
        ids = list(dict.fromkeys(link.guardian.person_id for _, link in coming))
        sql = "SELECT person_id, MIN(household_id) FROM guardian WHERE person_id IN ({ids}) GROUP BY person_id"
        of: dict[int, int] = dict(await bulk.rows_of(sql, ids))
        groups: list[tuple[list[int], int | None]] = []
        grouped: set[int] = set()
        together: dict[int, list[Somebody]] = defaultdict(list)
        planned_of = {}
        for planned, link in coming:
            together[id(planned)].append(link.guardian)
            planned_of[id(planned)] = planned
        for key, guardians in together.items():
            without = [one.person_id for one in guardians if one.person_id not in of and one.person_id not in grouped]
            branch_id = planned_of[key].branch_id
            if len(without) == len(guardians) and not planned_of[key].record_id:
                groups.append((without, branch_id))
            else:
                groups += [([person_id], branch_id) for person_id in without]
            grouped |= set(without)
        fresh = await bulk.fresh_ids("household", len(groups))
        rows = [(each, branch_id, self._now) for (_, branch_id), each in zip(groups, fresh, strict=True)]
        await self._journal.insert("household", ("id", "branch_id", "made_at"), rows)
        for (members, _), household_id in zip(groups, fresh, strict=True):
            of |= dict.fromkeys(members, household_id)
        return of


_GUARDIAN = (
    *("person_id", "student_id", "household_id", "relation", "may_see", "may_pay", "is_told", "ground"),
    *("linked_at", "linked_by"),
)
