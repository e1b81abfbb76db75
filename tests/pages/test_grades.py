"""What a family reads of its child, and of nobody else's."""

import asyncio

import pytest

from portal import clock, db
from portal.access import scopes
from portal.errors import Forbidden, Invalid, NotFound
from portal.gradebook import recording
from portal.scope import Scope
from tests.cast import add, bind, browser_of, enter, said


def address(student: int) -> str:
    return f"/children/{student}/grades"


@pytest.mark.parametrize("reader", ["lan", "minh"])
async def test_a_family_reads_its_childs_marks(cast, book, reader):
    quiz = await book.work("Unit 3 quiz")
    await book.mark(quiz, cast.minh.student, 8.5, comment="Tiến bộ rõ")
    async with await browser_of(cast.people[reader]) as client:
        page = await client.get(address(cast.minh.student))
    assert page.status_code == 200
    words = said(page)
    assert "Unit 3 quiz" in words
    assert "8.5 / 10" in words
    assert "Tiến bộ rõ" in words


async def test_a_guardian_cannot_see_another_familys_grades(cast, book):
    async with await browser_of(cast.an) as client:
        assert (await client.get(address(cast.bao.student))).status_code == 200  # the outsider exists
        assert (await client.get(address(cast.minh.student))).status_code == 404
        assert (await client.get(address(10**17))).status_code == 404


async def test_a_student_cannot_see_a_sibling(cast):
    async with await browser_of(cast.minh) as client:
        assert (await client.get(address(cast.minh.student))).status_code == 200
        assert (await client.get(address(cast.chi.student))).status_code == 404


@pytest.mark.parametrize("change", ["may_see = FALSE", "restricted_at = made"])
async def test_a_guardian_without_sight_finds_nothing(cast, change):
    await db.execute(
        f"UPDATE guardian SET {change.replace('made', '?')} WHERE student_id = ?",
        *([clock.now()] if "made" in change else []),
        cast.minh.student,
    )
    async with await browser_of(cast.lan) as client:
        assert (await client.get(address(cast.chi.student))).status_code == 200
        assert (await client.get(address(cast.minh.student))).status_code == 404
        assert "Minh" not in said(await client.get("/home"))


@pytest.mark.parametrize("role", ["hoa", "duc", "mai", "quang", "son"])
async def test_the_familys_page_is_not_the_staffs(cast, role):
    async with await browser_of(cast.people[role]) as client:
        assert (await client.get(address(cast.minh.student))).status_code == 403


async def test_a_teacher_who_is_a_mother_sees_both_sides(cast):
    await bind(cast, "hoa", "bao")
    async with await browser_of(cast.hoa) as client:
        assert (await client.get(address(cast.bao.student))).status_code == 200
        assert (await client.get(address(cast.minh.student))).status_code == 404  # taught, but not hers
        assert (await client.get("/staff")).status_code == 200


async def test_a_draft_is_not_shown_and_counts_nowhere(cast, book):
    seen, draft = await book.work("Seen"), await book.work("Still a draft")
    await book.mark(seen, cast.minh.student, 10)
    await book.mark(draft, cast.minh.student, 2, published=False)
    async with await browser_of(cast.lan) as client:
        words = said(await client.get(address(cast.minh.student)))
    assert "2 / 10" not in words
    assert "100 / 100" in words
    assert "1 mark is still to come" in words


async def test_a_mark_that_is_to_be_published_later_waits_for_its_time(cast, book):
    quiz = await book.work("Quiz")
    await book.mark(quiz, cast.minh.student, 7)
    with clock.moved(hours=-1):
        async with await browser_of(cast.lan) as client:
            assert "7 / 10" not in said(await client.get(address(cast.minh.student)))


@pytest.mark.parametrize(
    ("state", "words"),
    [("exempt", "Excused"), ("not_submitted", "Not handed in"), ("submitted", "Handed in, not marked yet")],
)
async def test_a_blank_is_never_zero(cast, book, state, words):
    full, blank = await book.work("Full"), await book.work("Blank")
    await book.mark(full, cast.minh.student, 10)
    await book.mark(blank, cast.minh.student, None, state=state)
    async with await browser_of(cast.lan) as client:
        page = said(await client.get(address(cast.minh.student)))
    assert words in page
    assert "100 / 100" in page


