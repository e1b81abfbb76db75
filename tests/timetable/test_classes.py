"""Who sees whose classes, for how long, and which lesson is next."""

import datetime as dt

import pytest

from portal import clock, db
from portal.access import scopes
from portal.errors import NotFound
from portal.gradebook import grades
from portal.people import students
from portal.scope import Scope
from portal.timetable import classes
from tests.cast import ZONE, Cast, Member

DAY = dt.timedelta(days=1)


async def scope_of(member: Member) -> Scope:
    return await scopes.build(member.account, member.person)


async def lesson(cast: Cast, day: dt.date, hour: int = 18, class_id: int | None = None) -> dt.datetime:
    """A lesson of that day in the centre's zone; an hour in the morning is the day before in Greenwich."""
    begins = dt.datetime(day.year, day.month, day.day, hour, tzinfo=dt.timezone(dt.timedelta(hours=7)))
    await db.insert(
        "lesson", class_id=class_id or cast.starters, starts_at=begins, ends_at=begins + dt.timedelta(hours=1)
    )
    return begins.astimezone(dt.UTC)


@pytest.mark.parametrize(("days", "found"), [(0, True), (28, True), (32, False)])
@pytest.mark.parametrize("change", ["left", "ended", "closed"])
async def test_a_teacher_sees_a_student_for_thirty_days_after(cast: Cast, change: str, days: int, found: bool) -> None:
    now = clock.now() - days * DAY
    sql, value = {
        "left": ("UPDATE class_membership SET until = ?", now.date()),
        "ended": ("UPDATE class SET ends_on = ?", now.date()),
        "closed": ("UPDATE class SET closed_at = ?", now),
    }[change]
    await db.execute(sql, value)
    hoa, today = await scope_of(cast.hoa), clock.today(ZONE)
    assert bool(await classes.of_student(hoa, cast.minh.student, today)) is found
    assert bool((await grades.of_student(hoa, cast.minh.student, today)).classes) is found
    if found:
        assert (await students.find(hoa, cast.minh.student)).code == "HV00001"
    else:
        with pytest.raises(NotFound):
            await students.find(hoa, cast.minh.student)


async def test_a_family_sees_every_class_of_its_child_and_of_nobody_else(cast: Cast) -> None:
    lan, an, today = await scope_of(cast.lan), await scope_of(cast.an), clock.today(ZONE)
    await db.execute("UPDATE class_membership SET until = ?", today - 300 * DAY)
    (starters,) = await classes.of_student(lan, cast.minh.student, today) or []
    assert starters.over
    assert starters.until == today - 300 * DAY
    assert await classes.of_student(an, cast.minh.student, today) is None


async def test_the_next_lesson_is_one_of_the_time_in_the_class(cast: Cast) -> None:
    """Minh leaves in three days, Chi comes in five."""
    today, lan = clock.today(ZONE), await scope_of(cast.lan)
    both = [cast.minh.student, cast.chi.student]
    for student, bounds in zip(both, ((None, today + 3 * DAY), (today + 5 * DAY, None)), strict=True):
        await db.execute("UPDATE class_membership SET since = ?, until = ? WHERE student_id = ?", *bounds, student)
    await lesson(cast, today + 4 * DAY, 1)
    assert (await classes.next_lessons(lan, both, ZONE)).lessons == {}
    on_the_first = await lesson(cast, today + 5 * DAY, 0)
    found = (await classes.next_lessons(lan, both, ZONE)).lessons
    assert {student: one.starts_at for student, one in found.items()} == {cast.chi.student: on_the_first}
    on_the_last = await lesson(cast, today + 3 * DAY, 23)
    assert (await classes.next_lessons(lan, both, ZONE)).lessons[cast.minh.student].starts_at == on_the_last


async def test_of_several_classes_the_next_lesson_is_the_earliest(cast: Cast) -> None:
    today, lan = clock.today(ZONE), await scope_of(cast.lan)
    other = await db.insert("class", branch_id=cast.south, code="CL", name="Club")
    await db.insert("class_membership", class_id=other, student_id=cast.minh.student)
    await lesson(cast, today + 3 * DAY)
    earliest = await lesson(cast, today + 2 * DAY, class_id=other)
    await lesson(cast, today + 4 * DAY, class_id=other)
    found = (await classes.next_lessons(lan, [cast.minh.student, cast.bao.student], ZONE)).lessons[cast.minh.student]
    assert found == (cast.minh.student, "Club", "Thủ Đức", earliest)
    with db.counting() as statements:
        await classes.next_lessons(lan, [cast.minh.student, cast.chi.student], ZONE)
    assert len(statements) <= 3, statements


async def test_a_lesson_under_way_is_the_next_one(cast: Cast) -> None:
    now = clock.now()
    await db.insert("lesson", class_id=cast.starters, starts_at=now - DAY / 48, ends_at=now + DAY / 48)
    lan = await scope_of(cast.lan)
    assert cast.minh.student in (await classes.next_lessons(lan, [cast.minh.student], ZONE)).lessons


async def test_open_classes_begin_with_the_next_to_begin_and_end_with_those_without_a_day(cast: Cast) -> None:
    today = clock.today(ZONE)
    level = await db.value("SELECT id FROM level")
    starts = {"Soon": 2, "Later": 9, "Lately": -3, "Long since": -40, "Today": 0, "Some day": None}
    for name, days in starts.items():
        await db.insert(
            "class",
            branch_id=cast.north,
            level_id=level,
            code=name[:8],
            name=name,
            capacity=10,
            starts_on=None if days is None else today + days * DAY,
            ends_on=today + 90 * DAY,
        )
    found = [one.name for one in await classes.open_classes(ZONE)]
    assert found == ["Today", "Soon", "Later", "Lately", "Long since", "Some day"]
