"""Guardians of students who are here, and staff."""

from portal import db
from tests.cast import Cast
from tests.interchange.sheets.sending import checked, imported, said

GUARDIANS = ("Mã học viên", "Họ tên phụ huynh", "Quan hệ", "Điện thoại", "Email")
STAFF = ("Họ và tên", "Điện thoại", "Email", "Chi nhánh", "Chức vụ")


async def test_a_guardian_of_a_student_who_is_here_gets_no_sight_and_the_others_are_told(cast: Cast) -> None:
    hai = ("HV00001", "Nguyễn Văn Hải", "Bố", "0905111222", "hai@example.com")
    run = await imported(cast, [GUARDIANS, hai, ("HV00002", *hai[1:])], kind="guardians")
    assert run.counts["guardians"] == {"new": 2, "changed": 0, "same": 0}
    links = await db.rows(
        "SELECT g.relation, g.may_see, g.may_pay, g.ground FROM guardian g JOIN person p ON p.id = g.person_id"
        " WHERE p.given_name = 'Hải'"
    )
    told = [(relation, bool(see), bool(pay), ground) for relation, see, pay, ground in links]
    assert told == [("father", False, False, "Spreadsheet import")] * 2
    assert await db.value("SELECT COUNT(*) FROM person WHERE given_name = 'Hải'") == 1
    assert await db.value("SELECT COUNT(*) FROM letter WHERE recipient = 'lan@example.com'") == 2
    again = await imported(cast, [GUARDIANS, hai], kind="guardians")
    assert again.counts["guardians"] == {"new": 0, "changed": 0, "same": 1}


async def test_a_guardian_who_is_here_is_known_by_code_or_by_a_word(cast: Cast) -> None:
    bao_father = ("HV00001", "Võ Văn An", "Họ hàng", "0987654321", "an@example.com")
    _, seen = await checked(cast, [GUARDIANS, bao_father], kind="guardians", by="son")
    assert [one.id for one in seen.questions[0].candidates] == [cast.an.person]
    same = {"all_guardian": "same"}
    run, _ = await checked(cast, [GUARDIANS, bao_father], kind="guardians", by="son", decisions=same)
    assert run.counts["guardians"]["new"] == 1
    head = ("Mã người", *GUARDIANS)
    rows = [
        head,
        (f"P{cast.an.person}", "HV00002", "", "Họ hàng", "", ""),
        (f"P{cast.minh.person}", "HV00001", "", "Khác", "", ""),
        ("P99999", *bao_father),
        ("", "HV99999", *bao_father[1:]),
    ]
    _, seen = await checked(cast, rows, kind="guardians", by="son")
    assert said(seen) == {
        3: {"Mã người": "Nobody is their own guardian."},
        4: {"Mã người": "Nobody has this code. Leave it empty for somebody new."},
        5: {"Mã học viên": "No student of your branches has this code."},
    }


async def test_a_manager_links_nobody_to_a_student_of_another_branch(cast: Cast) -> None:
    rows = [GUARDIANS, ("HV00003", "Lý Thị Mai", "Mẹ", "0905111222", "mai2@example.com")]
    _, seen = await checked(cast, rows, kind="guardians")
    assert said(seen) == {2: {"Mã học viên": "No student of your branches has this code."}}


async def test_staff_come_without_a_role_or_an_account(cast: Cast) -> None:
    before = await db.value("SELECT COUNT(*) FROM account_role")
    run = await imported(
        cast,
        [
            STAFF,
            ("Đặng Kim Oanh", "905222333", "oanh@example.com", "Cầu Giấy", "Lễ tân"),
            ("Lê Tú", "", "", "", ""),
        ],
        kind="staff",
    )
    assert run.counts == {"staff": {"new": 2, "changed": 0, "same": 0}}
    found = await db.rows(
        "SELECT p.given_name, m.code, m.position, w.branch_id FROM staff_member m JOIN person p ON p.id = m.person_id"
        " JOIN works_at w ON w.person_id = p.id WHERE p.given_name IN ('Oanh', 'Tú') ORDER BY m.id"
    )
    assert found == [("Oanh", "NV00001", "Lễ tân", cast.north), ("Tú", "NV00002", "", cast.north)]
    assert await db.value("SELECT COUNT(*) FROM account_role") == before
    rows = [("Mã NV", *STAFF), ("NV00001", "", "", "", "", "Kế toán"), ("NV00002", "Lê Tú", "", "", "", "")]
    again = await imported(cast, rows, kind="staff")
    assert again.counts == {"staff": {"new": 0, "changed": 1, "same": 1}}
    assert await db.value("SELECT position FROM staff_member WHERE code = 'NV00001'") == "Kế toán"
