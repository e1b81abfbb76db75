"""The job of an import run: check it, import it, or take it back, and write down how that ended."""

import asyncio
import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from portal import db, files, jobs
from portal.access import scopes
from portal.errors import Forbidden, NotFound, Refusal, Sentence, say
from portal.interchange import loading, orders, runs, undo
from portal.interchange.models import ImportRun
from portal.interchange.orders import Order, Outcome
from portal.interchange.sheets import loading as sheets
from portal.scope import SYSTEM, Scope

KINDS = (loading, sheets)
"""The modules whose loaders this job knows."""

FOLLOWED_EVERY = 1.0  # seconds

logger = logging.getLogger(__name__)


@jobs.handles("import")
async def work_off(payload: dict[str, Any]) -> None:
    """Do what a run waits for, and write down how that ended.

    Whatever it dies of ends the run as failed: another attempt would die of the same. A run that has ended is left
    alone; one whose process died is done again from its beginning, because nothing of it was kept.
    """
    run = await runs.begin(payload["run"])
    if run is None:
        return
    following = asyncio.create_task(_follow(run.id))
    try:
        by = payload.get("by", run.made_by)
        await (_take_back(run, by) if run.act == "undo" else _import(run, by))
    except orders.Cancelled:
        await (runs.still_imported(run.id, None) if run.act == "undo" else runs.end_cancelled(run.id))
    except Refusal as no:
        await _failed(run, no.sentence)
    except Exception as error:
        logger.exception("import run %s failed", run.id)
        reason = f"{type(error).__name__}: {error}"[:300].replace("\0", "")
        await _failed(run, say("The import broke off: {reason}", reason=reason))
    finally:
        following.cancel()


async def _failed(run: ImportRun, sentence: Sentence) -> None:
    if run.act == "undo":
        await runs.still_imported(run.id, _failure(run, sentence))
    else:
        await runs.finish(run.id, "failed", {}, [_failure(run, sentence)])


async def _follow(run_id: int) -> None:
    """Let other processes see how far the run is, and stop it."""
    while True:
        await asyncio.sleep(FOLLOWED_EVERY)
        try:
            await runs.share_progress(run_id)
        except db.DatabaseError as error:
            logger.warning("the progress of import run %s could not be shared: %s", run_id, error)


async def _take_back(run: ImportRun, by: int | None) -> None:
    """Take the run back, with the rights that whoever asked for it has now; the undo writes its end itself."""
    await undo.take_back(await _scope_of(by), run.id, progress=partial(runs.note_progress, run.id))


async def _import(run: ImportRun, by: int | None) -> None:
    path = await _file_of(run)
    order = Order(
        scope=await _scope_of(by),
        source=path,
        dry_run=run.act == "check",
        run_id=run.id,
        options=run.options,
        agreed=bool(run.options.get("agreed")),
        expected=run.options.get("expected"),
        progress=partial(runs.note_progress, run.id),
        stopped=partial(runs.is_stopping, run.id),
        name=run.file_name,
    )
    outcome = await orders.kinds[run.kind].load(order)
    problems = list(_told(outcome, path.name, run.file_name))
    if outcome.refused:
        await runs.finish(run.id, "refused", {}, problems)
    elif run.act == "check":
        await runs.finish(run.id, "done", outcome.counts, problems, preview=outcome.preview)
    elif outcome.stale:
        await runs.look_again(run.id, outcome, problems)
    else:
        await runs.finish(run.id, "done", outcome.counts, problems)


async def _file_of(run: ImportRun) -> Path:
    sql = "SELECT f.sha256 FROM stored_file f JOIN import_run r ON r.file_id = f.id WHERE r.id = ?"
    sha256 = await db.value(sql, run.id)
    if sha256 is None or not files.path_of(sha256).is_file():
        raise NotFound(say("The file that was sent is no longer there."))
    return files.path_of(sha256)


async def _scope_of(account_id: int | None) -> Scope:
    """Who asked for it, with the rights they have now: a right taken back meanwhile is gone."""
    if account_id is None:
        return SYSTEM
    found = await db.row("SELECT id, person_id FROM account WHERE id = ? AND disabled_at IS NULL", account_id)
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
