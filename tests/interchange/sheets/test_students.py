"""Students with their guardians: what a row makes, what it changes, what stops it."""

import re

import pytest

from portal import db
from portal.interchange.sheets import judging, values
from portal.people import admission
from portal.people.guardians import RELATIONS
from portal.words import translated
from tests.cast import Cast
from tests.interchange.sheets.sending import HEADERS, MINOR, checked, count, imported, said


async def test_a_row_makes_a_student_with_a_guardian_who_may_see(cast: Cast) -> None:
    run = await imported(cast, [HEADERS, MINOR])
    assert run.counts == {
        "students": {"new": 1, "changed": 0, "same": 0},
        "guardians": {"new": 1, "changed": 0, "same": 0},
    }
    found = await db.rows(
        "SELECT p.family_name, p.middle_name, p.given_name, p.sex, s.code, s.branch_id, s.assigned_to_id FROM student s"
        " JOIN person p ON p.id = s.person_id WHERE p.given_name = 'Hân'"
    )
    assert found == [("Nguyễn", "Gia", "Hân", "female", "HV00004", cast.north, cast.mai.person)]
    links = await db.rows(
        "SELECT g.relation, g.may_see, g.may_pay, g.ground, n.number, e.address FROM guardian g"
        " JOIN phone_number n ON n.person_id = g.person_id JOIN email_address e ON e.person_id = g.person_id"
        " WHERE e.address = 'khoa@example.com'"
    )
    assert len(links) == 1
    relation, may_see, may_pay, *rest = links[0]
    assert (relation, bool(may_see), bool(may_pay)) == ("father", True, True)
    assert rest == ["Entered together with the student.", "+84905111222", "khoa@example.com"]


async def test_a_row_hears_what_the_form_says(cast: Cast) -> None:
    wrong = ("Hân", "31/2/2016", "?", "Nguyễn Văn Khoa", "", "12345", "")
    run, seen = await checked(cast, [HEADERS, MINOR, wrong])
    assert run.counts["students"]["new"] == 1
    assert said(seen)[3] == {
        "Họ và tên": "Please fill this in.",
        "Ngày sinh": "This is not a day. It looks like 31/12/2014.",
        "Giới tính": "“?” is not understood. Write female, male or other.",
        "Quan hệ": "Say who this is: mother, father, grandparent, sibling, guardian, relative or other.",
        "SĐT phụ huynh": "This is not a phone number. A mobile number is like 0912 345 678.",
        "Email phụ huynh": "Please fill this in.",
    }
    assert await count("student") == 3


async def test_a_birth_date_that_is_wrong_is_the_only_mistake_and_a_minor_lacks_a_guardian(cast: Cast) -> None:
    alone = ("Nguyễn Gia Bảo", "5/9/2016", "Nam", "", "", "", "")
    _, seen = await checked(cast, [HEADERS, (MINOR[0], "31/02/2014", *MINOR[2:]), alone])
    assert said(seen) == {
        2: {"Ngày sinh": "This is not a day. It looks like 31/12/2014."},
        3: dict.fromkeys(
            ("SĐT phụ huynh", "Email phụ huynh"), "For a minor, please fill this in, or the student's own."
        ),
    }


async def test_a_name_that_lost_its_letters_is_a_mistake(cast: Cast) -> None:
    lost = "Letters of this name were lost; save the file anew as CSV UTF-8 or .xlsx."
    rows = [("Nguy?n V?n A", *MINOR[1:]), (*MINOR[:3], "Tr\ufffdn Khoa", *MINOR[4:])]
    run, seen = await checked(cast, [HEADERS, *rows])
    assert said(seen) == {2: {"Họ và tên": lost}, 3: {"Họ tên phụ huynh": lost}}
    assert any("Letters were lost" in str(problem.sentence) for problem in run.problems)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_choices_that_a_row_is_told_are_understood(language: str) -> None:
    for told, read, allowed in (
        (judging._sex("x"), values.sex, admission.SEXES),
        (judging._relation("x"), values.relation, RELATIONS),
        (judging._relation(""), values.relation, RELATIONS),
    ):
        listed = re.split(r"Write |Hãy ghi |: ", translated(told, language))[-1].rstrip(".")
        assert tuple(sorted(map(read, re.split(r", | or | hoặc ", listed)))) == tuple(sorted(allowed)), listed


