"""Putting rows back as they were before an import: all of them in few statements, or, where something is in the way,
one by one, and what cannot be put back is left as it is."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from portal import db
from portal.interchange import journal
from portal.interchange.journal import Change, Columns, Row
from portal.interchange.undo.judging import TAKEN, Verdict
from portal.interchange.writing import bulk

ORDER = (
    *("branch", "term", "program", "level", "class", "person", "email_address", "phone_number", "student"),
    *("teacher", "staff_member", "works_at", "household", "guardian", "class_membership", "class_teacher"),
    *("category", "assessment", "score", "external_id"),
)
"""Tables so that what is referred to comes first."""

_LEAVES = frozenset({"score", "class_membership", "class_teacher", "email_address", "phone_number", "external_id"})
"""Tables that nothing refers to: a row is deleted and inserted again, so that no two stand in each other's way."""
FREE = _LEAVES | {"guardian", "works_at"}
"""Tables that nothing refers to."""
_CODED = frozenset({"branch", "program", "class", "student", "teacher", "staff_member"})


async def restore(verdict: Verdict, table: str) -> None:
    """Put back the rows of a table that the import changed or deleted; the transaction is the caller's."""
    changes = verdict.restored.get(table)
    if not changes:
        return
    of = await journal.columns(table)
    now = await journal.rows(table, of, changes)
    try:
        async with db.transaction():
            await _aside(table, now)
            await _put(table, of, now, changes)
    except db.IntegrityError:
        for record_id in sorted(changes):
            one = {record_id: changes[record_id]}
            there = {record_id: now[record_id]} if record_id in now else {}
            try:
                async with db.transaction():
                    await _aside(table, there)
                    await _put(table, of, there, one)
            except db.IntegrityError:
                verdict.left[table][record_id] = TAKEN
        for record_id in verdict.left[table]:
            changes.pop(record_id, None)


async def aside(verdict: Verdict) -> None:
    """Free the codes of what the import made and what goes: a row that is put back may have had one of them."""
    for table in _CODED:
        for first, last in verdict.removable(table):
            ids = range(first, last + 1)
            await bulk.run(f'UPDATE "{table}" SET code = ? WHERE id = ?', ((f"\x7f{each}", each) for each in ids))


async def _aside(table: str, rows: Mapping[int, Row]) -> None:
    """Take rows out of each other's way: no code may be there twice even for a moment."""
    ids = [(record_id,) for record_id in rows]
    if table in _LEAVES:
        await bulk.run(f'DELETE FROM "{table}" WHERE id = ?', ids)
    elif table in _CODED:
        await bulk.run(f'UPDATE "{table}" SET code = ? WHERE id = ?', ((f"\x7f{each}", each) for (each,) in ids))


async def _put(table: str, of: Columns, now: Mapping[int, Row], changes: Mapping[int, Change]) -> None:
    inserted: list[Sequence[Any]] = []
    updated: dict[tuple[str, ...], list[Sequence[Any]]] = {}
    for record_id, change in changes.items():
        row = now.get(record_id)
        if row is None or table in _LEAVES:
            values = {**dict(zip(of.names, row or (), strict=False)), **change.before}
            inserted.append([of.written(name, values[name]) for name in of.names])
            continue
        before = change.before
        if table in _CODED:
            before = {"code": row[of.names.index("code")], **before}
        values_of = [of.written(name, value) for name, value in before.items()]
        updated.setdefault(tuple(before), []).append([*values_of, record_id])
    await bulk.insert(table, of.names, inserted)
    for names, rows in updated.items():
        setting = ", ".join(f'"{name}" = ?' for name in names)
        await bulk.run(f'UPDATE "{table}" SET {setting} WHERE id = ?', rows)


async def remove(table: str, ranges: Iterable[tuple[int, int]], heard: bulk.Heard) -> int:
    """Delete rows that the import made; the last ids first, because a row refers to earlier ones. How many."""
    removed = 0
    for first, last in ranges:
        for end in range(last, first - 1, -bulk.PORTION):
            start = max(first, end - bulk.PORTION + 1)
            removed += await db.execute(f'DELETE FROM "{table}" WHERE id BETWEEN ? AND ?', start, end)
            heard(removed, removed)
    return removed
