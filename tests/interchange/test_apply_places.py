"""Orgs, sessions, courses and classes become branches, terms, programs and classes."""

import pytest

from portal import db
from tests.interchange.applying import is_empty, loaded, notes, rows, turned_away, warnings
from tests.interchange.builder import CENTRE, bundle, more, row

pytestmark = pytest.mark.usefixtures("database")

CLASSES = "SELECT code, name FROM class ORDER BY name"


async def test_an_org_that_is_named_becomes_a_branch_and_no_other() -> None:
    outcome = await loaded(bundle(orgs=row("orgs", 1, identifier="CG")))
    assert await rows("SELECT code, name, address, phone, closed_on FROM branch") == [
        ("CG", "Cơ sở Cầu Giấy", "", "", None)
    ]
    assert "orgs.csv: 1 are not stored, because no class, person or role names them." in notes(outcome)


async def test_without_an_identifier_the_sourced_id_is_the_code() -> None:
    await loaded(bundle())
    assert await rows("SELECT code FROM branch") == [("O1",)]


async def test_a_code_of_our_own_branch_is_not_taken_from_it() -> None:
    await db.insert("branch", code="CG", name="Ours")
    outcome = await loaded(bundle(orgs=row("orgs", 1, identifier="CG")))
    assert await rows("SELECT code, name FROM branch ORDER BY id") == [("CG", "Ours"), ("O1", "Cơ sở Cầu Giấy")]
    assert warnings(outcome) == [
        'orgs.csv:3 (identifier): The code "CG" belongs to another record; "O1" is used instead.'
    ]


async def test_when_no_code_is_left_the_bundle_is_refused_with_the_line() -> None:
    await db.insert("branch", code="O1", name="Ours")
    await db.insert("class", branch_id=await db.value("SELECT id FROM branch"), code="E1", name="Ours")
    assert await turned_away(bundle()) == [
        'orgs.csv:3 (sourcedId): The code "O1" belongs to another record.',
        'classes.csv:2 (sourcedId): The code "E1" belongs to another record.',
    ]
    assert await rows("SELECT name FROM branch") == [("Ours",)]


async def test_a_long_sourced_id_makes_a_code_that_fits() -> None:
    long = "x" * 250
    classes = row("classes", 0, schoolSourcedId=long)
    orgs = [*CENTRE["orgs"], {"sourcedId": long, "name": "Far away", "type": "school"}]
    await loaded(bundle(orgs=orgs, classes=classes, enrollments=None, lineItems=None, results=None))
    ((code,),) = await rows("SELECT code FROM branch WHERE name = 'Far away'")
    assert len(code) == 64
    assert code.startswith("x" * 51 + "~")


async def test_a_name_that_is_too_long_is_cut_and_said() -> None:
    outcome = await loaded(bundle(orgs=row("orgs", 1, name="B" * 121)))
    assert await rows("SELECT name FROM branch") == [("B" * 120,)]
    assert warnings(outcome) == ["orgs.csv:3 (name): Only the first 120 characters are stored; this has 121."]


async def test_a_session_becomes_a_term_that_ends_on_its_last_day() -> None:
    await loaded(bundle())
    assert await rows(
        "SELECT t.name, t.kind, t.starts_on, t.ends_on, t.school_year, p.name"
        " FROM term t LEFT JOIN term p ON p.id = t.parent_id ORDER BY t.id"
    ) == [
        ("2026-2027", "schoolYear", "2026-09-01", "2027-05-31", 2027, None),
        ("Autumn", "term", "2026-09-01", "2026-12-31", 2027, "2026-2027"),
    ]


async def test_a_child_before_its_parent_is_stored_all_the_same() -> None:
    await loaded(bundle(academicSessions=list(reversed(CENTRE["academicSessions"]))))
    assert await rows("SELECT COUNT(*) FROM term WHERE parent_id IS NOT NULL") == [(1,)]


async def test_a_session_of_a_kind_of_the_senders_own_is_left_out_and_its_dates_count() -> None:
    sessions = [{**CENTRE["academicSessions"][0], "type": "ext:block"}, CENTRE["academicSessions"][1]]
    outcome = await loaded(
        bundle(academicSessions=sessions, classes=row("classes", termSourcedIds="Y,T"), courses=row("courses"))
    )
    assert await rows("SELECT name, parent_id FROM term") == [("Autumn", None)]
    assert await rows("SELECT t.name, c.starts_on, c.ends_on FROM class c JOIN term t ON t.id = c.term_id") == [
        ("Autumn", "2026-09-01", "2027-05-31")
    ]
    assert any("a kind of the sender's own" in warning for warning in warnings(outcome))


