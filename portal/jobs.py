"""Work that must happen after a commit although the process may die.

A verb calls `enqueue` inside its transaction; a worker claims the row by a conditional update, runs the handler
registered for its kind, and retries with growing pauses. After `MAX_ATTEMPTS` the job is dead: kept with its reason
for the administrator, who has it tried again or lets it go; its payload is forgotten then, or after `KEPT`. A claim is
renewed while the handler runs; one that outlives `LEASE` (its process died) is taken up by another worker, and at once
by a server that starts and is alone (`take_over`), so a handler must bear to run twice.
"""

import asyncio
import datetime as dt
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tortoise.models import Model

from portal import clock, db
from portal.db import fields

MAX_ATTEMPTS = 8
LEASE = dt.timedelta(minutes=1)  # how long after its process died a job is taken up again
FORGETS_EVERY = dt.timedelta(hours=1)
IDLE_SECONDS = 1.0
KEPT = dt.timedelta(days=7)  # as long as the longest-lived link that a payload may hold
TROUBLED_SECONDS = 5.0  # between two tries to reach a database that does not answer

logger = logging.getLogger(__name__)
Handler = Callable[[dict[str, Any]], Awaitable[None]]
Watcher = Callable[[str, str, float], object]
_handlers: dict[str, Handler] = {}
_watchers: list[Watcher] = []
_resting: set[asyncio.Event] = set()


