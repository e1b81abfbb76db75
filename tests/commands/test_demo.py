"""The demo centre: the same for the same seed, believable, and never among real people."""

import asyncio
import datetime as dt
import re
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal import clock, db
from portal.access import secrets, showing
from portal.commands.demo_centre import Draft, Size, cast, draw
from portal.commands.demo_centre.loading import load
from portal.commands.demo_centre.rows import TABLES, shares
from tests.commands.conftest import Command

TODAY = dt.date(2026, 11, 25)
ZONE = "Asia/Ho_Chi_Minh"


def drawn(students: int = 240, *, seed: int = 1, today: dt.date = TODAY, **size: int) -> Draft:
    return draw(Size.of(students, **size), seed=seed, today=today, zone=ZONE, hashes={})


def table(draft: Draft, name: str) -> list[dict[str, Any]]:
    return [dict(zip(draft.columns[name], row, strict=True)) for row in draft.rows[name]]


def asked(url: str, question: Callable[[], Awaitable[Any]]) -> Any:
    """The answer of a database that nobody else has open."""

    async def ask() -> Any:
        await db.open(url)
        try:
            return await question()
        finally:
            await db.close()

    return asyncio.run(ask())


def person_of(draft: Draft, star: cast.Star) -> dict[str, Any]:
    name = tuple(star.name)
    return next(
        row for row in table(draft, "person") if (row["family_name"], row["middle_name"], row["given_name"]) == name
    )


def test_the_same_seed_and_day_draw_the_same_centre() -> None:
    assert drawn(60).rows == drawn(60).rows
    assert drawn(60).rows != drawn(60, seed=2).rows


@pytest.mark.parametrize(
    ("students", "size"),
    [
        (240, {}),
        (20, {"classes": 6, "marks": 0, "lessons": 0}),
        (20, {"classes": 6, "marks": 7, "lessons": 11}),
        (33, {"classes": 40, "marks": 1_000, "lessons": 333}),
        (500, {"classes": 12, "marks": 12_345, "lessons": 6_000}),
    ],
)
def test_the_numbers_asked_for_are_the_numbers_drawn(students: int, size: dict[str, int]) -> None:
    draft, wanted = drawn(students, **size), Size.of(students, **size)
    counted = {name: len(draft.rows[name]) for name in ("student", "class", "score", "lesson")}
    assert counted == {
        "student": wanted.students,
        "class": wanted.classes,
        "score": wanted.marks,
        "lesson": wanted.lessons,
    }


def test_shares_add_up_to_the_whole() -> None:
    assert shares(10, [1, 1, 1]) == [4, 3, 3]
    assert sum(shares(997, [0.3, 2.5, 9.1, 0.01])) == 997
    assert shares(5, []) == []


@pytest.mark.parametrize("day", [TODAY + dt.timedelta(days=n) for n in range(7)] + [dt.date(2027, 2, 6)])
def test_hoa_has_lessons_on_the_day_the_demo_is_drawn_for(day: dt.date) -> None:
    """Also on a Sunday, and on the first day of the lunar new year, when everybody else is at home."""
    draft = drawn(40, today=day)
    hoa = person_of(draft, cast.HOA)["id"]
    days = [lesson["starts_at"].astimezone(ZoneInfo(ZONE)).date() for lesson in table(draft, "lesson")]
    hers = [lesson["teacher_id"] == hoa for lesson in table(draft, "lesson")]
    assert sum(mine and on == day for mine, on in zip(hers, days, strict=True)) >= 2


def test_nobody_teaches_and_no_room_is_used_twice_at_one_time() -> None:
    draft = drawn()
    classes = {row["id"]: row for row in table(draft, "class")}
    times = [
        (row["starts_at"], row["teacher_id"], classes[row["class_id"]]["branch_id"], classes[row["class_id"]]["room"])
        for row in table(draft, "lesson")
    ]
    assert len({(at, teacher) for at, teacher, _, _ in times}) == len(times)
    assert len({(at, branch, room) for at, _, branch, room in times}) == len(times)


