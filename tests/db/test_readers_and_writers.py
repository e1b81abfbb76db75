"""Readers do not wait for the writer (trap S14), writers wait for one another (trap S4), long reads are cut."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from portal import db
from portal.db.migrations import migrate
from tests.db.conftest import MODELS, STEPS
from tests.db.models import Course

ROOT = Path(__file__).parents[2]
ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

WRITER = """
import asyncio, sys
from portal import db

async def main(url, times):
    await db.open(url, models=["tests.db.models"])
    for _ in range(times):
        async with db.transaction():
            seats = await db.value("SELECT seats FROM course WHERE code = 'A' FOR UPDATE")
            await db.execute("UPDATE course SET seats = ? WHERE code = 'A'", seats + 1)
        await db.execute("UPDATE course SET seats = seats + 1 WHERE code = 'B'")
    await db.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


@pytest.fixture
async def hasty(url: str) -> AsyncIterator[str]:
    """A school whose reads are cut after a fifth of a second."""
    await migrate(url, migrations=STEPS)
    await db.open(url, models=MODELS, read_seconds=0.2)
    yield url
    await db.close()


def test_three_processes_that_read_and_write_back_at_once_are_never_locked_out(url: str) -> None:
    asyncio.run(_two_empty_courses(url))
    command = [sys.executable, "-W", "error", "-c", WRITER, url, "40"]
    running = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    told = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], told
    assert asyncio.run(_seats(url)) == [120, 120]


async def _two_empty_courses(url: str) -> None:
    await migrate(url, migrations=STEPS)
    await db.open(url, models=MODELS)
    for code in ("A", "B"):
        await Course.create(code=code, seats=0)
    await db.close()


async def _seats(url: str) -> list[int]:
    await db.open(url, models=MODELS)
    found = [seats for (seats,) in await db.rows("SELECT seats FROM course ORDER BY code")]
    await db.close()
    return found


async def test_reads_are_answered_while_a_transaction_is_open(school: str) -> None:
    await Course.create(code="A")
    begun, finish = asyncio.Event(), asyncio.Event()

    async def write_slowly() -> None:
        async with db.transaction():
            await db.execute("UPDATE course SET seats = 0")
            begun.set()
            await finish.wait()

    writing = asyncio.create_task(write_slowly())
    await begun.wait()
    async with asyncio.timeout(2):
        assert await db.value("SELECT seats FROM course") == 20
        assert (await Course.get(code="A")).seats == 20
        assert await Course.all().values_list("seats", flat=True) == [20]
        async with db.snapshot():
            assert await db.value("SELECT seats FROM course") == 20
    finish.set()
    await writing
    assert await db.value("SELECT seats FROM course") == 0


async def test_more_readers_than_connections_wait_for_one_another(school: str) -> None:
    async def look(number: int) -> int:
        async with db.snapshot():
            await asyncio.sleep(0.001)
            return int(await db.value("SELECT ?::int" if db.dialect() == "postgres" else "SELECT ?", number))

    assert await asyncio.gather(*(look(number) for number in range(40))) == list(range(40))


async def test_a_read_that_takes_too_long_is_cut_and_the_next_is_answered(hasty: str) -> None:
    async with asyncio.timeout(5):
        for _ in range(4):
            with pytest.raises(db.ReadTooLong, match="took too long"):
                await db.rows(ENDLESS)
        assert await db.value("SELECT 1") == 1


async def test_a_snapshot_that_is_held_for_too_long_is_cut(hasty: str) -> None:
    async with db.snapshot():
        assert await db.value("SELECT 1") == 1
        await asyncio.sleep(0.25)
        with pytest.raises(db.ReadTooLong, match="held for too long"):
            await db.value("SELECT 1")
    async with db.snapshot(seconds=5):
        await asyncio.sleep(0.25)
        assert await db.value("SELECT 1") == 1


async def test_readers_cannot_write(sqlite_url: str) -> None:
    await migrate(sqlite_url, migrations=STEPS)
    await db.open(sqlite_url, models=MODELS)
    async with db.snapshot():
        with pytest.raises(db.OperationalError, match="readonly"):
            await db.execute("DELETE FROM course")
    await db.close()


async def test_sqlite_is_set_up_to_keep_what_it_says_it_keeps(sqlite_url: str) -> None:
    await db.open(sqlite_url, models=MODELS)
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10000}
    async with db.transaction():
        assert {name: await db.value(f"PRAGMA {name}") for name in expected} == expected
        assert await db.value("PRAGMA query_only") == 0
    assert await db.value("PRAGMA query_only") == 1
    await db.close()


async def test_an_error_of_a_read_does_not_make_the_event_loop_wait_for_the_next_read(sqlite_url: str) -> None:
    """The error carries its frame to the loop; a statement still open there would be closed there, behind the next."""
    await db.open(sqlite_url, models=MODELS)
    for _ in range(3):
        tasks = [asyncio.create_task(db.rows(ENDLESS)) for _ in range(3)]
        slept = asyncio.get_running_loop().time()
        await asyncio.sleep(0.05)
        assert asyncio.get_running_loop().time() - slept < 2
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    await db.close()


async def test_who_is_in_a_hurry_waits_for_the_only_writer_for_a_while_and_others_as_long_as_it_takes(
    school: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.dialect() == "postgres":
        return  # it has as many writers as connections
    monkeypatch.setattr("portal.db.session.PATIENCE", 0.1)
    await Course.create(code="A", seats=0)

    async def add() -> None:
        await db.execute("UPDATE course SET seats = seats + 1")

    async def add_together() -> None:
        async with db.transaction():
            await add()

    holding, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with db.transaction():
            holding.set()
            await done.wait()

    holder = asyncio.create_task(hold())
    await holding.wait()
    patient = [asyncio.create_task(add()), asyncio.create_task(add_together())]
    with db.hurried():
        async with asyncio.timeout(2):
            hurried = await asyncio.gather(add(), add_together(), return_exceptions=True)
    assert [type(each) for each in hurried] == [db.Busy, db.Busy]
    assert not any(each.done() for each in patient)
    done.set()
    await asyncio.gather(holder, *patient)
    assert await db.value("SELECT seats FROM course") == 2
