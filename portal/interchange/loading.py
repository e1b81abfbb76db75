"""Loading a bundle: read, judge, write all of it in one transaction, or nothing; and the job that does so.

Reading and judging take processor time and run in threads; the database is written in portions, so that the
server answers meanwhile. A second load of the same bundle changes nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from portal import audit, db, files, jobs, versions
from portal.access import scopes
from portal.errors import Conflict, Forbidden, NotFound, Refusal, Sentence, say
from portal.interchange import oneroster, runs, writing
from portal.interchange.models import ImportRun
from portal.interchange.oneroster import Bundle, Problem, Reading
from portal.scope import SYSTEM, Permission, Scope

Source = Path | str | bytes
Progress = Callable[[str, int, int], None]
Counts = dict[str, dict[str, int]]

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Outcome:
    """What came of it. `counts` has, for each kind, how many are new, changed, the same and unnamed.

    A kind is named by its file; the enrollments of teachers are `teachings`, and links to guardians `guardians`.

    `refused`: something was wrong and nothing was written. `more`: errors that are counted but not in `problems`.
    """

    refused: bool
    counts: Counts = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Sentence] = field(default_factory=list)
    errors: int = 0
    warnings: int = 0
    more: int = 0


def unheard(_stage: str, _done: int, _total: int) -> None:
    """Nobody wants to know how far it is."""


async def load(scope: Scope, source: Source, *, dry_run: bool, progress: Progress = unheard) -> Outcome:
    """Load a bundle (a zip, its bytes, or a folder); with `dry_run` do everything and keep nothing.

    A bundle that is wrong is an outcome, not an error. Raises `Forbidden`, and `Conflict` when somebody wrote the
    same record meanwhile.
    """
    scope.require(Permission.IMPORT_DATA)
    if scope.branches_for(Permission.IMPORT_DATA) is not None:
        raise Forbidden(say("Importing changes every branch, so it needs the right in all of them."))
    reading = await asyncio.to_thread(oneroster.read, source, progress=_from_thread(progress))
    findings = writing.Findings()
    counts: Counts = {}
    if reading.bundle is not None:
        drafts = await asyncio.to_thread(writing.draft, reading.bundle, findings, reading.notes)
        if not findings.errors:
            desk = writing.Desk(scope, findings, progress)
            counts = await _written(scope, desk, reading.bundle, drafts, dry_run)
        await asyncio.to_thread(findings.locate, source, reading.bundle.version)
    return _outcome(reading, findings, counts)


@jobs.handles("import")
async def work_off(payload: dict[str, Any]) -> None:
    """Load the bundle of an import run, and write down how that ended.

    Whatever the import dies of ends the run as failed: another attempt would die of the same. A run that has
    ended is left alone; one whose process died is loaded again, which does no harm.
    """
    run = await runs.begin(payload["run"])
    if run is None:
        return
    heard = partial(runs.note_progress, run.id)
    try:
        path = await _file_of(run)
        outcome = await load(await _scope_of(run), path, dry_run=run.dry_run, progress=heard)
    except Refusal as no:
        await runs.finish(run.id, "failed", {}, [_failure(run, no.sentence)])
    except Exception as error:
        logger.exception("import run %s failed", run.id)
        reason = f"{type(error).__name__}: {error}"[:300].replace("\0", "")
        sentence = say("The import broke off: {reason}", reason=reason)
        await runs.finish(run.id, "failed", {}, [_failure(run, sentence)])
    else:
        state = "refused" if outcome.refused else "done"
        await runs.finish(run.id, state, outcome.counts, _told(outcome, path.name, run.file_name))


class _Undone(Exception):
    """Leaves the transaction without a trace of it."""


async def _written(scope: Scope, desk: writing.Desk, bundle: Bundle, drafts: writing.Drafts, dry_run: bool) -> Counts:
    """Write, and say how much of what; nothing is kept of a dry run or when something stood in the way."""
    counts: Counts = {}
    try:
        async with db.transaction():
            await writing.write(desk, bundle, drafts)
            if desk.findings.errors:
                raise _Undone
            counts = {ledger.kind: ledger.counts for ledger in desk.ledgers if any(ledger.counts.values())}
            if dry_run:
                raise _Undone
            versions.bump(versions.CENTRE)
            changes = {"version": bundle.version, "system": bundle.system, "counts": counts}
            await audit.record(scope, "import.oneroster", "import", None, changes)
    except _Undone:
        pass
    except db.IntegrityError as error:
        logger.warning("the import met what somebody wrote meanwhile: %s", error)
        raise Conflict(say("Somebody changed the same records during the import. Start it once more.")) from error
    return counts


def _outcome(reading: Reading, findings: writing.Findings, counts: Counts) -> Outcome:
    found = findings.problems
    errors = reading.errors + found.errors
    places = {problem.file: place for place, problem in reversed(list(enumerate([*reading.problems, *found])))}
    problems = sorted([*reading.problems, *found], key=lambda each: (places[each.file], each.line or 0))
    unnamed = [_unnamed(kind, sums["unnamed"]) for kind, sums in counts.items() if sums["unnamed"]]
    return Outcome(
        refused=bool(errors),
        counts=counts,
        problems=problems,
        notes=[*reading.notes, *unnamed],
        errors=errors,
        warnings=reading.warnings + found.warnings,
        more=reading.more + found.more,
    )


def _unnamed(kind: str, count: int) -> Sentence:
    return say(
        "{kind}: {count} that an earlier import brought are not named any more; they are left as they are.",
        kind=kind,
        count=count,
    )


def _from_thread(progress: Progress) -> Progress:
    """The same ear for a reader in a thread: it hears in the event loop."""
    loop = asyncio.get_running_loop()

    def tell(stage: str, done: int, total: int) -> None:
        loop.call_soon_threadsafe(progress, stage, done, total)

    return tell


async def _file_of(run: ImportRun) -> Path:
    sql = "SELECT f.sha256 FROM stored_file f JOIN import_run r ON r.file_id = f.id WHERE r.id = ?"
    sha256 = await db.value(sql, run.id)
    if sha256 is None or not files.path_of(sha256).is_file():
        raise NotFound(say("The file that was sent is no longer there."))
    return files.path_of(sha256)


async def _scope_of(run: ImportRun) -> Scope:
    """Who began the run, with the rights they have now: a right taken back meanwhile is gone."""
    if run.made_by is None:
        return SYSTEM
    found = await db.row("SELECT id, person_id FROM account WHERE id = ? AND disabled_at IS NULL", run.made_by)
    if found is None:
        raise Forbidden
    return await scopes.build(*found)


def _told(outcome: Outcome, stored_as: str, file_name: str) -> Iterator[runs.Problem]:
    """Problems and notes as a run keeps them; what concerns the whole file stands under the name it was sent by."""
    for each in outcome.problems:
        file = file_name if each.file == stored_as else each.file
        yield runs.Problem(file, each.line, each.column, each.sentence, each.severity, each.times)
    if outcome.more:
        yield runs.Problem(file_name, None, "", say("{count} more errors are not listed.", count=outcome.more), "error")
    for note in outcome.notes:
        yield runs.Problem("", None, "", note, "note")


def _failure(run: ImportRun, sentence: Sentence) -> runs.Problem:
    return runs.Problem(run.file_name, None, "", sentence, "error")