async def test_siblings_share_their_parents_and_two_new_parents_are_one_household(cast: Cast) -> None:
    head = ("Họ tên", "Ngày sinh", "Họ tên mẹ", "SĐT mẹ", "Email mẹ", "Họ tên bố", "SĐT bố")
    parents = ("Phạm Thị Thuỷ", "0905111333", "thuy@example.com", "Trần Văn Bình", "0905111444")
    await imported(cast, [head, ("Trần Bảo Ngọc", "14/2/2015", *parents), ("Trần Bảo Long", "14/2/2017", *parents)])
    links = await db.rows(
        "SELECT s.code, g.relation, g.person_id, g.household_id FROM guardian g JOIN student s ON s.id = g.student_id"
        " WHERE s.code IN ('HV00004', 'HV00005') ORDER BY s.code, g.id"
    )
    assert [(code, relation) for code, relation, _, _ in links] == [
        ("HV00004", "mother"),
        ("HV00004", "father"),
        ("HV00005", "mother"),
        ("HV00005", "father"),
    ]
    assert len({person for _, _, person, _ in links}) == 2
    assert len({household for *_, household in links}) == 1


async def test_two_guardians_of_one_name_are_two(cast: Cast) -> None:
    head = ("Mã học viên", "Họ tên", "Ngày sinh", "Họ tên mẹ", "SĐT mẹ", "Email mẹ", "Họ tên bố", "SĐT bố")
    row = ("A1", "Lê An", "1/2/2015", "Lê Bình", "0905111333", "b@example.com", "Lê Bình", "0905111444")
    await imported(cast, [head, row])
    again = await imported(cast, [head, row])
    assert again.counts == {
        "students": {"new": 0, "changed": 0, "same": 1},
        "guardians": {"new": 0, "changed": 0, "same": 2},
    }


async def test_a_known_code_changes_what_the_row_says_and_leaves_what_is_empty(cast: Cast) -> None:
    head = ("Mã học viên", "Họ", "Tên đệm", "Tên", "Ngày sinh", "Địa chỉ", "SĐT")
    before = await db.row("SELECT given_name, birth_date, address FROM person WHERE id = ?", cast.minh.person)
    run = await imported(cast, [head, ("HV00001", "", "Nhật", "", "", "12 Láng", "0905 111 555"), ("HV00002",)])
    assert run.counts["students"] == {"new": 0, "changed": 1, "same": 1}
    found = await db.row(
        "SELECT p.family_name, p.middle_name, p.given_name, p.birth_date, p.address, p.search_key, p.contact_key"
        " FROM person p WHERE p.id = ?",
        cast.minh.person,
    )
    assert before is not None
    assert found is not None
    assert found[:3] == ("Nguyễn", "Nhật", "Minh")
    assert (found[3], found[4]) == (before[1], "12 Láng")
    assert found[5] == " nguyen nhat minh nguyen minh hv00001"
    assert "0905111555" in found[6]


async def test_whoever_looks_known_waits_for_a_word(cast: Cast) -> None:
    minh = ("Nguyễn Hoàng Minh", "9/3/2014", "Nam", "Nguyễn Văn Hải", "Bố", "0905111222", "hai@example.com")
    run, seen = await checked(cast, [HEADERS, minh, MINOR])
    assert run.counts["students"]["new"] == 1
    assert (seen.good, seen.left, seen.open) == (1, 1, 1)
    (question,) = seen.questions
    assert [one.id for one in question.candidates] == [cast.minh.person]
    assert question.row == 2

    skipped = await imported(cast, [HEADERS, minh], decisions={"r2": "skip"})
    assert skipped.counts["students"] == {"new": 0, "changed": 0, "same": 0}
    updated = await imported(cast, [HEADERS, minh], decisions={"r2": str(cast.minh.person)})
    assert updated.counts["students"] == {"new": 0, "changed": 1, "same": 0}  # his sex was not known
    links = await db.rows(
        "SELECT g.may_see, g.ground FROM guardian g WHERE g.student_id = ? ORDER BY g.id DESC", cast.minh.student
    )
    assert (bool(links[0][0]), links[0][1]) == (False, "Spreadsheet import")
    letters = await db.value("SELECT COUNT(*) FROM letter WHERE recipient = 'lan@example.com'")
    assert letters == 1
    new = await imported(cast, [HEADERS, minh], decisions={"all_person": "new", "all_guardian": "same"})
    assert new.counts["students"]["new"] == 1
    assert await db.value("SELECT COUNT(*) FROM person WHERE given_name = 'Hải'") == 1


