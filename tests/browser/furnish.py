"""What the demo centre does not have by itself: very long names, families without anything yet, links still unused."""

import datetime as dt

from portal.access import secrets
from portal.people import names
from tests.browser import sheets
from tests.browser.desk import Desk
from tests.browser.house import House
from tests.browser.visits import Visit
from tests.interchange.builder import bundle, row

LONG_NAME = ("Công Tằng Tôn Nữ", "Nguyễn Phúc Thụy Hoàng Phương Khánh", "Quỳnh-Nghiêng")
LONG_WORD = "Nghiêng" * 8 + "Quỳn"  # sixty letters without a blank
LONG_BRANCH = "Cơ sở Nguyễn Thị Minh Khai – Cách Mạng Tháng Tám"


def furnish(house: House) -> None:
    """Everything below, and the ids and keys of it into `house.ids`."""
    _lengthen(house)
    _a_child_without_a_class(house)
    _a_parent_who_may_see_nothing(house)
    house.ids["reset"] = secret_link(house, "marketing", "reset")
    house.ids["invitation"] = secret_link(house, "marketing", "invitation")
    _work_that_was_given_up(house)


def use(desk: Desk) -> None:
    """What comes about only by using the house: imports that were done, refused and are under way, and letters."""
    page = desk.fresh("admin")
    for key, content in (
        ("run", bundle()),
        ("run_refused", bundle(results=row("results", score="nine", scoreDate="?"))),
    ):
        desk.go(page, Visit("admin", "/staff/imports"))
        page.locator("[name=file]").set_input_files(
            {"name": "Học kỳ I.zip", "mimeType": "application/zip", "buffer": content}
        )
        desk.send(page, "/staff/imports", {})
        desk.house.ids[key] = page.url.rpartition("/")[2]
        page.locator("job-progress[data-done]").wait_for()
    desk.house.ids["run_going"] = desk.house.write(
        "INSERT INTO import_run (kind, file_name, state, stage, done_rows, total_rows, counts, problems, made_at)"
        " SELECT kind, file_name, 'running', '', 0, 0, '{}', '[]', made_at FROM import_run LIMIT 1"
    )
    _an_import_to_take_back(desk.house)
    sheets.send(desk)
    desk.go(page, Visit("admin", "/forgotten"))
    desk.send(page, "/forgotten", {"login": "marketing@example.com"}, 200)
    for _ in range(600):
        if letters := desk.house.rows("SELECT MAX(id) FROM letter"):
            if letters[0][0]:
                desk.house.ids["letter"] = int(str(letters[0][0]))
                return
        page.wait_for_timeout(50)
    raise RuntimeError("the letter was not written")


def _an_import_to_take_back(house: House) -> None:
    """A run that says it brought people who are here; nobody takes it back."""
    run = house.write(
        "INSERT INTO import_run (kind, file_name, act, state, stage, done_rows, total_rows, counts, problems, made_at,"
        " ended_at, written_at) SELECT kind, file_name, 'import', 'done', '', 0, 0, '{}', '[]', made_at, made_at,"
        " made_at FROM import_run LIMIT 1"
    )
    house.ids["run_written"] = run
    for table in ("person", "student", "score"):
        made = "INSERT INTO import_created (run_id, table_name, first_id, last_id) VALUES (?, ?, 1, 9)"
        house.write(made, run, table)
    house.write(
        "INSERT INTO import_change (run_id, table_name, record_id, before, after) VALUES (?, 'class', 1, '{}', '')", run
    )


