"""Everything we hold about a person that they may have: their own, and of their children what they may see.

Of others there is no more than the names of teachers: no other child, no other guardian, no mean of a class.
"""

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from portal import db
from portal.access import scopes
from portal.gradebook import grades
from portal.people import names
from portal.privacy import readings
from portal.scope import Scope
from portal.timetable import classes

MOST_ACTS = 10_000

Facts = dict[str, Any]


async def gather(
    person_id: int, *, order: str, zone: str, today: dt.date, for_others: Sequence[int] | None = None
) -> Facts:
    """What is held about the person, by part; empty parts are left out.

    `for_others`: somebody else fetches it, and of the children there are only these students. What a person did, on
    which devices, from where, and what a provider calls them is told to nobody but themself.
    """
    own = for_others is None
    account_id = await db.value("SELECT id FROM account WHERE person_id = ?", person_id)
    # As the person themself would see it, whoever packs it for them.
    scope = await scopes.build(account_id or 0, person_id)
    parts: Facts = {
        "person": await _person(person_id, order),
        "emails": await _rows(
            "SELECT address, is_primary, opted_out_at FROM email_address WHERE person_id = ? ORDER BY id",
            ("address", "is_primary", "opted_out_at"),
            person_id,
        ),
        "phones": await _rows(
            "SELECT number, is_primary FROM phone_number WHERE person_id = ? ORDER BY id",
            ("number", "is_primary"),
            person_id,
        ),
        "account": await _account(account_id, own=own),
        "work": await _work(person_id),
        "student": await _student(scope, scope.student_id, today),
        "children": await _children(scope, order, zone, today, for_others),
        "consents": await _consents(person_id, order),
        "letters": await _letters(person_id),
        "readers": await _readers(person_id, zone),
        "acts": await _acts(person_id, scope.student_id) if own else [],
    }
    return {name: part for name, part in parts.items() if part}


async def _person(person_id: int, order: str) -> Facts:
    found = await db.row(
        "SELECT p.family_name, p.middle_name, p.given_name, p.birth_date, p.sex, p.address, COALESCE(b.name, ''),"
        " p.made_at, p.changed_at FROM person p LEFT JOIN branch b ON b.id = p.branch_id WHERE p.id = ?",
        person_id,
    )
    assert found is not None
    return {
        "name": names.shown(found[0], found[1], found[2], order),
        "birth_date": db.day(found[3]) if found[3] else None,
        "sex": found[4],
        "address": found[5],
        "branch": found[6],
        "entered_at": db.instant(found[7]),
        "changed_at": db.instant(found[8]),
    }


async def _account(account_id: int | None, *, own: bool) -> Facts:
    if account_id is None:
        return {}
    found = await db.row(
        "SELECT email, phone, language, theme, made_at, password_set_at FROM account WHERE id = ?", account_id
    )
    assert found is not None
    named = ("email", "phone", "language", "theme", "made_at", "password_set_at")
    facts = {name: _value(name, cell) for name, cell in zip(named, found, strict=True)}
    facts["roles"] = await _rows(
        "SELECT r.role, b.name, r.given_at FROM account_role r LEFT JOIN branch b ON b.id = r.branch_id"
        " WHERE r.account_id = ? ORDER BY r.id",
        ("role", "branch", "given_at"),
        account_id,
    )
    return facts | await _ways_in(account_id) if own else facts


async def _ways_in(account_id: int) -> Facts:
    """Where and by what the account is signed in."""
    return {
        "sessions": await _rows(
            "SELECT device, address, made_at, seen_at, ended_at FROM session WHERE account_id = ? ORDER BY id",
            ("device", "network_address", "begun_at", "seen_at", "ended_at"),
            account_id,
        ),
        "identities": await _rows(
            "SELECT issuer, label, linked_at, used_at FROM identity WHERE account_id = ? ORDER BY id",
            ("issuer", "called_there", "linked_at", "used_at"),
            account_id,
        ),
        "devices": await _rows(
            "SELECT seen_at FROM known_device WHERE account_id = ? ORDER BY id", ("seen_at",), account_id
        ),
    }


async def _work(person_id: int) -> Facts:
    posts = await _rows(
        "SELECT code, '' AS position, left_on FROM teacher WHERE person_id = ?"
        " UNION ALL SELECT code, position, left_on FROM staff_member WHERE person_id = ?",
        ("code", "position", "left_on"),
        person_id,
        person_id,
    )
    branches = await db.rows(
        "SELECT b.name FROM works_at w JOIN branch b ON b.id = w.branch_id WHERE w.person_id = ? ORDER BY b.name",
        person_id,
    )
    taught = await db.rows(
        "SELECT c.name FROM class_teacher t JOIN class c ON c.id = t.class_id WHERE t.person_id = ? ORDER BY c.id",
        person_id,
    )
    work = {"posts": posts, "branches": [row[0] for row in branches], "classes": [row[0] for row in taught]}
    return work if any(work.values()) else {}


