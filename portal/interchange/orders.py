"""What an importer is asked to do, what came of it, and the transaction in which it writes, for every kind of import.

A kind of import registers its loader:

    @orders.loads("people", accepts=("text/csv",))
    async def load(order: Order) -> Outcome: ...

The loader reads and judges `order.source`, then calls `write(order, verb, work)`: `work` gets a `Journal`, writes
through it, and says how much of what it was. Everything else (a dry run, a change of mind, the journal, the audit, the
state of the run, the versions of pages) is done here.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from portal import audit, clock, db, files
from portal.errors import Conflict, Sentence, say
from portal.files.models import StoredFile
from portal.interchange import beside, previews
from portal.interchange.journal import Journal
from portal.interchange.models import ImportRun
from portal.interchange.oneroster import Problem
from portal.interchange.outdated import outdate
from portal.scope import Permission, Scope

Counts = dict[str, dict[str, int]]
"""By kind of record how many are new, changed, same, leaving (or unnamed: no longer named, and left as they are)."""
Progress = Callable[[str, int, int], None]
"""Hears what is being done, how much of it, and how much there is; may raise `Cancelled`."""

logger = logging.getLogger(__name__)


class Cancelled(Exception):
    """Somebody wants the run to stop; nothing of it is kept."""


def unheard(_stage: str, _done: int, _total: int) -> None:
    """Nobody wants to know how far it is."""


@dataclass(slots=True)
class Order:
    """One import as it is asked for.

    `run_id` is None where nobody sent a file (the command line): a run is made then, so that it can be taken back.
    `expected`: the counts that a person agreed to; when the import would do something else, it does nothing.
    `agreed`: the person has said that so many may leave. `file_id`: the kept file, where no run has it.
    """

    scope: Scope
    source: Path | str | bytes
    dry_run: bool
    run_id: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    agreed: bool = False
    expected: Counts | None = None
    progress: Progress = unheard
    stopped: Callable[[], bool] = lambda: False
    """Whether somebody wants it to stop: for what reads in a thread, where nobody hears `progress` raise."""
    name: str = ""
    file_id: int | None = None


@dataclass(slots=True)
class Outcome:
    """What came of it. `counts` has, for each kind, how many are new, changed, the same, leaving and unnamed.

    In a OneRoster bundle a kind is named by its file; the enrollments of teachers are `teachings`, and links to
    guardians `guardians`. `refused`: something was wrong and nothing was written. `more`: errors that are counted but
    not in `problems`. `stale`: it would do something else than what was agreed to, so nothing was written.
    """

    refused: bool
    counts: Counts = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Sentence] = field(default_factory=list)
    errors: int = 0
    warnings: int = 0
    more: int = 0
    preview: list[Any] = field(default_factory=list)
    stale: bool = False
    run_id: int | None = None


class Written(NamedTuple):
    """What `write` has to say: the counts, rows by name for a preview, whether the counts are not the agreed ones."""

    counts: Counts
    preview: list[Any]
    stale: bool = False
    run_id: int | None = None


Loader = Callable[[Order], Awaitable[Outcome]]


class Kind(NamedTuple):
    """A kind of import: who loads it, which media types it may be sent as, and the right it needs.

    `everywhere`: the right must hold in all branches, because the file speaks of the whole centre.
    """

    load: Loader
    accepts: Sequence[str]
    right: Permission = Permission.IMPORT_DATA
    everywhere: bool = True


kinds: dict[str, Kind] = {}


def loads(
    kind: str, *, accepts: Sequence[str], right: Permission = Permission.IMPORT_DATA, everywhere: bool = True
) -> Callable[[Loader], Loader]:
    """Register the loader of a kind of import; one kind, one loader."""

    def register(loader: Loader) -> Loader:
        if kinds.setdefault(kind, Kind(loader, accepts, right, everywhere)).load is not loader:
            raise ValueError(f"two loaders for {kind} imports")
        return loader

    return register


class _Undone(Exception):
    """Leaves the transaction without a trace of it."""


async def write(
    order: Order,
    verb: str,
    work: Callable[[Journal], Awaitable[Counts | None]],
    facts: Mapping[str, Any] | None = None,
) -> Written:
    """Have `work` write, in one transaction with its journal; nothing is kept of a dry run, or when it gives None.

    `verb` and `facts` are for the audit. Raises `Conflict` when somebody wrote the same record meanwhile.
    """
    counts: Counts = {}
    stale = False
    run_id: int | None = None
    preview: list[Any] = []
    try:
        async with db.transaction():
            run_id = order.run_id if order.dry_run else order.run_id or await _run_of(order)
            journal = Journal(None if order.dry_run else run_id, clock.now())
            found = await _worked(order, work, journal)
            if found is None:
                raise _Undone
            counts = found
            await journal.close()
            stale = order.expected is not None and order.expected != counts
            if order.dry_run or stale:
                preview = await previews.of(journal, order.scope)
                raise _Undone
            await outdate(journal)
            await audit.record(order.scope, verb, "import", run_id, {**(facts or {}), "counts": counts})
            await _done(run_id, counts, journal)
    except _Undone:
        pass
    except db.IntegrityError as error:
        logger.warning("the import met what somebody wrote meanwhile: %s", error)
        raise Conflict(say("Somebody changed the same records during the import. Start it once more.")) from error
    return Written(counts, preview, stale, run_id)


async def _worked(order: Order, work: Callable[[Journal], Awaitable[Counts | None]], journal: Journal) -> Counts | None:
    """Have `work` write; where no run is seen meanwhile, other processes hear of it all the same."""
    if order.run_id is not None:
        return await work(journal)
    hear = order.progress
    try:
        async with beside.told(hear) as order.progress:
            return await work(journal)
    finally:
        order.progress = hear


async def _run_of(order: Order) -> int:
    """The run of an import that nobody sent: what `find` shows of it, and what an undo takes back."""
    run = await ImportRun.create(
        kind="oneroster",
        file_id=order.file_id,
        file_name=order.name[:200],
        act="import",
        state="running",
        counts={},
        problems=[],
        made_at=clock.now(),
        made_by=order.scope.account_id,
    )
    if order.file_id is not None and (file := await StoredFile.get_or_none(id=order.file_id)):
        await files.take(file, "import_run", run.id)
    return run.id


async def _done(run_id: int | None, counts: Counts, journal: Journal) -> None:
    """The run ends with its import: a process that dies after this commit has nothing left to do."""
    await ImportRun.filter(id=run_id).update(
        act="import",
        dry_run=False,
        state="done",
        stage="",
        counts=counts,
        written_at=journal.at if journal.changes or journal.tables else None,
        ended_at=clock.now(),
    )
