"""Persons: finding, showing, adding."""

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from portal import audit, clock, db
from portal.errors import Invalid, NotFound, Sentence, say
from portal.people import authors, contacts, names, sight
from portal.people.models import EmailAddress, Person, PhoneNumber
from portal.scope import Permission, Scope
from portal.text import clean, fold, problem

PAGE = 50
COUNTED = 1000  # a list says "more than 1,000", and never counts further
LONGEST_QUERY = 200
ADULT_AT = 18


class Found(NamedTuple):
    """A line of the search: what the person is, and what of it the scope may know."""

    id: int
    family_name: str
    middle_name: str
    given_name: str
    birth_date: dt.date | None
    branch: str
    student_id: int | None
    student_code: str
    status: str
    teaches: bool
    works: bool
    is_guardian: bool
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search; `total` stops counting at `COUNTED` + 1."""

    people: list[Found]
    total: int
    number: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True, slots=True)
class Card:
    """A person with everything the scope may see of them."""

    id: int
    family_name: str
    middle_name: str
    given_name: str
    birth_date: dt.date | None
    sex: str
    address: str
    branch: str
    emails: Sequence[tuple[str, bool, bool, bool]]
    phones: Sequence[tuple[str, bool]]
    contacts_shown: bool
    student_id: int | None
    student_code: str
    status: str
    teacher_code: str
    staff_code: str
    position: str
    branches: Sequence[str]
    account_id: int | None
    made_at: dt.datetime
    made_by: names.Name | None
    changed_at: dt.datetime
    changed_by: names.Name | None


async def search(scope: Scope, query: str, *, page: int = 1, only: str = "") -> Page:
    """People whose name, code, phone or email holds every word of `query`, diacritics or not, best first.

    `only` narrows to "students", "guardians", "teachers" or "staff". Contacts are searched only where they may be seen.
    """
    where, args = matching(scope, query, only)
    page = min(max(page, 1), COUNTED // PAGE)
    total = await db.value(
        f"SELECT COUNT(*) FROM (SELECT 1 FROM person p WHERE {where} LIMIT {COUNTED + 1}) AS counted", *args
    )
    words = _words(query)
    first = _pattern(words[0], "") if words else "%"
    reach = sight.contacts(scope)
    found = await db.rows(
        "SELECT p.id, p.family_name, p.middle_name, p.given_name, p.birth_date, COALESCE(b.name, ''), s.id,"
        " COALESCE(s.code, ''), COALESCE(s.status, ''),"
        " EXISTS (SELECT 1 FROM teacher t WHERE t.person_id = p.id),"
        " EXISTS (SELECT 1 FROM staff_member m WHERE m.person_id = p.id),"
        " EXISTS (SELECT 1 FROM guardian g WHERE g.person_id = p.id),"
        f" CASE WHEN {reach.sql} THEN COALESCE((SELECT MIN(e.address) FROM email_address e"
        " WHERE e.person_id = p.id AND e.is_primary), '') ELSE '' END,"
        f" CASE WHEN {reach.sql} THEN COALESCE((SELECT MIN(n.number) FROM phone_number n"
        " WHERE n.person_id = p.id AND n.is_primary), '') ELSE '' END"
        f" FROM person p LEFT JOIN branch b ON b.id = p.branch_id LEFT JOIN student s ON s.person_id = p.id"
        f" WHERE {where} ORDER BY CASE WHEN p.sort_key LIKE ? ESCAPE '\\' THEN 0 ELSE 1 END, p.sort_key, p.id"
        " LIMIT ? OFFSET ?",
        *reach.args,
        *reach.args,
        *args,
        first,
        PAGE,
        (page - 1) * PAGE,
    )
    people = [
        Found._make((*row[:4], db.day(row[4]) if row[4] else None, *row[5:9], *map(bool, row[9:12]), *row[12:]))
        for row in found
    ]
    return Page(people, total, page)


async def find(scope: Scope, person_id: int) -> Card:
    """A person's card; raises `NotFound` when there is none or it may not be seen."""
    seen = sight.persons(scope)
    reach = sight.contacts(scope)
    found = await db.row(
        "SELECT p.family_name, p.middle_name, p.given_name, p.birth_date, p.sex, p.address, COALESCE(b.name, ''),"
        " s.id, COALESCE(s.code, ''), COALESCE(s.status, ''), COALESCE(t.code, ''), COALESCE(m.code, ''),"
        f" COALESCE(m.position, ''), a.id, p.made_at, p.changed_at, CASE WHEN {reach.sql} THEN 1 ELSE 0 END,"
        " p.made_by, p.changed_by"
        " FROM person p LEFT JOIN branch b ON b.id = p.branch_id LEFT JOIN student s ON s.person_id = p.id"
        " LEFT JOIN teacher t ON t.person_id = p.id LEFT JOIN staff_member m ON m.person_id = p.id"
        f" LEFT JOIN account a ON a.person_id = p.id WHERE p.id = ? AND {seen.sql}",
        *reach.args,
        person_id,
        *seen.args,
    )
    if found is None:
        raise NotFound
    shown = bool(found[16])
    branches = await db.rows(
        "SELECT b.name FROM works_at w JOIN branch b ON b.id = w.branch_id WHERE w.person_id = ? ORDER BY b.name",
        person_id,
    )
    emails, phones = await _reached_by(person_id) if shown else ([], [])
    by = await authors.of_accounts(found[17:])
    return Card(
        id=person_id,
        family_name=found[0],
        middle_name=found[1],
        given_name=found[2],
        birth_date=db.day(found[3]) if found[3] else None,
        sex=found[4],
        address=found[5] if shown else "",
        branch=found[6],
        emails=emails,
        phones=phones,
        contacts_shown=shown,
        student_id=found[7],
        student_code=found[8],
        status=found[9],
        teacher_code=found[10],
        staff_code=found[11],
        position=found[12],
        branches=[name for (name,) in branches],
        account_id=found[13],
        made_at=db.instant(found[14]),
        made_by=by.get(found[17]),
        changed_at=db.instant(found[15]),
        changed_by=by.get(found[18]),
    )