def _lengthen(house: House) -> None:
    """An's family, its class and a branch get the longest names that somebody might bring."""
    _rename(house, house.ids["an_person"], *LONG_NAME)
    _rename(house, house.ids["bao_person"], "Lê", "Gia", LONG_WORD)
    house.write("UPDATE branch SET name = ? WHERE id = 1", LONG_BRANCH)
    its_class = "(SELECT MIN(class_id) FROM class_membership WHERE student_id = ?)"
    house.write(f"UPDATE class SET name = ? WHERE id = {its_class}", f"Lớp {LONG_WORD}", house.ids["bao"])
    long_work = f"Bài kiểm tra {LONG_WORD} giữa kỳ, phần nghe hiểu"
    house.write(
        f"UPDATE assessment SET name = ? WHERE class_id = {its_class} AND id % 3 = 0", long_work, house.ids["bao"]
    )
    house.write(
        f"UPDATE category SET name = ? WHERE class_id = {its_class} AND ordinal = 1", LONG_WORD, house.ids["bao"]
    )
    house.write(
        "UPDATE score SET comment = ? WHERE student_id = ? AND id % 2 = 0",
        f"Con đã cố gắng nhiều. {LONG_WORD}{LONG_WORD}",
        house.ids["bao"],
    )


def _rename(house: House, person: int | str, family: str, middle: str, given: str) -> None:
    house.write(
        "UPDATE person SET family_name = ?, middle_name = ?, given_name = ?, search_key = ?, sort_key = ? WHERE id = ?",
        family,
        middle,
        given,
        names.search_key(family, middle, given),
        names.sort_key(family, middle, given),
        person,
    )


def _a_child_without_a_class(house: House) -> None:
    """Bảo gets a little sister, Hân, whom no class has yet."""
    bao, person = house.ids["bao"], house.ids["bao_person"]
    kept = "branch_id, made_at, changed_at"
    sister = house.write(
        f"INSERT INTO person (family_name, given_name, birth_date, search_key, sort_key, {kept})"
        f" SELECT family_name, 'Hân', '2020-05-04', ' le han', 'han le', {kept} FROM person WHERE id = ?",
        person,
    )
    house.ids["han_person"] = sister
    house.ids["han"] = house.write(
        f"INSERT INTO student (person_id, code, {kept}) SELECT ?, 'HV09999', {kept} FROM student WHERE id = ?",
        sister,
        bao,
    )
    kept = "person_id, household_id, relation, may_see, may_pay, is_told, ground, linked_at"
    house.write(
        f"INSERT INTO guardian (student_id, {kept}) SELECT ?, {kept} FROM guardian WHERE student_id = ?",
        house.ids["han"],
        bao,
    )


def _a_parent_who_may_see_nothing(house: House) -> None:
    """Hải, the father of Minh and Chi, signs in as everybody does, but was never allowed to see them."""
    person = house.rows(
        "SELECT person_id FROM guardian WHERE student_id = ? AND relation = 'father'", house.ids["minh"]
    )[0][0]
    house.write("UPDATE guardian SET may_see = 0 WHERE person_id = ?", person)
    house.write(
        "INSERT INTO account (person_id, email, password_hash, made_at, password_set_at)"
        " SELECT ?, 'hai@example.com', password_hash, made_at, password_set_at FROM account WHERE id = ?",
        person,
        house.ids["lan_account"],
    )


def _work_that_was_given_up(house: House) -> None:
    """Letters that no server took, and an import whose payload is forgotten by now."""
    at = house.moment.astimezone(dt.UTC).isoformat(" ", "microseconds")
    long = f"SMTPRecipientsRefused: 550 5.1.1 <{'nghieng.' * 8}quynh@school.example>: no such mailbox"
    for kind, reason, forgotten in (("mail", long, None), ("mail", "TimeoutError: ", None), ("import", "KeyError", at)):
        house.write(
            "INSERT INTO job (kind, payload, due_at, attempts, dead_at, reason, forgotten_at)"
            " VALUES (?, '{}', ?, 8, ?, ?, ?)",
            kind,
            at,
            at,
            reason,
            forgotten,
        )


def secret_link(house: House, who: str, purpose: str) -> str:
    """The key of a link that works for two days by the house's clock."""
    key = secrets.new_token()
    made, expires = (
        moment.astimezone(dt.UTC).isoformat(" ", "microseconds")
        for moment in (house.moment, house.moment + dt.timedelta(days=2))
    )
    house.write(
        "INSERT INTO secret_link (account_id, purpose, key_hash, made_at, expires_at) VALUES (?, ?, ?, ?, ?)",
        house.ids[f"{who}_account"],
        purpose,
        secrets.hashed(key),
        made,
        expires,
    )
    return key
