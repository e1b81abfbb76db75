"""Taking back the last import: what it changed is as before, what it made is gone (decision 12).

In one transaction, at any size. What somebody changed since, and what has come into use since, stays and is named.
The import before it is then the last one.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from portal import audit, clock, db, versions
from portal.db import schema
from portal.errors import Conflict, NotFound, say
from portal.gradebook import recording
from portal.interchange import journal, labels, outdated
from portal.interchange.models import ImportRun
from portal.interchange.undo.judging import LOOKS, Reason, Verdict, judge
from portal.interchange.undo.restoring import FREE, ORDER, aside, remove, restore
from portal.interchange.writing import bulk
from portal.people import authors, names, persons
from portal.scope import Scope

__all__ = ["LAST_ONLY", "NAMED", "Kept", "Undone", "last", "sums", "take_back", "weigh"]

NAMED = 500
"""Rows that are kept are named up to this many, and counted beyond it."""
LAST_ONLY = say("Only the last import can be taken back, and then the one before it.")

logger = logging.getLogger(__name__)
Progress = Callable[[str, int, int], None]


class Kept(NamedTuple):
    """A row that is not taken back: its table, what it is called, why, and by whom where that is known."""

    table: str
    name: str
    code: str
    what: str = ""
    by: str = ""


@dataclass(slots=True)
class Undone:
    """What an undo did, or would do: rows removed and put back by table, and rows kept."""

    removed: dict[str, int] = field(default_factory=dict)
    restored: dict[str, int] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    more: int = 0
    """Rows kept beyond those that are named."""


class _Weighed(Exception):
    """Leaves the transaction without a trace of it."""


def unheard(_stage: str, _done: int, _total: int) -> None:
    """Nobody wants to know how far it is."""


async def last() -> int | None:
    """The import that can be taken back: the last one that wrote something and was not taken back, if any."""
    found = await db.value(
        "SELECT id FROM import_run WHERE written_at IS NOT NULL AND undone_at IS NULL"
        " ORDER BY written_at DESC, id DESC LIMIT 1"
    )
    return None if found is None else int(found)


async def sums(run_id: int) -> dict[str, tuple[int, int]]:
    """By table how many rows a run made and changed, by its journal: quick, whatever was done to them since."""
    found: dict[str, tuple[int, int]] = {}
    made = "SELECT table_name, SUM(last_id - first_id + 1) FROM import_created WHERE run_id = ? GROUP BY table_name"
    for table, count in await db.rows(made, run_id):
        found[table] = (int(count), 0)
    changed = "SELECT table_name, COUNT(*) FROM import_change WHERE run_id = ? GROUP BY table_name"
    for table, count in await db.rows(changed, run_id):
        found[table] = (found.get(table, (0, 0))[0], int(count))
    return {table: found[table] for table in ORDER if table in found}


async def take_back(scope: Scope, run_id: int, *, progress: Progress = unheard) -> Undone:
    """Take the last import back; who may is for the caller to ask.

    Raises `Conflict` when another import was written since, when it was taken back before, and when somebody wrote
    something that refers to its rows meanwhile.
    """
    try:
        async with db.transaction():
            undone = await _take_back(scope, run_id, progress)
    except db.IntegrityError as error:
        logger.warning("the undo met what somebody wrote meanwhile: %s", error)
        raise Conflict(say("Somebody changed the same records meanwhile. Start it once more.")) from error
    return undone


async def weigh(scope: Scope, run_id: int) -> Undone:
    """What `take_back` would do, by doing it and keeping nothing of it."""
    undone = Undone()
    try:
        async with db.transaction():
            undone = await _take_back(scope, run_id, unheard)
            raise _Weighed
    except _Weighed:
        return undone


async def _take_back(scope: Scope, run_id: int, progress: Progress) -> Undone:
    if db.dialect() == "postgres":
        await db.execute("LOCK TABLE external_id, guardian IN SHARE ROW EXCLUSIVE MODE")
    if await db.row("SELECT 1 FROM import_run WHERE id = ?", run_id) is None:
        raise NotFound
    if await last() != run_id:
        raise Conflict(LAST_ONLY)
    tables = await schema.tables()
    progress("undo", 0, 0)
    verdict = await judge(run_id, tables)
    touched = await _sources(verdict)
    marks = await _assessments(verdict)
    undone = Undone()
    removing = _Removing(verdict, undone, progress)
    # What nothing refers to goes first, because it may stand where something was before; then what was is put back,
    # because it may refer to what goes last.
    for table in reversed(ORDER):
        if table in FREE:
            await removing.remove(table)
    await aside(verdict)
    for table in ORDER:
        await restore(verdict, table)
    for table in reversed(ORDER):
        if table not in FREE:
            await removing.remove(table)
    undone.restored = {table: len(changes) for table, changes in verdict.restored.items() if changes}
    await _derived(marks, verdict)
    versions.bump(*sorted(touched | await _sources(verdict)))
    undone.kept, undone.more = await _named(verdict)
    await _write_down(scope, run_id, undone)
    return undone


class _Removing:
    """Deletes what the import made, and tells how far that is."""

    def __init__(self, verdict: Verdict, undone: Undone, progress: Progress) -> None:
        self._verdict = verdict
        self._undone = undone
        self._progress = progress
        self._done = 0
        self._total = sum(last - first + 1 for table in ORDER for first, last in verdict.removable(table))

    async def remove(self, table: str) -> None:
        if self._verdict.made.get(table):
            for looks, column, of in LOOKS:
                if of == table:
                    for first, last in self._verdict.removable(table):
                        await db.execute(f'DELETE FROM "{looks}" WHERE {column} BETWEEN ? AND ?', first, last)
            gone = await remove(table, self._verdict.removable(table), partial(self._heard, table))
            self._done += gone
            self._undone.removed[table] = gone

    def _heard(self, table: str, done: int, _: int) -> None:
        self._progress(table, self._done + done, self._total)


async def _sources(verdict: Verdict) -> set[str]:
    """The sources of pages that show what is taken back."""
    ids = {table: [*verdict.restored.get(table, ())] for table in ORDER}
    count = sum(map(len, ids.values()))
    for table in ORDER:
        for first, last in verdict.removable(table):
            count += last - first + 1
            if count > versions.MANY:
                return {versions.CENTRE}
            ids[table] += range(first, last + 1)
    found: set[str] = set()
    for table, rows in ids.items():
        found |= await outdated.sources(table, rows)
    return found


async def _assessments(verdict: Verdict) -> set[int]:
    """The assessments whose marks are taken back."""
    found: set[int] = set()
    for first, last in verdict.removable("score"):
        rows = await db.rows("SELECT DISTINCT assessment_id FROM score WHERE id BETWEEN ? AND ?", first, last)
        found |= {assessment for (assessment,) in rows}
    changes = verdict.restored.get("score", {})
    here = "SELECT DISTINCT assessment_id FROM score WHERE id IN ({ids})"
    found |= {assessment for (assessment,) in await bulk.rows_of(here, changes)}
    return found | {each.before["assessment_id"] for each in changes.values() if "assessment_id" in each.before}


async def _derived(marks: Iterable[int], verdict: Verdict) -> None:
    """Count and fold again what is counted and folded from rows that were taken back."""
    there = await bulk.rows_of("SELECT id FROM assessment WHERE id IN ({ids})", marks)
    await recording.recount([assessment for (assessment,) in there])
    for person_id, reason in verdict.left.get("person", {}).items():
        if reason.code != "gone":
            await persons.refresh_keys(person_id)


_UNREAD = frozenset({"external_id", "household", "email_address", "phone_number", "works_at", "level"})
_TOLD_AS_PARTS = frozenset({"person", "guardian", "class", "assessment"})


async def _named(verdict: Verdict) -> tuple[list[Kept], int]:
    """The rows that are kept as people read of them, those first that somebody changed or uses."""
    found: list[tuple[str, int, Reason]] = []
    for table in ORDER:
        for rows in (verdict.left.get(table, {}), verdict.stays.get(table, {})):
            found += [
                (table, record_id, reason)
                for record_id, reason in rows.items()
                if (table in _TOLD_AS_PARTS if reason.code == "part" else table not in _UNREAD)
            ]
    found.sort(key=lambda each: each[2].code == "part")
    told: list[Kept] = []
    for table in ORDER:
        ids = [record_id for kept, record_id, _ in found[:NAMED] if kept == table]
        called = await labels.of(table, ids)
        by = await _changed_by(table, ids)
        told += [
            Kept(table, called.get(record_id, ""), reason.code, reason.what, by.get(record_id, ""))
            for kept, record_id, reason in found[:NAMED]
            if kept == table
        ]
    told.sort(key=lambda each: each.code == "part")
    return told, max(0, len(found) - NAMED)


async def _changed_by(table: str, ids: list[int]) -> dict[int, str]:
    """Who changed rows last, where the table says so."""
    if table not in journal.STAMPED:
        return {}
    rows = await bulk.rows_of(f'SELECT id, changed_by FROM "{table}" WHERE id IN ({{ids}})', ids)
    by = await authors.of_accounts(account for _, account in rows)
    return {record_id: names.shown(*by[account]) for record_id, account in rows if account in by}


async def _write_down(scope: Scope, run_id: int, undone: Undone) -> None:
    """The run is taken back: written with it, so that a process that dies afterwards has nothing left to do."""
    now = clock.now()
    changes = {"removed": undone.removed, "restored": undone.restored, "kept": len(undone.kept) + undone.more}
    await audit.record(scope, "import.undo", "import_run", run_id, changes)
    await ImportRun.filter(id=run_id).update(
        **{"act": "undo", "state": "done", "stage": "", "ended_at": now},
        **{"undone_at": now, "undone_by": scope.account_id, "kept": [list(each) for each in undone.kept]},
    )
    await journal.forget_run(run_id)
