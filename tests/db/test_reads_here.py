"""A short read of SQLite runs in the event loop itself; a long one lets the others go on."""

import asyncio
import contextvars
import threading
import time
from typing import Any

import pytest

from portal import db
from portal.db import sqlite_wire

LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT COUNT(*) FROM n"


@pytest.fixture
async def threads(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An open database; gives the list of threads in which reads were asked."""
    seen: list[bool] = []
    ask = sqlite_wire.Wire.ask

    def watched(self: Any, *args: Any) -> Any:
        seen.append(threading.current_thread() is threading.main_thread())
        return ask(self, *args)

    await db.open(f"sqlite:///{tmp_path}/here.sqlite3")
    monkeypatch.setattr(sqlite_wire.Wire, "ask", watched)
    yield seen
    await db.close()


async def test_a_short_read_is_asked_here(threads: list[bool]) -> None:
    assert await db.value("SELECT 7") == 7
    async with db.snapshot():
        assert await db.value("SELECT 8") == 8
    assert threads == [True, True]


async def test_a_long_read_goes_to_its_thread_and_nobody_waits_for_it(threads: list[bool]) -> None:
    longest, begun = 0.0, time.perf_counter()

    async def others() -> None:
        nonlocal longest, begun
        while True:
            await asyncio.sleep(0)
            longest, begun = max(longest, time.perf_counter() - begun), time.perf_counter()

    watching = asyncio.create_task(others())
    async with db.snapshot():
        asked = time.perf_counter()
        assert await db.value(LONG) == 2_000_000
        took = time.perf_counter() - asked
        assert await db.value("SELECT 9") == 9
    watching.cancel()
    assert threads == [True, False, True]
    assert longest < took / 2


async def test_what_is_wrong_with_a_read_is_said_here_too(threads: list[bool]) -> None:
    with pytest.raises(db.OperationalError, match="no such table"):
        await db.rows("SELECT * FROM nowhere")
    assert await db.value("SELECT 7") == 7


async def test_a_snapshot_stays_one_when_a_read_of_it_goes_to_the_thread(threads: list[bool]) -> None:
    await db.execute("CREATE TABLE t (i INTEGER)")
    async with db.snapshot():
        assert await db.value("SELECT COUNT(*) FROM t") == 0
        writing = asyncio.create_task(db.execute("INSERT INTO t VALUES (1)"), context=contextvars.Context())
        await writing
        await db.value(LONG)
        assert await db.value("SELECT COUNT(*) FROM t") == 0
    assert await db.value("SELECT COUNT(*) FROM t") == 1
