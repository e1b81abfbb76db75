"""The loader of people from a spreadsheet: what the job of a run does, when it checks and when it imports.

Rows that are wrong, or wait for somebody to decide, are left out; the others are written. What a run says of rows
lies in its preview: `Seen`, kept as JSON until the run is forgotten.
"""

import asyncio
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from portal import clock, db
from portal.centre import centres
from portal.errors import Conflict, Invalid, Sentence, say
from portal.interchange import orders
from portal.interchange.journal import Journal
from portal.interchange.oneroster import Problem
from portal.interchange.orders import Counts, Order, Outcome
from portal.interchange.sheets import columns, here, judging, reading
from portal.interchange.sheets.columns import FIELDS, GUARDIANS, STUDENTS
from portal.interchange.sheets.here import Alike
from portal.interchange.sheets.judging import Errors, Judge, Judged, Match
from portal.interchange.sheets.planning import Linked, Plan, Planner, Unsure
from portal.interchange.sheets.table import Table
from portal.interchange.sheets.writing import Writer
from portal.interchange.writing import bulk
from portal.people import staffing
from portal.people.names import Name
from portal.scope import Permission, Scope

KIND = "people"
ACCEPTS = ("application/zip", "text/plain", "application/octet-stream")


class Mistake(NamedTuple):
    """What is wrong with one cell: its column's header (or the field, where no column is it), and a sentence."""

    column: str
    field: str
    sentence: Sentence


class Question(NamedTuple):
    """Somebody of a row who looks like somebody here, and what was decided. See `planning.Unsure`."""

    key: str
    row: int
    part: str
    name: Name
    birth_date: dt.date | None
    phone: str
    email: str
    candidates: Sequence[here.Candidate]
    offered: Sequence[int]
    earlier_row: int
    decision: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check saw: how many rows, which are wrong, who looks known, how many rows wait or are left out.

    `called`: who the wrong rows are about, where their name could be read.
    """

    rows: int
    wrong: Mapping[int, Sequence[Mistake]]
    questions: Sequence[Question]
    left: int
    called: Mapping[int, Name] = field(default_factory=dict)

    @property
    def good(self) -> int:
        return self.rows - len(self.wrong) - self.left

    @property
    def open(self) -> int:
        """How many questions nobody has answered."""
        return sum(not question.decision for question in self.questions)


def match_of(options: Mapping[str, Any]) -> Match:
    """What a run was told of its columns."""
    return Match(
        kind=options["kind"],
        fields=tuple(options["columns"]),
        branch_id=options["branch_id"],
        assigned_to=options["assigned_to"],
        relations=(options["relations"][0], options["relations"][1]),
    )


@orders.loads(KIND, accepts=ACCEPTS, right=Permission.IMPORT_PEOPLE, everywhere=False)
async def work(order: Order) -> Outcome:
    """Check the rows of a sheet, or import those that are in order."""
    order.scope.require(Permission.IMPORT_PEOPLE)
    assert isinstance(order.source, Path)
    match = match_of(order.options)
    try:
        table = await reading.read(order.source, order.options["number"])
        await _allowed(order.scope, match)
    except Invalid as no:
        return Outcome(refused=True, errors=1, problems=[_problem(said, "error") for said in no.errors.values()])
    sheet = _Sheet(order, match, table)
    await sheet.judge()
    written = await orders.write(
        order, f"import.{match.kind}", sheet.write, {"rows": len(table.rows), "file": order.name}
    )
    return Outcome(
        refused=False,
        counts=written.counts,
        problems=[_problem(said, "warning") for said in (*table.notes, *sheet.judged.notes)],
        preview=[kept(sheet.seen()), *written.preview],
        stale=written.stale,
        run_id=written.run_id,
    )


async def _allowed(scope: Scope, match: Match) -> None:
    """Raise `Invalid` when the branch or the colleague of all rows is not the scope's to choose (any more)."""
    right = Permission.IMPORT_PEOPLE
    if match.branch_id is not None and match.branch_id not in dict(await staffing.branches(scope, right)):
        raise Invalid({"branch_id": say("The branch that was chosen is not yours to import into.")})
    colleagues = {each.id for each in await staffing.colleagues(scope, right)}
    if match.assigned_to is not None and match.assigned_to not in colleagues:
        raise Invalid({"assigned_to": say("Whoever was chosen to look after the students no longer works there.")})