def test_no_lesson_falls_on_a_holiday() -> None:
    draft = drawn()
    closed = {row["day"] for row in table(draft, "holiday")}
    assert dt.date(2027, 1, 1) in closed
    assert not closed & {row["starts_at"].astimezone(ZoneInfo(ZONE)).date() for row in table(draft, "lesson")}


def test_lans_children_have_published_marks_and_hoa_teaches_minh_alone() -> None:
    draft = drawn()
    students = {row["person_id"]: row["id"] for row in table(draft, "student")}
    minh, chi, bao = (students[person_of(draft, star)["id"]] for star in (cast.MINH, cast.CHI, cast.BAO))
    published = {row["student_id"] for row in table(draft, "score") if row["published_at"]}
    assert {minh, chi, bao} <= published
    teachers = {row["class_id"]: row["person_id"] for row in table(draft, "class_teacher")}
    taught = {
        row["student_id"]
        for row in table(draft, "class_membership")
        if teachers[row["class_id"]] == person_of(draft, cast.HOA)["id"]
    }
    assert minh in taught
    assert not {chi, bao} & taught
    guardians = {(row["person_id"], row["student_id"]) for row in table(draft, "guardian")}
    lan, an = person_of(draft, cast.LAN)["id"], person_of(draft, cast.AN)["id"]
    assert {(lan, minh), (lan, chi), (an, bao)} <= guardians
    assert not {(lan, bao), (an, minh), (an, chi)} & guardians


