"""Import runs: begun by an upload, worked off by a job, followed on their page.

Progress lives in the memory of the process that imports. SQLite has one writer, and for as long as an import runs that
is the import itself, in one transaction: a row that tells how far it is could not be written before its end. Other
processes show what the row says, which is that the import runs.

State: waiting, running, then done, refused (the file is wrong) or failed (we are wrong); nothing was written by the
last two.
"""

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from portal import audit, clock, db, files, jobs
from portal.errors import Forbidden, Invalid, NotFound, Sentence, say
from portal.interchange.models import ImportRun
from portal.people import authors
from portal.people.names import Name
from portal.scope import Permission, Scope

LARGEST = 300_000_000
ENDED = ("done", "refused", "failed")
PAGE = 50
COUNTED = 1000

Counts = Mapping[str, Mapping[str, int]]
"""By kind of record how many were new, changed, same or unnamed (no longer in the file)."""


class Problem(NamedTuple):
    """A sentence about one place of a file. Severity: error, warning, or note for what was not read at all."""

    file: str
    line: int | None
    column: str
    sentence: Sentence
    severity: str
    times: int = 1


class Progress(NamedTuple):
    """What is being done, and how much of how much; a total of 0 where nobody knows yet."""

    stage: str
    done: int
    total: int


class Line(NamedTuple):
    """A run in the list."""

    id: int
    file_name: str
    dry_run: bool
    state: str
    made_at: dt.datetime
    made_by: Name | None
    ended_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of runs; `total` stops counting at `COUNTED` + 1."""

    runs: Sequence[Line]
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run with everything that is known of it."""

    id: int
    file_name: str
    file_id: int | None
    dry_run: bool
    state: str
    progress: Progress
    counts: Counts
    problems: Sequence[Problem]
    made_at: dt.datetime
    made_by: Name | None
    ended_at: dt.datetime | None

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def how_many(self, severity: str) -> int:
        """How many problems of a severity are listed."""
        return sum(problem.severity == severity for problem in self.problems)


_live: dict[int, Progress] = {}


def visible_to(scope: Scope) -> db.Condition:
    """Rows of `import_run r` the scope may see: all, or its own where the right holds in some branches only."""
    scope.require(Permission.SEE_IMPORTS)
    if scope.branches_for(Permission.SEE_IMPORTS) is None:
        return db.Condition("1 = 1")
    return db.Condition("r.made_by = ?", (scope.account_id,))


async def start(scope: Scope, chunks: AsyncIterator[bytes] | None, name: str, *, dry_run: bool) -> int:
    """Keep an uploaded bundle and have it imported; returns the run's id.

    Raises `Invalid` beside `file` for none, an empty one or no zip, `TooLarge`, and `Forbidden` for who may import into
    some branches only: a bundle speaks of the whole centre.
    """
    scope.require(Permission.IMPORT_DATA)
    if scope.branches_for(Permission.IMPORT_DATA) is not None:
        raise Forbidden(say("Importing changes every branch, so it needs the right in all of them."))
    if chunks is None:
        raise Invalid({"file": say("Choose a file.")})
    file = await files.receive(scope, chunks, name, largest=LARGEST, only=("application/zip",))
    async with db.transaction():
        run = await ImportRun.create(
            kind="oneroster",
            file_id=file.id,
            file_name=file.name,
            dry_run=dry_run,
            counts={},
            problems=[],
            made_at=clock.now(),
            made_by=scope.account_id,
        )
        await files.take(file, "import_run", run.id)
        await audit.record(scope, "import.start", "import_run", run.id, {"file": file.sha256, "dry_run": dry_run})
        await jobs.enqueue("import", {"run": run.id})
    return run.id


async def listed(scope: Scope, *, page: int = 1) -> Page:
    """The runs, the latest first."""
    seen = visible_to(scope)
    page = min(max(page, 1), COUNTED // PAGE)
    where = f"FROM import_run r WHERE {seen.sql}"
    total = await db.value(f"SELECT COUNT(*) FROM (SELECT 1 {where} LIMIT {COUNTED + 1}) AS counted", *seen.args)
    found = await db.rows(
        f"SELECT r.id, r.file_name, r.dry_run, r.state, r.made_at, r.made_by, r.ended_at {where}"
        " ORDER BY r.id DESC LIMIT ? OFFSET ?",
        *seen.args,
        PAGE,
        (page - 1) * PAGE,
    )
    by = await authors.of_accounts(row[5] for row in found)
    lines = [
        Line(row[0], row[1], bool(row[2]), row[3], db.instant(row[4]), by.get(row[5]), _instant(row[6]))
        for row in found
    ]
    return Page(lines, total, page)


async def find(scope: Scope, run_id: int) -> Run:
    """A run; raises `NotFound` when there is none or it may not be seen."""
    seen = visible_to(scope)
    if await db.row(f"SELECT 1 FROM import_run r WHERE r.id = ? AND {seen.sql}", run_id, *seen.args) is None:
        raise NotFound
    run = await ImportRun.get(id=run_id)
    by = await authors.of_accounts([run.made_by])
    return Run(
        id=run.id,
        file_name=run.file_name,
        file_id=run.file_id,  # type: ignore[attr-defined]
        dry_run=run.dry_run,
        state=run.state,
        progress=_live.get(run_id) or Progress(run.stage, run.done_rows, run.total_rows),
        counts=run.counts,
        problems=[_told(kept) for kept in run.problems],
        made_at=run.made_at,
        made_by=by.get(run.made_by or 0),
        ended_at=run.ended_at,
    )


async def begin(run_id: int) -> ImportRun | None:
    """Mark a run as running, for the job that takes it up; None when it has ended already (a job may run twice).

    In a transaction of its own, before the import's: so it is seen while the import works.
    """
    _live.pop(run_id, None)
    changed = await ImportRun.filter(id=run_id, ended_at=None).update(state="running", stage="", done_rows=0)
    return await ImportRun.get(id=run_id) if changed else None


def note_progress(run_id: int, stage: str, done: int, total: int) -> None:
    """Tell how far an import is; quick, and from any thread. `stage` is a file's name or a kind of record."""
    _live[run_id] = Progress(stage, done, total)


async def finish(run_id: int, state: str, counts: Counts, problems: Iterable[Problem]) -> None:
    """Write down how a run ended; after the import's own transaction, so that a refusal survives its rollback."""
    if state not in ENDED:
        raise ValueError(f"an import ends as one of {ENDED}, not {state!r}")
    last = _live.pop(run_id, Progress("", 0, 0))
    await ImportRun.filter(id=run_id).update(
        state=state,
        stage="",
        done_rows=last.done,
        total_rows=last.total,
        counts={kind: dict(numbers) for kind, numbers in counts.items()},
        problems=[_kept(problem) for problem in problems],
        ended_at=clock.now(),
    )


def _kept(problem: Problem) -> list[Any]:
    """A problem as JSON: its sentence stays a message and its values, to be translated when it is read."""
    sentence = problem.sentence
    params = {name: value if isinstance(value, int | float) else str(value) for name, value in sentence.params.items()}
    place = [problem.file, problem.line, problem.column]
    return [*place, sentence.msgid, params, problem.severity, problem.times]


def _told(kept: list[Any]) -> Problem:
    file, line, column, msgid, params, severity, *times = kept
    return Problem(file, line, column, Sentence(msgid, params), severity, *times)


def _instant(value: Any) -> dt.datetime | None:
    return db.instant(value) if value else None
