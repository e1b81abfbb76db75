"""A cancelled task leaves nothing behind: no lock, no connection, no half of a transaction (trap S2)."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import anyio.lowlevel
import pytest

from portal import db
from portal.db import door, postgres_engine
from tests.db.models import Course, Enrolment

TOTAL = 1000
BATCH = 10


@pytest.fixture(autouse=True)
async def two_courses(school: str) -> AsyncIterator[None]:
    """Two courses with seats to move between them; a hang becomes a failure."""
    for code in ("A", "B"):
        await Course.create(code=code, seats=TOTAL // 2)
    async with asyncio.timeout(30):
        yield


async def consistent() -> None:
    """The next statements are answered, nothing is half done."""
    async with asyncio.timeout(5):
        assert await db.value("SELECT sum(seats) FROM course") == TOTAL
        assert await db.value("SELECT count(*) FROM enrolment") % BATCH == 0
        async with db.transaction():
            await db.execute("UPDATE course SET note = ?", "still writable")


async def move_seats() -> None:
    async with db.transaction():
        seats = await db.value("SELECT seats FROM course WHERE code = 'A' FOR UPDATE")
        await db.execute("UPDATE course SET seats = ? WHERE code = 'A'", seats - 1)
        await db.execute("UPDATE course SET seats = seats + 1 WHERE code = 'B'")


async def move_seats_with_savepoints() -> None:
    async with db.transaction():
        await db.execute("UPDATE course SET seats = seats - 1 WHERE code = 'A'")
        async with db.transaction():
            await Course.filter(code="A").count()
            await db.execute("UPDATE course SET seats = seats + 1 WHERE code = 'B'")


async def enrol_a_batch() -> None:
    await Enrolment.bulk_create([Enrolment(course_id=1, pupil=f"{random.random()}") for _ in range(BATCH)])


async def enrol_many() -> None:
    await db.execute_many(
        "INSERT INTO enrolment (course_id, pupil) VALUES (?, ?)", [(1, f"{random.random()}") for _ in range(BATCH)]
    )


async def read_a_snapshot() -> None:
    async with db.snapshot():
        first = await db.value("SELECT sum(seats) FROM course")
        assert first == await db.value("SELECT sum(seats) FROM course") == TOTAL


async def read() -> None:
    await db.rows("SELECT * FROM course")
    await Course.all()


async def write_one() -> None:
    await db.execute("UPDATE course SET note = ? WHERE code = 'A'", "one")


WORK: list[Callable[[], Awaitable[None]]] = [
    move_seats,
    move_seats_with_savepoints,
    enrol_a_batch,
    enrol_many,
    read_a_snapshot,
    read,
    write_one,
]


async def test_hundreds_of_random_cancellations_hang_nothing_and_halve_nothing() -> None:
    dice = random.Random(20261125)
    cancelled = 0
    for _ in range(80):
        tasks = [asyncio.ensure_future(dice.choice(WORK)()) for _ in range(6)]
        await asyncio.sleep(dice.random() * 0.0015)
        for task in tasks:
            cancelled += task.cancel()
            if dice.random() < 0.5:
                await asyncio.sleep(0)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert not [error for error in outcomes if isinstance(error, Exception)]
        await consistent()
    assert cancelled > 200


async def test_hundreds_of_scopes_that_run_out_of_time_hang_nothing_and_halve_nothing() -> None:
    """anyio, as starlette uses it, cancels again and again until the task is gone."""
    dice = random.Random(7)
    cut = 0
    for _ in range(60):
        begun = dice.randrange(1, 8)
        with db.counting() as statements:
            async with anyio.create_task_group() as group:
                for _ in range(5):
                    group.start_soon(dice.choice(WORK))
                # Not after a time: a quick machine would be done, a slow one not have begun.
                while len(statements) + len(statements.control) < begun:
                    await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
        cut += group.cancel_scope.cancelled_caught
        await consistent()
    assert cut > 30


async def test_a_task_cancelled_while_it_waits_to_begin_takes_nothing_with_it() -> None:
    """More of them than PostgreSQL has connections in its pool."""
    for _ in range(25):
        async with db.transaction():
            waiting = asyncio.ensure_future(move_seats())
            for _ in range(3):
                await asyncio.sleep(0)
            waiting.cancel()
        await asyncio.wait([waiting])
    await consistent()


@pytest.mark.parametrize("turns", range(12))
async def test_a_task_cancelled_at_each_of_its_steps_leaves_all_or_nothing(turns: int) -> None:
    told: list[str] = []

    async def move_and_tell() -> None:
        async with db.transaction():
            db.on_commit(lambda: told.append("moved"))
            await db.execute("UPDATE course SET seats = seats - 1 WHERE code = 'A'")
            await db.execute("UPDATE course SET seats = seats + 1 WHERE code = 'B'")

    task = asyncio.ensure_future(move_and_tell())
    steps = 0
    while not task.done() and steps < turns * 2:
        await asyncio.sleep(0.0002)
        steps += 1
    task.cancel()
    await asyncio.wait([task])
    await consistent()
    await asyncio.sleep(0.01)
    moved = await db.value("SELECT seats FROM course WHERE code = 'B'") > TOTAL // 2
    assert told == (["moved"] if moved else [])


@pytest.fixture
async def slow_commits(school: str) -> AsyncIterator[None]:
    """On PostgreSQL a trigger makes commits take a while; on SQLite the test itself keeps the writer busy."""
    if db.dialect() == "postgres":
        await door.script(
            """
            CREATE OR REPLACE FUNCTION wait_a_while() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON course DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW WHEN (OLD.seats <> NEW.seats) EXECUTE FUNCTION wait_a_while();
            """
        )
    yield
    if db.dialect() == "postgres":
        await db.execute("DROP TRIGGER slow ON course")


async def test_a_task_cancelled_while_its_commit_is_on_the_way_hears_of_it_all_the_same(slow_commits: None) -> None:
    """Whoever waits for the commit must hear of it exactly when it was kept."""
    told: list[str] = []

    async def move_and_tell() -> None:
        async with db.transaction():
            db.on_commit(lambda: told.append("moved"))
            await db.execute("UPDATE course SET seats = seats - 1 WHERE code = 'A'")
            await db.execute("UPDATE course SET seats = seats + 1 WHERE code = 'B'")
            if db.dialect() == "sqlite":
                door.engine()._writer.post(time.sleep, 0.2)  # type: ignore[attr-defined]

    task = asyncio.ensure_future(move_and_tell())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert await db.value("SELECT seats FROM course WHERE code = 'B'") == TOTAL // 2 + 1
    await asyncio.sleep(0)
    assert told == ["moved"]
    await consistent()


async def test_a_cancelled_statement_fails_the_transaction_around_it_even_when_time_out_is_swallowed() -> None:
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n"

    async def swallow() -> None:
        async with db.transaction():
            await db.execute("UPDATE course SET seats = 0")
            with anyio.move_on_after(0.02):
                await db.rows(endless)

    with pytest.raises(db.TransactionFailed):
        await swallow()
    await consistent()


async def test_a_cancelled_savepoint_leaves_the_transaction_around_it_whole() -> None:
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n"
    async with db.transaction():
        await db.execute("UPDATE course SET note = ?", "outer")
        with anyio.move_on_after(0.02):
            async with db.transaction():
                await db.execute("UPDATE course SET seats = 0")
                await db.rows(endless)
    assert await db.rows("SELECT DISTINCT note FROM course") == [("outer",)]
    await consistent()


async def test_cancelled_reads_are_stopped_and_their_connections_used_again() -> None:
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    for _ in range(6):
        tasks = [asyncio.ensure_future(db.rows(endless)) for _ in range(3)]
        await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    await consistent()
    async with asyncio.timeout(1):
        await asyncio.gather(*(db.rows("SELECT 1") for _ in range(10)))


async def test_a_transaction_begins_anew_whatever_its_connection_was_left_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancellation that reaches the server late can strike a COMMIT, and leave open what was given up."""
    engine = door.engine()
    if isinstance(engine, postgres_engine.PostgresEngine):  # SQLite's one writer rolls back before the next BEGIN
        seats = await db.value("SELECT SUM(seats) FROM course")
        left = await engine._taken()
        await left.execute("BEGIN")
        await left.execute("UPDATE course SET seats = seats + 1000")

        async def the_same() -> object:
            return left

        with monkeypatch.context() as patch:
            patch.setattr(engine, "_taken", the_same)
            async with db.transaction():
                await db.execute("UPDATE course SET seats = seats + 0")
        assert await db.value("SELECT SUM(seats) FROM course") == seats
