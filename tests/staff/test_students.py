"""A student's record, as each role sees it."""

import datetime as dt

import pytest

from portal import audit, clock, db
from portal.people import guardians
from portal.scope import SYSTEM
from tests.cast import ZONE, Cast, Member, add, browser_of, enter, said


async def mark(cast: Cast, student: Member, points: int) -> None:
    """A published mark out of ten in the class."""
    category = await db.insert("category", class_id=cast.starters, name="Tests", weight=1000)
    assessment = await db.insert(
        "assessment", class_id=cast.starters, category_id=category, name="Unit 1", max_points=10_000
    )
    await db.insert(
        "score",
        assessment_id=assessment,
        student_id=student.student,
        points=points,
        published_at=clock.now(),
        changed_at=clock.now(),
    )


async def record_of(cast: Cast, student: Member, reader: Member) -> str:
    async with await browser_of(reader) as browser:
        response = await browser.get(f"/staff/students/{student.student}")
    assert response.status_code == 200
    return said(response)


async def test_care_sees_facts_classes_grades_and_guardians(cast: Cast) -> None:
    await mark(cast, cast.minh, 8500)
    page = await record_of(cast, cast.minh, cast.vy)
    assert "HV00001 · Cầu Giấy" in page
    assert "09/03/2014" in page
    assert "Starters 1, evening" in page
    assert "8.5 / 10" in page
    assert "Trần Thị Lan" in page
    assert "May see" in page
    assert "May pay" in page


async def test_a_counsellor_sees_the_level_but_no_mark(cast: Cast) -> None:
    await mark(cast, cast.minh, 8500)
    page = await record_of(cast, cast.minh, cast.duc)
    assert "Starters 1" in page
    assert "8.5" not in page
    assert "Marks are not shown to your role." in page


async def test_a_teacher_sees_the_marks_of_their_class_but_neither_guardians_nor_contacts(cast: Cast) -> None:
    await mark(cast, cast.minh, 8500)
    page = await record_of(cast, cast.minh, cast.hoa)
    assert "8.5 / 10" in page
    assert "Trần Thị Lan" not in page
    assert "What was done" not in page
    assert "not shown to your role" in page


async def test_what_a_guardian_is_restricted_to_is_said_in_words(cast: Cast) -> None:
    link = await db.value("SELECT id FROM guardian WHERE student_id = ?", cast.minh.student)
    await guardians.restrict(SYSTEM, cast.minh.student, link, ground="Court order 12/2026")
    page = await record_of(cast, cast.minh, cast.vy)
    assert "Restricted since" in page
    assert "May see" not in page
    assert "Guardian restricted: no sight, no contact: Trần Thị Lan" in page
    assert "Ground: Court order 12/2026" in page


async def test_the_history_names_who_did_what(cast: Cast) -> None:
    from portal.access import scopes

    duc = await scopes.build(cast.duc.account, cast.duc.person)
    async with db.transaction():
        await audit.record(duc, "student.admit", "student", cast.minh.student)
        await audit.record(SYSTEM, "person.add", "person", cast.minh.person, {"ground": "<b>&"})
    async with await browser_of(cast.mai) as browser:
        response = await browser.get(f"/staff/students/{cast.minh.student}")
    page = said(response)
    assert "Made a student" in page
    assert "Lê Minh Đức" in page
    assert "an import or the system" in page
    assert "<b>&" not in response.text


async def test_another_branch_and_nobody_are_both_not_found(cast: Cast) -> None:
    async with await browser_of(cast.quang) as browser:
        assert (await browser.get(f"/staff/students/{cast.bao.student}")).status_code == 200
    for reader in (cast.vy, cast.hoa, cast.duc):
        async with await browser_of(reader) as browser:
            assert (await browser.get(f"/staff/students/{cast.bao.student}")).status_code == 404
            assert (await browser.get("/staff/students/888888888888888888")).status_code == 404


async def test_a_family_has_no_record_page(cast: Cast) -> None:
    async with await browser_of(cast.lan) as browser:
        assert (await browser.get(f"/staff/students/{cast.minh.student}")).status_code == 403


