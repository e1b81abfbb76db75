"""An import that another process works on beside the server: `python -m portal import` on SQLite.

Nothing that it writes is seen before its commit, and no row can be written meanwhile that would tell of it. So it says
what it does in a small file beside the database, which it holds locked: a process that dies lets go of it, and what it
said is over with it.
"""

import asyncio
import datetime as dt
import fcntl
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from portal import clock, db

_LENGTH = 1024
_EVERY = 0.5  # seconds between two words of how far it is
_TRIES = 20  # to lock the file: a page that looks at it holds it for a moment

Heard = Callable[[str, int, int], None]


class Beside(NamedTuple):
    """What another process imports: since when, and how far it is, as `runs.Progress` has it."""

    since: dt.datetime
    stage: str
    done: int
    total: int


@asynccontextmanager
async def told(hear: Heard) -> AsyncIterator[Heard]:
    """Tell other processes of the import that is at work in this block; gives the ear that also hears for them.

    Inside the transaction of the import, so there is one at a time. Where it cannot be told, nothing is lost.
    """
    file = _file()
    held = await _locked(file) if file is not None else None
    if file is None or held is None:
        yield hear
        return
    since, last = clock.now().isoformat(), 0.0

    def tell(stage: str, done: int, total: int) -> None:
        nonlocal last
        hear(stage, done, total)
        if time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            _write(held, since, stage, done, total)

    _write(held, since, "", 0, 0)
    try:
        yield tell
    finally:
        file.unlink(missing_ok=True)
        os.close(held)


def seen() -> Beside | None:
    """The import that another process works on now, if any."""
    file = _file()
    try:
        held = os.open(file, os.O_RDONLY | os.O_CLOEXEC) if file is not None else None
    except FileNotFoundError:
        return None
    if held is None:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        said = os.pread(held, _LENGTH, 0)
    else:
        said = b""  # whoever wrote it is no more
    finally:
        os.close(held)
    if not said:
        return None
    since, *progress = json.loads(said)
    return Beside(dt.datetime.fromisoformat(since), *progress)


def _file() -> Path | None:
    place = db.place()
    return None if place is None else place.with_name(place.name + ".importing")


async def _locked(file: Path) -> int | None:
    held = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    for _ in range(_TRIES):
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(0.01)
        else:
            return held
    os.close(held)
    return None


def _write(held: int, since: str, stage: str, done: int, total: int) -> None:
    """One block of one length, so that no reader meets half of it."""
    os.pwrite(held, json.dumps([since, stage[:40], done, total]).encode().ljust(_LENGTH), 0)