class _Sheet:
    """One sheet at work."""

    def __init__(self, order: Order, match: Match, table: Table) -> None:
        self.order = order
        self.match = match
        self.table = table
        self.judged = Judged([], {}, [])
        self.plan = Plan()
        self._order_of_names = ""
        self._known: set[str] = set()

    async def judge(self) -> None:
        """Hold every row against the rules, outside of the transaction: it takes processor time and no lock."""
        scope = self.order.scope
        centre = await centres.facts()
        self._order_of_names = centre.name_order
        codes = judging.codes_of(self.table, self.match.fields)
        self._known = set(await here.coded(scope, self.match.kind, codes))
        reach = scope.branches_for(Permission.IMPORT_PEOPLE)
        branches = [
            (branch_id, code, name)
            for branch_id, code, name in await db.rows("SELECT id, code, name FROM branch WHERE closed_on IS NULL")
            if reach is None or branch_id in reach
        ]
        judge = Judge(
            self.table,
            self.match,
            name_order=centre.name_order,
            today=clock.today(centre.time_zone),
            known=self._known,
            branches=branches,
        )
        self.judged = await asyncio.to_thread(judge.all)

    async def write(self, journal: Journal) -> Counts:
        """Plan and write, in the transaction of the import."""
        if db.dialect() == "postgres":
            await db.execute("LOCK TABLE external_id, guardian IN SHARE ROW EXCLUSIVE MODE")
        await db.row("SELECT id FROM centre FOR NO KEY UPDATE")  # nobody else gives codes meanwhile
        self.plan = await self._planned()
        writer = Writer(
            self.order.scope,
            journal,
            self.plan,
            self.match.kind,
            name_order=self._order_of_names,
            assigned_to=self.match.assigned_to,
        )
        return await writer.write(self.order.progress)

    async def _planned(self) -> Plan:
        kind, scope, drafts = self.match.kind, self.order.scope, self.judged.drafts
        humans = [draft.human for draft in drafts] + [party.human for draft in drafts for party in draft.guardians]
        keys = [draft.key for draft in drafts] + [party.key for draft in drafts for party in draft.guardians]
        alike = await Alike.gather(scope, humans, keys)
        coded = await here.coded(scope, kind, {*alike.codes(kind), *(draft.code for draft in drafts if draft.code)})
        if {draft.code for draft in drafts if draft.code in self._known} - set(coded):
            raise Conflict(say("Somebody changed the same records during the import. Start it once more."))
        named = [draft.student_code for draft in drafts] if kind == GUARDIANS else []
        students = await here.coded(scope, STUDENTS, dict.fromkeys(named)) if named else {}
        wanted = [each.record_id for each in (students if kind == GUARDIANS else coded).values()]
        linked = await _linked(wanted) if kind in (GUARDIANS, STUDENTS) else {}
        decisions = self.order.options.get("decisions", {})
        planner = Planner(kind, coded, alike, decisions, students=students, linked=linked)
        return await asyncio.to_thread(planner.plan, drafts)

    def seen(self) -> Seen:
        """What there is to say of the rows."""
        found = sorted({**self.judged.wrong, **self.plan.wrong}.items())
        planned = {draft.row: draft.name for draft in self.judged.drafts if draft.row in self.plan.wrong}
        return Seen(
            rows=len(self.table.rows),
            wrong={row: self._mistakes(errors) for row, errors in found},
            questions=[_question(each) for each in self.plan.unsure],
            left=len(self.plan.left),
            called={row: name for row, name in (self.judged.called | planned).items() if any(name)},
        )

    def _mistakes(self, errors: Errors) -> list[Mistake]:
        """Each sentence once beside its column, in the order of the columns; what no column holds comes last."""
        fields, headers = self.match.fields, self.table.headers
        found: dict[tuple[int, str, str], str] = {}
        for name, said in errors.items():
            place = columns.column_of(fields, name)
            known = "" if place is not None else name
            found.setdefault((len(headers) if place is None else place, known, said.msgid), name)
        return [
            Mistake("" if place == len(headers) else headers[place], name, errors[name])
            for (place, _, _), name in sorted(found.items(), key=lambda item: item[0][0])
        ]


