"""From rows to drafts: what a row says, held against the rules that the form of a new student keeps.

A row whose code is here already changes somebody: only what it says is judged, and an empty cell says nothing.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from portal.errors import Sentence, say
from portal.interchange.sheets import values
from portal.interchange.sheets.columns import GUARDIANS, STAFF, STUDENTS
from portal.interchange.sheets.table import Row, Table
from portal.people import admission, names, persons
from portal.people.admission import Human
from portal.people.guardians import RELATIONS
from portal.people.names import Name
from portal.text import fold, problem

LONGEST_CODE = 64
PREFIXES = ("guardian_", "guardian2_")
MOST_NAMED = 8  # names that a sentence lists of what may be chosen
LONGEST_QUOTED = 60  # characters
_LETTER_LOST = re.compile(r"[?\ufffd]")
_LOST = say("Letters of this name were lost; save the file anew as CSV UTF-8 or .xlsx.")
_MISSING = say("Please fill this in.")
_NO_RELATION = say("Say who this is: mother, father, grandparent, sibling, guardian, relative or other.")
_PARTS = ("family_name", "middle_name", "given_name")


@dataclass(frozen=True, slots=True)
class Match:
    """What the columns of a sheet are, and what holds for all rows that do not say it themselves."""

    kind: str
    fields: tuple[str, ...]
    branch_id: int | None = None
    assigned_to: int | None = None
    relations: tuple[str, str] = ("", "")


class Party(NamedTuple):
    """A guardian as a row names them; `prefix` is how the row's fields begin."""

    prefix: str
    human: Human
    relation: str

    @property
    def key(self) -> str:
        return names.sort_key(self.human.family_name, self.human.middle_name, self.human.given_name)

    def lacks(self) -> "Errors":
        """What is missing of somebody who is not linked yet."""
        parts = {"family_name": self.human.family_name, "given_name": self.human.given_name}
        missing = {f"{self.prefix}{name}": _MISSING for name, value in parts.items() if not value}
        return missing | ({} if self.relation in RELATIONS else {f"{self.prefix}relation": _relation(self.relation)})


@dataclass(slots=True)
class Draft:
    """One row that is right. `whole` and `lead`: the name as its column said it, where one held several parts."""

    row: int
    code: str
    human: Human
    whole: str = ""
    lead: str = ""
    birth_date: dt.date | None = None
    sex: str = ""
    address: str = ""
    branch_id: int | None = None
    position: str = ""
    relation: str = ""
    student_code: str = ""
    guardians: list[Party] = field(default_factory=list)

    @property
    def name(self) -> Name:
        """Who the row is about, as far as it says so."""
        return Name(self.human.family_name, self.human.middle_name, self.human.given_name)

    @property
    def key(self) -> str:
        return names.sort_key(self.human.family_name, self.human.middle_name, self.human.given_name)


Errors = dict[str, Sentence]


@dataclass(slots=True)
class Judged:
    """The drafts, what is wrong by row, what is to be said of whole columns, and who the wrong rows are about."""

    drafts: list[Draft]
    wrong: dict[int, Errors]
    notes: list[Sentence]
    called: dict[int, Name] = field(default_factory=dict)


