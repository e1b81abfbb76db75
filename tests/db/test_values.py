"""Values mean the same on both databases (trap S6), and what neither could keep is refused in time (trap S13)."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from portal import db
from tests.db.models import Course, Enrolment

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
EVENING = dt.datetime(2026, 1, 1, 23, 30, tzinfo=VIETNAM)
STORED = dt.datetime(2026, 1, 1, 16, 30, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
async def open_school(school: str) -> None:
    """Every test here has the school open."""


async def test_an_instant_is_found_in_any_zone_however_it_was_written() -> None:
    await Course.create(code="created", starts_at=EVENING)
    await Course.bulk_create([Course(code="bulk", starts_at=EVENING)])
    await db.insert("course", code="raw", starts_at=EVENING, live=True, facts="{}")
    for code in ("queried", "saved", "filled"):
        await Course.create(code=code)
    await Course.filter(code="queried").update(starts_at=EVENING)
    saved = await Course.get(code="saved")
    saved.starts_at = EVENING
    await saved.save(update_fields=["starts_at"])
    filled = await Course.get(code="filled")
    filled.starts_at = EVENING
    await Course.bulk_update([filled], fields=["starts_at"])

    for at in (EVENING, STORED):
        assert await Course.filter(starts_at=at).count() == 6
        assert await Course.filter(starts_at__in=[at]).count() == 6
        assert await Course.filter(starts_at__gte=at, starts_at__lt=at + dt.timedelta(microseconds=1)).count() == 6
        assert await Course.filter(starts_at__range=(at, at)).count() == 6
        assert await db.value("SELECT count(*) FROM course WHERE starts_at = ?", at) == 6
        assert await db.value("SELECT count(*) FROM course WHERE starts_at > ?", at) == 0
    assert {db.instant(at) for (at,) in await db.rows("SELECT starts_at FROM course")} == {STORED}
    course = await Course.get(code="raw")
    assert course.starts_at == STORED
    assert course.starts_at.tzinfo is dt.UTC


async def test_instants_are_ordered_as_time_is_with_and_without_fractions() -> None:
    moments = [STORED + dt.timedelta(microseconds=n) for n in (0, 1, 500_000, 999_999, 1_000_000)]
    for number, moment in enumerate(moments):
        await Course.create(code=f"{number}", starts_at=moment.astimezone(VIETNAM if number % 2 else dt.UTC))
    assert [db.instant(at) for (at,) in await db.rows("SELECT starts_at FROM course ORDER BY starts_at")] == moments


async def test_an_instant_without_a_zone_is_refused_everywhere() -> None:
    naive = dt.datetime(2026, 1, 1, 23, 30)
    for asked in (
        Course.create(code="A", starts_at=naive),
        db.rows("SELECT 1 FROM course WHERE starts_at = ?", naive),
        db.insert("course", code="A", starts_at=naive),
        db.execute_many("UPDATE course SET starts_at = ?", [(naive,)]),
    ):
        with pytest.raises(ValueError, match="without a time zone"):
            await asked
    with pytest.raises(ValueError, match="without a time zone"):
        await Course.filter(starts_at__gte=naive)
    assert await db.value("SELECT count(*) FROM course") == 0


async def test_a_day_is_a_day_and_no_instant() -> None:
    await Course.create(code="A", starts_on=dt.date(2026, 9, 5))
    assert await Course.filter(starts_on=dt.date(2026, 9, 5)).count() == 1
    assert db.day(await db.value("SELECT starts_on FROM course WHERE starts_on <= ?", dt.date(2026, 9, 5))) == dt.date(
        2026, 9, 5
    )
    assert (await Course.get(code="A")).starts_on == dt.date(2026, 9, 5)
    with pytest.raises(ValueError, match="is an instant"):
        await Course.create(code="B", starts_on=EVENING)


async def test_text_is_stored_composed_and_without_controls() -> None:
    decomposed = "Nguye\u0302\u0303n\x00 Đức\x07\ud800\tA\n"
    course = await Course.create(code=decomposed, note="một\r\nhai\tba\x00\x1b\rbốn")
    assert course.code == "Nguyễn Đức A "
    assert course.note == "một\nhai\tba\nbốn"
    assert await db.row("SELECT code, note FROM course") == (course.code, course.note)
    assert await Course.filter(code=decomposed).count() == 1


async def test_a_text_that_is_too_long_is_refused_when_written_and_not_found_when_looked_for() -> None:
    with pytest.raises(ValueError, match="code: at most 20 characters, not 21"):
        await Course.create(code="x" * 21)
    await Course.create(code="x" * 20)
    assert await Course.filter(code="x" * 21).count() == 0


async def test_a_nul_in_raw_sql_is_refused_before_a_database_sees_it() -> None:
    for asked in (
        db.rows("SELECT code FROM course WHERE code = ?", "a\x00b"),
        db.insert("course", code="a\x00b"),
        db.execute_many("UPDATE course SET code = ?", [("fine",), ("a\x00b",)]),
    ):
        with pytest.raises(ValueError, match="NUL"):
            await asked


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**40])
async def test_a_number_beyond_64_bits_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        await Course.create(code="A", seats=number)
    with pytest.raises(ValueError, match="64 bits"):
        await Course.get_or_none(id=number)
    with pytest.raises(ValueError, match="64 bits"):
        await Enrolment.filter(course_id__in=[1, number])
    with pytest.raises(ValueError, match="64 bits"):
        await db.row("SELECT 1 FROM course WHERE id = ?", number)


async def test_the_greatest_number_fits() -> None:
    course = await Course.create(code="A", seats=2**63 - 1)
    assert (await Course.get(id=course.id)).seats == 2**63 - 1
    assert await Course.filter(seats__gte=2**63 - 1).count() == 1


async def test_more_parameters_than_a_statement_can_have_are_refused() -> None:
    many = list(range(40_000))
    with pytest.raises(ValueError, match="at most 32766"):
        await Course.filter(id__in=many)
    with pytest.raises(ValueError, match="portions"):
        db.marks(len(many))
    assert await Course.filter(id__in=many[:30_000]).count() == 0
    await db.execute_many("INSERT INTO course (code, facts) VALUES (?, '{}')", [(f"{n}",) for n in range(5000)])
    assert await db.value("SELECT count(*) FROM course") == 5000


async def test_flags_numbers_and_documents_come_back_as_they_went() -> None:
    facts = {"room": "Phòng 2", "hours": [1, 2.5, None], "open": True, "nul": "a\x00b"}
    course = await Course.create(code="A", live=False, facts=facts)
    again = await Course.get(id=course.id)
    assert again.live is False
    assert again.facts == facts | {"nul": "ab"}
    assert await db.value("SELECT count(*) FROM course WHERE live = ?", False) == 1
    assert await db.value("SELECT count(*) FROM course WHERE NOT live") == 1
    assert await Course.filter(live=True).count() == 0


async def test_decimals_are_not_stored() -> None:
    """SQLite would keep them as text and round in silence: money is whole numbers here."""
    with pytest.raises(ValueError, match="whole numbers"):
        await db.execute("UPDATE course SET seats = ?", Decimal("1.5"))