def test_ages_fit_the_program_and_every_minor_has_a_guardian() -> None:
    draft = drawn()
    born = {row["id"]: row["birth_date"] for row in table(draft, "person")}
    ages = {row["id"]: (TODAY - born[row["person_id"]]).days // 365.25 for row in table(draft, "student")}
    guarded = {row["student_id"] for row in table(draft, "guardian")}
    assert {student for student, age in ages.items() if age < 17} <= guarded
    assert min(ages.values()) >= 6
    assert max(ages.values()) < 46


def test_marks_are_half_points_out_of_ten_with_a_spread() -> None:
    scores = table(drawn(), "score")
    points = [row["points"] for row in scores if row["points"] is not None]
    assert all(0 <= point <= 10_000 and point % 500 == 0 for point in points)
    assert 6_500 < sum(points) / len(points) < 8_000
    assert len(set(points)) > 12
    assert {"graded", "exempt", "not_submitted"} <= {row["state"] for row in scores}
    assert all((row["points"] is None) == (row["state"] != "graded") for row in scores)


def test_the_newest_piece_of_work_of_a_running_class_is_a_draft() -> None:
    draft = drawn()
    drafts = {row["assessment_id"] for row in table(draft, "score") if row["published_at"] is None}
    running = [row for row in table(draft, "class") if row["starts_on"] <= TODAY <= row["ends_on"]]
    work = table(draft, "assessment")
    for one in running:
        marked = [row for row in work if row["class_id"] == one["id"] and row["due_on"] < TODAY]
        assert max(marked, key=lambda row: (row["due_on"], row["id"]))["id"] in drafts


def test_nothing_is_published_before_it_is_marked_or_in_the_future() -> None:
    midnight = dt.datetime.combine(TODAY, dt.time(), ZoneInfo(ZONE))
    for row in table(drawn(), "score"):
        assert row["changed_at"] < midnight
        assert row["published_at"] is None or row["published_at"].date() >= row["scored_on"]


def test_a_few_seats_are_left_and_no_class_is_over_full() -> None:
    draft = drawn()
    members: dict[int, int] = {}
    for row in table(draft, "class_membership"):
        members[row["class_id"]] = members.get(row["class_id"], 0) + 1
    left = [row["capacity"] - members.get(row["id"], 0) for row in table(draft, "class")]
    assert min(left) >= 0
    assert sum(one > 0 for one in left) > len(left) // 2


def test_phones_ring_nowhere_and_letters_go_nowhere() -> None:
    draft = drawn()
    assert all(re.fullmatch(r"\+84500\d{6}", row["number"]) for row in table(draft, "phone_number"))
    assert all(row["address"].endswith("@example.com") for row in table(draft, "email_address"))
    assert all(row["email"].endswith("@example.com") for row in table(draft, "account"))


def test_the_cast_of_the_demo_is_the_cast_that_pages_show() -> None:
    assert [star.login for star in cast.SIGN_INS] == list(showing.CAST)


async def test_a_demo_fills_both_databases_alike_and_leaves_them_usable(database: str) -> None:
    draft = drawn(30)
    draft.add(
        "centre",
        name="Demo",
        time_zone=ZONE,
        locale="vi",
        name_order="family_first",
        currency="VND",
        epoch="e",
        demo_loaded_at=clock.now(),
    )
    await load(draft, tell=lambda *_: None)
    for name in TABLES:
        assert await db.value(f'SELECT COUNT(*) FROM "{name}"') == len(draft.rows[name]), name
    wrong = await db.value(
        "SELECT COUNT(*) FROM assessment a WHERE a.published_count <> (SELECT COUNT(*) FROM score s"
        " WHERE s.assessment_id = a.id AND s.state = 'graded' AND s.published_at IS NOT NULL)"
        " OR a.published_points <> (SELECT COALESCE(SUM(s.points), 0) FROM score s"
        " WHERE s.assessment_id = a.id AND s.state = 'graded' AND s.published_at IS NOT NULL)"
    )
    assert wrong == 0
    household = await db.insert("household", branch_id=1, made_at=clock.now())
    assert household == len(draft.rows["household"]) + 1


def test_everybody_of_the_cast_signs_in_with_the_known_password(empty_url: str, command: Command) -> None:
    result = command("demo", "--students", "20", PORTAL_DATABASE_URL=empty_url)
    assert result.exit_code == 0, result.output
    for login in showing.CAST:
        assert re.search(rf"{login} .* password: schoolyard$", result.output, re.MULTILINE)

    async def hashes() -> list[str]:
        found = await db.rows(f"SELECT password_hash FROM account WHERE email IN ({db.marks(11)})", *showing.CAST)
        return [str(row[0]) for row in found]

    stored = asked(empty_url, hashes)
    assert len(stored) == 11
    assert all(asyncio.run(secrets.verify_password(one, "schoolyard")) for one in set(stored))


def test_a_second_demo_says_that_there_is_one(command: Command) -> None:
    assert command("demo", "--students", "20").exit_code == 0
    again = command("demo")
    assert again.exit_code == 0
    assert "loaded already" in again.output


def test_a_real_centre_is_never_touched(command: Command, environment: dict[str, str]) -> None:
    assert command("init", "--admin", "boss@school.vn").exit_code == 0
    before = _dump(environment)
    for arguments in (["demo"], ["run"]):
        refused = command(*arguments)
        assert refused.exit_code == 1
        assert "real centre" in refused.output
    assert _dump(environment) == before


def test_a_demo_that_others_can_reach_has_random_passwords(command: Command) -> None:
    result = command("demo", "--students", "20", HOST="0.0.0.0")
    passwords = re.findall(r"password: (\S+)$", result.output, re.MULTILINE)
    assert len(set(passwords)) == 11
    assert all(re.fullmatch(r"([a-z2-9]{4}-){2}[a-z2-9]{4}", password) for password in passwords)


def test_one_password_may_be_chosen_for_all(command: Command) -> None:
    result = command("demo", "--students", "20", "--password", "correct horse")
    assert result.output.count("password: correct horse") == 11


@pytest.mark.parametrize(
    "arguments",
    [
        ["--students", "3"],
        ["--students", "many"],
        ["--classes", "5"],
        ["--marks", "-1"],
        ["--today", "25/11/2026"],
        ["--today", "2026-02-30"],
    ],
)
def test_sizes_that_make_no_centre_are_refused(command: Command, arguments: list[str]) -> None:
    result = command("demo", *arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.output


def _dump(environment: dict[str, str]) -> list[str]:
    path = Path(environment["PORTAL_DATABASE_URL"].removeprefix("sqlite:///"))
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()
