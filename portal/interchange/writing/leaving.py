"""What leaves with an import (decision 15): nothing is deleted, it ends.

Whatever an import did is in its journal, so its undo brings back who left. What somebody here decided since is left as
it is, and named.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from portal import clock, db
from portal.centre import centres
from portal.errors import Sentence, say
from portal.gradebook import recording
from portal.interchange.oneroster import Bundle
from portal.interchange.oneroster.spec import GUARDIANS
from portal.interchange.writing import bulk, drafts
from portal.interchange.writing.desk import Desk, Ledger

FEW = 5
"""So many of a kind may leave without a word, whatever part of it they are."""
PART = 10
"""More than one in so many must be agreed to."""


def too_many(counts: Mapping[str, Mapping[str, int]]) -> list[tuple[str, int, int]]:
    """The kinds of which more than a tenth would leave: the kind, how many would, and how many there are."""
    found = []
    for kind, sums in counts.items():
        leaving = sums.get("leaving", 0)
        there = leaving + sum(sums.get(name, 0) for name in ("same", "changed", "unnamed"))
        if leaving > FEW and leaving * PART > there:
            found.append((kind, leaving, there))
    return found


async def leave(desk: Desk, ground: str, bundle: Bundle) -> list[Sentence]:
    """Let go whatever the ledgers say is leaving, and let begin again what is back; returns what is worth a note.

    `ground`: what guardian links of imports stand on.
    """
    of = {ledger.kind: ledger for ledger in desk.ledgers}
    await _back(desk, of)
    await _choose_links(of, bundle)
    today = clock.today((await centres.facts()).time_zone)
    notes = await _users(desk, of["users"], today, bundle.lost)
    notes += await _guardians(desk, of["guardians"], ground)
    await _memberships(desk, of["enrollments"], today)
    await _teachings(desk, of["teachings"])
    await _dated(desk, "class", "closed_at", _records(of["classes"]))
    gone = _Gone({*_records(of["users"])}, {*_records(of["classes"])})
    notes += await _scores(desk, of["results"], gone)
    notes += await _assessments(desk, of["lineItems"], gone)
    return notes


class _Gone(NamedTuple):
    """The people and classes that leave with this import; their marks stay to be read."""

    people: set[int]
    classes: set[int]


def _records(ledger: Ledger[Any]) -> list[int]:
    """Our records that leave: not those which another key still names."""
    named = {ledger.ids[key] for key in ledger.hashes}
    return [record for record in (ledger.ids[key] for key in ledger.leaving) if record not in named]


async def _back(desk: Desk, of: Mapping[str, Ledger[Any]]) -> None:
    """Classes and work are open again where an import had ended them and nobody here has decided since; the writers
    themselves have put back all else."""
    for ledger, table, column in (
        (of["classes"], "class", "closed_at"),
        (of["lineItems"], "assessment", "withdrawn_at"),
    ):
        ended = f"SELECT id, id, {column} FROM {table} WHERE {column} IS NOT NULL AND id IN ({{ids}})"
        await _set(desk, table, await _ended_by_import(ledger, ended), **{column: None})


async def students_back(ledger: Ledger[Any]) -> list[int]:
    """The students who learn again, because an import had ended that; to be asked before the ledger is written."""
    ended = "SELECT person_id, id, changed_at FROM student WHERE status = 'finished' AND person_id IN ({ids})"
    return await _ended_by_import(ledger, ended, [ledger.ids[each.key] for each in ledger.changed if each.student_at])


async def learn_again(desk: Desk, students: Iterable[int]) -> None:
    """Let students learn again."""
    await _set(desk, "student", students, status="learning", changed_at=desk.now, changed_by=desk.by)


async def _ended_by_import(ledger: Ledger[Any], sql: str, records: Collection[int] | None = None) -> list[int]:
    """The rows of those who are back that bear the instant at which they left; `sql` gives our record, the row, and
    when it was ended. `records`: others than those who are back."""
    wanted = [ledger.ids[key] for key in ledger.back] if records is None else records
    left = (
        f"SELECT record_id, COALESCE(gone_at, modified_at) FROM external_id WHERE kind = '{ledger.kind}'"
        " AND record_id IN ({ids})"
    )
    stamps = {record: db.instant(at) for record, at in await bulk.rows_of(left, wanted) if at is not None}
    return [row for record, row, at in await bulk.rows_of(sql, wanted) if stamps.get(record) == db.instant(at)]


async def _users(desk: Desk, users: Ledger[Any], today: dt.date, lost: Mapping[str, set[str]]) -> list[Sentence]:
    """Who leaves, and who of those that lost a role is no student, teacher or staff any more by another one."""
    people = _records(users)
    less = [(users.ids[each.key], each, lost[each.key]) for each in users.changed if each.key in lost]
    learning = "SELECT person_id, id FROM student WHERE status IN ('learning', 'suspended') AND person_id IN ({ids})"
    ended = {person for person, each, roles in less if not each.student_at and "student" in roles}
    found = await bulk.rows_of(learning, [*people, *ended])
    await _set(desk, "student", [row for _, row in found], **_FINISHED, changed_at=desk.now, changed_by=desk.by)
    stopped = {person for person, _ in found} & ended
    teachers = {person for person, each, roles in less if not each.teacher and "teacher" in roles}
    staff = {person for person, each, roles in less if not each.staff and roles - _NO_STAFF}
    for table, ended in (("teacher", teachers), ("staff_member", staff)):
        working = f"SELECT id, left_on, person_id FROM {table} WHERE person_id IN ({{ids}})"
        rows = [
            row for row in await bulk.rows_of(working, [*people, *ended]) if row[1] is None or db.day(row[1]) > today
        ]
        await _set(desk, table, [each for each, _, _ in rows], left_on=today)
        stopped |= {person for _, _, person in rows} & ended
    await _stopped(desk, users, stopped)
    accounts = "SELECT id FROM account WHERE disabled_at IS NULL AND person_id IN ({ids})"
    signing_in = len(await bulk.rows_of(accounts, people))
    if not signing_in:
        return []
    sentence = say(
        "{count} who leave can still sign in here; close their accounts if they should not.", count=signing_in
    )
    return [sentence]


_FINISHED = {"status": "finished"}
_NO_STAFF = {"student", "teacher", *GUARDIANS}


async def _stopped(desk: Desk, users: Ledger[Any], people: Collection[int]) -> None:
    """Count those who end as something although they themselves stay, and remember when that was."""
    if not people:
        return
    keys = [key for key, record in users.ids.items() if record in people]
    desk.counted["roles"] = {"leaving": len(keys), "same": len(users.ids) - len(keys)}
    sql = "SELECT id FROM external_id WHERE kind = 'users' AND sourced_id IN ({ids})"
    await _set(desk, "external_id", [each for (each,) in await bulk.rows_of(sql, keys)], modified_at=desk.now)


async def _choose_links(of: Mapping[str, Ledger[Any]], bundle: Bundle) -> None:
    """Which guardian links leave: a child that is named says who its guardians are, and so do changes that speak of it;
    whoever leaves is nobody's guardian, nor is whose role of one has left. A child that leaves says nothing: its
    guardians go on reading its marks."""
    links, users = of["guardians"], of["users"]
    missing = links.unnamed + len(links.leaving)
    touched = users.hashes if links.leaving else bundle.touched.get("users", frozenset())
    speaking = {users.ids[key] for key in touched if key in users.hashes}
    no_guardians = [key for key, roles in bundle.lost.items() if roles & GUARDIANS and key in users.ids]
    going = {users.ids[key] for key in [*users.leaving, *no_guardians]}
    if not speaking and not going:
        return
    # By the file itself, because a link to a child who is no student in it is no draft.
    named = {*links.hashes, *(drafts.pair(each.child, each.guardian) for each in bundle.relations)}
    candidates = {record: key for key, record in links.ids.items() if key in links.standing and key not in named}
    sql = (
        "SELECT g.id, g.person_id, s.person_id FROM guardian g JOIN student s ON s.id = g.student_id"
        " WHERE g.id IN ({ids})"
    )
    ends = await bulk.rows_of(sql, candidates)
    links.leaving = [candidates[link] for link, guardian, child in ends if child in speaking or guardian in going]
    links.unnamed = max(0, missing - len(links.leaving))


async def _guardians(desk: Desk, links: Ledger[Any], ground: str) -> list[Sentence]:
    """Who is no guardian any more sees nothing; where somebody here decided about a link, it stays as they did."""
    rows = await bulk.rows_of("SELECT id, ground FROM guardian WHERE id IN ({ids})", _records(links))
    ours = [link for link, stands_on in rows if stands_on == ground]
    await _set(desk, "guardian", ours, may_see=False, may_pay=False, is_told=False)
    kept = len(rows) - len(ours)
    if not kept:
        return []
    return [say("{count} guardians who leave stay, because somebody here decided about them.", count=kept)]


async def _memberships(desk: Desk, ledger: Ledger[Any], today: dt.date) -> None:
    sql = "SELECT id, since, until FROM class_membership WHERE id IN ({ids})"
    ending: dict[dt.date, list[int]] = {}
    for record, since, until in await bulk.rows_of(sql, _records(ledger)):
        last = max(today, db.day(since)) if since else today
        if until is None or db.day(until) > last:
            ending.setdefault(last, []).append(record)
    for last, records in ending.items():
        await _set(desk, "class_membership", records, until=last)


async def _teachings(desk: Desk, ledger: Ledger[Any]) -> None:
    """Whoever does not teach a class any more does not look into it either."""
    records = _records(ledger)
    await desk.journal.changing("class_teacher", records)
    await bulk.run("DELETE FROM class_teacher WHERE id = ?", ((each,) for each in records))


async def _dated(desk: Desk, table: str, column: str, records: list[int]) -> None:
    open_ones = await bulk.rows_of(f"SELECT id FROM {table} WHERE {column} IS NULL AND id IN ({{ids}})", records)
    await _set(desk, table, [each for (each,) in open_ones], **{column: desk.now})


async def _scores(desk: Desk, ledger: Ledger[Any], gone: _Gone) -> list[Sentence]:
    """Marks are withdrawn from the families; one that somebody here gave or changed since stays.

    Whoever leaves, or whose class does, keeps their marks, although the other system takes its rows of them away.
    """
    written = await db.rows("SELECT written_at FROM import_run WHERE written_at IS NOT NULL")
    stamps = {db.instant(each) for (each,) in written}
    sql = (
        "SELECT k.id, k.assessment_id, k.changed_at, s.person_id, a.class_id FROM score k"
        " JOIN student s ON s.id = k.student_id JOIN assessment a ON a.id = k.assessment_id"
        " WHERE k.published_at IS NOT NULL AND k.id IN ({ids})"
    )
    published = await bulk.rows_of(sql, _records(ledger))
    rows = [
        (record, item, db.instant(at))
        for record, item, at, person, class_id in published
        if person not in gone.people and class_id not in gone.classes
    ]
    ledger.outlive = len(published) - len(rows)
    going = [(record, item) for record, item, at in rows if at in stamps]
    now, by = desk.now, desk.by
    withdrawn = {"published_at": None, "withdrawn_at": now, "changed_at": now, "changed_by": by}
    await _set(desk, "score", [record for record, _ in going], **withdrawn)
    await recording.recount(sorted({item for _, item in going}))
    kept = len(rows) - len(going)
    return [say("{count} marks that leave stay, because somebody here changed them.", count=kept)] if kept else []


async def _assessments(desk: Desk, ledger: Ledger[Any], gone: _Gone) -> list[Sentence]:
    """Work that was withdrawn is not shown any more, unless a mark of it is, or its class leaves as a whole."""
    found = await bulk.rows_of("SELECT id, class_id FROM assessment WHERE id IN ({ids})", _records(ledger))
    records = [record for record, class_id in found if class_id not in gone.classes]
    marked = "SELECT DISTINCT assessment_id FROM score WHERE published_at IS NOT NULL AND assessment_id IN ({ids})"
    staying = {each for (each,) in await bulk.rows_of(marked, records)}
    await _dated(desk, "assessment", "withdrawn_at", [each for each in records if each not in staying])
    if not staying:
        return []
    return [say("{count} pieces of work that leave stay, because they have marks of here.", count=len(staying))]


async def _set(desk: Desk, table: str, records: Iterable[int], **values: Any) -> None:
    """Set columns of these rows, after the journal has kept them as they were."""
    wanted = list(records)
    if not wanted:
        return
    await desk.journal.changing(table, wanted)
    assigned = ", ".join(f"{name} = ?" for name in values)
    await bulk.run(f'UPDATE "{table}" SET {assigned} WHERE id = ?', ((*values.values(), each) for each in wanted))
