"""Users become persons, with their contacts and with what they are here."""

import datetime as dt

import pytest

from portal import db
from portal.people import persons
from portal.scope import SYSTEM
from tests.interchange.applying import loaded, notes, rows, warnings
from tests.interchange.builder import CENTRE, bundle, row

pytestmark = pytest.mark.usefixtures("database")

PERSON = "SELECT id FROM person WHERE given_name = ?"


def role(number: int, **cells: str) -> list[dict[str, str]]:
    return row("roles", number, **cells)


async def test_people_stand_under_their_legal_names() -> None:
    users = row("users", 0, middleName="Thị", preferredGivenName="Lanny")
    outcome = await loaded(bundle(users=users))
    assert await rows("SELECT family_name, middle_name, given_name, sort_key FROM person ORDER BY id") == [
        ("Trần", "Thị", "Lan", "lan tran thi"),
        ("Nguyễn", "", "Minh", "minh nguyen"),
        ("Lê", "", "Hoa", "hoa le"),
    ]
    assert any("preferred names are not stored" in note for note in notes(outcome))


async def test_people_are_found_by_name_code_phone_and_email() -> None:
    await loaded(bundle(users=row("users", 1, identifier="HV77", sms="0988 776 655", email="Minh@Example.com")))
    for query in ("nguyen minh", "hv77", "0988776655", "minh@example.com"):
        assert [found.given_name for found in (await persons.search(SYSTEM, query)).people] == ["Minh"], query


async def test_the_keys_are_those_that_people_would_fold_themselves() -> None:
    users = row("users", 2, identifier="GV1", sms="0911111111", email="hoa@example.com")
    also = {**role(2)[2], "sourcedId": "R4", "roleType": "secondary", "role": "student"}
    await loaded(bundle(users=users, roles=[*CENTRE["roles"], also]))
    keys = "SELECT search_key, contact_key, sort_key FROM person ORDER BY id"
    before = await rows(keys)
    for (person_id,) in await db.rows("SELECT id FROM person"):
        await persons.refresh_keys(person_id)
    assert await rows(keys) == before


async def test_the_mobile_comes_first_and_what_is_no_number_or_email_is_left_out() -> None:
    users = row("users", 2, sms="0911 111 111", phone="024 3333 4444", email="hoa@example")
    users[0] |= {"sms": "hotline", "phone": "0912345678", "email": "lan@Example.com"}
    outcome = await loaded(bundle(users=users))
    assert await rows(
        "SELECT p.given_name, n.number, n.is_primary FROM phone_number n JOIN person p ON p.id = n.person_id"
        " ORDER BY p.id, n.id"
    ) == [("Lan", "+84912345678", True), ("Hoa", "+84911111111", True), ("Hoa", "+842433334444", False)]
    assert await rows("SELECT address, is_primary FROM email_address") == [("lan@example.com", True)]
    assert warnings(outcome) == [
        'users.csv:2 (sms): "hotline" is not a phone number and is not stored.',
        'users.csv:4 (email): "hoa@example" is not an email address and is not read.',
    ]


async def test_the_same_number_twice_is_one() -> None:
    await loaded(bundle(users=row("users", 2, sms="0912345678", phone="+84 912 345 678")))
    assert await rows("SELECT number FROM phone_number") == [("+84912345678",)]


async def test_demographics_tell_the_birth_date_and_sex_and_nothing_else() -> None:
    await loaded(bundle())
    assert await rows("SELECT birth_date, sex FROM person WHERE given_name = 'Minh'") == [("2014-05-04", "male")]
    assert "celadon" not in str(await rows("SELECT * FROM person"))


async def test_a_birth_date_that_cannot_be_right_is_left_out() -> None:
    outcome = await loaded(bundle(demographics=row("demographics", birthDate="1814-05-04")))
    assert await rows("SELECT birth_date, sex FROM person WHERE given_name = 'Minh'") == [(None, "male")]
    assert warnings(outcome) == [
        "demographics.csv:2 (birthDate): The birth date 1814-05-04 cannot be right and is not stored."
    ]


async def test_a_bundle_without_demographics_takes_no_birth_date_away() -> None:
    await loaded(bundle())
    outcome = await loaded(bundle(demographics=None, users=row("users", 1, givenName="Minh An")))
    assert outcome.counts["users"]["changed"] == 1
    assert await rows("SELECT birth_date FROM person WHERE given_name = 'Minh An'") == [("2014-05-04",)]


async def test_a_changed_birth_date_is_written() -> None:
    await loaded(bundle())
    outcome = await loaded(bundle(demographics=row("demographics", birthDate="2014-05-05")))
    assert outcome.counts["demographics"] == {"new": 0, "changed": 1, "same": 0, "unnamed": 0}
    assert await rows("SELECT birth_date FROM person WHERE given_name = 'Minh'") == [("2014-05-05",)]


async def test_the_role_of_a_student_makes_a_student_of_the_primary_org() -> None:
    await loaded(bundle(users=row("users", 1, primaryOrgSourcedId="O", identifier="HV1")))
    assert await rows(
        "SELECT p.given_name, s.code, s.status, b.code FROM student s JOIN person p ON p.id = s.person_id"
        " JOIN branch b ON b.id = s.branch_id"
    ) == [("Minh", "HV1", "learning", "O")]


async def test_who_is_enrolled_as_a_student_is_one() -> None:
    enrollments = [*CENTRE["enrollments"], {**CENTRE["enrollments"][0], "sourcedId": "N3", "userSourcedId": "lan"}]
    await loaded(bundle(enrollments=enrollments))
    assert await rows("SELECT p.given_name FROM student s JOIN person p ON p.id = s.person_id ORDER BY p.id") == [
        ("Lan",),
        ("Minh",),
    ]