async def _student(scope: Scope, student_id: int | None, today: dt.date) -> Facts:
    """A student's record as their family sees it: published marks with their comments."""
    if student_id is None:
        return {}
    found = await db.row(
        "SELECT s.code, s.status, b.name, s.made_at FROM student s JOIN branch b ON b.id = s.branch_id WHERE s.id = ?",
        student_id,
    )
    assert found is not None
    attended = await classes.of_student(scope, student_id, today) or []
    return {
        "code": found[0],
        "status": found[1],
        "branch": found[2],
        "entered_at": db.instant(found[3]),
        "classes": [
            {"name": one.name, "level": one.level, "branch": one.branch, "since": one.since, "until": one.until}
            for one in attended
        ],
        "grades": [_grades(one) for one in (await grades.of_student(scope, student_id, today)).classes],
    }


def _grades(of_class: grades.ClassGrades) -> Facts:
    return {
        "class": of_class.name,
        "teachers_words_and_marks": [
            {
                "kind": category.name,
                "work": mark.assessment,
                "due_on": mark.due_on,
                "state": mark.state,
                "points": mark.points / 1000 if mark.points is not None else None,
                "most_points": mark.most / 1000,
                "comment": mark.comment,
                "scored_on": mark.scored_on,
            }
            for category in of_class.categories
            for mark in category.marks
            if mark.state
        ],
        "average_percent": _percent(of_class.average.value) if of_class.average else None,
    }


def _percent(part: Fraction) -> float:
    return round(float(part) * 100, 1)


async def _children(scope: Scope, order: str, zone: str, today: dt.date, only: Sequence[int] | None) -> list[Facts]:
    """The children whom the guardian may see, each with the link to them."""
    own = sorted(scope.children if only is None else scope.children & set(only))
    found = await db.rows(
        "SELECT s.id, s.person_id, g.relation, g.may_pay, g.is_told, g.linked_at FROM guardian g JOIN student s"
        f" ON s.id = g.student_id WHERE g.person_id = ? AND s.id IN ({db.marks(len(own))}) ORDER BY s.id",
        scope.person_id,
        *own,
    )
    return [
        {
            "person": await _person(row[1], order),
            "relation": row[2],
            "may_pay": bool(row[3]),
            "is_told": bool(row[4]),
            "linked_at": db.instant(row[5]),
            "student": await _student(scope, row[0], today),
            "readers": await _readers(row[1], zone),
        }
        for row in found
    ]


async def _consents(person_id: int, order: str) -> list[Facts]:
    """Consents about the person, and those the person gave for others whom they may not see any more (unnamed)."""
    found = await db.rows(
        "SELECT kind, version, language, way, given_at, withdrawn_at, giver_id = ?, person_id = ? FROM consent"
        " WHERE person_id = ? OR giver_id = ? ORDER BY id",
        *([person_id] * 4),
    )
    return [
        {
            "kind": row[0],
            "version": row[1],
            "language": row[2],
            "way": row[3],
            "given_at": db.instant(row[4]),
            "withdrawn_at": db.instant(row[5]) if row[5] else None,
            "given_by_oneself": bool(row[6]),
            "about_oneself": bool(row[7]),
        }
        for row in found
    ]


async def _letters(person_id: int) -> list[Facts]:
    return await _rows(
        "SELECT l.subject, l.language, l.made_at, l.sent_at FROM letter l WHERE l.recipient IN"
        " (SELECT address FROM email_address WHERE person_id = ? UNION SELECT email FROM account WHERE person_id = ?)"
        " ORDER BY l.id",
        ("subject", "language", "made_at", "sent_at"),
        person_id,
        person_id,
    )


async def _readers(person_id: int, zone: str) -> list[Facts]:
    return [_day(day) for day in await readings.days_of(person_id, zone)]


def _day(day: readings.Day) -> Facts:
    return {"day": day.day, "role": day.role, "pages": list(day.pages)}


async def _acts(person_id: int, student_id: int | None) -> list[Facts]:
    """What was done to the records, and by the person's account: what and when, not by whom."""
    return await _rows(
        "SELECT verb, at FROM audit_entry WHERE (record = 'person' AND record_id = ?)"
        " OR (record = 'student' AND record_id = ? AND verb NOT LIKE 'guardian.%')"
        f" OR account_id IN (SELECT id FROM account WHERE person_id = ?) ORDER BY id LIMIT {MOST_ACTS}",
        ("act", "at"),
        person_id,
        student_id or 0,
        person_id,
    )


async def _rows(sql: str, named: tuple[str, ...], *args: Any) -> list[Facts]:
    return [
        {name: _value(name, cell) for name, cell in zip(named, row, strict=True)} for row in await db.rows(sql, *args)
    ]


def _value(name: str, cell: Any) -> Any:
    """A cell as JSON shows it, the same from both databases."""
    if name.endswith(("_at", "_on")) or name == "at":
        read = db.day if name.endswith("_on") else db.instant
        return None if cell is None else read(cell)
    return bool(cell) if name.startswith("is_") else cell
