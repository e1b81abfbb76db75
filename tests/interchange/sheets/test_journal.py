"""What an import of people writes is in its journal, whole: from it everything can be as it was."""

from typing import Any

from portal import db
from portal.interchange import journal, undo
from portal.scope import SYSTEM
from tests.cast import Cast
from tests.interchange.sheets.sending import HEADERS, MINOR, imported

TABLES = ("person", "student", "guardian", "household", "staff_member", "works_at", "phone_number", "email_address")


async def everything() -> dict[str, dict[int, tuple[Any, ...]]]:
    return {table: await journal.rows(table, await journal.columns(table), await ids(table)) for table in TABLES}


async def ids(table: str) -> list[int]:
    return [each for (each,) in await db.rows(f"SELECT id FROM {table}")]


async def as_before(run_id: int, now: dict[str, dict[int, tuple[Any, ...]]]) -> dict[str, dict[int, tuple[Any, ...]]]:
    """What there was before a run, by its journal alone."""
    made, changed = await journal.made_by(run_id), await journal.changed_by(run_id)
    before = {}
    for table in TABLES:
        names = (await journal.columns(table)).names
        ranges = made.get(table, [])
        kept = {
            each: row for each, row in now[table].items() if not any(one.first <= each <= one.last for one in ranges)
        }
        for each, change in changed.get(table, {}).items():
            kept[each] = tuple(change.before.get(name, value) for name, value in zip(names, kept[each], strict=True))
        before[table] = kept
    return before


async def test_the_journal_of_new_and_changed_people_is_whole(cast: Cast) -> None:
    head = ("Mã học viên", "Địa chỉ", "SĐT", *HEADERS)
    rows = [
        head,
        ("", "", "", *MINOR),
        ("HV00001", "12 Láng", "0905999888", "Nguyễn Nhật Minh", "10/3/2014", "Nam", "", "", "", ""),
        ("HV00002", "", "", "", "", "", "Nguyễn Văn Hải", "Bố", "0905111222", ""),
    ]
    before = await everything()
    run = await imported(cast, rows)
    after = await everything()
    assert run.counts["students"] == {"new": 1, "changed": 1, "same": 1}
    assert {table for table in TABLES if after[table] != before[table]} == set(TABLES) - {"staff_member", "works_at"}
    assert await as_before(run.id, after) == before


async def test_the_journal_of_guardians_and_staff_is_whole(cast: Cast) -> None:
    before = await everything()
    guardians = [("Mã học viên", "Họ tên", "Quan hệ", "Điện thoại", "Email")]
    lan = ("HV00001", "Trần Thị Lan", "Mẹ", "0905777666", "lan2@example.com")
    hai = ("HV00002", "Nguyễn Văn Hải", "Bố", "0905111222", "hai@example.com")
    run = await imported(cast, [*guardians, lan, hai], kind="guardians")
    assert run.counts["guardians"] == {"new": 1, "changed": 1, "same": 0}
    between = await everything()
    assert await as_before(run.id, between) == before
    staff = [("Mã NV", "Họ và tên", "Email", "Chức vụ"), ("", "Lê Tú", "tu@example.com", "Lễ tân")]
    code = await db.value("SELECT code FROM staff_member WHERE person_id = ?", cast.duc.person)
    run = await imported(cast, [*staff, (code, "", "", "Tư vấn")], kind="staff")
    assert run.counts["staff"] == {"new": 1, "changed": 1, "same": 0}
    assert await as_before(run.id, await everything()) == between


async def test_a_check_writes_nothing_at_all(cast: Cast) -> None:
    from tests.interchange.sheets.sending import checked

    before = await everything()
    run, _ = await checked(cast, [HEADERS, MINOR])
    assert run.stand == "ready"
    assert await everything() == before
    assert await db.value("SELECT COUNT(*) FROM import_created") == 0


async def test_an_import_of_people_is_taken_back_whole(cast: Cast) -> None:
    head = ("Mã học viên", *HEADERS)
    before = await everything()
    run = await imported(cast, [head, ("", *MINOR), ("HV00001", "Nguyễn Nhật Minh", "", "", "", "", "", "")])
    assert await everything() != before
    done = await undo.take_back(SYSTEM, run.id)
    assert (done.removed["student"], done.kept) == (1, [])
    assert await everything() == before