async def test_a_course_becomes_a_program_with_one_level() -> None:
    await loaded(bundle(courses=row("courses", courseCode="EA1", title="Tiếng Anh " * 10)))
    assert await rows(
        "SELECT p.code, p.slug, p.name, l.ordinal, l.name FROM program p JOIN level l ON l.program_id = p.id"
    ) == [
        ("EA1", ("tieng-anh-" * 10)[:72].strip("-"), ("Tiếng Anh " * 10).strip(), 1, ("Tiếng Anh " * 10)[:80].strip())
    ]


async def test_an_address_that_is_taken_gets_a_number() -> None:
    await db.insert("program", code="OURS", slug="english-a1", name="Ours")
    await loaded(bundle(courses=more("courses", sourcedId="E2")))
    assert await rows("SELECT code, slug FROM program ORDER BY id") == [
        ("OURS", "english-a1"),
        ("E", "english-a1-2"),
        ("E2", "english-a1-3"),
    ]


async def test_an_address_stays_when_the_title_changes() -> None:
    await loaded(bundle())
    await loaded(bundle(courses=row("courses", title="English for beginners")))
    assert await rows("SELECT p.slug, p.name, l.name FROM program p JOIN level l ON l.program_id = p.id") == [
        ("english-a1", "English for beginners", "English for beginners")
    ]


async def test_a_title_without_latin_letters_has_an_address_too() -> None:
    await loaded(bundle(courses=row("courses", title="中文")))
    assert await rows("SELECT slug FROM program") == [("e",)]


async def test_a_class_stands_in_its_first_term_and_as_long_as_all_of_them() -> None:
    classes = row("classes", classCode="A1-MON", termSourcedIds="T,Y", location="201")
    outcome = await loaded(bundle(classes=classes))
    assert await rows(
        "SELECT c.code, c.name, c.starts_on, c.ends_on, c.room, c.capacity, t.name, l.name, b.code FROM class c"
        " JOIN term t ON t.id = c.term_id JOIN level l ON l.id = c.level_id JOIN branch b ON b.id = c.branch_id"
    ) == [("A1-MON", "English A1, Monday", "2026-09-01", "2027-05-31", "201", None, "Autumn", "English A1", "O1")]
    assert any("further terms only lengthen it" in note for note in notes(outcome))


async def test_a_code_that_two_classes_want_is_neithers() -> None:
    classes = [*row("classes", classCode="A1"), *more("classes", sourcedId="E2", title="Z", classCode="A1")[1:]]
    outcome = await loaded(bundle(classes=classes))
    assert await rows(CLASSES) == [("E1", "English A1, Monday"), ("E2", "Z")]
    assert warnings(outcome) == [
        'classes.csv:2 (classCode): The code "A1" belongs to another record; "E1" is used instead.',
        'classes.csv:3 (classCode): The code "A1" belongs to another record; "E2" is used instead.',
    ]


async def test_who_has_a_code_keeps_it_when_another_comes() -> None:
    await loaded(bundle(classes=row("classes", classCode="A1")))
    two = [*row("classes", classCode="A1", title="B"), *more("classes", sourcedId="E2", title="C", classCode="A1")[1:]]
    await loaded(bundle(classes=two))
    assert await rows(CLASSES) == [("A1", "B"), ("E2", "C")]


async def test_in_summer_every_class_moves_up_a_code() -> None:
    def classes(*codes: str) -> list[dict[str, str]]:
        made = [(f"C{number}", code) for number, code in enumerate(codes)]
        return [*CENTRE["classes"], *(more("classes", sourcedId=k, title=k, classCode=c)[1] for k, c in made)]

    await loaded(bundle(classes=classes("6A", "7A", "8A")))
    outcome = await loaded(bundle(classes=classes("7A", "8A", "9A")))
    assert warnings(outcome) == []
    assert await rows(CLASSES) == [("7A", "C0"), ("8A", "C1"), ("9A", "C2"), ("E1", "English A1, Monday")]


async def test_a_bundle_without_courses_takes_no_level_away() -> None:
    await loaded(bundle())
    await loaded(bundle(courses=None, classes=row("classes", title="Renamed")))
    assert await rows("SELECT c.name, l.name FROM class c JOIN level l ON l.id = c.level_id") == [
        ("Renamed", "English A1")
    ]


async def test_what_has_no_place_here_is_said() -> None:
    said = notes(await loaded(bundle()))
    assert "orgs.csv: not used here, so not stored: type, parentSourcedId." in said
    assert "classes.csv: not used here, so not stored: grades, classType." in said
    assert "lineItems.csv: not used here, so not stored: assignDate, academicSessionSourcedId." in said


async def test_a_refused_reading_stores_nothing() -> None:
    assert await turned_away(bundle(orgs=row("orgs", 1, name=""))) == ["orgs.csv:3 (name): This must be filled in."]
    assert await is_empty()
