"""Jobs that were given up: why, and what the administrator decides.

What a job holds is never shown: it may be a secret.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from portal import audit, db, jobs
from portal.errors import Conflict, NotFound, say
from portal.scope import Permission, Scope

PAGE = 50
COUNTED = 1000


class Dead(NamedTuple):
    """A job that was given up; `kept` says whether it can be tried again."""

    id: int
    kind: str
    attempts: int
    reason: str
    dead_at: dt.datetime
    kept: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of them, the latest first; `total` stops counting at `COUNTED` + 1."""

    jobs: Sequence[Dead]
    total: int
    number: int


async def listed(scope: Scope, *, page: int = 1) -> Page:
    """The jobs that were given up and not let go; raises `Forbidden`."""
    scope.require(Permission.WATCH_HOUSE)
    page = min(max(page, 1), COUNTED // PAGE)
    where = "FROM job WHERE dead_at IS NOT NULL AND let_go_at IS NULL"
    total = await db.value(f"SELECT COUNT(*) FROM (SELECT 1 {where} LIMIT {COUNTED + 1}) AS counted")
    found = await db.rows(
        f"SELECT id, kind, attempts, reason, dead_at, forgotten_at IS NULL {where}"
        " ORDER BY dead_at DESC, id DESC LIMIT ? OFFSET ?",
        PAGE,
        (page - 1) * PAGE,
    )
    return Page([_dead(row) for row in found], total, page)


async def kinds_to_try(scope: Scope) -> list[tuple[str, int]]:
    """The kinds of dead jobs that can be tried again, and how many there are of each."""
    scope.require(Permission.WATCH_HOUSE)
    return [
        (row[0], row[1])
        for row in await db.rows(
            "SELECT kind, COUNT(*) FROM job WHERE dead_at IS NOT NULL AND let_go_at IS NULL AND forgotten_at IS NULL"
            " GROUP BY kind ORDER BY kind"
        )
    ]


async def try_again(scope: Scope, job_id: int) -> None:
    """Have one tried from the beginning; raises `NotFound`, or `Conflict` when what it held is forgotten."""
    scope.require(Permission.WATCH_HOUSE)
    async with db.transaction():
        kind = await jobs.revive(job_id)
        if kind is None:
            await _find(job_id)
            raise Conflict(say("What this work needed is forgotten by now. It can only be let go."))
        await audit.record(scope, "job.try_again", "job", job_id, {"kind": kind})


async def try_all_again(scope: Scope, kind: str) -> int:
    """Have all of a kind tried again; how many. Raises `NotFound` when there is none."""
    scope.require(Permission.WATCH_HOUSE)
    async with db.transaction():
        count = await jobs.revive_all(kind)
        if not count:
            raise NotFound
        await audit.record(scope, "job.try_again", "job", None, {"kind": kind, "count": count})
    return count


async def let_go(scope: Scope, job_id: int) -> None:
    """Give one up and forget what it held; raises `NotFound`."""
    scope.require(Permission.WATCH_HOUSE)
    async with db.transaction():
        dead = await _find(job_id)
        if await jobs.let_go(job_id) is None:
            raise NotFound
        await audit.record(scope, "job.let_go", "job", job_id, {"kind": dead.kind, "attempts": dead.attempts})


async def _find(job_id: int) -> Dead:
    found = await db.row(
        "SELECT id, kind, attempts, reason, dead_at, forgotten_at IS NULL FROM job"
        " WHERE id = ? AND dead_at IS NOT NULL AND let_go_at IS NULL",
        job_id,
    )
    if found is None:
        raise NotFound
    return _dead(found)


def _dead(row: tuple[Any, ...]) -> Dead:
    return Dead._make((*row[:4], db.instant(row[4]), bool(row[5])))
