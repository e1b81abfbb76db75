"""Import runs: an upload is checked, shown, and imported when somebody says so; the last one can be taken back.

What a run does (its act: check, import, undo) is worked off by a job and followed on the run's page. Its state is
waiting, running, then done, refused (the file is wrong) or failed (we are wrong); nothing was written by the last two.

Progress lives in the memory of the process that imports. SQLite has one writer, and for as long as an import runs that
is the import itself, in one transaction: a row that tells how far it is could not be written before its end. Other
processes show what the row says, which is that the import runs.
"""

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from portal import audit, clock, db, files, jobs
from portal.errors import Conflict, Forbidden, Invalid, NotFound, Sentence, say
from portal.interchange import orders, undo
from portal.interchange.models import ImportRun
from portal.interchange.writing.desk import LEAVING
from portal.interchange.writing.leaving import too_many
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
    kind: str
    file_name: str
    stand: str
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
    kind: str
    file_name: str
    file_id: int | None
    act: str
    state: str
    stand: str
    options: Mapping[str, Any]
    preview: Sequence[Any]
    kept: Sequence[undo.Kept]
    undoable: bool
    progress: Progress
    counts: Counts
    problems: Sequence[Problem]
    made_at: dt.datetime
    made_by: Name | None
    ended_at: dt.datetime | None

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def too_many(self) -> Sequence[tuple[str, int, int]]:
        """The kinds of which more than a tenth would leave: the kind, how many would, how many there are."""
        return too_many(self.counts) if self.act == "check" else []

    @property
    def missing(self) -> int:
        """How many records a checked full set does not name any more that could leave."""
        return sum(self.counts.get(kind, {}).get("unnamed", 0) for kind in LEAVING)

    def how_many(self, severity: str) -> int:
        """How many problems of a severity are listed."""
        return sum(problem.severity == severity for problem in self.problems)


_live: dict[int, Progress] = {}
_stopping: set[int] = set()


def stand(act: str, state: str, cancelled_at: Any) -> str:
    """Where a run stands, in one word: waiting, checking, ready, importing, undoing, done, undone, refused, failed,
    cancelled."""
    if state == "running":
        return {"check": "checking", "undo": "undoing"}.get(act, "importing")
    if state == "done":
        return {"check": "ready", "undo": "undone"}.get(act, "done")
    return "cancelled" if cancelled_at else state


def visible_to(scope: Scope) -> db.Condition:
    """Rows of `import_run r` the scope may see: all, or its own where the right holds in some branches only."""
    scope.require(Permission.SEE_IMPORTS)
    if scope.branches_for(Permission.SEE_IMPORTS) is None:
        return db.Condition("1 = 1")
    return db.Condition("r.made_by = ?", (scope.account_id,))


async def start(
    scope: Scope,
    chunks: AsyncIterator[bytes] | None,
    name: str,
    *,
    kind: str = "oneroster",
    options: Mapping[str, Any] | None = None,
) -> int:
    """Keep an uploaded file and have it checked; returns the run's id. `go_on` then has it imported.

    `kind` names a loader (`orders.loads`), which finds the `options` in its order. Raises `Invalid` beside `file` for
    none, an empty one or one of another type, `TooLarge`, and `Forbidden` for who may import into some branches only.
    """
    require(scope, kind)
    if chunks is None:
        raise Invalid({"file": say("Choose a file.")})
    file = await files.receive(scope, chunks, name, largest=LARGEST, only=tuple(orders.kinds[kind].accepts))
    async with db.transaction():
        run = await ImportRun.create(
            kind=kind,
            file_id=file.id,
            file_name=file.name,
            dry_run=True,
            act="check",
            options=dict(options or {}),
            counts={},
            problems=[],
            made_at=clock.now(),
            made_by=scope.account_id,
        )
        await files.take(file, "import_run", run.id)
        await audit.record(scope, "import.start", "import_run", run.id, {"file": file.sha256, "kind": kind})
        await jobs.enqueue("import", {"run": run.id})
    return run.id


