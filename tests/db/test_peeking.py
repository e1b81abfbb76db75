"""Reads by keys at the least cost: they see what is committed, wait for nobody and outlive a lost connection."""

import asyncio

import pytest

from portal import db


async def test_it_sees_what_is_committed_and_nothing_else(school: str) -> None:
    async with db.transaction():
        await db.insert("course", code="A", live=True, facts="{}")
        assert await db.peek("SELECT code FROM course WHERE code = ?", "A") is None
    assert await db.peek("SELECT code FROM course WHERE code = ?", "A") == ("A",)


async def test_it_waits_for_no_writer(school: str) -> None:
    await db.insert("course", code="A", live=True, facts="{}")
    async with db.transaction():
        await db.execute("UPDATE course SET code = 'B'")
        async with asyncio.timeout(2):
            assert await db.peek("SELECT code FROM course") == ("A",)


async def test_it_cannot_write(school: str) -> None:
    if db.dialect() == "sqlite":
        with pytest.raises(db.OperationalError, match="readonly"):
            await db.peek("DELETE FROM course RETURNING 1")


async def test_a_wrong_statement_is_an_error_of_the_house(school: str) -> None:
    with pytest.raises(db.OperationalError):
        await db.peek("SELECT nothing FROM nowhere")
    assert await db.peek("SELECT 1") == (1,)


async def test_many_at_once_all_get_their_own_answer(school: str) -> None:
    found = await asyncio.gather(*(db.peek("SELECT CAST(? AS BIGINT)", number) for number in range(50)))
    assert found == [(number,) for number in range(50)]


async def test_a_cancelled_read_harms_no_other(school: str) -> None:
    for _ in range(20):
        task = asyncio.create_task(db.peek("SELECT 1"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with_patience = None
        for _ in range(3):  # a late cancellation may strike the read that comes next, which then says so
            try:
                with_patience = await db.peek("SELECT 2")
                break
            except db.OperationalError:
                continue
        assert with_patience == (2,)


async def test_a_lost_connection_is_made_anew(school: str) -> None:
    if db.dialect() == "postgres":
        (pid,) = await db.peek("SELECT pg_backend_pid()") or (0,)
        await db.value("SELECT pg_terminate_backend(?)", pid)
        await asyncio.sleep(0.1)
        answers = []
        for _ in range(3):
            try:
                answers.append(await db.peek("SELECT pg_backend_pid()"))
            except db.OperationalError:
                continue
        assert answers
        assert answers[-1] != (pid,)


async def test_the_number_of_commits_changes_with_every_commit_of_anybody(school: str) -> None:
    before = db.commits()
    if db.dialect() == "postgres":
        assert before is None
        return
    assert db.commits() == before
    async with db.transaction():
        await db.insert("course", code="A", live=True, facts="{}")
        assert db.commits() == before
    assert db.commits() != before


async def test_items_for_a_commit_are_gathered_and_a_rolled_back_block_takes_its_own_along(school: str) -> None:
    heard: list[list[str]] = []

    async def flush(items: list[str]) -> None:
        heard.append(sorted(items))
        await db.insert("course", code="flushed", live=True, facts="{}")

    async with db.transaction():
        db.before_commit(flush, "a")
        async with db.transaction():
            db.before_commit(flush, "b")
            db.before_commit(flush, "a")
        with pytest.raises(ValueError):
            async with db.transaction():
                db.before_commit(flush, "c")
                raise ValueError
        assert heard == []
    assert heard == [["a", "b"]]
    assert await db.value("SELECT COUNT(*) FROM course") == 1


async def test_what_fails_before_the_commit_rolls_everything_back(school: str) -> None:
    async def flush(items: list[str]) -> None:
        raise ValueError(items)

    with pytest.raises(ValueError):
        async with db.transaction():
            await db.insert("course", code="A", live=True, facts="{}")
            db.before_commit(flush, "a")
    assert await db.value("SELECT COUNT(*) FROM course") == 0
    async with asyncio.timeout(2), db.transaction():
        await db.insert("course", code="B", live=True, facts="{}")


async def test_outside_of_a_transaction_there_is_no_commit_to_wait_for(school: str) -> None:
    async def flush(items: list[str]) -> None: ...

    with pytest.raises(Exception, match="no transaction"):
        db.before_commit(flush, "a")