async def add(
    scope: Scope,
    *,
    family_name: str,
    given_name: str,
    middle_name: str = "",
    birth_date: dt.date | None = None,
    sex: str = "",
    address: str = "",
    email: str = "",
    phone: str = "",
    branch_id: int | None = None,
    codes: Sequence[str] = (),
) -> Person:
    """Add a person; raises `Invalid` with a sentence beside each field that breaks a rule."""
    scope.require(Permission.EDIT_PEOPLE)
    family, middle, given = clean(family_name), clean(middle_name), clean(given_name)
    address_of_mail, email_problem = contacts.email(email)
    number, phone_problem = contacts.phone(phone)
    errors: dict[str, Sentence | None] = {
        "family_name": problem(family, longest=80, required=True),
        "middle_name": problem(middle, longest=80, required=False),
        "given_name": problem(given, longest=80, required=True),
        "address": problem(clean(address), longest=300, required=False),
        "birth_date": birth_problem(birth_date),
        "email": email_problem,
        "phone": phone_problem,
    }
    if any(errors.values()):
        raise Invalid({name: sentence for name, sentence in errors.items() if sentence})
    now = clock.now()
    async with db.transaction():
        person = await Person.create(
            family_name=family,
            middle_name=middle,
            given_name=given,
            birth_date=birth_date,
            sex=sex,
            address=clean(address),
            branch_id=branch_id,
            search_key=names.search_key(family, middle, given, codes),
            contact_key=names.contact_key([address_of_mail], [number]),
            sort_key=names.sort_key(family, middle, given),
            made_at=now,
            made_by=scope.account_id,
            changed_at=now,
            changed_by=scope.account_id,
        )
        if address_of_mail:
            await EmailAddress.create(person_id=person.id, address=address_of_mail, is_primary=True)
        if number:
            await PhoneNumber.create(person_id=person.id, number=number, is_primary=True)
        await audit.record(scope, "person.add", "person", person.id)
    return person