async def check_again(scope: Scope, run_id: int, options: Mapping[str, Any] | None = None) -> None:
    """Have the file of a run checked once more, with other options; raises `Conflict` once it was imported."""
    async with db.transaction():
        run = await locked(scope, run_id)
        if run.written_at is not None or run.ended_at is None:
            raise Conflict(say("This import is at work or done; it cannot be checked now."))
        await wait(scope, run, "check", dict(options) if options is not None else run.options)


async def weigh_leaving(scope: Scope, run_id: int, *, leave: bool) -> None:
    """Have a full set checked once more: whether those who are missing in it leave; as `check_again` otherwise."""
    async with db.transaction():
        run = await locked(scope, run_id)
        if run.kind != "oneroster" or stand(run.act, run.state, run.cancelled_at) != "ready":
            raise Conflict(say("Only a file that was checked and is in order can be imported."))
        await wait(scope, run, "check", {"let_leave": leave})
        await audit.record(scope, "import.leaving", "import_run", run_id, {"leave": leave})


async def go_on(scope: Scope, run_id: int, *, agreed: bool = False) -> None:
    """Import the very file that was checked, if it would still do what the check said.

    `agreed`: the person has seen how many leave, and wants it. Raises `Conflict` unless the check has ended well, and
    `Invalid` beside `agreed` where more than a tenth of a kind would leave without that.
    """
    async with db.transaction():
        run = await locked(scope, run_id)
        if stand(run.act, run.state, run.cancelled_at) != "ready":
            raise Conflict(say("Only a file that was checked and is in order can be imported."))
        if too_many(run.counts) and not agreed:
            raise Invalid({"agreed": say("So many leave only when you say here that you have looked at it.")})
        await wait(scope, run, "import", {**run.options, "expected": run.counts, "agreed": agreed})
        await audit.record(scope, "import.go_on", "import_run", run_id, {"agreed": agreed})


def require(scope: Scope, kind: str = "oneroster") -> None:
    """Raise `Forbidden` for who may not import this kind; where it speaks of the whole centre, in every branch."""
    scope.require(orders.kinds[kind].right)
    if not may(scope, kind):
        raise Forbidden(say("Importing changes every branch, so it needs the right in all of them."))


def may(scope: Scope, kind: str) -> bool:
    """Whether the scope may import this kind."""
    right, everywhere = orders.kinds[kind].right, orders.kinds[kind].everywhere
    return scope.may(right) and not (everywhere and scope.branches_for(right) is not None)


async def locked(scope: Scope, run_id: int) -> ImportRun:
    """A run to act on, held until the end of the transaction; of who may import into some branches, only their own."""
    scope.require(*{each.right for each in orders.kinds.values()})
    found = await ImportRun.filter(id=run_id).select_for_update().first()
    if found is None:
        raise NotFound
    if scope.branches_for(Permission.SEE_IMPORTS) is not None and found.made_by != scope.account_id:
        raise NotFound
    require(scope, found.kind)
    return found


async def wait(scope: Scope, run: ImportRun, act: str, options: Mapping[str, Any]) -> None:
    """Let a run wait for its next act, which is done with the rights of who asked for it."""
    await ImportRun.filter(id=run.id).update(
        act=act,
        state="waiting",
        stage="",
        done_rows=0,
        total_rows=0,
        options=dict(options),
        cancel_asked_at=None,
        cancelled_at=None,
        ended_at=None,
    )
    await jobs.enqueue("import", {"run": run.id, "by": scope.account_id})


