"""Enrollments become memberships and teachers of classes; categories, lineItems and results become marks."""

import pytest

from portal import clock, db
from tests.interchange.applying import is_empty, loaded, notes, rows, turned_away, warnings
from tests.interchange.builder import CENTRE, bundle, more, row

pytestmark = pytest.mark.usefixtures("database")

SCORES = "SELECT state, points, comment, scored_on FROM score ORDER BY id"
SUMS = "SELECT name, published_count, published_points FROM assessment ORDER BY id"


def result(**cells: str) -> bytes:
    return bundle(results=row("results", **cells))


async def test_a_student_is_a_member_until_the_day_before_the_end() -> None:
    await loaded(bundle(enrollments=row("enrollments", 0, endDate="2026-12-01")))
    assert await rows(
        "SELECT c.code, p.given_name, m.since, m.until FROM class_membership m JOIN class c ON c.id = m.class_id"
        " JOIN student s ON s.id = m.student_id JOIN person p ON p.id = s.person_id"
    ) == [("E1", "Minh", "2026-09-07", "2026-11-30")]


async def test_who_leaves_on_the_first_day_was_there_for_that_day() -> None:
    outcome = await loaded(bundle(enrollments=row("enrollments", 0, endDate="2026-09-07")))
    assert await rows("SELECT since, until FROM class_membership") == [("2026-09-07", "2026-09-07")]
    assert warnings(outcome) == [
        "enrollments.csv:2 (endDate): It ends on the day it begins; it is stored with that one day."
    ]


async def test_who_comes_back_has_two_memberships() -> None:
    first, teacher = row("enrollments", 0, endDate="2026-10-01")
    again = {**first, "sourcedId": "N3", "beginDate": "2026-11-01", "endDate": ""}
    await loaded(bundle(enrollments=[first, teacher, again]))
    assert await rows("SELECT since, until FROM class_membership ORDER BY since") == [
        ("2026-09-07", "2026-09-30"),
        ("2026-11-01", None),
    ]


async def test_a_membership_that_goes_on_is_taken_over_and_not_doubled() -> None:
    await loaded(bundle())
    renamed = bundle(enrollments=row("enrollments", 0, sourcedId="N9", beginDate="2026-09-01"))
    outcome = await loaded(renamed)
    assert outcome.counts["enrollments"] == {"new": 1, "changed": 0, "same": 0, "unnamed": 1}
    assert await rows("SELECT since, until FROM class_membership") == [("2026-09-01", None)]
    assert (await loaded(renamed)).counts["enrollments"] == {"new": 0, "changed": 0, "same": 1, "unnamed": 0}


async def test_two_memberships_change_places() -> None:
    classes = more("classes", sourcedId="E2", title="English A1, Friday")
    first, teacher = CENTRE["enrollments"]
    second = {**first, "sourcedId": "N3", "classSourcedId": "E2"}
    await loaded(bundle(classes=classes, enrollments=[first, teacher, second]))
    swapped = [{**first, "classSourcedId": "E2"}, teacher, {**second, "classSourcedId": "E1"}]
    await loaded(bundle(classes=classes, enrollments=swapped))
    assert await rows(
        "SELECT m.id, c.code FROM class_membership m JOIN class c ON c.id = m.class_id ORDER BY m.id"
    ) == [(1, "E2"), (2, "E1")]


async def test_a_primary_teacher_leads_the_class() -> None:
    assistant = {**CENTRE["enrollments"][1], "sourcedId": "N3", "userSourcedId": "lan", "primary": ""}
    outcome = await loaded(bundle(enrollments=[*CENTRE["enrollments"], assistant]))
    assert await rows(
        "SELECT p.given_name, t.is_lead FROM class_teacher t JOIN person p ON p.id = t.person_id ORDER BY t.id"
    ) == [("Hoa", True), ("Lan", False)]
    assert outcome.counts["teachings"]["new"] == 2


async def test_a_teacher_who_comes_back_teaches_the_class_once() -> None:
    student, teacher = CENTRE["enrollments"]
    rows_of_hoa = [
        {**teacher, "primary": "", "endDate": "2026-10-01"},
        {**teacher, "sourcedId": "N3", "beginDate": "2026-11-01"},
    ]
    outcome = await loaded(bundle(enrollments=[student, *rows_of_hoa]))
    assert await rows("SELECT is_lead FROM class_teacher") == [(True,)]
    assert any("when a teacher teaches" in note for note in notes(outcome))


async def test_a_teacher_who_is_moved_to_another_class_leaves_the_old_one() -> None:
    classes = more("classes", sourcedId="E2", title="English A1, Friday")
    await loaded(bundle(classes=classes))
    await loaded(bundle(classes=classes, enrollments=row("enrollments", 1, classSourcedId="E2")))
    assert await rows("SELECT c.code FROM class_teacher t JOIN class c ON c.id = t.class_id") == [("E2",)]


