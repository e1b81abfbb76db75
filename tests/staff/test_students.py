"""A student's record, as each role sees it."""

from portal import audit, clock, db
from portal.people import guardians
from portal.scope import SYSTEM
from tests.cast import Cast, Member, browser_of, said


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
