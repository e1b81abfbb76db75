"""The pages of people from a spreadsheet: sending, matching, looking, importing, taking lists along."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import portal.interchange.working  # noqa: F401 - the job of imports
from portal import db, files, jobs
from tests.cast import Cast, browser_of, said
from tests.interchange.sheets.sending import HEADERS, MINOR, written

WRONG = ("Nguyễn Văn Hùng", "45/13/2015", "Nam", "=HYPERLINK(1)", "Bố", "0905111223", "hung@example.com")


@pytest.fixture(autouse=True)
def media(tmp_path: Path) -> None:
    files.configure(tmp_path)


async def send(browser: Any, content: bytes, kind: str = "students", name: str = "Học viên.csv") -> Any:
    return await browser.post("/staff/imports/people", data={"kind": kind}, files={"file": (name, content, "text/csv")})


async def matched(browser: Any, address: str, **more: Any) -> Any:
    """The form of the columns, sent as the page proposes it."""
    import re

    page = await browser.get(address)
    assert page.status_code == 200, said(page)
    chosen = []
    for select in re.findall(r'<select[^>]*name="column".*?</select>', page.text, flags=re.S):
        value = re.search(r'<option value="([^"]*)" selected', select)
        chosen.append(value[1] if value else "")
    single = {
        name: (re.search(rf'name="{name}".*?<option value="([^"]*)" selected', page.text, flags=re.S) or ["", ""])[1]
        for name in ("branch_id", "assigned_to")
    }
    return await browser.post(address, data={"column": chosen, "sheet": "1", **single} | more)


async def test_a_spreadsheet_becomes_students_in_four_steps(cast: Cast) -> None:
    async with await browser_of(cast.mai) as browser:
        assert "People from a spreadsheet" in said(await browser.get("/staff/imports"))
        answer = await send(browser, written([HEADERS, MINOR, WRONG]))
        assert answer.status_code == 303
        page = await browser.get(answer.headers["location"])
        assert "What are the columns?" in said(page)
        assert "Nguyễn Gia Hân · Nguyễn Văn Hùng" in said(page)
        answer = await matched(browser, answer.headers["location"])
        assert answer.status_code == 303, said(answer)
        run = answer.headers["location"]
        assert "Waits for its turn" in said(await browser.get(run))
        await jobs.drain()
        page = said(await browser.get(run))
        assert "1 row can be imported. 1 row has mistakes and is left out." in page
        assert "Row 3 · Nguyễn Văn Hùng Ngày sinh This is not a day." in page
        assert page.index("Import the rows that are in order") < page.index("What the file holds")
        assert "What would change Persons: 2 new" in page  # of her own branch, so she reads who they are
        assert "Nguyễn Gia Hân Birth date:" in page
        assert (await browser.post(f"{run}/import")).status_code == 303
        await jobs.drain()
        shown = await browser.get(run)
        page = said(shown)
        assert "The rows that were in order are here now. New people Name Student code Nguyễn Gia Hân HV00004" in page
        new = await db.value("SELECT id FROM person WHERE given_name = 'Hân'")
        assert f'href="/staff/people/{new}"' in shown.text
        back = await browser.get(f"{run}/mistakes")
    assert await db.value("SELECT COUNT(*) FROM student") == 4
    rows = list(csv.reader(io.StringIO(back.content.decode("utf-8-sig"))))
    name = unquote(back.headers["content-disposition"])
    assert name == "attachment; filename*=UTF-8''Học viên - mistakes.csv"
    assert rows[0] == [*HEADERS, "What is wrong"]
    assert rows[1][:4] == ["Nguyễn Văn Hùng", "45/13/2015", "Nam", "'=HYPERLINK(1)"]
    assert rows[1][-1].startswith(
        "Row 3: Ngày sinh: This is not a day. It looks like 31/12/2014. Họ tên phụ huynh: Please"
    )
    assert len(rows) == 2


async def test_what_was_matched_is_kept_when_something_is_missing(cast: Cast) -> None:
    async with await browser_of(cast.mai) as browser:
        address = (await send(browser, written([HEADERS, MINOR]))).headers["location"]
        chosen = ["", "birth_date", "birth_date", "address", "", "", "nonsense"]
        answer = await browser.post(address, data={"column": chosen, "branch_id": "99", "assigned_to": ""})
    assert answer.status_code == 422
    text = said(answer)
    assert "Say which column holds the names" in text
    assert "Another column is this already. Choose it once." in text
    assert text.count("Choose one of the list.") >= 2
    assert 'value="address" selected' in answer.text
    assert await db.value("SELECT COUNT(*) FROM import_run") == 0


async def test_a_match_is_remembered_for_the_next_sheet_with_these_headers(cast: Cast) -> None:
    async with await browser_of(cast.mai) as browser:
        address = (await send(browser, written([HEADERS, MINOR]))).headers["location"]
        fields = ["full_name", "", "sex", "guardian_full_name", "guardian_relation", "guardian_phone", "guardian_email"]
        assert (await matched(browser, address, column=fields)).status_code == 303
        again = await browser.get((await send(browser, written([HEADERS, MINOR]))).headers["location"])
    assert "was here before" in said(again)
    assert 'value="birth_date" selected' not in again.text
    kept = await db.value("SELECT columns FROM column_match")
    assert json.loads(kept) == fields


@pytest.mark.parametrize(
    "content, told",
    [
        (b"", "The file is empty."),
        (b"\x89PNG\r\n\x1a\n", "cannot be used here"),
        (b"Name\n", "There is a header, but no row below it."),
        (b"\0\0\1\0\0\3", "neither a spreadsheet"),
        (b"PK\x03\x04 nothing", "cannot be opened"),
    ],
)
async def test_a_file_that_is_no_sheet_is_refused_beside_its_field(cast: Cast, content: bytes, told: str) -> None:
    async with await browser_of(cast.mai) as browser:
        answer = await send(browser, content)
        nothing = await browser.post("/staff/imports/people", data={"kind": "students"})
        nobody = await send(browser, written([HEADERS, MINOR]), kind="pets")
    assert answer.status_code == 422
    assert told in said(answer)
    assert "Choose a file." in said(nothing)
    assert "Choose one of the list." in said(nobody)
    assert await db.value("SELECT COUNT(*) FROM sheet") == 0


async def test_a_template_in_the_readers_language_needs_no_matching(cast: Cast) -> None:
    await db.execute("UPDATE account SET language = 'vi' WHERE id = ?", cast.mai.account)
    async with await browser_of(cast.mai, **{"Accept-Language": "vi"}) as browser:
        for kind in ("students", "guardians", "staff"):
            empty = await browser.get("/staff/imports/people/template", params={"kind": kind, "format": "csv"})
            header = empty.content.decode("utf-8-sig").strip().split(",")
            book = await browser.get("/staff/imports/people/template", params={"kind": kind, "format": "xlsx"})
            assert book.content.startswith(b"PK")
            assert "attachment" in book.headers["content-disposition"]
            page = await browser.get(
                (await send(browser, written([header, ["x"] * len(header)]), kind=kind)).headers["location"]
            )
            assert page.text.count('<option value="" selected') == 0
            assert "Không đọc" in said(page)
        assert (await browser.get("/staff/imports/people/template", params={"kind": "x"})).status_code == 404


async def test_people_who_look_known_are_decided_on_the_page(cast: Cast) -> None:
    minh = ("Nguyễn Hoàng Minh", "9/3/2014", "Nam", "Nguyễn Văn Hải", "Bố", "0905111222", "hai@example.com")
    async with await browser_of(cast.mai) as browser:
        address = (await send(browser, written([HEADERS, minh, MINOR]))).headers["location"]
        run = (await matched(browser, address)).headers["location"]
        assert (await browser.post(f"{run}/decisions", data={"question": "r2", "answer": "new"})).status_code == 409
        await jobs.drain()
        page = await browser.get(run)
        assert "Who looks like somebody here" in said(page)
        assert "The same as Nguyễn Hoàng Minh, 09/03/2014, Cầu Giấy, HV00001" in said(page)
        assert page.text.index(f"{run}/decisions") < page.text.index(f"{run}/import")
        answer = await browser.post(
            f"{run}/decisions",
            data={"question": ["r2"], "answer": [str(cast.minh.person)], "all_person": "", "all_guardian": "new"},
        )
        assert answer.status_code == 303
        await jobs.drain()
        page = await browser.get(run)
        assert f'value="{cast.minh.person}" selected' in page.text
        assert "2 rows can be imported." in said(page)
        await browser.post(f"{run}/import")
        await jobs.drain()
        assert (await browser.post(f"{run}/decisions", data={"question": "r2", "answer": "new"})).status_code == 409
        assert (await matched(browser, address)).status_code == 409
        assert "decisions" not in (await browser.get(run)).text
    assert await db.value("SELECT COUNT(*) FROM student") == 4


async def test_a_list_is_taken_along_from_the_search(cast: Cast) -> None:
    async with await browser_of(cast.mai) as browser:
        page = await browser.get("/staff/people", params={"only": "students", "q": "nguyen"})
        assert 'action="/staff/people/export"' in page.text
        assert "export" not in (await browser.get("/staff/people")).text
        answer = await browser.post("/staff/people/export", data={"only": "students", "q": "minh", "format": "csv"})
        refused = await browser.post("/staff/people/export", data={"only": "", "q": "", "format": "csv"})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''students.csv"
    assert answer.headers["cache-control"] == "private, no-store"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert refused.status_code == 422
    assert await db.rows("SELECT person_id, role FROM reading WHERE page = 'taken'") == [(cast.minh.person, "manager")]
    async with await browser_of(cast.lan) as mother:
        page = said(await mother.get(f"/children/{cast.minh.student}/readers"))
    assert "Branch manager a list that was taken along" in page
    async with await browser_of(cast.nam) as browser:
        assert "export" not in (await browser.get("/staff/people", params={"only": "students"})).text


async def test_another_sheet_of_a_workbook_is_chosen(cast: Cast, tmp_path: Path) -> None:
    import xlsxwriter

    made = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    for name, row in (("Lớp 1", ["Lê Một", "1/2/2000"]), ("Lớp 2", ["Lê Hai", "1/2/2000"])):
        sheet = made.add_worksheet(name)
        sheet.write_row(0, 0, ["Họ tên", "Ngày sinh"])
        sheet.write_row(1, 0, row)
    made.close()
    content = (tmp_path / "a.xlsx").read_bytes()
    async with await browser_of(cast.mai) as browser:
        address = (await send(browser, content, name="a.xlsx")).headers["location"]
        first = said(await browser.get(address))
        second = said(await browser.get(address, params={"sheet": "2"}))
        wrong = await browser.get(address, params={"sheet": "x"})
        beyond = await browser.get(address, params={"sheet": "9"})
    assert "Lớp 1 Lớp 2" in first
    assert "Lê Một" in first
    assert "Lê Hai" in second
    assert wrong.status_code == 422
    assert beyond.status_code == 200


async def test_what_was_sent_and_never_matched_is_forgotten(cast: Cast) -> None:
    from portal import clock

    async with await browser_of(cast.mai) as browser:
        await send(browser, written([HEADERS, MINOR]))
        sha256 = await db.value("SELECT sha256 FROM stored_file")
        assert files.path_of(sha256).exists()
        with clock.moved(days=8):
            await send(browser, written([HEADERS, MINOR, MINOR]))
    assert await db.value("SELECT COUNT(*) FROM sheet") == 1
    assert not files.path_of(sha256).exists()
