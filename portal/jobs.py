"""Work that must happen after a commit although the process may die.

A verb calls `enqueue` inside its transaction; a worker claims the row by a conditional update, runs the handler
registered for its kind, and retries with growing pauses. After `MAX_ATTEMPTS` the job is dead: kept, with its reason,
for the administrator. A claim that outlives `LEASE` (its process died) is taken up by another worker, so a handler
must bear to run twice.
"""

import asyncio
import datetime as dt
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from tortoise.models import Model

from portal import clock, db
from portal.db import fields

MAX_ATTEMPTS = 8
LEASE = dt.timedelta(minutes=10)  # for kinds that say nothing else
IDLE_SECONDS = 1.0

logger = logging.getLogger(__name__)
Handler = Callable[[dict[str, Any]], Awaitable[None]]
_handlers: dict[str, Handler] = {}
_leases: dict[str, dt.timedelta] = {}
_woken: asyncio.Event | None = None


class Job(Model):
    """A piece of work. Finished jobs forget their payload, which may hold a secret link."""

    id = fields.Id()
    kind = fields.Text(32)
    payload = fields.Json()
    due_at = fields.Instant()
    attempts = fields.Number(default=0)
    claimed_until = fields.Instant(null=True)
    claimed_by = fields.Text(32, default="")
    done_at = fields.Instant(null=True)
    dead_at = fields.Instant(null=True)
    reason = fields.Text(500, default="")

    class Meta:
        table = "job"


def handles(kind: str, *, lease: dt.timedelta = LEASE) -> Callable[[Handler], Handler]:
    """Register the handler of a kind of job; one kind, one handler. `lease` is longer than it ever runs."""

    def register(handler: Handler) -> Handler:
        if _handlers.setdefault(kind, handler) is not handler:
            raise ValueError(f"two handlers for {kind} jobs")
        _leases[kind] = lease
        return handler

    return register


async def enqueue(kind: str, payload: dict[str, Any], *, after: dt.timedelta = dt.timedelta()) -> int:
    """Write the job into the open transaction; it is due `after` from now. Returns its id."""
    job = await Job.create(kind=kind, payload=payload, due_at=clock.now() + after)
    db.on_commit(_wake)
    return job.id


async def work(stopping: asyncio.Event) -> None:
    """Run jobs one after another until `stopping` is set; the job in hand is finished first."""
    global _woken
    _woken = woken = asyncio.Event()
    name = secrets.token_hex(8)
    while not stopping.is_set():
        woken.clear()
        if not await run_one(name):
            await _rest(woken, stopping)


async def drain() -> int:
    """Run everything that is due now, in this task; returns how many jobs ran."""
    ran = 0
    while await run_one("drain"):
        ran += 1
    return ran


async def run_one(worker: str) -> bool:
    """Claim and run the oldest due job; False when there is none."""
    job = await _claim(worker)
    if job is None:
        return False
    identity, kind, payload, attempts = job
    try:
        await _handlers[kind](payload)
    except Exception as error:
        # Whatever a handler dies of is written down and tried again; the worker itself must live.
        logger.exception("job %s (%s) failed", identity, kind)
        await _failed(identity, attempts, error)
    else:
        await Job.filter(id=identity).update(done_at=clock.now(), claimed_until=None, payload={})
    return True


async def _claim(worker: str) -> tuple[int, str, dict[str, Any], int] | None:
    now = clock.now()
    due = (
        "SELECT id, kind FROM job WHERE done_at IS NULL AND dead_at IS NULL AND due_at <= ?"
        " AND (claimed_until IS NULL OR claimed_until < ?) ORDER BY due_at, id LIMIT 1"
    )
    if await db.row(due, now, now) is None:  # an idle worker must not take SQLite's only write lock
        return None
    async with db.transaction():
        skip = " FOR UPDATE SKIP LOCKED" if db.dialect() == "postgres" else ""
        found = await db.row(due + skip, now, now)
        if found is None:
            return None
        await db.execute(
            "UPDATE job SET claimed_until = ?, claimed_by = ?, attempts = attempts + 1 WHERE id = ?",
            now + _leases.get(found[1], LEASE),
            worker,
            found[0],
        )
        job = await Job.get(id=found[0])
        return job.id, job.kind, job.payload, job.attempts


async def _failed(identity: int, attempts: int, error: Exception) -> None:
    now = clock.now()
    dead = now if attempts >= MAX_ATTEMPTS else None
    pause = dt.timedelta(seconds=min(5 * 4 ** (attempts - 1), 6 * 3600))
    reason = f"{type(error).__name__}: {error}"[:500]
    await Job.filter(id=identity).update(
        claimed_until=None, due_at=now + pause, dead_at=dead, reason=reason.replace("\0", "")
    )


def _wake() -> None:
    if _woken is not None:
        _woken.set()


async def _rest(woken: asyncio.Event, stopping: asyncio.Event) -> None:
    waits = {asyncio.ensure_future(event.wait()) for event in (woken, stopping)}
    try:
        await asyncio.wait(waits, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