class Judge:
    """Judges the rows of one table."""

    def __init__(
        self,
        table: Table,
        match: Match,
        *,
        name_order: str,
        today: dt.date,
        known: Collection[str],
        branches: Sequence[tuple[int, str, str]],
    ) -> None:
        self._table = table
        self._match = match
        self._order = name_order
        self._today = today
        self._known = known
        self._branches = {fold(word): branch_id for branch_id, *words in branches for word in words}
        self._branch_names = sorted(name for _, _, name in branches)
        self._noted: Counter[tuple[str, int]] = Counter()
        self._places = {name: place for place, name in enumerate(match.fields) if name}

    def all(self) -> Judged:
        """Every row, in its order; the same code twice is wrong the second time."""
        drafts: list[Draft] = []
        wrong: dict[int, Errors] = {}
        called: dict[int, Name] = {}
        rows_of: dict[str, int] = {}
        for row in self._table.rows:
            draft, errors = self.one(row)
            if draft.code and "code" not in errors:
                first = rows_of.setdefault(draft.code, row.number)
                if first != row.number:
                    errors["code"] = say("Row {row} has this code already.", row=first)
            if errors:
                wrong[row.number] = errors
                called[row.number] = draft.name
            else:
                drafts.append(draft)
        return Judged(drafts, wrong, self._said(), called)

    def one(self, row: Row) -> tuple[Draft, Errors]:
        """The draft of a row, and what is wrong with it by the names of the form."""
        typed = self._typed(row)
        kind = self._match.kind
        judge = {STUDENTS: self._student, GUARDIANS: self._guardian, STAFF: self._staff}[kind]
        draft, errors = judge(row, typed)
        for name, said in _choices(typed).items():
            if name in errors:
                errors[name] = said
        errors |= _lost(typed)
        if row.more:
            errors["columns"] = say("This row has more cells than the header.")
        return draft, errors

    def _typed(self, row: Row) -> dict[str, str]:
        """The row's cells as the form would send them."""
        typed: dict[str, str] = {}
        for name, place in self._places.items():
            typed[name] = self._cell(name, row.cells[place], place)
        for prefix in ("", *PREFIXES):
            self._part_names(typed, prefix)
        return typed

    def _cell(self, name: str, cell: str, place: int) -> str:
        noted = ""
        if not cell:
            return ""
        if name == "birth_date":
            cell, noted = values.day(cell, since_1904=self._table.since_1904)
        elif name == "sex":
            cell = values.sex(cell)
        elif name.endswith("relation"):
            cell = values.relation(cell)
        elif name.endswith("phone"):
            cell, noted = values.phone(cell)
        if noted:
            self._noted[noted, place] += 1
        return cell

    def _part_names(self, typed: dict[str, str], prefix: str) -> None:
        """Give family, middle and given name where a column held several of them."""
        whole, lead = typed.get(f"{prefix}full_name", ""), typed.get(f"{prefix}family_middle", "")
        if whole:
            parts = zip(("family_name", "middle_name", "given_name"), values.parted(whole, self._order), strict=True)
            for part, value in parts:
                typed[f"{prefix}{part}"] = typed.get(f"{prefix}{part}") or value
        elif lead:
            first, _, rest = lead.partition(" ")
            typed[f"{prefix}family_name"] = typed.get(f"{prefix}family_name") or first
            typed[f"{prefix}middle_name"] = typed.get(f"{prefix}middle_name") or rest

    def _student(self, row: Row, typed: dict[str, str]) -> tuple[Draft, Errors]:
        code, errors = self._code(typed)
        known = bool(code) and code in self._known
        parties, reached, guardian_errors = self._parties(typed, known)
        judged = admission.judge(typed, self._today, reached, guardian=parties[0].prefix if parties else PREFIXES[0])
        branch_id, branch_errors = self._branch(typed, known)
        own = {name: said for name, said in judged.errors.items() if typed.get(name) or not known}
        draft = Draft(
            **self._base(row, typed, code),
            birth_date=judged.birth_date,
            sex=judged.sex,
            address=judged.address,
            branch_id=branch_id,
            guardians=parties,
            human=judged.student,
        )
        return draft, {**own, **errors, **branch_errors, **guardian_errors}

    def _parties(self, typed: Mapping[str, str], known: bool) -> tuple[list[Party], Mapping[str, str], Errors]:
        """The guardians a row names; the first one's phone and email stand in for a minor's."""
        parties: list[Party] = []
        errors: Errors = {}
        reached: Mapping[str, str] = admission.NOBODY
        for prefix, relation in zip(PREFIXES, self._match.relations, strict=True):
            parts = ("family_name", "middle_name", "given_name", "phone", "email")
            if not any(typed.get(f"{prefix}{part}") for part in parts):
                continue
            typed = {**typed, f"{prefix}relation": typed.get(f"{prefix}relation") or relation}
            human, wrong = admission.judge_guardian(typed, prefix, f"{prefix}relation")
            if known:
                # Whether they are linked already, and so need say no more, only the database knows.
                wrong = {name: said for name, said in wrong.items() if typed.get(name)}
            elif parties:
                # Only the first guardian must be reached: they stand in for the child.
                reach = (f"{prefix}phone", f"{prefix}email")
                wrong = {name: said for name, said in wrong.items() if typed.get(name) or name not in reach}
            if not parties:
                reached = {"phone": human.phone, "email": human.email}
            parties.append(Party(prefix, human, typed[f"{prefix}relation"]))
            errors |= wrong
        return parties, reached, errors

    def _guardian(self, row: Row, typed: dict[str, str]) -> tuple[Draft, Errors]:
        typed["relation"] = typed.get("relation") or self._match.relations[0]
        code, errors = self._code(typed)
        known = bool(code) and code in self._known
        human, wrong = admission.judge_guardian(typed, "", "relation")
        if known:
            wrong = {name: said for name, said in wrong.items() if typed.get(name)}
        address = typed.get("address", "")
        too_long = problem(address, longest=300, required=False)
        student_code = typed.get("student_code", "")
        if not student_code:
            wrong["student_code"] = _MISSING
        if too_long:
            wrong["address"] = too_long
        draft = Draft(
            **self._base(row, typed, code),
            human=human,
            address=address,
            student_code=student_code,
            relation=typed["relation"] if typed["relation"] in RELATIONS else "",
        )
        return draft, {**wrong, **errors}

    def _staff(self, row: Row, typed: dict[str, str]) -> tuple[Draft, Errors]:
        code, errors = self._code(typed)
        known = bool(code) and code in self._known
        human = Human.read(typed)
        birth_date, birth_problem = persons.day(typed.get("birth_date", ""))
        sex, address, position = (typed.get(name, "") for name in ("sex", "address", "position"))
        branch_id, branch_errors = self._branch(typed, known)
        checked = human.errors | {
            "birth_date": birth_problem or persons.birth_problem(birth_date),
            "sex": _sex(sex) if sex and sex not in admission.SEXES else None,
            "address": problem(address, longest=300, required=False),
            "position": problem(position, longest=80, required=False),
        }
        own = {name: said for name, said in checked.items() if said and (typed.get(name) or not known)}
        draft = Draft(
            **self._base(row, typed, code),
            human=human,
            birth_date=birth_date,
            sex=sex,
            address=address,
            position=position,
            branch_id=branch_id,
        )
        return draft, {**own, **errors, **branch_errors}

    def _base(self, row: Row, typed: Mapping[str, str], code: str) -> dict[str, Any]:
        return {
            "row": row.number,
            "code": code,
            "whole": typed.get("full_name", ""),
            "lead": typed.get("family_middle", ""),
        }

    def _code(self, typed: Mapping[str, str]) -> tuple[str, Errors]:
        code = typed.get("code", "")
        trouble = problem(code, longest=LONGEST_CODE, required=False)
        return code, {"code": trouble} if trouble else {}

    def _branch(self, typed: Mapping[str, str], known: bool) -> tuple[int | None, Errors]:
        """The branch the row names, else the one chosen for all; of somebody known none need be named."""
        cell = typed.get("branch", "")
        if cell:
            found = self._branches.get(fold(cell))
            return found, {} if found else {"branch_id": self._no_branch(cell)}
        if known:
            return None, {}
        return self._match.branch_id, {} if self._match.branch_id else {"branch_id": _MISSING}

    def _no_branch(self, cell: str) -> Sentence:
        names = ", ".join(self._branch_names[:MOST_NAMED]) + (", …" if len(self._branch_names) > MOST_NAMED else "")
        return say("“{value}” is no branch that you may choose. There are: {names}.", value=_quoted(cell), names=names)

    def _said(self) -> list[Sentence]:
        noted = sorted(self._noted.items(), key=lambda item: item[0][1])
        return [_note(kind, self._table.headers[place], count) for (kind, place), count in noted]


