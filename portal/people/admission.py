"""Entering a new student by hand, with the guardian of a minor: one act, all of it or nothing.

Rules (the guide's): family name, given name, phone, email, who looks after them and branch are required. For a minor
the phone and email of a guardian stand in; the guardian is entered with them, or is somebody who is here already. The
first guardian of a student who is only now entered may see, may pay and is told.

Entered twice is entered once: the same name, birth date and phone from the same account within `SAME_ACT` is one act
(a form sent twice), and answers with the student it made. Somebody who looks known (the same folded name and birth
date, phone or email) is shown first, as far as the scope may see them, and entered only when that is `confirmed`; and
where the guardian looks known, it must be said who it is: a parent entered twice would not see their child.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal import clock, db
from portal.errors import Invalid, NotFound, Sentence, say
from portal.people import contacts, guardians, names, persons, sight, staffing, students
from portal.people.models import Person
from portal.scope import Permission, Scope
from portal.text import clean, problem

SAME_ACT = dt.timedelta(minutes=10)
MOST_ALIKE = 10
NEW = "new"  # what `guardian_id` says when the guardian is nobody of those who look alike
SEXES = ("female", "male", "other")
_MISSING = say("Please fill this in.")
_CHOOSE = say("Choose one of the list.")
_OR_GUARDIAN = say("Please fill this in, or, for a minor, the guardian's.")
_OR_OWN = say("For a minor, please fill this in, or the student's own.")


class Alike(NamedTuple):
    """Somebody who is here and may be the one who is being entered, or the guardian."""

    id: int
    family_name: str
    middle_name: str
    given_name: str
    birth_date: dt.date | None
    branch: str
    student_id: int | None


class PerhapsKnown(Invalid):
    """Somebody here looks like the new student or the guardian: look at them first."""

    def __init__(self, alike: Sequence[Alike], *, guardian_open: bool) -> None:
        who = {"guardian_id": say("Say whether the guardian is one of those who are here, or somebody new.")}
        known = say("Somebody here looks like this already. Look at them before you go on.")
        super().__init__(who if guardian_open else {}, known)
        self.alike = alike


class Entered(NamedTuple):
    """The student; `again` when the same act had made them before."""

    student_id: int
    again: bool


@dataclass(slots=True)
class Human:
    """Name and contacts of one of the two, cleaned; `errors` are by the names of the form."""

    family_name: str
    middle_name: str
    given_name: str
    phone: str
    email: str
    errors: dict[str, Sentence | None]

    @classmethod
    def read(cls, typed: Mapping[str, str], prefix: str = "") -> "Human":
        """One of the two by the fields that begin with `prefix`."""
        family, middle, given = (
            clean(typed.get(f"{prefix}{part}", "")) for part in ("family_name", "middle_name", "given_name")
        )
        number, phone_problem = contacts.phone(typed.get(f"{prefix}phone", ""))
        address, email_problem = contacts.email(typed.get(f"{prefix}email", ""))
        errors = {
            f"{prefix}family_name": problem(family, longest=80, required=True),
            f"{prefix}middle_name": problem(middle, longest=80, required=False),
            f"{prefix}given_name": problem(given, longest=80, required=True),
            f"{prefix}phone": phone_problem,
            f"{prefix}email": email_problem,
        }
        return cls(family, middle, given, number, address, errors)


class Judged(NamedTuple):
    """A student as typed, cleaned; `errors` has a sentence for every field that breaks a rule."""

    student: Human
    birth_date: dt.date | None
    sex: str
    address: str
    errors: dict[str, Sentence]


NOBODY: Mapping[str, str] = {"phone": "", "email": ""}


def judge(
    typed: Mapping[str, str], today: dt.date, reached: Mapping[str, str] = NOBODY, *, guardian: str = "guardian_"
) -> Judged:
    """Judge a student by the rules of the form; `reached` is the phone and email of the guardian who stands in.

    What a minor lacks of both is said beside the guardian's fields, which begin with `guardian`. Of whom the birth date
    is wrong nobody knows yet whether a guardian stands in, so nothing more is said.
    """
    student = Human.read(typed)
    birth_date, birth_problem = persons.day(typed.get("birth_date", ""))
    sex, address = typed.get("sex", ""), clean(typed.get("address", ""))
    errors = student.errors | {
        "birth_date": birth_problem or persons.birth_problem(birth_date),
        "sex": _CHOOSE if sex and sex not in SEXES else None,
        "address": problem(address, longest=300, required=False),
    }
    stand_in = persons.is_minor(birth_date, today)
    for kind, own in (("phone", student.phone), ("email", student.email)):
        if own or errors[kind] or errors["birth_date"] or (stand_in and reached[kind]):
            continue
        if stand_in:
            errors[f"{guardian}{kind}"] = _OR_OWN if guardian else _OR_GUARDIAN
        else:
            errors[kind] = _OR_GUARDIAN if birth_date is None else _MISSING
    return Judged(student, birth_date, sex, address, {name: said for name, said in errors.items() if said})


def judge_guardian(
    typed: Mapping[str, str], prefix: str = "guardian_", relation: str = "guardian_relation"
) -> tuple[Human, dict[str, Sentence]]:
    """Judge a guardian who is new by the rules of the form: name, relation, phone and email."""
    guardian = Human.read(typed, prefix)
    errors = {relation: None if typed.get(relation, "") in guardians.RELATIONS else _CHOOSE} | guardian.errors
    for kind, value in (("phone", guardian.phone), ("email", guardian.email)):
        if not value:
            errors[f"{prefix}{kind}"] = _MISSING
    return guardian, {name: said for name, said in errors.items() if said}


@dataclass(slots=True)
class _Draft:
    """What is to be entered: cleaned, and right when `errors` holds no sentence."""

    student: Human
    birth_date: dt.date | None
    sex: str
    address: str
    branch_id: int
    assigned_to: int
    guardian: Human | None
    guardian_id: int | None
    guardian_said: bool
    relation: str
    phone: str


async def enter(scope: Scope, typed: Mapping[str, str], *, today: dt.date, confirmed: bool = False) -> Entered:
    """Enter a student, and with a minor the guardian; the fields are those of docs/addresses.md.

    Raises `Invalid` with a sentence for every field that breaks a rule, and `PerhapsKnown` unless `confirmed`.
    """
    scope.require(Permission.EDIT_PEOPLE)
    draft = await _read(scope, typed, today)
    async with db.transaction():
        # Two posts of one form may arrive at once: the account lets its own acts pass one after another.
        await db.row("SELECT id FROM account WHERE id = ? FOR NO KEY UPDATE", scope.account_id or 0)
        before = await _same_act(scope, draft)
        if before is not None:
            return Entered(before, again=True)
        alike = [] if confirmed and draft.guardian_said else await _alike(scope, draft)
        guardian_open = not draft.guardian_said and any(one.student_id is None for one in alike)
        if guardian_open or (alike and not confirmed):
            raise PerhapsKnown(alike, guardian_open=guardian_open)
        return Entered(await _write(scope, draft), again=False)


async def _read(scope: Scope, typed: Mapping[str, str], today: dt.date) -> _Draft:
    """The draft; raises `Invalid` with everything that is wrong with it."""
    branch_id, branch_problem = await _branch(scope, typed.get("branch_id", ""))
    assigned_to, assigned_problem = await _assigned(scope, typed.get("assigned_to", ""))
    guardian, guardian_id, reached, guardian_errors = await _guardian(scope, typed)
    # Of a guardian who is here already the form's own fields say nothing: the student's are the ones to fill in.
    judged = judge(typed, today, reached, guardian="guardian_" if guardian_id is None else "")
    errors: dict[str, Sentence | None] = {
        **judged.errors,
        "branch_id": branch_problem,
        "assigned_to": assigned_problem,
        **guardian_errors,
    }
    wrong = {name: sentence for name, sentence in errors.items() if sentence}
    if wrong:
        raise Invalid(wrong)
    return _Draft(
        student=judged.student,
        birth_date=judged.birth_date,
        sex=judged.sex,
        address=judged.address,
        branch_id=branch_id,
        assigned_to=assigned_to,
        guardian=guardian,
        guardian_id=guardian_id,
        guardian_said=guardian is None or typed.get("guardian_id") == NEW,
        relation=typed.get("guardian_relation", ""),
        phone=judged.student.phone or reached["phone"],
    )


async def _branch(scope: Scope, typed: str) -> tuple[int, Sentence | None]:
    offered = {str(branch_id): branch_id for branch_id, _ in await staffing.branches(scope)}
    return offered.get(typed, 0), (_CHOOSE if typed else _MISSING) if typed not in offered else None


async def _assigned(scope: Scope, typed: str) -> tuple[int, Sentence | None]:
    offered = {str(one.id): one.id for one in await staffing.colleagues(scope)}
    return offered.get(typed, 0), (_CHOOSE if typed else _MISSING) if typed not in offered else None


async def _guardian(
    scope: Scope, typed: Mapping[str, str]
) -> tuple[Human | None, int | None, Mapping[str, str], dict[str, Sentence]]:
    """Who the guardian is: new, or here already, or nobody; how they are reached; what is wrong with it."""
    chosen = typed.get("guardian_id", "")
    if chosen not in ("", NEW):
        relation = typed.get("guardian_relation", "")
        wrong = {} if relation in guardians.RELATIONS else {"guardian_relation": _CHOOSE}
        guardian_id = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) <= 18 else 0
        try:
            reached = await _reached(scope, guardian_id)
        except NotFound:
            return None, None, NOBODY, wrong | {"guardian_id": _CHOOSE}
        return None, guardian_id, reached, wrong
    if not any(clean(value) for name, value in typed.items() if name.startswith("guardian_") and value != NEW):
        return None, None, NOBODY, {}
    guardian, wrong = judge_guardian(typed)
    return guardian, None, {"phone": guardian.phone, "email": guardian.email}, wrong


async def _reached(scope: Scope, person_id: int) -> dict[str, str]:
    """The phone and email of somebody here; raises `NotFound` when the scope may not see them."""
    card = await persons.find(scope, person_id)
    return {"phone": next((row[0] for row in card.phones), ""), "email": next((row[0] for row in card.emails), "")}


async def _same_act(scope: Scope, draft: _Draft) -> int | None:
    born = "p.birth_date = ?" if draft.birth_date else "p.birth_date IS NULL"
    found = await db.row(
        "SELECT s.id FROM student s JOIN person p ON p.id = s.person_id WHERE p.made_by = ? AND p.made_at > ?"
        f" AND p.family_name = ? AND p.middle_name = ? AND p.given_name = ? AND {born}"
        " AND EXISTS (SELECT 1 FROM phone_number n WHERE n.number = ? AND (n.person_id = p.id OR n.person_id IN"
        " (SELECT g.person_id FROM guardian g WHERE g.student_id = s.id))) ORDER BY s.id LIMIT 1",
        scope.account_id,
        clock.now() - SAME_ACT,
        draft.student.family_name,
        draft.student.middle_name,
        draft.student.given_name,
        *([draft.birth_date] if draft.birth_date else []),
        draft.phone,
    )
    return int(found[0]) if found else None


async def _alike(scope: Scope, draft: _Draft) -> list[Alike]:
    """Who looks known: only people in sight, by contacts only where those may be seen."""
    seen, reach = sight.persons(scope), sight.contacts(scope)
    humans = [draft.student] + ([draft.guardian] if draft.guardian else [])
    numbers = sorted({human.phone for human in humans if human.phone})
    addresses = sorted({human.email for human in humans if human.email})
    key = names.sort_key(draft.student.family_name, draft.student.middle_name, draft.student.given_name)
    found = await db.rows(
        "SELECT p.id, p.family_name, p.middle_name, p.given_name, p.birth_date, COALESCE(b.name, ''), s.id"
        " FROM person p LEFT JOIN branch b ON b.id = p.branch_id LEFT JOIN student s ON s.person_id = p.id"
        f" WHERE {seen.sql} AND p.id <> ? AND ((p.sort_key = ? AND p.birth_date = ?) OR (({reach.sql}) AND"
        f" (p.id IN (SELECT n.person_id FROM phone_number n WHERE n.number IN ({db.marks(len(numbers))}))"
        f" OR p.id IN (SELECT e.person_id FROM email_address e WHERE e.address IN ({db.marks(len(addresses))})))))"
        f" ORDER BY p.sort_key, p.id LIMIT {MOST_ALIKE}",
        *seen.args,
        draft.guardian_id or 0,
        key,
        draft.birth_date,
        *reach.args,
        *numbers,
        *addresses,
    )
    return [Alike._make((*row[:4], db.day(row[4]) if row[4] else None, *row[5:])) for row in found]


async def _write(scope: Scope, draft: _Draft) -> int:
    person = await _add(scope, draft.student, draft, birth_date=draft.birth_date, sex=draft.sex, address=draft.address)
    student = await students.admit(scope, person, branch_id=draft.branch_id, assigned_to=draft.assigned_to)
    guardian_id = draft.guardian_id
    if draft.guardian is not None:
        guardian_id = (await _add(scope, draft.guardian, draft)).id
    if guardian_id is not None:
        await guardians.link_with_new_student(scope, student, person_id=guardian_id, relation=draft.relation)
    return student.id


async def _add(
    scope: Scope,
    human: Human,
    draft: _Draft,
    *,
    birth_date: dt.date | None = None,
    sex: str = "",
    address: str = "",
) -> Person:
    return await persons.add(
        scope,
        family_name=human.family_name,
        middle_name=human.middle_name,
        given_name=human.given_name,
        birth_date=birth_date,
        sex=sex,
        address=address,
        email=human.email,
        phone=human.phone,
        branch_id=draft.branch_id,
    )
