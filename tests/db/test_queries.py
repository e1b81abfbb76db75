"""What Tortoise ignores in silence is refused (S10), updates are not lost (S11), search means the same (S9)."""

import asyncio

import pytest
from tortoise.connection import get_connection
from tortoise.expressions import F

from portal import db
from portal.text import fold
from tests.db.models import Course, Enrolment


@pytest.fixture(autouse=True)
async def three_courses(school: str) -> None:
    for code in ("A", "B", "C"):
        await Course.create(code=code, seats=10)


async def seats() -> list[int]:
    return [found for (found,) in await db.rows("SELECT seats FROM course ORDER BY code")]


async def test_a_limited_update_or_delete_is_refused_and_changes_nothing() -> None:
    for query in (Course.all().limit(2).update(seats=0), Course.filter(live=True).limit(1).delete()):
        with pytest.raises(db.OperationalError, match="every row"):
            await query
    assert await seats() == [10, 10, 10]
    assert await Course.filter(code__in=["A", "B"]).update(seats=0) == 2
    assert await Course.filter(code="C").delete() == 1
    assert await seats() == [0, 0]


async def test_a_limited_update_over_a_relation_counts_what_it_says() -> None:
    for course in await Course.all():
        await Enrolment.create(course=course, pupil="Minh")
    assert await Course.filter(enrolments__pupil="Minh").order_by("code").limit(2).update(seats=5) == 2
    assert await seats() == [5, 5, 10]


async def test_locking_rows_outside_of_a_transaction_is_refused() -> None:
    with pytest.raises(db.OperationalError, match="inside a transaction"):
        await Course.all().select_for_update()
    with pytest.raises(db.OperationalError, match="inside a transaction"):
        await db.rows("SELECT id FROM course FOR UPDATE SKIP LOCKED")
    with pytest.raises(db.OperationalError):
        async with db.snapshot():
            await db.rows("SELECT id FROM course FOR UPDATE")


async def test_locking_rows_is_written_once_for_both_databases() -> None:
    async with db.transaction():
        assert len(await Course.all().select_for_update(skip_locked=True)) == 3
        assert len(await db.rows("SELECT id FROM course WHERE seats > ? FOR UPDATE SKIP LOCKED", 0)) == 3
        assert await db.value("SELECT code FROM course ORDER BY code LIMIT 1 FOR NO KEY UPDATE") == "A"


async def test_rows_returned_by_an_update_arrive_through_tortoise_too() -> None:
    client = get_connection("default")
    mark = "?" if db.dialect() == "sqlite" else "$1"
    changed, rows = await client.execute_query(f"UPDATE course SET seats = {mark} RETURNING code", [1])
    assert changed == len(rows) == 3
    assert sorted(row["code"] for row in rows) == ["A", "B", "C"]


async def test_a_record_made_in_bulk_has_no_id_and_is_refused_as_a_reference() -> None:
    course = Course(code="D")
    await Course.bulk_create([course])
    assert course.id is None
    with pytest.raises(db.DatabaseError):
        await Enrolment.create(course=course, pupil="Minh")


async def test_saving_a_record_without_naming_the_fields_is_refused() -> None:
    course = await Course.get(code="A")
    course.seats = 0
    with pytest.raises(db.OperationalError, match="which fields of Course"):
        await course.save()
    await course.save(update_fields=["seats"])
    assert await seats() == [0, 10, 10]


async def test_two_who_change_different_fields_of_a_record_both_succeed() -> None:
    mine, theirs = await Course.get(code="A"), await Course.get(code="A")
    mine.seats = 1
    theirs.note = "full"
    await mine.save(update_fields=["seats"])
    await theirs.save(update_fields=["note"])
    assert await db.row("SELECT seats, note FROM course WHERE code = 'A'") == (1, "full")


async def change_together(lock: str) -> int:
    """Two transactions read the seats, wait for each other if they can, and write one less."""
    both_read = asyncio.Barrier(2)

    async def take_one() -> None:
        async with db.transaction():
            found = await db.value(f"SELECT seats FROM course WHERE code = 'A' {lock}")
            try:
                async with asyncio.timeout(0.3):
                    await both_read.wait()
            except (TimeoutError, asyncio.BrokenBarrierError):
                assert lock or db.dialect() == "sqlite"
            await db.execute("UPDATE course SET seats = ? WHERE code = 'A'", found - 1)

    await asyncio.gather(take_one(), take_one())
    return (await seats())[0]


async def test_reading_and_writing_back_loses_an_update_on_postgresql_and_on_sqlite_does_not() -> None:
    """Why a test on SQLite alone proves nothing here."""
    assert await change_together(lock="") == (8 if db.dialect() == "sqlite" else 9)


async def test_a_locked_row_is_not_lost() -> None:
    assert await change_together(lock="FOR UPDATE") == 8


async def test_fifty_tasks_that_let_the_database_count_lose_nothing() -> None:
    async def by_model() -> None:
        await Course.filter(code="A", seats__gt=0).update(seats=F("seats") + 1)

    async def by_sql() -> None:
        assert await db.execute("UPDATE course SET seats = seats + 1 WHERE code = ? AND seats > 0", "A") == 1

    await asyncio.gather(*(work() for _ in range(25) for work in (by_model, by_sql)))
    assert await seats() == [60, 10, 10]


async def test_only_one_of_many_takes_the_last_seat() -> None:
    await db.execute("UPDATE course SET seats = 1")

    async def take() -> int:
        return await db.execute("UPDATE course SET seats = seats - 1 WHERE code = 'A' AND seats > 0")

    assert sorted(await asyncio.gather(*(take() for _ in range(20)))) == [0] * 19 + [1]


async def test_a_folded_column_finds_vietnamese_names_without_their_marks() -> None:
    await Course.create(code="fold", note=fold("Nguyễn Đức Ái"))
    for typed in ("đức", "DUC", "nguyễn", "ái"):
        found = await db.rows("SELECT code FROM course WHERE note LIKE ?", f"%{fold(typed)}%")
        assert found == [("fold",)], typed
        assert await Course.filter(note__contains=fold(typed)).count() == 1


async def test_like_minds_the_case_on_both_databases() -> None:
    await Course.create(code="Piano")
    assert await db.rows("SELECT code FROM course WHERE code LIKE 'pi%'") == []
    assert await db.rows("SELECT code FROM course WHERE code LIKE 'Pi%'") == [("Piano",)]


async def test_sums_and_averages_are_plain_numbers_on_both_databases() -> None:
    total, mean, none = await db.row("SELECT sum(seats), avg(seats), sum(seats) FILTER (WHERE seats < 0) FROM course")  # type: ignore[misc]
    assert (total, type(total)) == (30, int)
    assert (mean, type(mean)) == (10.0, float)
    assert none is None
