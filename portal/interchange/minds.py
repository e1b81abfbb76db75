"""Changing one's mind about a run: stopping it while it is at work, and taking back what it brought."""

from portal import audit, clock, db
from portal.errors import Conflict, Invalid, say
from portal.interchange import runs, undo
from portal.interchange.models import ImportRun
from portal.scope import Scope


async def stop(scope: Scope, run_id: int) -> None:
    """Stop a run that waits or is at work: it ends within seconds, and nothing of it is kept.

    Raises `Conflict` when it has ended. The process that works on it hears at once if it is this one: on SQLite the row
    can be written only when the run has let go of the only writer.
    """
    run = await runs.find(scope, run_id)
    runs.require(scope, run.kind)
    if run.ended:
        raise Conflict(say("This run has ended; there is nothing to stop."))
    if run.stand != "waiting":
        runs.stop(run_id)
    async with db.transaction():
        found = await runs.locked(scope, run_id)
        if found.ended_at is not None:
            return
        await audit.record(scope, "import.stop", "import_run", run_id)
        if found.state != "waiting":
            await ImportRun.filter(id=run_id).update(cancel_asked_at=clock.now())
        elif found.act == "undo":
            await runs.still_imported(run_id, None)
        else:
            await runs.end_cancelled(run_id)


async def take_back(scope: Scope, run_id: int, typed: str) -> None:
    """Have the last import taken back by the worker; `typed` is the name of its file, as a person typed it.

    What is made again by the next import cannot be made as it was: so the name is asked for. Raises `Invalid` beside
    `name` when it is another, and `Conflict` when a later import is in the way.
    """
    async with db.transaction():
        run = await runs.locked(scope, run_id)
        if run.ended_at is None or await undo.last() != run_id:
            raise Conflict(undo.LAST_ONLY)
        if typed.strip() != run.file_name.strip():
            raise Invalid({"name": say("This is not the name of the file.")})
        await runs.wait(scope, run, "undo", run.options)
        await audit.record(scope, "import.take_back", "import_run", run_id)
