"""Transactions: all or nothing, whose they are (trap S3), and errors that were swallowed inside (trap S12)."""

import asyncio

import pytest
from tortoise.exceptions import TransactionManagementError
from tortoise.transactions import in_transaction

from portal import db
from tests.db.models import Course, Enrolment


@pytest.fixture(autouse=True)
async def open_school(school: str) -> None:
    """Every test here has the school open."""


async def codes() -> list[str]:
    return [code for (code,) in await db.rows("SELECT code FROM course ORDER BY code")]


async def add(code: str, seats: int = 20) -> None:
    await Course.create(code=code, seats=seats)


async def test_a_block_is_kept_as_a_whole_or_not_at_all() -> None:
    async with db.transaction():
        await add("A")
        await add("B")
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await add("C")
            raise ZeroDivisionError
    assert await codes() == ["A", "B"]


async def test_inside_a_block_what_it_wrote_is_read_by_sql_by_models_and_by_prefetch() -> None:
    async with db.transaction():
        course = await Course.create(code="A")
        await Enrolment.create(course=course, pupil="Minh")
        assert await codes() == ["A"]
        assert await Course.filter(code="A").exists()
        (found,) = await Course.all().prefetch_related("enrolments")
        assert [enrolment.pupil for enrolment in found.enrolments] == ["Minh"]


async def test_a_nested_block_that_fails_takes_only_its_own_with_it() -> None:
    async with db.transaction():
        await add("A")
        with pytest.raises(db.IntegrityError):
            async with db.transaction():
                await add("B")
                await add("C", seats=-1)
        async with db.transaction():
            await add("D")
    assert await codes() == ["A", "D"]


async def test_tortoises_own_blocks_are_ours() -> None:
    async with db.transaction():
        await add("A")
        with pytest.raises(ZeroDivisionError):
            async with in_transaction() as connection:
                await Course.create(code="B", using_db=connection)
                raise ZeroDivisionError
        _, created = await Course.get_or_create(code="A")
        assert not created
    async with in_transaction():
        await add("C")
    assert await codes() == ["A", "C"]


async def swallow(*codes_before: str) -> None:
    for code in codes_before:
        await add(code)
    try:
        await add("wrong", seats=-1)
    except db.IntegrityError:
        await asyncio.sleep(0)


async def test_an_error_swallowed_inside_a_block_undoes_it_and_is_told() -> None:
    with pytest.raises(db.TransactionFailed, match="nested"):
        async with db.transaction():
            await swallow("A")
    assert await codes() == []


async def test_after_a_failed_statement_the_next_one_is_refused() -> None:
    async with db.transaction():
        await add("A")
        with pytest.raises(db.TransactionFailed):
            async with db.transaction():
                await swallow("B")
                await add("C")
    assert await codes() == ["A"]


async def test_a_refusal_before_any_statement_leaves_the_block_usable() -> None:
    async with db.transaction():
        with pytest.raises(ValueError, match="at most 20"):
            await add("x" * 21)
        await add("A")
    assert await codes() == ["A"]


async def test_a_task_started_inside_a_block_cannot_write_into_it() -> None:
    """Tortoise would write it into the block, to be lost with it, and say nothing."""

    async def write() -> None:
        await add("child")

    async def write_in_a_block_of_its_own() -> None:
        async with db.transaction():
            await add("child")

    for work in (write, write_in_a_block_of_its_own):
        with pytest.raises(ZeroDivisionError):
            async with db.transaction():
                await add("A")
                with pytest.raises(TransactionManagementError, match="started inside a transaction"):
                    await asyncio.create_task(work())
                await add("B")
                raise ZeroDivisionError
    assert await codes() == []


async def test_a_task_started_inside_a_block_cannot_read_past_it_either() -> None:
    async with db.transaction():
        await add("A")
        with pytest.raises(TransactionManagementError, match="started inside a transaction"):
            await asyncio.gather(db.rows("SELECT 1"))
    async with db.snapshot():
        with pytest.raises(TransactionManagementError, match="started inside a transaction"):
            await asyncio.gather(Course.all().count())


async def test_a_task_that_outlives_the_block_it_was_started_in_stands_on_its_own() -> None:
    over = asyncio.Event()

    async def write_later() -> None:
        await over.wait()
        await add("child")

    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            task = asyncio.create_task(write_later())
            await add("A")
            raise ZeroDivisionError
    over.set()
    await task
    assert await codes() == ["child"]


async def test_tasks_beside_one_another_have_a_block_each() -> None:
    async def add_and_fail(number: int) -> None:
        async with db.transaction():
            await add(f"{number:02d}")
            await asyncio.sleep(0)
            if number % 2:
                raise ZeroDivisionError

    await asyncio.gather(*(add_and_fail(number) for number in range(20)), return_exceptions=True)
    assert await codes() == [f"{number:02d}" for number in range(0, 20, 2)]


async def test_what_waits_for_the_commit_is_called_in_order_after_it() -> None:
    heard: list[str] = []

    async def look() -> None:
        heard.append(f"{await codes()}")

    async with db.transaction():
        db.on_commit(lambda: heard.append("first"))
        async with db.transaction():
            await add("A")
            db.on_commit(look)
        db.on_commit(lambda: heard.append("last"))
        assert heard == []
    assert heard == ["first", "['A']", "last"]


async def test_what_waits_for_a_block_that_rolled_back_is_forgotten() -> None:
    heard: list[str] = []
    async with db.transaction():
        db.on_commit(lambda: heard.append("outer"))
        with pytest.raises(ZeroDivisionError):
            async with db.transaction():
                db.on_commit(lambda: heard.append("inner"))
                raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            db.on_commit(lambda: heard.append("never"))
            raise ZeroDivisionError
    assert heard == ["outer"]


async def test_outside_of_a_block_there_is_nothing_to_wait_for() -> None:
    heard: list[str] = []

    async def look() -> None:
        heard.append(f"{await codes()}")

    db.on_commit(lambda: heard.append("now"))
    assert heard == ["now"]
    async with db.snapshot():
        db.on_commit(look)
        await codes()
        await asyncio.sleep(0.05)
    assert heard == ["now", "[]"]


async def test_a_call_that_fails_after_the_commit_is_told_and_the_others_have_their_turn() -> None:
    heard: list[str] = []

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await add("A")
            db.on_commit(fail)
            db.on_commit(lambda: heard.append("still called"))
    assert heard == ["still called"]
    assert await codes() == ["A"]


async def test_a_snapshot_shows_one_moment_to_sql_and_models() -> None:
    await add("A")
    seen, written = asyncio.Event(), asyncio.Event()

    async def write_meanwhile() -> None:
        await seen.wait()
        await add("B")
        written.set()

    writing = asyncio.create_task(write_meanwhile())
    async with db.snapshot():
        assert await codes() == ["A"]
        seen.set()
        await written.wait()
        assert await codes() == ["A"]
        assert await Course.all().count() == 1
    await writing
    assert await codes() == ["A", "B"]


async def test_a_snapshot_only_reads_and_inside_a_block_is_that_block() -> None:
    async with db.snapshot():
        with pytest.raises(TransactionManagementError, match="only reads"):
            async with db.transaction():
                await add("A")
    with pytest.raises(db.OperationalError):
        async with db.snapshot():
            await db.execute("UPDATE course SET seats = 1")
    async with db.transaction():
        await add("B")
        async with db.snapshot(), db.snapshot():
            assert await codes() == ["B"]
        await add("C")
    assert await codes() == ["B", "C"]