async def test_who_neither_learns_nor_teaches_is_left_out_and_said() -> None:
    proctor = {**CENTRE["enrollments"][1], "sourcedId": "N3", "userSourcedId": "lan", "role": "proctor", "primary": ""}
    outcome = await loaded(bundle(enrollments=[*CENTRE["enrollments"], proctor]))
    assert "enrollments.csv: 1 neither learn nor teach and are not stored." in notes(outcome)
    assert await rows("SELECT COUNT(*) FROM class_teacher") == [(1,)]


async def test_a_category_stands_in_each_class_that_uses_it() -> None:
    classes = more("classes", sourcedId="E2", title="English A1, Friday")
    categories = [
        {"sourcedId": "X", "title": "Exams"},
        *row("categories", weight="33.3335"),
        {**CENTRE["categories"][0], "sourcedId": "U"},
    ]
    items = [
        *CENTRE["lineItems"],
        *(
            more("lineItems", sourcedId=f"L{n}", classSourcedId="E2", categorySourcedId=c)[1]
            for n, c in ((2, "K"), (3, "X"))
        ),
    ]
    outcome = await loaded(bundle(classes=classes, categories=categories, lineItems=items))
    assert await rows(
        "SELECT c.code, k.name, k.weight, k.ordinal FROM category k JOIN class c ON c.id = k.class_id"
        " ORDER BY c.code, k.ordinal"
    ) == [("E1", "Tests", 33334, 0), ("E2", "Exams", 0, 0), ("E2", "Tests", 33334, 1)]
    assert "categories.csv: 1 are not stored, because no line item names them." in notes(outcome)
    assert warnings(outcome) == ["categories.csv:3 (weight): 33.3335 is finer than a thousandth; 33.334 is stored."]


async def test_a_line_item_becomes_an_assessment() -> None:
    await loaded(bundle(lineItems=row("lineItems", description="Unit 1,\nall of it", resultValueMax="12.5")))
    assert await rows(
        "SELECT a.name, a.description, a.due_on, a.max_points, k.name, c.code FROM assessment a"
        " JOIN category k ON k.id = a.category_id JOIN class c ON c.id = a.class_id"
    ) == [("Unit 1", "Unit 1, all of it", "2026-09-21", 12500, "Tests", "E1")]


async def test_a_line_item_that_does_not_say_has_100_points() -> None:
    await loaded(bundle(lineItems=row("lineItems", resultValueMax="", resultValueMin="")))
    assert await rows("SELECT max_points FROM assessment") == [(100_000,)]


async def test_a_score_above_them_is_refused() -> None:
    items = row("lineItems", resultValueMax="", resultValueMin="")
    assert await turned_away(bundle(lineItems=items, results=row("results", score="101"))) == [
        "results.csv:2 (score): The score 101 is above 100, "
        "which is the most where lineItems.csv gives no resultValueMax."
    ]


@pytest.mark.parametrize("most", ["0", "0.0004", "1000000.001", "999999999999"])
async def test_a_line_item_without_points_or_with_too_many_is_refused(most: str) -> None:
    items = row("lineItems", resultValueMax=most, resultValueMin="-10")
    assert await turned_away(bundle(lineItems=items, results=None)) == [
        "lineItems.csv:2 (resultValueMax): The highest value must be above 0 and at most 1000000"
        " to be the most points of an assessment."
    ]


async def test_points_below_zero_are_refused() -> None:
    items = row("lineItems", resultValueMin="-10")
    assert await turned_away(bundle(lineItems=items, results=row("results", score="-1"))) == [
        "results.csv:2 (score): Points are not below 0."
    ]
    assert await is_empty()


async def test_a_result_becomes_a_published_score_in_thousandths() -> None:
    await loaded(bundle())
    assert await rows(SCORES) == [("graded", 8500, "Well done", "2026-09-21")]
    assert await rows("SELECT published_at IS NULL, changed_at = published_at FROM score") == [(False, True)]
    assert await rows(SUMS) == [("Unit 1", 1, 8500)]


@pytest.mark.parametrize(
    ("status", "score", "stored"),
    [
        ("fully graded", "0", ("graded", 0)),
        ("partially graded", "4.25", ("partially_graded", 4250)),
        ("partially graded", "", ("submitted", None)),
        ("exempt", "", ("exempt", None)),
        ("not submitted", "", ("not_submitted", None)),
        ("not submitted", "5", ("not_submitted", None)),
        ("submitted", "", ("submitted", None)),
        ("submitted", "5", ("submitted", None)),
    ],
)
async def test_a_blank_is_never_zero(status: str, score: str, stored: tuple[str, int | None]) -> None:
    outcome = await loaded(result(scoreStatus=status, score=score, comment=""))
    assert await rows(SCORES) == [(*stored, "", "2026-09-21")]
    counted = stored[1] is not None
    assert await rows(SUMS) == [("Unit 1", int(counted), stored[1] or 0)]
    assert bool(warnings(outcome)) == (bool(score) and not counted)


