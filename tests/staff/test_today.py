"""Today: what waits for whom."""

import datetime as dt

from portal import clock, db
from tests.cast import ZONE, Cast, browser_of, said, visitor


async def plan_lesson(cast: Cast, *, starts: dt.timedelta, minutes: int = 90, cancelled: bool = False) -> None:
    begin = clock.now() + starts
    await db.insert(
        "lesson",
        class_id=cast.starters,
        teacher_id=cast.hoa.person,
        starts_at=begin,
        ends_at=begin + dt.timedelta(minutes=minutes),
        cancelled_at=clock.now() if cancelled else None,
    )


def noon() -> float:
    """Hours from now to the centre's noon, so that a test does not depend on the hour it runs at."""
    now = clock.now().astimezone(dt.timezone(dt.timedelta(hours=7)))
    return 12 - now.hour - now.minute / 60


async def test_a_teacher_sees_the_lessons_of_the_day_with_the_present_one_marked(cast: Cast) -> None:
    with clock.moved(hours=noon()):
        await plan_lesson(cast, starts=dt.timedelta(hours=-4))
        await plan_lesson(cast, starts=dt.timedelta(minutes=-20))
        await plan_lesson(cast, starts=dt.timedelta(hours=3))
        async with await browser_of(cast.hoa) as browser:
            response = await browser.get("/staff")
    page = said(response)
    assert response.status_code == 200
    assert "Good afternoon, Hoa" in page
    assert page.count("Starters 1, evening") == 3
    assert "Room 201 · Cầu Giấy · 2 students" in page
    assert page.index("Over") < page.index("Now") < page.index("Up next")


async def test_a_teacher_without_lessons_today_hears_of_the_next_one(cast: Cast) -> None:
    async with await browser_of(cast.hoa) as browser:
        assert "No lessons are planned for you yet." in said(await browser.get("/staff"))
        await plan_lesson(cast, starts=dt.timedelta(days=2))
        assert "Your next one: Starters 1, evening" in said(await browser.get("/staff"))


async def test_a_cancelled_lesson_is_marked_and_never_next(cast: Cast) -> None:
    with clock.moved(hours=noon()):
        await plan_lesson(cast, starts=dt.timedelta(hours=1), cancelled=True)
        async with await browser_of(cast.hoa) as browser:
            page = said(await browser.get("/staff"))
    assert "Cancelled" in page
    assert "Up next" not in page


async def test_figures_count_the_branches_one_looks_after_only(cast: Cast) -> None:
    async with await browser_of(cast.duc) as browser:
        assert "Students learning 2" in said(await browser.get("/staff"))
    async with await browser_of(cast.quang) as browser:
        assert "Students learning 3" in said(await browser.get("/staff"))
    async with await browser_of(cast.hoa) as browser:
        assert "Students learning" not in said(await browser.get("/staff"))


async def test_the_lessons_still_to_come_are_listed_for_the_branch(cast: Cast) -> None:
    with clock.moved(hours=noon()):
        await plan_lesson(cast, starts=dt.timedelta(hours=-4))
        await plan_lesson(cast, starts=dt.timedelta(hours=2))
        async with await browser_of(cast.mai) as browser:
            page = said(await browser.get("/staff"))
    assert "Lessons today 2" in page
    assert page.count("Phạm Quỳnh Hoa") == 1


async def test_who_is_family_too_finds_the_way_home(cast: Cast) -> None:
    await db.insert(
        "account_role", account_id=cast.lan.account, role="accountant", branch_id=cast.north, given_at=clock.now()
    )
    async with await browser_of(cast.lan) as browser:
        assert 'href="/home"' in (await browser.get("/staff")).text
    async with await browser_of(cast.duc) as browser:
        assert 'href="/home"' not in (await browser.get("/staff")).text


async def test_a_family_has_no_staff_room_and_a_visitor_signs_in_first(cast: Cast) -> None:
    async with await browser_of(cast.lan) as browser:
        assert (await browser.get("/staff")).status_code == 403
    async with visitor() as browser:
        response = await browser.get("/staff")
    assert response.status_code == 303
    assert response.headers["location"] == "/sign-in?next=%2Fstaff"


async def test_the_page_speaks_vietnamese_to_who_chose_it(cast: Cast) -> None:
    await db.execute("UPDATE account SET language = 'vi' WHERE id = ?", cast.hoa.account)
    async with await browser_of(cast.hoa) as browser:
        page = said(await browser.get("/staff"))
    assert "Hoa" in page
    assert "Hôm nay" in page
    assert ZONE
