"""Many rows at once: the same values, the same refusals and the same all-or-nothing as a statement for each."""

import asyncio
import datetime as dt
import random
import time
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal import db
from tests.db.models import Course

EVENING = dt.datetime(2026, 1, 1, 23, 30, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
DAY = dt.date(2026, 9, 5)
COLUMNS = ("code", "note", "seats", "starts_at", "starts_on", "live", "facts")


@pytest.fixture(autouse=True)
async def open_school(school: str) -> None:
    """Every test here has the school open."""


def courses(numbers: Iterable[int]) -> list[tuple[Any, ...]]:
    return [
        (f"{n}", None if n % 3 else f"Ghi chú {n}", n, None if n % 2 else EVENING, DAY, bool(n % 2), "{}")
        for n in numbers
    ]


async def written() -> list[tuple[Any, ...]]:
    return await db.rows(f"SELECT {', '.join(COLUMNS)} FROM course ORDER BY seats")


async def test_loaded_rows_are_stored_as_inserted_ones_are() -> None:
    await db.load("course", COLUMNS, courses(range(7)))
    loaded = await written()
    await db.execute("DELETE FROM course")
    marks = db.marks(len(COLUMNS))
    await db.execute_many(f"INSERT INTO course ({', '.join(COLUMNS)}) VALUES ({marks})", courses(range(7)))
    assert loaded == await written()
    course = await Course.get(code="4")
    assert (course.starts_at, course.starts_on, course.live, course.note) == (EVENING, DAY, False, None)


async def test_more_rows_than_a_portion_keep_their_order_and_none_are_no_matter() -> None:
    await db.load("course", COLUMNS, courses(range(4_500)))
    await db.load("course", COLUMNS, [])
    assert await db.rows("SELECT code FROM course ORDER BY id") == [(f"{n}",) for n in range(4_500)]


@pytest.mark.parametrize("place", ["before", "behind"])
async def test_a_row_that_a_constraint_refuses_takes_all_others_with_it(place: str) -> None:
    """The refused one is the last of many: what was loaded before it goes too, in a transaction or alone."""
    wrong = [*courses(range(2_500)), ("wrong", None, -1, None, None, True, "{}")]
    with pytest.raises(db.IntegrityError):
        await db.load("course", COLUMNS, wrong)
    async with db.transaction():
        if place == "before":
            await db.insert("course", code="kept")
        with pytest.raises(db.IntegrityError):
            async with db.transaction():
                await db.load("course", COLUMNS, wrong)
        if place == "behind":
            await db.insert("course", code="kept")
    assert await db.rows("SELECT code FROM course") == [("kept",)]


async def test_a_failure_that_is_swallowed_fails_the_transaction() -> None:
    async def swallow() -> None:
        async with db.transaction():
            await db.insert("course", code="A")
            with pytest.raises(db.IntegrityError):
                await db.load("course", ("code", "seats"), [("B", -1)])

    with pytest.raises(db.TransactionFailed):
        await swallow()
    assert await db.value("SELECT COUNT(*) FROM course") == 0


@pytest.mark.parametrize(
    ("column", "values", "sentence"),
    [
        ("note", ["fine", "a\0b"], "NUL"),
        ("note", [None, "a\0b"], "NUL"),
        ("seats", [1, 2**63], "64 bits"),
        ("seats", [None, 0, -(2**63) - 1], "64 bits"),
        ("seats", [1, Decimal("1.5")], "whole numbers"),
        ("starts_at", [EVENING, EVENING.replace(tzinfo=None)], "without a time zone"),
    ],
)
async def test_what_neither_database_could_keep_is_refused_in_any_row(
    column: str, values: list[Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        await db.load("course", ("code", column), [(f"{n}", value) for n, value in enumerate(values)])
    assert await db.value("SELECT COUNT(*) FROM course") == 0


async def test_rows_of_another_width_are_refused() -> None:
    for rows in ([("A",)], [("A", "note", 1)], [("A", "note"), ("B",)]):
        with pytest.raises(ValueError, match=r"values for|shorter|longer"):
            await db.load("course", ("code", "note"), rows)
    assert await db.value("SELECT COUNT(*) FROM course") == 0


async def test_it_takes_only_names_of_ours() -> None:
    for table, column in (("course; DROP TABLE course", "code"), ("course", 'code") VALUES (1); --')):
        with pytest.raises(ValueError, match="not a name of ours"):
            await db.load(table, (column,), [("A",)])


async def test_a_snapshot_only_reads() -> None:
    async with db.snapshot():
        with pytest.raises(db.OperationalError):
            await db.load("course", ("code",), [("A",)])
    assert await db.value("SELECT COUNT(*) FROM course") == 0


async def test_a_load_cancelled_at_any_moment_leaves_all_or_nothing() -> None:
    dice = random.Random(5)
    rows = courses(range(3_000))
    begun = time.perf_counter()
    await db.load("course", COLUMNS, rows)
    whole = time.perf_counter() - begun  # of this machine, in this minute
    await db.execute("DELETE FROM course")
    cut = 0
    for _ in range(40):
        task = asyncio.ensure_future(db.load("course", COLUMNS, rows))
        await asyncio.sleep(dice.random() * whole)
        cut += task.cancel()
        await asyncio.wait([task])
        async with asyncio.timeout(5):
            assert await db.execute("DELETE FROM course") in (0, 3_000)
    assert cut > 10
    await db.load("course", COLUMNS, rows)
    assert await db.value("SELECT COUNT(*) FROM course") == 3_000