async def test_a_code_is_the_identifier_then_the_username_then_the_sourced_id() -> None:
    users = [
        *CENTRE["users"],
        *({**CENTRE["users"][1], "sourcedId": f"s{n}", "username": f"u{n}", "identifier": "X"} for n in (1, 2)),
        {**CENTRE["users"][1], "sourcedId": "s3", "username": "HV1"},
    ]
    users[1] = {**users[1], "identifier": "HV1"}
    roles = [
        *CENTRE["roles"],
        *({**CENTRE["roles"][1], "sourcedId": f"Q{n}", "userSourcedId": f"s{n}"} for n in (1, 2, 3)),
    ]
    await loaded(bundle(users=users, roles=roles))
    assert await rows("SELECT code FROM student ORDER BY id") == [("minh",), ("u1",), ("u2",), ("s3",)]


async def test_a_teacher_works_where_they_teach() -> None:
    await loaded(bundle(roles=role(2, orgSourcedId="O")))
    assert await rows("SELECT p.given_name, t.code, t.left_on FROM teacher t JOIN person p ON p.id = t.person_id") == [
        ("Hoa", "hoa", None)
    ]
    assert await rows(
        "SELECT p.given_name, b.code FROM works_at w JOIN person p ON p.id = w.person_id"
        " JOIN branch b ON b.id = w.branch_id ORDER BY b.code"
    ) == [("Hoa", "O"), ("Hoa", "O1")]


async def test_other_staff_are_staff_with_a_position() -> None:
    roles = [*role(2, role="principal"), {**role(2)[2], "sourcedId": "R4", "role": "aide", "roleType": "secondary"}]
    await loaded(bundle(roles=roles, enrollments=[CENTRE["enrollments"][0]]))
    assert await rows("SELECT p.given_name, s.position FROM staff_member s JOIN person p ON p.id = s.person_id") == [
        ("Hoa", "principal, aide")
    ]
    assert await rows("SELECT COUNT(*) FROM teacher") == [(0,)]
    assert await rows("SELECT COUNT(*) FROM works_at") == [(1,)]


async def test_a_role_that_ended_is_a_teacher_who_left() -> None:
    await loaded(bundle(roles=role(2, endDate="2026-06-01"), enrollments=[CENTRE["enrollments"][0]]))
    assert await rows("SELECT left_on FROM teacher") == [("2026-05-31",)]


async def test_a_guardian_is_neither_student_nor_staff() -> None:
    await loaded(bundle())
    lan = await db.value(PERSON, "Lan")
    for table in ("student", "teacher", "staff_member", "works_at"):
        assert await rows(f"SELECT id FROM {table} WHERE person_id = ?", lan) == []


async def test_no_account_is_made_and_no_password_kept() -> None:
    outcome = await loaded(bundle(users=row("users", 0, enabledUser="false")))
    assert await rows("SELECT COUNT(*) FROM account") == [(0,)]
    assert "users.csv: passwords are never read or stored (password)." in notes(outcome)
    assert "users.csv: 1 are not enabled; they are stored like the others." in notes(outcome)


async def test_a_new_email_becomes_the_primary_one_and_the_old_stays() -> None:
    await loaded(bundle())
    await db.execute("UPDATE email_address SET opted_out_at = ?", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    await loaded(bundle(users=row("users", 0, email="lan@example.org")))
    assert await rows("SELECT address, is_primary, opted_out_at IS NULL FROM email_address ORDER BY id") == [
        ("lan@example.com", False, False),
        ("lan@example.org", True, True),
    ]
    assert [found.email for found in (await persons.search(SYSTEM, "lan@example.com")).people] == ["lan@example.org"]


async def test_the_primary_email_that_staff_chose_is_not_changed_by_another_change() -> None:
    await loaded(bundle())
    lan = await db.value(PERSON, "Lan")
    await db.execute("UPDATE email_address SET is_primary = ?", False)
    await db.insert("email_address", person_id=lan, address="lan@home.example", is_primary=True)
    await loaded(bundle(users=row("users", 0, givenName="Lan Anh")))
    assert await rows("SELECT address, is_primary FROM email_address ORDER BY id") == [
        ("lan@example.com", False),
        ("lan@home.example", True),
    ]
    assert [found.given_name for found in (await persons.search(SYSTEM, "lan@home.example")).people] == ["Lan Anh"]


async def test_a_student_who_begins_to_teach_is_both() -> None:
    await loaded(bundle(enrollments=[CENTRE["enrollments"][1]], results=None))
    also = {**role(2)[2], "sourcedId": "R4", "userSourcedId": "minh", "roleType": "secondary"}
    await loaded(bundle(roles=[*CENTRE["roles"], also]))
    minh = await db.value(PERSON, "Minh")
    assert await rows("SELECT code FROM student WHERE person_id = ?", minh) == [("minh",)]
    assert await rows("SELECT code FROM teacher WHERE person_id = ?", minh) == [("minh",)]


async def test_a_student_who_moves_changes_branch_and_keeps_status() -> None:
    await loaded(bundle())
    await db.execute("UPDATE student SET status = ?", "suspended")
    await loaded(bundle(users=row("users", 1, primaryOrgSourcedId="O", identifier="HV9")))
    assert await rows("SELECT s.code, s.status, b.code FROM student s JOIN branch b ON b.id = s.branch_id") == [
        ("HV9", "suspended", "O")
    ]
    assert [found.given_name for found in (await persons.search(SYSTEM, "HV9")).people] == ["Minh"]