async def attend(cast: Cast, name: str, student: Member, **facts: object) -> int:
    """Another class of a student, with an hour a week."""
    values = {"branch_id": cast.north, "code": name[:8], "name": name} | facts
    class_id = await db.insert("class", **values)
    await db.insert("class_membership", class_id=class_id, student_id=student.student)
    await db.insert("weekly_slot", class_id=class_id, weekday=2, starts_minute=1080, ends_minute=1170)
    return class_id


@pytest.mark.parametrize("reader", ["thu", "nam", "son"])
async def test_who_has_no_business_with_classes_sees_none(cast: Cast, reader: str) -> None:
    await attend(cast, "Movers at dusk", cast.minh)
    page = await record_of(cast, cast.minh, cast.people[reader])
    assert "Movers at dusk" not in page
    assert "Starters 1" not in page
    assert "18:00" not in page
    assert "Classes, hours and marks are not shown to your role." in page


async def test_a_counsellor_sees_class_and_level_without_days_and_hours(cast: Cast) -> None:
    await attend(cast, "Movers at dusk", cast.minh)
    await db.execute("UPDATE class_membership SET since = ?", dt.date(2026, 1, 5))
    page = await record_of(cast, cast.minh, cast.duc)
    assert "Movers at dusk" in page
    assert "Starters 1" in page
    assert "18:00" not in page
    assert "05/01/2026" not in page
    care = await record_of(cast, cast.minh, cast.vy)
    assert "18:00" in care
    assert "05/01/2026" in care


async def test_a_teacher_sees_their_own_classes_only(cast: Cast) -> None:
    await attend(cast, "Movers far away", cast.minh, branch_id=cast.south)
    page = await record_of(cast, cast.minh, cast.hoa)
    assert "Starters 1, evening" in page
    assert "Movers far away" not in page


async def test_present_classes_come_first_whatever_day_they_end_on(cast: Cast) -> None:
    today = clock.today(ZONE)
    await attend(cast, "Movers at dusk", cast.minh)
    await db.execute(
        "UPDATE class_membership SET since = ?, until = ? WHERE class_id = ?",
        today - dt.timedelta(days=90),
        today + dt.timedelta(days=3),
        await db.value("SELECT id FROM class WHERE name = 'Movers at dusk'"),
    )
    await db.execute(
        "UPDATE class_membership SET since = ?, until = ? WHERE class_id = ?",
        today - dt.timedelta(days=60),
        today - dt.timedelta(days=1),
        cast.starters,
    )
    page = await record_of(cast, cast.minh, cast.vy)
    assert page.index("Movers at dusk") < page.index("Starters 1, evening")
    assert page.count("Over") == 1


@pytest.mark.parametrize("reader", ["duc", "nam"])
async def test_restrictions_and_grounds_are_for_who_decides_on_them(cast: Cast, reader: str) -> None:
    link = await db.value("SELECT id FROM guardian WHERE student_id = ?", cast.minh.student)
    await guardians.restrict(SYSTEM, cast.minh.student, link, ground="Court order 12/2026")
    page = await record_of(cast, cast.minh, cast.people[reader])
    assert "Trần Thị Lan" in page
    assert "Mother" in page
    for word in ("estricted", "Court order", "May see", "Does not see", "May pay", "Ground:"):
        assert word not in page, word
    async with await browser_of(cast.people[reader]) as browser:
        card = said(await browser.get(f"/staff/people/{cast.lan.person}"))
    assert "Nguyễn Hoàng Minh" in card
    assert "estricted" not in card


async def test_who_decides_elsewhere_knows_no_ground_here(cast: Cast) -> None:
    """Ý is of care in one branch and a counsellor in the other."""
    await add(cast, "y", "Mạc Như Ý")
    y = await enter(cast, "y", "care", cast.south)
    await db.insert("account_role", account_id=y.account, role="counsellor", branch_id=cast.north, given_at=clock.now())
    link = await db.value("SELECT id FROM guardian WHERE student_id = ?", cast.minh.student)
    await guardians.restrict(SYSTEM, cast.minh.student, link, ground="Court order 12/2026")
    async with await browser_of(y) as browser:
        page = said(await browser.get(f"/staff/students/{cast.minh.student}"))
        assert "Trần Thị Lan" in page
        assert "Court order" not in page
        assert (await browser.get(f"/staff/students/{cast.minh.student}/guardians")).status_code == 404
        assert (await browser.get(f"/staff/students/{cast.bao.student}/guardians")).status_code == 200