async def test_a_mark_of_zero_is_zero(cast, book):
    full, empty = await book.work("Full"), await book.work("Empty")
    await book.mark(full, cast.minh.student, 10)
    await book.mark(empty, cast.minh.student, 0)
    async with await browser_of(cast.lan) as client:
        page = said(await client.get(address(cast.minh.student)))
    assert "0 / 10" in page
    assert "50 / 100" in page


async def test_the_arithmetic_is_there_for_who_asks(cast, book):
    quiz, final = await book.work("Quiz"), await book.work("Final", "Exam", 60)
    await book.mark(quiz, cast.minh.student, 8)
    await book.mark(final, cast.minh.student, 6)
    async with await browser_of(cast.lan) as client:
        page = said(await client.get(address(cast.minh.student)))
    assert "Why this average?" in page
    assert "68 / 100" in page
    for figure in ("40%", "60%", "80%", "32%", "36%", "68%"):
        assert figure in page, figure


@pytest.mark.parametrize(("marks", "shown"), [(4, False), (5, True)])
async def test_the_class_mean_is_shown_from_five_marks_on(cast, book, marks, shown):
    quiz = await book.work("Quiz")
    for number in range(marks):
        mate = await add(cast, f"mate{number}", f"Lê Văn Bạn{number}", student=f"HV1{number}")
        await book.mark(quiz, mate.student, 4 + number)
    async with await browser_of(cast.lan) as client:
        page = said(await client.get(address(cast.minh.student)))
    assert ("Class mean 6" in page) is shown


async def test_a_student_without_a_class_is_told_so(cast):
    async with await browser_of(cast.an) as client:
        assert "is in no class yet" in said(await client.get(address(cast.bao.student)))


async def test_a_guardian_without_children_is_told_what_to_do(cast):
    await db.execute("UPDATE guardian SET may_see = FALSE WHERE person_id = ?", cast.an.person)
    async with await browser_of(cast.an) as client:
        assert "No child is linked" in said(await client.get("/home"))
        assert (await client.get("/grades")).headers["location"] == "/home"


async def test_a_hostile_name_is_only_text(cast, book):
    hostile = '<script>alert("x")</script>'
    quiz = await book.work(hostile)
    await book.mark(quiz, cast.minh.student, 5, comment=hostile)
    async with await browser_of(cast.lan) as client:
        page = await client.get(address(cast.minh.student))
    assert hostile not in page.text
    assert said(page).count(hostile) >= 2


@pytest.mark.parametrize("number", [0, 3, 300])
async def test_a_grades_page_takes_five_statements_whatever_it_shows(cast, book, number):
    for each in range(number):
        await book.mark(await book.work(f"Work {each}", f"Kind {each % 4}"), cast.minh.student, each % 10)
    from portal.centre import centres

    async with await browser_of(cast.lan) as client:
        centres.forget()
        with db.counting() as statements:
            assert (await client.get(address(cast.minh.student))).status_code == 200
    assert len(statements) <= 5, statements


@pytest.mark.parametrize(
    "path",
    [
        "/children/0/grades",
        "/children/-1/grades",
        "/children/abc/grades",
        f"/children/{'9' * 40}/grades",
        "/children/1%00/grades",
        "/children/１/grades",
    ],
)
async def test_an_id_that_is_none_is_not_found(cast, path):
    async with await browser_of(cast.lan) as client:
        assert (await client.get(path)).status_code == 404


async def test_home_says_what_is_new_and_what_is_next(cast, book):
    import datetime as dt

    quiz = await book.work("Unit 4 quiz")
    await book.mark(quiz, cast.minh.student, 9)
    await db.insert(
        "lesson",
        class_id=cast.starters,
        starts_at=clock.now() + dt.timedelta(days=1),
        ends_at=clock.now() + dt.timedelta(days=1, hours=2),
    )
    async with await browser_of(cast.lan) as client:
        words = said(await client.get("/home"))
    assert "Unit 4 quiz" in words
    assert "Next lesson" in words
    assert "Chi" in words


