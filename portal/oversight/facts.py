"""What the database knows of how the house does: jobs, letters, sessions, its own size."""

import asyncio
import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from portal import clock, db, jobs
from portal.access import sessions
from portal.scope import Permission, Scope

LATELY = dt.timedelta(minutes=15)
DAY = dt.timedelta(days=1)


class Kind(NamedTuple):
    """The jobs of one kind by where they stand; `oldest` is how long the first in line is overdue, in seconds."""

    kind: str
    due: int
    running: int
    later: int
    dead: int
    oldest: float


@dataclass(frozen=True, slots=True)
class Facts:
    """The numbers of one moment; `database` in bytes, `sent` and `kept` are letters of the last day."""

    dialect: str
    database: int
    kinds: Sequence[Kind]
    sent: int
    kept: int
    sessions: int
    accounts: int

    def of(self, kind: str) -> Kind:
        """The jobs of a kind, all zeros where there is none."""
        return next((one for one in self.kinds if one.kind == kind), Kind(kind, 0, 0, 0, 0, 0.0))

    @property
    def due(self) -> int:
        return sum(one.due for one in self.kinds)

    @property
    def dead(self) -> int:
        return sum(one.dead for one in self.kinds)

    @property
    def oldest(self) -> float:
        return max((one.oldest for one in self.kinds), default=0.0)


class Disk(NamedTuple):
    """The space of the disk that holds some of our files, in bytes."""

    free: int
    total: int


async def gather(scope: Scope) -> Facts:
    """Six statements, each over what is open or recent only; raises `Forbidden`."""
    scope.require(Permission.WATCH_HOUSE)
    now = clock.now()
    letters = await db.row("SELECT COUNT(sent_at), COUNT(*) - COUNT(sent_at) FROM letter WHERE made_at > ?", now - DAY)
    open_sessions = await db.value(
        "SELECT COUNT(*) FROM session WHERE ended_at IS NULL AND seen_at > ?", now - sessions.LIFETIME
    )
    seen = await db.value(
        "SELECT COUNT(DISTINCT account_id) FROM session WHERE ended_at IS NULL AND seen_at > ?", now - LATELY
    )
    assert letters is not None
    return Facts(
        dialect=db.dialect(),
        database=await _size(),
        kinds=await _kinds(now),
        sent=letters[0],
        kept=letters[1],
        sessions=open_sessions,
        accounts=seen,
    )


async def disks(paths: Sequence[Path]) -> list[Disk]:
    """The disks that these files or folders lie on, or will, each once."""
    return await asyncio.to_thread(_disks, paths)


async def _kinds(now: dt.datetime) -> list[Kind]:
    is_free = "(claimed_until IS NULL OR claimed_until < ?)"
    alive = {
        row[0]: row
        for row in await db.rows(
            f"SELECT kind, COUNT(CASE WHEN due_at <= ? AND {is_free} THEN 1 END),"
            " COUNT(CASE WHEN claimed_until >= ? THEN 1 END),"
            f" COUNT(CASE WHEN due_at > ? AND {is_free} THEN 1 END),"
            f" MIN(CASE WHEN due_at <= ? AND {is_free} THEN due_at END)"
            " FROM job WHERE done_at IS NULL AND dead_at IS NULL GROUP BY kind",
            *[now] * 7,
        )
    }
    dead = dict(
        await db.rows("SELECT kind, COUNT(*) FROM job WHERE dead_at IS NOT NULL AND let_go_at IS NULL GROUP BY kind")
    )
    kinds = []
    for kind in sorted({*jobs.kinds(), *alive, *dead}):
        _, due, running, later, first = alive.get(kind, (kind, 0, 0, 0, None))
        oldest = (now - db.instant(first)).total_seconds() if first else 0.0
        kinds.append(Kind(kind, due, running, later, dead.get(kind, 0), oldest))
    return kinds


async def _size() -> int:
    if db.dialect() == "postgres":
        return int(await db.value("SELECT pg_database_size(current_database())"))
    return int(await db.value("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"))


def _disks(paths: Sequence[Path]) -> list[Disk]:
    found: dict[int, Disk] = {}
    for path in paths:
        there = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
        usage = shutil.disk_usage(there)
        found[there.stat().st_dev] = Disk(usage.free, usage.total)
    return list(found.values())
