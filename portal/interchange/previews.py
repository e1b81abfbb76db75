"""What a checked file would change, by name: who and what is new, what of whom would be another, what would go.

It is read inside the transaction of the check, after the journal is closed and before everything is rolled back, and
kept with the run as JSON, until the run or somebody in it is forgotten. Counts are of all rows, names of the first
`NAMED` of each kind, so that a first import of a whole city costs no more than a small one.

Who reads it (`told`) must hold the rights that show the same on the pages of people, wherever the check could reach:
of other kinds only the counts are told.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from portal import db
from portal.interchange import journal as journals
from portal.interchange import labels
from portal.interchange.journal import Columns, Journal, Row
from portal.scope import Permission, Scope

NAMED = 50
"""How many new rows of a kind are named, how many changed ones, and how many that go."""

Reach = list[int] | None
"""The branches that the check could write in; None for all."""

_CONTACTS = (Permission.SEE_CONTACTS,)
_RIGHTS: Mapping[str, tuple[Permission, ...]] = {
    **dict.fromkeys(
        ("person", "student", "teacher", "staff_member", "works_at", "class_membership", "class_teacher"),
        (Permission.SEE_PEOPLE,),
    ),
    "guardian": (Permission.SEE_CONTACTS, Permission.LINK_GUARDIANS),
    **dict.fromkeys(("email_address", "phone_number"), _CONTACTS),
    "score": (Permission.SEE_GRADES,),
}
"""Any one of which shows the rows of a table; what no table is named for is about nobody."""
_CLOSED: Mapping[tuple[str, str], tuple[Permission, ...]] = {("person", "address"): _CONTACTS}
"""Columns that ask for more than their table."""

# By table its columns that people read about, in the order in which they are told, with what each holds: text, day,
# number, mark (thousandths), flag, phone, moment, a code (told in the words of its column), or another table's row.
_READ: Mapping[str, Mapping[str, str]] = {
    "person": {
        **{"family_name": "text", "middle_name": "text", "given_name": "text", "birth_date": "day", "sex": "code"},
        **{"branch_id": "branch", "address": "text"},
    },
    "student": {
        "person_id": "person",
        "code": "text",
        "status": "code",
        "branch_id": "branch",
        "assigned_to_id": "person",
    },
    "guardian": {"person_id": "person", "student_id": "student", "relation": "code", "may_see": "flag"},
    "teacher": {"person_id": "person", "code": "text", "left_on": "day"},
    "staff_member": {"person_id": "person", "code": "text", "position": "text", "left_on": "day"},
    "works_at": {"person_id": "person", "branch_id": "branch"},
    "email_address": {"person_id": "person", "address": "text"},
    "phone_number": {"person_id": "person", "number": "phone"},
    "branch": {"code": "text", "name": "text", "address": "text", "phone": "phone", "closed_on": "day"},
    "term": {"name": "text", "parent_id": "term", "starts_on": "day", "ends_on": "day"},
    "program": {"code": "text", "name": "text", "summary": "text"},
    "level": {"name": "text", "program_id": "program"},
    "class": {
        **{"code": "text", "name": "text", "branch_id": "branch", "level_id": "level", "term_id": "term"},
        **{"starts_on": "day", "ends_on": "day", "room": "text", "closed_at": "moment"},
    },
    "class_membership": {"student_id": "student", "class_id": "class", "since": "day", "until": "day"},
    "class_teacher": {"person_id": "person", "class_id": "class", "is_lead": "flag"},
    "category": {"name": "text", "class_id": "class", "weight": "mark"},
    "assessment": {
        **{"name": "text", "class_id": "class", "category_id": "category", "description": "text", "due_on": "day"},
        **{"max_points": "mark", "withdrawn_at": "moment"},
    },
    "score": {
        "student_id": "student",
        "assessment_id": "assessment",
        "state": "code",
        "points": "mark",
        "comment": "text",
        "scored_on": "day",
        "withdrawn_at": "moment",
    },
}
_IN_LABEL = frozenset(
    {
        *(("person", name) for name in ("family_name", "middle_name", "given_name")),
        *((table, "code") for table in ("student", "teacher", "staff_member", "class")),
        *((table, "name") for table in ("branch", "term", "program", "level", "category", "assessment")),
        *((table, "person_id") for table in ("student", "guardian", "teacher", "staff_member", "works_at")),
        *((table, "person_id") for table in ("email_address", "phone_number", "class_teacher")),
        *((table, "student_id") for table in ("class_membership", "score")),
        *(("works_at", "branch_id"), ("email_address", "address"), ("phone_number", "number")),
        *(("class_membership", "class_id"), ("class_teacher", "class_id"), ("score", "assessment_id")),
    }
)
"""What the label of a row says already (`labels.of`)."""


class Fact(NamedTuple):
    """A field of a row, what it holds (as in `_READ`), and its value."""

    field: str
    holds: str
    value: Any


class Difference(NamedTuple):
    """A field that would be another."""

    field: str
    holds: str
    before: Any
    after: Any


class New(NamedTuple):
    """A row that would be new."""

    label: str
    facts: Sequence[Fact]


class Changed(NamedTuple):
    """A row that would be another."""

    label: str
    differences: Sequence[Difference]


class Section(NamedTuple):
    """What would become of one table: how many rows, and the first of them by name, unless they are `hidden`."""

    table: str
    counts: tuple[int, int, int]
    """New, changed, going."""
    new: Sequence[New]
    changed: Sequence[Changed]
    going: Sequence[str]
    hidden: bool

    @property
    def more(self) -> tuple[int, int, int]:
        """How many of each are not named."""
        named = (len(self.new), len(self.changed), len(self.going))
        new, changed, going = (count - there for count, there in zip(self.counts, named, strict=True))
        return new, changed, going


async def of(journal: Journal, scope: Scope) -> list[Any]:
    """What a closed journal did, as JSON; inside its transaction. Empty when nobody would see a difference."""
    sections = []
    for table in _READ:
        section = await _Seen(journal, table, await journal.of(table)).section()
        if section is not None:
            sections.append(section)
    return [{"sections": sections, "reach": _reach(scope)}] if sections else []


def told(preview: Iterable[Any], scope: Scope) -> list[Section]:
    """What `of` said, for a reader."""
    found = next((each for each in preview if "sections" in each), None)
    return [] if found is None else [_section(kept, scope, found["reach"]) for kept in found["sections"]]


def _reach(scope: Scope) -> Reach:
    rights = (scope.branches_for(Permission.IMPORT_DATA), scope.branches_for(Permission.IMPORT_PEOPLE))
    return None if None in rights else sorted(frozenset().union(*(each for each in rights if each)))


class _Seen:
    """One table of a journal, as people read of it."""

    def __init__(self, journal: Journal, table: str, of: Columns) -> None:
        self._journal = journal
        self._table = table
        self._of = of
        self._at = {name: of.names.index(name) for name in _READ[table] if name in of.names}
        self._names: dict[tuple[str, int], str] = {}

    async def section(self) -> list[Any] | None:
        """Counts and rows by name; None when there is nothing to tell."""
        made = self._journal.made(self._table)
        changed, gone = self._changes()
        counts = [sum(last - first + 1 for first, last in made), len(changed), len(gone)]
        if not any(counts):
            return None
        changed = dict(islice(changed.items(), NAMED))
        left = list(islice(gone.values(), NAMED))
        new = await journals.rows(self._table, self._of, islice(_ids(made), NAMED))
        called = await labels.of(self._table, [*new, *changed])
        await self._name([*new.values(), *left, *(row for pair in changed.values() for row in pair)])
        return [
            *(self._table, counts),
            [[called.get(each, ""), self._facts(row)] for each, row in sorted(new.items())],
            [[called.get(each, ""), self._differences(*pair)] for each, pair in changed.items()],
            [self._called_before(row) for row in left],
        ]

    def _changes(self) -> tuple[dict[int, tuple[Row, Row]], dict[int, Row]]:
        """The rows that people would see another, and those that would go."""
        changed: dict[int, tuple[Row, Row]] = {}
        gone: dict[int, Row] = {}
        for record_id, (before, after) in self._journal.changes.get(self._table, {}).items():
            if after is None:
                gone[record_id] = before
            elif any(before[at] != after[at] for at in self._at.values()):
                changed[record_id] = (before, after)
        return changed, gone

    async def _name(self, rows: Sequence[Row]) -> None:
        """Learn what the rows are called that these refer to."""
        for name, at in self._at.items():
            holds = _READ[self._table][name]
            if holds in _READ:
                called = await labels.of(holds, {row[at] for row in rows if row[at] is not None})
                self._names |= {(holds, record_id): label for record_id, label in called.items()}

    def _facts(self, row: Row) -> list[Any]:
        """What the label of a new row does not say, where it says anything."""
        return [
            [name, self._value(name, row[at])]
            for name, at in self._at.items()
            if (self._table, name) not in _IN_LABEL and row[at] not in (None, "")
        ]

    def _differences(self, before: Row, after: Row) -> list[Any]:
        return [
            [name, self._value(name, before[at]), self._value(name, after[at])]
            for name, at in self._at.items()
            if before[at] != after[at]
        ]

    def _called_before(self, row: Row) -> str:
        """The label of a row that is gone, from what it held and referred to."""
        told = (self._value(name, row[at]) for name, at in self._at.items() if (self._table, name) in _IN_LABEL)
        return ", ".join(str(each) for each in told if each)

    def _value(self, name: str, value: Any) -> Any:
        holds = _READ[self._table][name]
        return self._names.get((holds, value), "") if holds in _READ else value


def _ids(ranges: Iterable[tuple[int, int]]) -> Iterator[int]:
    for first, last in ranges:
        yield from range(first, last + 1)


def _section(kept: Sequence[Any], scope: Scope, reach: Reach) -> Section:
    table, (new, changed, going), added, altered, left = kept
    if not _may(scope, _RIGHTS.get(table, ()), reach):
        return Section(table, (new, changed, going), (), (), (), hidden=True)
    closed = {name for (of, name), rights in _CLOSED.items() if of == table and not _may(scope, rights, reach)}
    read = {name: holds for name, holds in _READ[table].items() if name not in closed}
    differing = [
        Changed(
            label, [Difference(name, read[name], *_both(read[name], pair)) for name, *pair in pairs if name in read]
        )
        for label, pairs in altered
    ]
    facts = [
        New(label, [Fact(name, read[name], _value(read[name], value)) for name, value in values if name in read])
        for label, values in added
    ]
    return Section(table, (new, changed, going), facts, [each for each in differing if each.differences], left, False)


def _may(scope: Scope, any_of: Sequence[Permission], reach: Reach) -> bool:
    """Whether one of the rights holds wherever the check could write; none is asked for what is about nobody."""
    held = [scope.branches_for(right) for right in any_of]
    return not any_of or None in held or (reach is not None and any(set(reach) <= (each or set()) for each in held))


def _both(holds: str, pair: Sequence[Any]) -> tuple[Any, Any]:
    before, after = pair
    return _value(holds, before), _value(holds, after)


def _value(holds: str, value: Any) -> Any:
    """A kept value as pages take it."""
    if holds == "day" and value:
        return dt.date.fromisoformat(value)
    return db.instant(value) if holds == "moment" and value else value