async def listed(scope: Scope, *, page: int = 1) -> Page:
    """The runs, the latest first."""
    seen = visible_to(scope)
    page = min(max(page, 1), COUNTED // PAGE)
    where = f"FROM import_run r WHERE {seen.sql}"
    total = await db.value(f"SELECT COUNT(*) FROM (SELECT 1 {where} LIMIT {COUNTED + 1}) AS counted", *seen.args)
    found = await db.rows(
        "SELECT r.id, r.kind, r.file_name, r.act, r.state, r.cancelled_at, r.made_at, r.made_by, r.ended_at"
        f" {where}"
        " ORDER BY r.id DESC LIMIT ? OFFSET ?",
        *seen.args,
        PAGE,
        (page - 1) * PAGE,
    )
    by = await authors.of_accounts(row[7] for row in found)
    lines = [
        Line(number, kind, name, stand(act, state, stopped), db.instant(made), by.get(made_by), _instant(ended))
        for number, kind, name, act, state, stopped, made, made_by, ended in found
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
        kind=run.kind,
        file_name=run.file_name,
        file_id=run.file_id,  # type: ignore[attr-defined]
        act=run.act,
        state=run.state,
        stand=stand(run.act, run.state, run.cancelled_at),
        options=run.options,
        preview=run.preview,
        kept=[undo.Kept(*each) for each in run.kept],
        undoable=run.ended_at is not None and await undo.last() == run_id,
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
    _stopping.discard(run_id)
    changed = await ImportRun.filter(id=run_id, ended_at=None).update(state="running", stage="", done_rows=0)
    return await ImportRun.get(id=run_id) if changed else None


def note_progress(run_id: int, stage: str, done: int, total: int) -> None:
    """Tell how far an import is; quick, and from any thread. `stage` is a file's name or a kind of record.

    Raises `Cancelled` when somebody wants the run to stop.
    """
    _live[run_id] = Progress(stage, done, total)
    if run_id in _stopping:
        raise orders.Cancelled


def stop(run_id: int) -> None:
    """Let a run that this process works on stop as soon as it tells its progress again."""
    _stopping.add(run_id)


def is_stopping(run_id: int) -> bool:
    """Whether somebody wants a run to stop that this process works on."""
    return run_id in _stopping


async def share_progress(run_id: int) -> None:
    """Let other processes see how far a run is (PostgreSQL), and hear whether one of them wants it to stop."""
    if db.dialect() == "postgres" and (now := _live.get(run_id)):
        values = {"stage": now.stage[:40], "done_rows": now.done, "total_rows": now.total}
        await ImportRun.filter(id=run_id, ended_at=None).update(**values)
    if await db.value("SELECT cancel_asked_at FROM import_run WHERE id = ?", run_id) is not None:
        stop(run_id)


async def finish(run_id: int, state: str, counts: Counts, problems: Iterable[Problem], **more: Any) -> None:
    """Write down how a run ended; after the import's own transaction, so that a refusal survives its rollback.

    `more`: other columns of the run, written with it.
    """
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
        **more,
    )


async def end_cancelled(run_id: int) -> None:
    """Write down that a run was stopped: nothing of it was kept."""
    _live.pop(run_id, None)
    now = clock.now()
    await ImportRun.filter(id=run_id).update(state="refused", stage="", cancelled_at=now, ended_at=now)


async def still_imported(run_id: int, why: Problem | None) -> None:
    """Write down that an import was not taken back: it is as it was; `why` unless somebody stopped it."""
    _live.pop(run_id, None)
    run = await ImportRun.get(id=run_id)
    told = [_kept(why), *run.problems] if why else run.problems
    await ImportRun.filter(id=run_id).update(
        act="import", state="done", stage="", problems=told, cancel_asked_at=None, ended_at=clock.now()
    )


async def end_unfinished() -> int:
    """End every run that waits or works as cancelled, in the caller's transaction; returns how many.

    For a restored database: nobody works on them there, and the file can be taken in again. One that waited to be
    taken back stands as it did.
    """
    now = clock.now()
    standing = await ImportRun.filter(ended_at=None, undone_at=None, written_at__not_isnull=True).update(
        act="import", state="done", stage="", cancel_asked_at=None, ended_at=now
    )
    others = ImportRun.filter(ended_at=None)
    return standing + await others.update(state="refused", stage="", cancelled_at=now, ended_at=now)


async def look_again(run_id: int, outcome: orders.Outcome, problems: Iterable[Problem]) -> None:
    """Show what a checked file would do now, which is not what it would have done then; nothing was imported."""
    changed = say("Something here has changed since the file was checked. Look at what it would do now.")
    told = [Problem("", None, "", changed, "warning"), *problems]
    await finish(run_id, "done", outcome.counts, told, act="check", preview=outcome.preview)


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