def _choices(typed: Mapping[str, str]) -> Errors:
    """What to say of a choice that the rules refuse: a form shows its list, a row must hear what stands in it."""
    relations = ("relation", *(f"{prefix}relation" for prefix in PREFIXES))
    return {"sex": _sex(typed.get("sex", ""))} | {name: _relation(typed.get(name, "")) for name in relations}


def _sex(cell: str) -> Sentence:
    return say("“{value}” is not understood. Write female, male or other.", value=_quoted(cell))


def _relation(cell: str) -> Sentence:
    if not cell:
        return _NO_RELATION
    return say(
        "“{value}” is not understood. Write mother, father, grandparent, sibling, guardian, relative or other.",
        value=_quoted(cell),
    )


def _quoted(cell: str) -> str:
    return cell if len(cell) <= LONGEST_QUOTED else cell[:LONGEST_QUOTED] + "…"


def _lost(typed: Mapping[str, str]) -> Errors:
    """A row with a question mark in a name, its own or a guardian's: no name has one, so it stands for a letter."""
    names_of = (f"{prefix}{part}" for prefix in ("", *PREFIXES) for part in _PARTS)
    return {name: _LOST for name in names_of if _LETTER_LOST.search(typed.get(name, ""))}


def _note(kind: str, column: str, count: int) -> Sentence:
    """What was done to the cells of a column."""
    if kind == values.DAY_FIRST:
        return say(
            '"{column}": days that could also begin with the month were read with the day first, as 31/12/2014'
            " ({count}).",
            column=column,
            count=count,
        )
    if kind == values.SERIAL:
        return say(
            '"{column}": bare numbers were read as a spreadsheet counts days ({count}).',
            column=column,
            count=count,
        )
    return say(
        '"{column}": the 0 that a spreadsheet takes away at the beginning was put back ({count}).',
        column=column,
        count=count,
    )


def codes_of(table: Table, fields: Sequence[str], name: str = "code") -> list[str]:
    """The codes that a table names."""
    if name not in fields:
        return []
    place = list(fields).index(name)
    return list(dict.fromkeys(row.cells[place] for row in table.rows if row.cells[place]))


def original(table: Table, rows: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The cells of rows by their number."""
    wanted = set(rows)
    return {row.number: row.cells for row in table.rows if row.number in wanted}