async def test_two_parents_of_one_family_are_two_readers(cast):
    father = await add(cast, "tuan", "Nguyễn Anh Tuấn")
    await enter(cast, "tuan")
    await bind(cast, "tuan", "minh")
    async with await browser_of(father) as client:
        assert (await client.get(address(cast.minh.student))).status_code == 200
        assert (await client.get(address(cast.chi.student))).status_code == 404


async def scope_of(member) -> Scope:
    return await scopes.build(member.account, member.person)


async def test_a_teacher_records_and_publishes_in_their_own_classes(cast, book):
    quiz = await book.work("Quiz")
    hoa = await scope_of(cast.hoa)
    await recording.record(hoa, assessment_id=quiz, student_id=cast.minh.student, points=8500)
    async with await browser_of(cast.lan) as client:
        assert "8.5" not in said(await client.get(address(cast.minh.student)))
        assert await recording.publish(hoa, quiz) == 1
        assert "8.5 / 10" in said(await client.get(address(cast.minh.student)))
    assert await db.row("SELECT published_count, published_points FROM assessment") == (1, 8500)


async def test_nobody_else_records_there(cast, book):
    quiz = await book.work("Quiz")
    for member in (cast.duc, cast.mai, cast.lan):
        with pytest.raises(Forbidden):
            await recording.record(await scope_of(member), assessment_id=quiz, student_id=cast.minh.student, points=1)
    with pytest.raises(NotFound):
        await recording.record(await scope_of(cast.hoa), assessment_id=quiz, student_id=cast.bao.student, points=1)
    await add(cast, "binh", "Lý Thái Bình")
    other = await enter(cast, "binh", "teacher", cast.north)
    with pytest.raises(NotFound):
        await recording.publish(await scope_of(other), quiz)


@pytest.mark.parametrize("points", [-1, 10_001, 10**12])
async def test_points_stay_within_the_most(cast, book, points):
    quiz = await book.work("Quiz")
    with pytest.raises(Invalid) as refused:
        await recording.record(
            await scope_of(cast.hoa), assessment_id=quiz, student_id=cast.minh.student, points=points
        )
    assert "points" in refused.value.errors


async def test_marks_recorded_at_once_are_all_counted(cast, book):
    quiz = await book.work("Quiz")
    students = [cast.minh.student, cast.chi.student]
    for number in range(10):
        mate = await add(cast, f"mate{number}", f"Lê Văn Bạn{number}", student=f"HV1{number}")
        await db.insert("class_membership", class_id=cast.starters, student_id=mate.student)
        students.append(mate.student)
    for student in students:
        await book.mark(quiz, student, 1)
    hoa = await scope_of(cast.hoa)
    for points in (2000, 3000, 4000):
        await asyncio.gather(
            *(recording.record(hoa, assessment_id=quiz, student_id=student, points=points) for student in students),
            recording.publish(hoa, quiz),
        )
        counted = await db.row("SELECT published_count, published_points FROM assessment WHERE id = ?", quiz)
        assert counted == (len(students), len(students) * points)


async def test_one_mark_recorded_three_times_at_once_is_one_mark(cast, book):
    hoa = await scope_of(cast.hoa)
    for each in range(5):
        quiz = await book.work(f"Quiz {each}")
        await asyncio.gather(
            *(
                recording.record(hoa, assessment_id=quiz, student_id=cast.minh.student, points=points)
                for points in (1000, 2000, 3000)
            )
        )
        assert await db.value("SELECT COUNT(*) FROM score WHERE assessment_id = ?", quiz) == 1
    assert await db.value("SELECT COUNT(*) FROM audit_entry WHERE verb = 'score.record'") == 15


async def test_a_class_without_a_first_day_comes_last(cast, book):
    undated = await db.insert("class", branch_id=cast.north, code="ND", name="Undated club")
    await db.insert("class_membership", class_id=undated, student_id=cast.minh.student)
    async with await browser_of(cast.lan) as client:
        words = said(await client.get(address(cast.minh.student)))
    assert words.index("Starters 1, evening") < words.index("Undated club")
