"""Loading a OneRoster bundle: read, judge, write all of it in one transaction, or nothing.

Reading and judging take processor time and run in threads; the database is written in portions, so that the
server answers meanwhile. A second load of the same bundle changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from portal import db, files
from portal.errors import Conflict, Forbidden, Sentence, say
from portal.interchange import erased, oneroster, orders, runs_before, writing
from portal.interchange.journal import Journal
from portal.interchange.oneroster import Bundle, Reading
from portal.interchange.orders import Counts, Order, Outcome, Progress, unheard
from portal.scope import Permission, Scope

Source = Path | str | bytes


async def load(
    scope: Scope,
    source: Source,
    *,
    dry_run: bool,
    progress: Progress = unheard,
    file_id: int | None = None,
    keep: bool = False,
    let_leave: bool = False,
    agreed: bool = False,
) -> Outcome:
    """Load a bundle (a zip, its bytes, or a folder); with `dry_run` do everything and keep nothing.

    `file_id`: the kept file of it, which later changes are laid over; with `keep` a zip is kept first. `let_leave`:
    who is missing in a full set leaves; more than a tenth of a kind only when that is `agreed`.
    A bundle that is wrong is an outcome, not an error. Raises `Forbidden`, and `Conflict` when somebody wrote the
    same record meanwhile.
    """
    name = Path(source).name if isinstance(source, Path | str) else ""
    if keep and not dry_run and isinstance(source, Path) and source.is_file() and (size := source.stat().st_size):
        file_id = (await files.receive(scope, _chunks(source), name, largest=size)).id
    options = {"let_leave": let_leave}
    order = Order(scope, source, dry_run, options=options, agreed=agreed, progress=progress, name=name, file_id=file_id)
    outcome = await work(order)
    if keep and file_id is not None and outcome.refused:
        async with db.transaction():
            await files.discard([file_id])
    return outcome


@orders.loads("oneroster", accepts=("application/zip",))
async def work(order: Order) -> Outcome:
    """Load a bundle as it is ordered."""
    order.scope.require(Permission.IMPORT_DATA)
    if order.scope.branches_for(Permission.IMPORT_DATA) is not None:
        raise Forbidden(say("Importing changes every branch, so it needs the right in all of them."))
    earlier = await runs_before.files()
    reading = await asyncio.to_thread(oneroster.read, order.source, progress=_from_thread(order), earlier=earlier)
    findings = writing.Findings()
    written = orders.Written({}, [])
    if reading.bundle is not None:
        before = _Before(earlier, reading.bundle.said != reading.bundle.present)
        drafts = await asyncio.to_thread(writing.draft, reading.bundle, findings, reading.notes)
        await erased.leave_out(drafts, findings)
        if not findings.errors:
            written = await orders.write(
                order,
                "import.oneroster",
                partial(_write, order, findings, reading.bundle, drafts, (before, reading.notes)),
                {"version": reading.bundle.version, "system": reading.bundle.system},
            )
        await asyncio.to_thread(findings.locate, order.source, reading.bundle.version, reading.problems)
    return _outcome(reading, findings, written)


class _Before(NamedTuple):
    """What was read before the import had the database to itself."""

    files: list[Path | None]
    is_laid_under: bool

    async def still_holds(self, drafts: writing.Drafts, findings: writing.Findings) -> None:
        """Leave out who was erased meanwhile; raises `Conflict` when another import came in between."""
        if self.is_laid_under and await runs_before.files() != self.files:
            raise Conflict(say("Somebody changed the same records during the import. Start it once more."))
        await erased.leave_out(drafts, findings)


async def _write(
    order: Order,
    findings: writing.Findings,
    bundle: Bundle,
    drafts: writing.Drafts,
    read: tuple["_Before", list[Sentence]],
    journal: Journal,
) -> Counts | None:
    """Write, and say how much of what; None when something stood in the way."""
    before, notes = read
    going = writing.Going(bundle.gone, bool(order.options.get("let_leave")))
    desk = writing.Desk(order.scope, findings, order.progress, journal, going)
    await desk.lock()
    await before.still_holds(drafts, findings)
    notes += await writing.write(desk, bundle, drafts)
    counts = {ledger.kind: ledger.counts for ledger in desk.ledgers if any(ledger.counts.values())}
    counts |= {kind: {"new": 0, "changed": 0, "unnamed": 0, **sums} for kind, sums in desk.counted.items()}
    if not order.dry_run and not order.agreed:
        for kind, leaving, there in writing.too_many(counts):
            findings.error(kind, "", "", _too_many(leaving, there))
    return None if findings.errors else counts


def _outcome(reading: Reading, findings: writing.Findings, written: orders.Written) -> Outcome:
    found = findings.problems
    errors = reading.errors + found.errors
    places = {problem.file: place for place, problem in reversed(list(enumerate([*reading.problems, *found])))}
    problems = sorted([*reading.problems, *found], key=lambda each: (places[each.file], each.line or 0))
    unnamed = [_unnamed(kind, sums["unnamed"]) for kind, sums in written.counts.items() if sums["unnamed"]]
    return Outcome(
        refused=bool(errors),
        counts=written.counts,
        problems=problems,
        notes=[*reading.notes, *unnamed],
        errors=errors,
        warnings=reading.warnings + found.warnings,
        more=reading.more + found.more,
        preview=written.preview,
        stale=written.stale,
        run_id=written.run_id,
    )


def _too_many(leaving: int, there: int) -> Sentence:
    return say(
        "{count} of {there} would leave, more than a tenth; somebody has to agree to that.", count=leaving, there=there
    )


def _unnamed(kind: str, count: int) -> Sentence:
    return say(
        "{kind}: {count} that an earlier import brought are not named any more; they are left as they are.",
        kind=kind,
        count=count,
    )


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as stream:
        while chunk := await asyncio.to_thread(stream.read, 1 << 20):
            yield chunk


def _from_thread(order: Order) -> Progress:
    """The same ear for a reader in a thread: it hears in the event loop, and the reader stops when it should."""
    loop = asyncio.get_running_loop()

    def hear(stage: str, done: int, total: int) -> None:
        with suppress(orders.Cancelled):  # the reader's own thread raises it
            order.progress(stage, done, total)

    def tell(stage: str, done: int, total: int) -> None:
        if order.stopped():
            raise orders.Cancelled
        loop.call_soon_threadsafe(hear, stage, done, total)

    return tell