async def test_a_mark_in_words_is_kept_as_a_comment() -> None:
    await loaded(result(score="", textScore="B+"))
    assert await rows(SCORES) == [("submitted", None, "B+ · Well done", "2026-09-21")]


async def test_a_mark_in_words_beside_one_in_figures_is_left_out_and_said() -> None:
    outcome = await loaded(result(textScore="B+", comment=""))
    assert await rows(SCORES) == [("graded", 8500, "", "2026-09-21")]
    assert "results.csv: a mark in words is not stored where there is one in figures." in notes(outcome)


@pytest.mark.parametrize(("score", "points"), [("8.3335", 8334), ("8.3325", 8332), ("8.33251", 8333)])
async def test_a_score_finer_than_a_thousandth_is_rounded_to_the_even_neighbour(score: str, points: int) -> None:
    outcome = await loaded(result(score=score))
    assert await rows("SELECT points FROM score") == [(points,)]
    assert warnings(outcome) == [
        f"results.csv:2 (score): {score} is finer than a thousandth; {points / 1000} is stored."
    ]


async def test_a_long_comment_is_cut_and_said() -> None:
    outcome = await loaded(result(comment="ạ" * 1001))
    assert await rows("SELECT comment FROM score") == [("ạ" * 1000,)]
    assert len(warnings(outcome)) == 1


async def test_a_changed_score_is_written_and_summed_again() -> None:
    await loaded(bundle())
    published = await db.value("SELECT published_at FROM score")
    with clock.moved(hours=1):
        outcome = await loaded(result(score="9"))
    assert outcome.counts["results"] == {"new": 0, "changed": 1, "same": 0, "unnamed": 0}
    assert await rows("SELECT points FROM score") == [(9000,)]
    assert await rows(SUMS) == [("Unit 1", 1, 9000)]
    assert await db.value("SELECT published_at FROM score") == published


async def test_a_mark_is_its_line_items_and_its_students_whatever_the_sourced_id() -> None:
    await loaded(bundle())
    renamed = result(sourcedId="S9", score="7")
    outcome = await loaded(renamed)
    assert outcome.counts["results"] == {"new": 1, "changed": 0, "same": 0, "unnamed": 1}
    assert await rows("SELECT points FROM score") == [(7000,)]
    assert (await loaded(renamed)).counts["results"] == {"new": 0, "changed": 0, "same": 1, "unnamed": 0}


async def test_a_mark_that_moves_to_another_line_item_leaves_the_first() -> None:
    items = more("lineItems", sourcedId="L2", title="Unit 2")
    two = [*CENTRE["results"], more("results", sourcedId="S2", lineItemSourcedId="L2", score="3")[1]]
    await loaded(bundle(lineItems=items, results=two))
    swapped = [{**two[0], "lineItemSourcedId": "L2"}, {**two[1], "lineItemSourcedId": "L"}]
    await loaded(bundle(lineItems=items, results=swapped))
    assert await rows(SUMS) == [("Unit 1", 1, 3000), ("Unit 2", 1, 8500)]
    items += more("lineItems", sourcedId="L3", title="Unit 3")[1:]
    await loaded(bundle(lineItems=items, results=[swapped[0], {**swapped[1], "lineItemSourcedId": "L3"}]))
    assert await rows(SUMS) == [("Unit 1", 0, 0), ("Unit 2", 1, 8500), ("Unit 3", 1, 3000)]


async def test_only_the_touched_assessments_are_summed_again() -> None:
    items = more("lineItems", sourcedId="L2", title="Unit 2")
    two = [*CENTRE["results"], more("results", sourcedId="S2", lineItemSourcedId="L2")[1]]
    await loaded(bundle(lineItems=items, results=two))
    await db.execute("UPDATE assessment SET published_count = 77 WHERE name = 'Unit 2'")
    await loaded(bundle(lineItems=items, results=[{**two[0], "score": "1"}, two[1]]))
    assert await rows(SUMS) == [("Unit 1", 1, 1000), ("Unit 2", 77, 8500)]


async def test_a_draft_that_staff_wrote_is_published_with_the_results_mark() -> None:
    await loaded(bundle(results=None))
    assessment, student = await db.value("SELECT id FROM assessment"), await db.value("SELECT id FROM student")
    await db.insert("score", assessment_id=assessment, student_id=student, points=1000, changed_at=clock.now())
    await loaded(bundle())
    assert await rows("SELECT points, published_at IS NULL FROM score") == [(8500, False)]
    assert await rows(SUMS) == [("Unit 1", 1, 8500)]