async def _linked(students: Iterable[int]) -> dict[int, list[Linked]]:
    """The guardians that students have already."""
    found: dict[int, list[Linked]] = {}
    rows = await bulk.rows_of(
        "SELECT g.student_id, g.person_id, p.sort_key FROM guardian g JOIN person p ON p.id = g.person_id"
        " WHERE g.student_id IN ({ids}) ORDER BY g.id",
        list(students),
    )
    for student_id, person_id, key in rows:
        found.setdefault(student_id, []).append(Linked(person_id, key))
    return found


def _question(each: Unsure) -> Question:
    human = each.human
    born = each.draft.birth_date if each.part == "person" else None
    name = Name(human.family_name, human.middle_name, human.given_name)
    told = (human.phone, human.email, each.candidates, each.offered, each.earlier_row, each.decision)
    return Question(each.key, each.row, each.part, name, born, *told)


def _problem(sentence: Sentence, severity: Any) -> Problem:
    return Problem("", None, "", sentence, severity)


def kept(seen: Seen) -> dict[str, Any]:
    """What was seen, as JSON."""
    return {
        "rows": seen.rows,
        "left": seen.left,
        "called": [[row, list(name)] for row, name in seen.called.items()],
        "wrong": [
            [row, [[one.column, one.field, one.sentence.msgid, _plain(one.sentence.params)] for one in mistakes]]
            for row, mistakes in seen.wrong.items()
        ],
        "questions": [
            [
                *(each.key, each.row, each.part, list(each.name), _day(each.birth_date), each.phone, each.email),
                [[*one[:4], _day(one.birth_date), *one[5:]] for one in each.candidates],
                *(list(each.offered), each.earlier_row, each.decision),
            ]
            for each in seen.questions
        ],
    }


def told(preview: Sequence[Any]) -> Seen:
    """What was seen, from a run; nothing when the run has not been checked yet, or was forgotten."""
    found: dict[str, Any] = preview[0] if preview else {"rows": 0, "left": 0, "wrong": [], "questions": []}
    return Seen(
        rows=found["rows"],
        left=found["left"],
        called={row: Name(*name) for row, name in found.get("called", [])},
        wrong={
            row: [Mistake(column, field, Sentence(msgid, params)) for column, field, msgid, params in mistakes]
            for row, mistakes in found["wrong"]
        },
        questions=[
            Question(
                *(each[0], each[1], each[2], Name(*each[3]), _born(each[4]), each[5], each[6]),
                [here.Candidate._make((*one[:4], _born(one[4]), *one[5:])) for one in each[7]],
                *each[8:],
            )
            for each in found["questions"]
        ],
    )


def label(kind: str, field: str) -> Sentence:
    """What a field of the form is called, where no column of the sheet is it."""
    name = {"branch_id": "branch", "columns": ""}.get(field, field)
    return FIELDS[kind].get(name, Sentence(""))


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, int | float) else str(value) for name, value in params.items()}


def _day(value: dt.date | None) -> str:
    return value.isoformat() if value else ""


def _born(value: str) -> dt.date | None:
    return dt.date.fromisoformat(value) if value else None
