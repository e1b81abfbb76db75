"""What was done to a student's record, by whom: read from the audit."""

import datetime as dt
from dataclasses import dataclass

from portal import db
from portal.audit.models import AuditEntry
from portal.people import authors, sight
from portal.people.names import Name
from portal.scope import Scope

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Act:
    """One act: when, by whom (None is the system or an import), on whom else, and on what ground."""

    at: dt.datetime
    verb: str
    author: Name | None
    about: Name | None
    ground: str


async def of_student(scope: Scope, student_id: int) -> list[Act] | None:
    """The latest acts on a student and their person, newest first.

    None for who may not know the guardians. What was decided on those, and every ground, is only for who decides.
    """
    told, decides = sight.guardian_links(scope), sight.guardian_decisions(scope)
    known = await db.row(
        f"SELECT s.person_id, CASE WHEN {decides.sql} THEN 1 ELSE 0 END FROM student s WHERE s.id = ? AND {told.sql}",
        *decides.args,
        student_id,
        *told.args,
    )
    if known is None:
        return None
    person_id, decides_here = known
    acts = AuditEntry.all() if decides_here else AuditEntry.exclude(verb__startswith="guardian.")
    entries = [
        *await acts.filter(record="student", record_id=student_id).order_by("-id").limit(SHOWN),
        *await acts.filter(record="person", record_id=person_id).order_by("-id").limit(SHOWN),
    ]
    entries = sorted(entries, key=lambda entry: entry.id, reverse=True)[:SHOWN]
    links = dict(await db.rows("SELECT id, person_id FROM guardian WHERE student_id = ?", student_id))
    others = {entry.id: _other(entry, links) for entry in entries}
    accounts = await authors.of_accounts(entry.account_id for entry in entries)
    people = await authors.of_persons(others.values())
    return [
        Act(
            at=entry.at,
            verb=entry.verb,
            author=accounts.get(entry.account_id or 0),
            about=people.get(others[entry.id] or 0),
            ground=str(entry.changes.get("ground", "")) if decides_here else "",
        )
        for entry in entries
    ]


def _other(entry: AuditEntry, links: dict[int, int]) -> int | None:
    """The person an act is about besides the student: named, or by the link that was changed."""
    person = entry.changes.get("person")
    return person if isinstance(person, int) else links.get(entry.changes.get("guardian", 0))