async def test_a_decision_for_somebody_who_was_not_offered_is_none(cast: Cast) -> None:
    minh = ("Nguyễn Hoàng Minh", "9/3/2014", "Nam", "Nguyễn Văn Hải", "Bố", "0905111222", "hai@example.com")
    for said_of in (str(cast.bao.person), "0", "9" * 30, "٣", "new "):
        _, seen = await checked(cast, [HEADERS, minh], decisions={"r2": said_of, "unknown": "new"})
        assert seen.open == 1, said_of
        assert seen.left == 1


async def test_the_same_name_and_birth_date_twice_in_a_sheet_is_asked_about(cast: Cast) -> None:
    _, seen = await checked(cast, [HEADERS, MINOR, MINOR])
    assert (seen.good, seen.left) == (1, 1)
    assert seen.questions[0].earlier_row == 2
    run, _ = await checked(cast, [HEADERS, MINOR, MINOR], decisions={"r3": "new"})
    assert run.counts == {
        "students": {"new": 2, "changed": 0, "same": 0},
        "guardians": {"new": 2, "changed": 0, "same": 0},
    }


async def test_a_code_twice_and_a_code_of_another_branch_are_wrong(cast: Cast) -> None:
    head = ("Mã học viên", *HEADERS)
    rows = [head, ("A1", *MINOR), ("A1", *MINOR), ("HV00003", *MINOR)]
    _, seen = await checked(cast, rows)
    assert said(seen) == {
        3: {"Mã học viên": "Row 2 has this code already."},
        4: {"Mã học viên": "Another record has this code, in a branch that is not yours."},
    }


async def test_a_manager_imports_into_the_own_branch_only(cast: Cast) -> None:
    head = ("Chi nhánh", *HEADERS)
    _, seen = await checked(cast, [head, ("Thủ Đức", *MINOR), ("cau giay", *MINOR), ("CG", *MINOR)])
    told = "“Thủ Đức” is no branch that you may choose. There are: Cầu Giấy."
    assert said(seen) == {2: {"Chi nhánh": told}}
    run, _ = await checked(cast, [head, ("Thủ Đức", *MINOR)], by="son")
    assert run.counts["students"]["new"] == 1


async def test_adults_need_what_the_form_needs_of_them(cast: Cast) -> None:
    head = ("Full name", "Date of birth", "Phone", "Email")
    rows = [head, ("Lý Thu Hà", "1999-01-02", "0905111666", "ha@example.com"), ("Lý Thu Hạnh", "1/2/99", "", "")]
    run, seen = await checked(cast, rows)
    assert run.counts["students"]["new"] == 1
    assert said(seen) == {3: {"Phone": "Please fill this in.", "Email": "Please fill this in."}}


async def test_what_was_done_to_cells_is_said(cast: Cast) -> None:
    number = ("Nguyễn Gia Hân", "42618", "Nữ", "Nguyễn Văn Khoa", "Bố", "905111222.0", "khoa@example.com")
    doubtful = ("Nguyễn Gia Bảo", "1/2/15", "Nam", "Nguyễn Văn Khoa", "Bố", "905111222", "khoa@example.com")
    run, seen = await checked(cast, [HEADERS, number, doubtful])
    assert not seen.wrong
    notes = [str(problem.sentence) for problem in run.problems]
    assert notes == [
        '"Ngày sinh": bare numbers were read as a spreadsheet counts days (1).',
        '"Ngày sinh": days that could also begin with the month were read with the day first, as 31/12/2014 (1).',
        '"SĐT phụ huynh": the 0 that a spreadsheet takes away at the beginning was put back (2).',
    ]
    await imported(cast, [HEADERS, number, doubtful])
    days = await db.rows("SELECT birth_date FROM person WHERE given_name IN ('Hân', 'Bảo') AND middle_name = 'Gia'")
    assert sorted(str(day) for (day,) in days) == ["2015-02-01", "2016-09-05"]


async def test_the_import_is_one_act_in_the_record(cast: Cast) -> None:
    await imported(cast, [HEADERS, MINOR])
    acts = await db.rows("SELECT verb FROM audit_entry WHERE verb LIKE 'import%' ORDER BY id")
    assert [verb for (verb,) in acts] == ["import.start", "import.go_on", "import.students"]
