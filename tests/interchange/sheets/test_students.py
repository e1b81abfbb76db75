"""Students with their guardians: what a row makes, what it changes, what stops it."""

from portal import db
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
        "Giới tính": "Choose one of the list.",
        "Quan hệ": "Choose one of the list.",
        "SĐT phụ huynh": "This is not a phone number. A mobile number is like 0912 345 678.",
        "Email phụ huynh": "Please fill this in.",
        "phone": "Please fill this in, or, for a minor, the guardian's.",
        "email": "Please fill this in, or, for a minor, the guardian's.",
    }
    assert await count("student") == 3
