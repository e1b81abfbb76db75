"""What is to be done with each row: who is new, who is somebody here, which rows wait for a person to decide.

A code is certain. Whoever only looks like somebody here is shown to a person, who says: the same, somebody new, or
leave the row out; until then the row is left out. Within one sheet, guardians of one name and one phone or email are
one person: whoever wrote the sheet says so, and siblings share their parents.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from portal.errors import say
from portal.interchange.sheets.columns import GUARDIANS, STUDENTS
from portal.interchange.sheets.here import Alike, Candidate, Coded
from portal.interchange.sheets.judging import Draft, Errors, Party
from portal.people.admission import Human

NEW, SKIP, SAME = "new", "skip", "same"
_TAKEN = say("Another record has this code, in a branch that is not yours.")
_NO_STUDENT = say("No student of your branches has this code.")


class Linked(NamedTuple):
    """A guardian whom a student has already."""

    person_id: int
    key: str


@dataclass(slots=True)
class Somebody:
    """A person of the sheet; `person_id` is 0 until they are numbered. `overwrites`: what the row says is written."""

    human: Human
    key: str
    person_id: int = 0
    new: bool = True
    overwrites: bool = True
    draft: Draft | None = None


class Link(NamedTuple):
    """A guardian of a row; `there` when they are linked already."""

    guardian: Somebody
    relation: str
    there: bool


@dataclass(slots=True)
class Planned:
    """One row that is to be written; `record_id` is the student or staff member there is, 0 for a new one."""

    draft: Draft
    person: Somebody
    record_id: int = 0
    branch_id: int | None = None
    links: list[Link] = field(default_factory=list)
    made_id: int = 0

    @property
    def student_id(self) -> int:
        """The student there is, or the one that was made."""
        return self.record_id or self.made_id


class Unsure(NamedTuple):
    """Somebody of a row who looks like somebody here; `decision` is what was said, "" while nothing was."""

    key: str
    row: int
    part: str
    human: Human
    draft: Draft
    candidates: Sequence[Candidate]
    offered: Sequence[int]
    earlier_row: int
    decision: str


@dataclass(slots=True)
class Plan:
    """What is to be done; `left` are the rows that are left out because of what was decided, or was not."""

    rows: list[Planned] = field(default_factory=list)
    unsure: list[Unsure] = field(default_factory=list)
    wrong: dict[int, Errors] = field(default_factory=dict)
    left: set[int] = field(default_factory=set)


class Planner:
    """Plans the drafts of one sheet."""

    def __init__(
        self,
        kind: str,
        coded: Mapping[str, Coded],
        alike: Alike,
        decisions: Mapping[str, str],
        *,
        students: Mapping[str, Coded],
        linked: Mapping[int, Sequence[Linked]],
    ) -> None:
        self._kind = kind
        self._coded = coded
        self._alike = alike
        self._decisions = decisions
        self._students = students
        self._linked = linked
        self._plan = Plan()
        self._guardians: dict[tuple[str, str], Somebody] = {}
        self._rows: dict[tuple[str, object], int] = {}
        self._asked: set[str] = set()

    def plan(self, drafts: Iterable[Draft]) -> Plan:
        """The plan of all drafts, each row on its own: what stops one does not stop the next."""
        for draft in drafts:
            planned = self._one(draft)
            if planned is not None:
                self._plan.rows.append(planned)
        return self._plan

    def _one(self, draft: Draft) -> Planned | None:
        if self._kind == GUARDIANS:
            return self._guardian_row(draft)
        person, record_id = self._person(draft)
        if person is None:
            return None
        planned = Planned(draft, person, record_id, draft.branch_id)
        for party in draft.guardians:
            taken = {each.guardian.person_id for each in planned.links if each.there}
            link = self._link(draft, party, record_id, taken)
            if link is None:
                return None
            if all(each.guardian is not link.guardian for each in planned.links):
                planned.links.append(link)
        return planned

    def _person(self, draft: Draft) -> tuple[Somebody | None, int]:
        """Whom a row of students or staff is about, and their record; None when the row is not to be written."""
        known = self._coded.get(draft.code) if draft.code else None
        if known is not None:
            if not known.open:
                self._plan.wrong[draft.row] = {"code": _TAKEN}
                return None, 0
            return self._known(draft, known.person_id), known.record_id
        candidates = self._alike.of(draft.human, draft.key, draft.birth_date)
        earlier = self._earlier(draft)
        if not candidates and not earlier:
            return Somebody(draft.human, draft.key, draft=draft), 0
        offered = {each.id: found for each in candidates if (found := self._open(each)) is not None}
        decision = self._ask(f"r{draft.row}", "person", draft, draft.human, candidates, list(offered), earlier)
        if decision == NEW:
            return Somebody(draft.human, draft.key, draft=draft), 0
        if decision.isdigit():
            found = offered[int(decision)]
            return self._known(draft, found.person_id), found.record_id
        self._plan.left.add(draft.row)
        return None, 0

    def _earlier(self, draft: Draft) -> int:
        """The row above that names somebody of the same name and birth date, or 0."""
        if draft.birth_date is None:
            return 0
        first = self._rows.setdefault((draft.key, draft.birth_date), draft.row)
        return first if first != draft.row else 0

    def _open(self, candidate: Candidate) -> Coded | None:
        """The record of a candidate that a row may be written over: of the same kind, and the scope's to change."""
        code = candidate.student_code if self._kind == STUDENTS else candidate.staff_code
        found = self._coded.get(code) if code else None
        return found if found is not None and found.open else None

    def _known(self, draft: Draft, person_id: int) -> Somebody:
        return Somebody(draft.human, draft.key, person_id, new=False, draft=draft)

    def _link(self, draft: Draft, party: Party, student_id: int, taken: Collection[int]) -> Link | None:
        """The guardian whom a row names; None when the row waits, or is left out. `taken` are those named before."""
        linked = (each for each in self._linked.get(student_id, ()) if each.person_id not in taken)
        there = next((each for each in linked if each.key == party.key), None)
        if there is not None:
            return Link(Somebody(party.human, party.key, there.person_id, new=False), party.relation, True)
        lacking = party.lacks()
        if lacking:
            self._plan.wrong[draft.row] = lacking
            return None
        guardian = self._guardian(draft, party.human, party.key)
        return Link(guardian, party.relation, False) if guardian is not None else None

    def _guardian(self, draft: Draft, human: Human, key: str) -> Somebody | None:
        """Who a guardian is: somebody of this sheet, somebody here by a person's word, or new."""
        reached = [value for value in (human.phone, human.email) if value]
        for value in reached:
            if (key, value) in self._guardians:
                return self._guardians[key, value]
        candidates = self._alike.of(human, key)
        decision = NEW
        if candidates:
            name = "g" + hashlib.blake2b("\x1f".join((key, *reached)).encode(), digest_size=8).hexdigest()
            offered = [each.id for each in candidates]
            decision = self._ask(name, "guardian", draft, human, candidates, offered, 0)
        if decision == NEW:
            somebody = Somebody(human, key)
        elif decision.isdigit():
            somebody = Somebody(human, key, int(decision), new=False, overwrites=False)
        else:
            self._plan.left.add(draft.row)
            return None
        for value in reached:
            self._guardians[key, value] = somebody
        return somebody

    def _guardian_row(self, draft: Draft) -> Planned | None:
        """A row that names a guardian of a student who is here."""
        student = self._students.get(draft.student_code)
        if student is None or not student.open:
            self._plan.wrong[draft.row] = {"student_code": _NO_STUDENT}
            return None
        known = self._coded.get(draft.code) if draft.code else None
        if draft.code and (known is None or not known.open):
            self._plan.wrong[draft.row] = {"code": say("Nobody has this code. Leave it empty for somebody new.")}
            return None
        linked = self._linked.get(student.record_id, ())
        if known is not None:
            there = any(each.person_id == known.person_id for each in linked)
            person = self._known(draft, known.person_id)
        else:
            match = next((each for each in linked if each.key == draft.key), None)
            there = match is not None
            found = (
                self._known(draft, match.person_id)
                if match is not None
                else self._guardian(draft, draft.human, draft.key)
            )
            if found is None:
                return None
            person = found
        if person.person_id == student.person_id:
            self._plan.wrong[draft.row] = {"code": say("Nobody is their own guardian.")}
            return None
        person.draft = person.draft or draft
        return Planned(draft, person, student.record_id, student.branch_id, [Link(person, draft.relation, there)])

    def _ask(
        self,
        key: str,
        part: str,
        draft: Draft,
        human: Human,
        candidates: Sequence[Candidate],
        offered: Sequence[int],
        earlier: int,
    ) -> str:
        """What was decided, "" for nothing yet; and the question is kept for the preview."""
        said = self._decisions.get(key, "")
        decision = said if said in (NEW, SKIP) or (said.isdigit() and int(said) in offered) else ""
        if key not in self._asked:
            self._asked.add(key)
            self._plan.unsure.append(Unsure(key, draft.row, part, human, draft, candidates, offered, earlier, decision))
        if decision:
            return decision
        default = self._decisions.get(f"all_{part}", "")
        if default == SAME:
            return str(offered[0]) if len(offered) == 1 and not earlier else ""
        return default if default in (NEW, SKIP) else ""