def day(typed: str) -> tuple[dt.date | None, Sentence | None]:
    """A day as a browser sends it (2014-03-09) or as people write it (9/3/2014), and what is wrong with it."""
    text = clean(typed)
    if not text:
        return None, None
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        with suppress(ValueError):
            return dt.datetime.strptime(text, form).date(), None  # noqa: DTZ007 - a day has no zone
    return None, say("This is not a day. It looks like 31/12/2014.")


def is_minor(birth_date: dt.date | None, today: dt.date) -> bool:
    """Whether somebody is under age today; without a birth date nobody is taken for a child."""
    if birth_date is None:
        return False
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (not had_birthday) < ADULT_AT


async def refresh_keys(person_id: int) -> None:
    """Fold a person's keys again, after names, codes or contacts changed; in the caller's transaction."""
    person = await Person.get(id=person_id)
    codes = await db.rows(
        "SELECT code FROM student WHERE person_id = ? UNION SELECT code FROM teacher WHERE person_id = ?"
        " UNION SELECT code FROM staff_member WHERE person_id = ?",
        person_id,
        person_id,
        person_id,
    )
    emails, phones = await _reached_by(person_id)
    name = (person.family_name, person.middle_name, person.given_name)
    await Person.filter(id=person_id).update(
        search_key=names.search_key(*name, sorted(code for (code,) in codes)),
        contact_key=names.contact_key([row[0] for row in emails], [row[0] for row in phones]),
        sort_key=names.sort_key(*name),
    )


def birth_problem(birth_date: dt.date | None) -> Sentence | None:
    """What is wrong with a birth date, if anything."""
    if birth_date and not dt.date(1900, 1, 1) <= birth_date <= clock.now().date():
        return say("This birth date cannot be right.")
    return None


async def _reached_by(person_id: int) -> tuple[list[tuple[str, bool, bool, bool]], list[tuple[str, bool]]]:
    emails = await db.rows(
        "SELECT address, is_primary, opted_out_at IS NOT NULL, invalid_at IS NOT NULL FROM email_address"
        " WHERE person_id = ? ORDER BY is_primary DESC, address",
        person_id,
    )
    phones = await db.rows(
        "SELECT number, is_primary FROM phone_number WHERE person_id = ? ORDER BY is_primary DESC, number",
        person_id,
    )
    return (
        [(row[0], bool(row[1]), bool(row[2]), bool(row[3])) for row in emails],
        [(row[0], bool(row[1])) for row in phones],
    )


_KINDS = {
    "students": "EXISTS (SELECT 1 FROM student s WHERE s.person_id = p.id)",
    "guardians": "EXISTS (SELECT 1 FROM guardian g WHERE g.person_id = p.id)",
    "teachers": "EXISTS (SELECT 1 FROM teacher t WHERE t.person_id = p.id)",
    "staff": "EXISTS (SELECT 1 FROM staff_member m WHERE m.person_id = p.id)",
}


def matching(scope: Scope, query: str, only: str) -> tuple[str, list[object]]:
    """The people of a search, as a condition on `person p`, with its arguments."""
    seen = sight.persons(scope)
    reach = sight.contacts(scope)
    parts, args = [seen.sql], list(seen.args)
    if only in _KINDS:
        parts.append(_KINDS[only])
    for word in _words(query):
        pattern = _pattern(word, "%")
        parts.append(f"(p.search_key LIKE ? ESCAPE '\\' OR (p.contact_key LIKE ? ESCAPE '\\' AND ({reach.sql})))")
        args += [pattern, pattern, *reach.args]
    return " AND ".join(parts), args


def _words(query: str) -> list[str]:
    """At most eight words; a phone number typed with blanks is one word.

    A query is cut: SQLite refuses patterns over 50,000 bytes, and nobody's name is longer.
    """
    query = query[:LONGEST_QUERY]
    number, trouble = contacts.phone(query)
    if number and not trouble:
        return [number]
    return fold(query).split()[:8]


def _pattern(word: str, before: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{before}{escaped}%"