class Job(Model):
    """A piece of work. A finished job forgets its payload, which may hold a secret link; a dead one after `KEPT`."""

    id = fields.Id()
    kind = fields.Text(32)
    payload = fields.Json()
    due_at = fields.Instant()
    attempts = fields.Number(default=0)
    claimed_until = fields.Instant(null=True)
    claimed_by = fields.Text(32, default="")
    done_at = fields.Instant(null=True)
    dead_at = fields.Instant(null=True)
    forgotten_at = fields.Instant(null=True)
    let_go_at = fields.Instant(null=True)
    reason = fields.Text(500, default="")

    class Meta:
        table = "job"


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the handler of a kind of job; one kind, one handler."""

    def register(handler: Handler) -> Handler:
        if _handlers.setdefault(kind, handler) is not handler:
            raise ValueError(f"two handlers for {kind} jobs")
        return handler

    return register


def kinds() -> list[str]:
    """The kinds of jobs that this program knows how to run."""
    return sorted(_handlers)


def watch(watcher: Watcher) -> None:
    """Have `watcher` called after every run with its kind, "done", "failed" or "dead", and its seconds."""
    if watcher not in _watchers:
        _watchers.append(watcher)


async def enqueue(kind: str, payload: dict[str, Any], *, after: dt.timedelta = dt.timedelta()) -> int:
    """Write the job into the open transaction; it is due `after` from now. Returns its id."""
    job = await Job.create(kind=kind, payload=payload, due_at=clock.now() + after)
    db.on_commit(_wake)
    return job.id


async def work(stopping: asyncio.Event, *, but: str = "") -> None:
    """Run jobs one after another until `stopping` is set; the job in hand is finished first.

    `but` names a kind that this worker leaves to others, so that letters do not queue behind a long import. A database
    that does not answer is waited for: the worker outlives whatever happens to it.
    """
    woken = asyncio.Event()
    _resting.add(woken)
    name = secrets.token_hex(8)
    forgets_at = clock.now()
    while not stopping.is_set():
        woken.clear()
        try:
            if clock.now() >= forgets_at:
                await forget()
                forgets_at = clock.now() + FORGETS_EVERY
            rest = 0.0 if await run_one(name, but=but) else IDLE_SECONDS
        except Exception:
            logger.exception("the worker could not reach its jobs")
            rest = TROUBLED_SECONDS
        if rest:
            await _rest(woken, stopping, rest)
    _resting.discard(woken)


async def take_over() -> int:
    """Free the jobs that processes held which are no more, before this one works; returns how many.

    For the server's start. It finds only what is certain: on SQLite, when no other process serves the file. Elsewhere
    other workers may be at it, and a claim runs out by itself; so it does when a command holds the writer for too long.
    """
    async with db.arriving() as alone:
        held = Job.filter(done_at=None, dead_at=None, claimed_until__isnull=False)
        if not alone or not await held.exists():
            return 0
        try:
            with db.hurried():
                return await held.update(claimed_until=None)
        except db.OperationalError as error:
            logger.warning("jobs of an earlier process wait for their claims to run out: %s", error)
            return 0


async def hold(reason: str, *, but: Sequence[str]) -> int:
    """Let no job that waits run by itself, except the kinds in `but`, in the caller's transaction; returns how many.

    For a restored database: a letter that waited when its backup was made has been sent since. They are kept as dead
    jobs are, with what they were to do, for the administrator to decide. The others are free to be claimed at once.
    """
    waiting = Job.filter(done_at=None, dead_at=None)
    await waiting.filter(kind__in=but).update(claimed_until=None)
    return await waiting.exclude(kind__in=but).update(dead_at=clock.now(), reason=reason, claimed_until=None)


async def drain() -> int:
    """Run everything that is due now, in this task; returns how many jobs ran."""
    ran = 0
    while await run_one("drain"):
        ran += 1
    return ran


async def revive(job_id: int) -> str | None:
    """Have a dead job tried again from the beginning, in the open transaction; its kind, or None if that cannot be."""
    kind = await _dead(job_id)
    if kind is not None:
        await Job.filter(id=job_id).update(dead_at=None, attempts=0, due_at=clock.now(), reason="")
        db.on_commit(_wake)
    return kind


async def revive_all(kind: str) -> int:
    """The same for every dead job of a kind that still has its payload; how many."""
    dead = Job.filter(kind=kind, dead_at__isnull=False, let_go_at=None, forgotten_at=None)
    db.on_commit(_wake)
    return await dead.update(dead_at=None, attempts=0, due_at=clock.now(), reason="")


async def let_go(job_id: int) -> str | None:
    """Forget a dead job, in the open transaction; its kind, or None if there is no such dead job."""
    kind = await _dead(job_id, forgotten=True)
    if kind is not None:
        now = clock.now()
        await Job.filter(id=job_id).update(payload={}, forgotten_at=now, let_go_at=now)
    return kind


async def forget() -> int:
    """Forget the payloads of jobs that have been dead for longer than `KEPT`; how many."""
    old = Job.filter(dead_at__lt=clock.now() - KEPT, forgotten_at=None)
    return await old.update(payload={}, forgotten_at=clock.now())


async def _dead(job_id: int, *, forgotten: bool = False) -> str | None:
    known = "" if forgotten else " AND forgotten_at IS NULL"
    found = await db.row(
        f"SELECT kind FROM job WHERE id = ? AND dead_at IS NOT NULL AND let_go_at IS NULL{known} FOR UPDATE", job_id
    )
    return found[0] if found else None


async def run_one(worker: str, *, but: str = "") -> bool:
    """Claim and run the oldest due job that is not of the kind `but`; False when there is none."""
    job = await _claim(worker, but)
    if job is None:
        return False
    identity, kind, payload, attempts = job
    renewing = asyncio.create_task(_renew(identity))
    begun, outcome = time.monotonic(), "done"
    try:
        await _handlers[kind](payload)
    except Exception as error:
        # Whatever a handler dies of is written down and tried again; the worker itself must live.
        logger.exception("job %s (%s) failed", identity, kind)
        outcome = await _failed(identity, attempts, error)
    else:
        await Job.filter(id=identity).update(done_at=clock.now(), claimed_until=None, payload={})
    finally:
        renewing.cancel()
    for watcher in _watchers:
        watcher(kind, outcome, time.monotonic() - begun)
    return True


async def _renew(identity: int) -> None:
    """Keep a claim while its handler runs. On SQLite an import holds the writer, which keeps others out as well."""
    while True:
        await asyncio.sleep(LEASE.total_seconds() / 3)
        await Job.filter(id=identity, done_at=None).update(claimed_until=clock.now() + LEASE)


async def _claim(worker: str, but: str = "") -> tuple[int, str, dict[str, Any], int] | None:
    now = clock.now()
    due = (
        "SELECT id FROM job WHERE done_at IS NULL AND dead_at IS NULL AND kind <> ? AND due_at <= ?"
        " AND (claimed_until IS NULL OR claimed_until < ?) ORDER BY due_at, id LIMIT 1"
    )
    if await db.row(due, but, now, now) is None:  # an idle worker must not take SQLite's only write lock
        return None
    async with db.transaction():
        skip = " FOR UPDATE SKIP LOCKED" if db.dialect() == "postgres" else ""
        found = await db.row(due + skip, but, now, now)
        if found is None:
            return None
        await db.execute(
            "UPDATE job SET claimed_until = ?, claimed_by = ?, attempts = attempts + 1 WHERE id = ?",
            now + LEASE,
            worker,
            found[0],
        )
        job = await Job.get(id=found[0])
        return job.id, job.kind, job.payload, job.attempts


async def _failed(identity: int, attempts: int, error: Exception) -> str:
    now = clock.now()
    dead = now if attempts >= MAX_ATTEMPTS else None
    pause = dt.timedelta(seconds=min(5 * 4 ** (attempts - 1), 6 * 3600))
    reason = f"{type(error).__name__}: {error}"[:500]
    await Job.filter(id=identity).update(
        claimed_until=None, due_at=now + pause, dead_at=dead, reason=reason.replace("\0", "")
    )
    return "dead" if dead else "failed"


def _wake() -> None:
    for woken in _resting:
        woken.set()


async def _rest(woken: asyncio.Event, stopping: asyncio.Event, seconds: float) -> None:
    waits = {asyncio.ensure_future(event.wait()) for event in (woken, stopping)}
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
