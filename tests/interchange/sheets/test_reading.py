"""Any spreadsheet is read as the same table, and whatever is none ends in a sentence."""

import asyncio
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Invalid
from portal.interchange.sheets import delimited, reading, table, workbook
from portal.interchange.sheets.columns import is_known
from portal.interchange.sheets.table import Table
from tests.examples import many
from tests.interchange.sheets.sending import written

HEAD = ("Họ và tên", "Ngày sinh", "SĐT")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")
SEPARATORS = (",", ";", "\t", "|")
# What people type, and what breaks readers: separators, quotes, breaks of lines, letters with two marks.
CELLS = st.text(
    st.sampled_from(list("abcNguyễnĐứcỆỡ0123456789 ,;|\t\"'\n\r=+-@?._"))
    | st.characters(exclude_categories=["Cs", "Cc", "Co"]),
    max_size=20,
)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=12)


def tidy(rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The rows as a table holds them: cells cleaned, an apostrophe before a formula taken off, no empty rows."""
    cleaned = [tuple(table._text(cell) if cell else "" for cell in row) for row in rows]
    return [row for row in cleaned if any(row)]


def read(content: bytes) -> Table:
    return delimited.read(content, is_known)


def cells(found: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in found.rows]


@many
@given(rows=ROWS, separator=st.sampled_from(SEPARATORS), encoding=st.sampled_from(ENCODINGS))
def test_a_table_is_the_same_in_every_separator_and_encoding(rows, separator, encoding):
    """Planted and caught: a guess that prefers commas; a reader that splits lines inside of quotes; no UTF-16."""
    if not tidy(rows):
        return
    found = read(written([HEAD, *rows], separator=separator, encoding=encoding))
    assert found.headers == HEAD
    assert cells(found) == tidy(rows)


@many
@given(
    rows=st.lists(
        st.tuples(*[st.text(st.sampled_from(list("abcdeghiklmnopqrstuvxyăâêôơưđ ")), min_size=1, max_size=9)] * 3),
        min_size=1,
        max_size=6,
    ),
    marks=st.lists(st.sampled_from(["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"]), min_size=6, max_size=6),
)
def test_windows_1258_is_put_together_again(rows, marks):
    """Its tone marks stand alone behind their vowels; ours stand on them. Planted and caught: no NFC."""
    toned = [
        tuple("".join(c + (marks[n % 6] if c in "aeiouyăâêôơư" else "") for n, c in enumerate(cell)) for cell in row)
        for row in rows
    ]
    if not tidy(toned):
        return
    last = ("Thu\u0309 Đư\u0301c", "x", "y")
    found = read(written([("Name", "DOB", "Phone"), *toned, last], encoding="cp1258"))
    assert cells(found) == [*tidy(toned), ("Thủ Đức", "x", "y")]


def outcome(reads: Callable[[], Table | None]) -> Table | str | None:
    """What comes of reading: the table, or the sentence beside the file; anything else fails the test."""
    try:
        found = reads()
    except Invalid as no:
        (sentence,) = no.errors.values()
        assert sentence.msgid
        return str(sentence)
    assert found is None or found.rows
    return found


@many
@given(content=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_a_table_or_a_sentence(content):
    found = outcome(lambda: read(content))
    if isinstance(found, Table):
        assert all(len(row.cells) == len(found.headers) for row in found.rows)


def test_a_title_blank_rows_ragged_rows_and_twin_headers():
    text = "DANH SÁCH LỚP\n\n,,\nHọ tên,SĐT,SĐT,\nLan,1,2,3\nMinh\n\nChi,1,2,3,4,5\n"
    found = read(text.encode())
    assert found.header_row == 4
    assert found.headers == ("Họ tên", "SĐT", "SĐT (2)")
    assert [(row.number, row.cells, row.more) for row in found.rows] == [
        (5, ("Lan", "1", "2"), True),
        (6, ("Minh", "", ""), False),
        (8, ("Chi", "1", "2"), True),
    ]


def test_a_column_without_a_header_is_called_by_its_letter():
    found = read("Họ tên,,Email\nLan,x,y\n".encode())
    assert found.headers == ("Họ tên", "B", "Email")


def test_a_cell_of_several_lines_is_one_row():
    found = read('Họ tên,Địa chỉ\n"Lan","12 Láng\nHà Nội"\nMinh,x\n'.encode())
    assert [(row.number, row.cells) for row in found.rows] == [(2, ("Lan", "12 Láng Hà Nội")), (3, ("Minh", "x"))]


def test_the_line_that_excel_understands_names_the_separator():
    assert read("sep=|\nHọ tên|Ngày sinh\nLan;a|2,3\n".encode()).rows[0] == (3, ("Lan;a", "2,3"), False)


@pytest.mark.parametrize(
    "content, told",
    [
        (b"", "There is nothing in this sheet."),
        (b"\n ,, \n", "There is nothing in this sheet."),
        ("Họ tên,SĐT\n".encode(), "There is a header, but no row below it."),
        (b'Name,Phone\n"Lan,1\nMinh,2\n', "A quotation mark opens a cell in row 2 and is never closed."),
        (b'Name,Phone\n"' + b"x" * 200_000, "A quotation mark opens a cell in row 2 and is never closed."),
        (b"Name,Phone\n" + b"x" * 40_000 + b",1\n", "Row 2 has a cell of more than 32767 characters."),
        (b"Name\n" + b"x\n" * 50_001, "At most 50000 rows are read at a time. Send the sheet in parts."),
        (b",".join([b"Name"] * 151) + b"\n" + b"x," * 150, "At most 150 columns are read."),
        (b"Name\nT\x9dng\n", 'The letters of this file cannot be read. Save it as "CSV UTF-8" and send it again.'),
        (b"Name\0\0\n", "This is neither a spreadsheet (.xlsx) nor a text file (.csv)."),
    ],
)
def test_what_cannot_be_read_is_said(content, told):
    with pytest.raises(Invalid) as no:
        read(content)
    assert str(no.value.errors["file"]).startswith(told)


def test_letters_that_were_lost_are_noticed():
    found = read("Họ tên,Email\nNguy?n V?n An,a\nTr?n Th? Bình,b\n".encode())
    assert "Letters were lost" in str(found.notes[0])
    assert read("Họ tên,Email\nAn?,http://a.b/?x=y\nBình,Sao thế?\n".encode()).notes == ()


# Workbooks


def book(path: Path, rows: Sequence[Sequence[object]], **options: object) -> Path:
    made = xlsxwriter.Workbook(path, options)
    sheet = made.add_worksheet("Học viên")
    day = made.add_format({"num_format": "dd/mm/yyyy"})
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if hasattr(cell, "year"):
                sheet.write_datetime(number, column, cell, day)
            else:
                sheet.write(number, column, cell)
    made.close()
    return path


async def test_a_workbook_is_read_as_a_person_sees_it(tmp_path: Path):
    import datetime as dt

    rows = [
        ("DANH SÁCH",),
        ("Họ tên", "Ngày sinh", "SĐT", "Đã học"),
        ("Lan", dt.date(2014, 3, 9), 912345678, True),
        ("Minh", dt.datetime(2014, 3, 9, 8, 30), "0912345678", "=1+1"),
    ]
    for since_1904 in (False, True):
        found = await reading.read(book(tmp_path / "a.xlsx", rows, date_1904=since_1904))
        assert found.headers == ("Họ tên", "Ngày sinh", "SĐT", "Đã học")
        assert found.rows[0] == (3, ("Lan", "2014-03-09", "912345678", "TRUE"), False)
        assert found.rows[1].cells[:3] == ("Minh", "2014-03-09 08:30:00", "0912345678")
        assert found.sheets == ("Học viên",)
        assert found.since_1904 is since_1904


async def test_a_formula_counts_by_its_value_merged_cells_reach_down_and_a_sheet_is_chosen(tmp_path: Path):
    made = xlsxwriter.Workbook(tmp_path / "b.xlsx")
    hidden = made.add_worksheet("Ẩn")
    first = made.add_worksheet("Lớp 1")
    second = made.add_worksheet("Lớp 2")
    hidden.hide()
    first.activate()
    for sheet in (hidden, first, second):
        sheet.write_row(0, 0, ["Họ tên", "Phụ huynh", "SĐT"])
    first.write_column(1, 0, ["Minh", "Chi", "Bảo"])
    first.merge_range(1, 1, 2, 1, "Trần Thị Lan")
    first.write_formula(1, 2, '=CONCATENATE("09","12")', value="0912")
    second.write_row(1, 0, ["Hoa", "", ""])
    made.close()
    found = await reading.read(tmp_path / "b.xlsx")
    assert found.sheets == ("Lớp 1", "Lớp 2")
    assert cells(found) == [("Minh", "Trần Thị Lan", "0912"), ("Chi", "Trần Thị Lan", ""), ("Bảo", "", "")]
    assert cells(await reading.read(tmp_path / "b.xlsx", 1)) == [("Hoa", "", "")]


PARTS = {
    "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
    ' Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": '<?xml version="1.0"?><Relationships'
    ' xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"'
    ' Target="worksheets/sheet1.xml"/></Relationships>',
    "xl/workbook.xml": '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>',
}
SHEET = '<?xml version="1.0"?>{doctype}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
ROWS_OF = "<sheetData>{rows}</sheetData></worksheet>"
INLINE = '<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>'


def packed(path: Path, sheet: str | bytes, **more: str | bytes) -> Path:
    """A workbook made by hand."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**PARTS, "xl/worksheets/sheet1.xml": sheet, **more}.items():
            archive.writestr(name, text)
    return path


def one_row(rows: str, doctype: str = "") -> str:
    return SHEET.format(doctype=doctype) + ROWS_OF.format(rows=rows)


def in_cells(*texts: str, row: int = 1) -> str:
    inner = "".join(INLINE.format(at=f"{chr(65 + n)}{row}", text=text) for n, text in enumerate(texts))
    return f'<row r="{row}">{inner}</row>'


async def refused(path: Path) -> str:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, time.monotonic()
    with pytest.raises(Invalid) as no:
        await reading.read(path)
    assert time.monotonic() - began < 40
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert max(before, after) < 1_100_000, f"{after // 1024} MB"
    return str(no.value.errors["file"])


async def test_what_is_made_by_hand_is_read_at_all(tmp_path: Path):
    """Otherwise the hostile ones below would be refused for another reason."""
    sheet = one_row(in_cells("Name", "Phone") + in_cells("Lan", "1", row=2))
    assert cells(await reading.read(packed(tmp_path / "a.xlsx", sheet))) == [("Lan", "1")]


async def test_bombs_and_traps_end_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    small = b"<x>" + b" " * 30_000_000
    assert "unpacks to far more" in await refused(packed(tmp_path / "ratio.xlsx", "x", **{"xl/a.xml": small}))
    with monkeypatch.context() as narrow:
        narrow.setattr(workbook, "UNZIPPED", 1_000_000)
        large = packed(tmp_path / "zip.xlsx", one_row(in_cells("Name")), **{"xl/media/a.bin": bytes(1_000_001)})
        assert "unpacks to far more" in await refused(large)
    # A single cell in the last corner: a reader that lays out the whole sheet asks for a thousand gigabytes.
    corner = one_row(in_cells("Name", "Phone") + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    assert await refused(packed(tmp_path / "corner.xlsx", corner))
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as archive:
        archive.writestr("manifest.csv", "a,b\n")
    assert "no workbook" in await refused(tmp_path / "plain.zip")
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500)
    assert "old format .xls" in await refused(tmp_path / "old.xls")
    whole = packed(tmp_path / "cut.xlsx", one_row(in_cells("Name"))).read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    assert "cannot be opened" in await refused(tmp_path / "cut.xlsx")


async def test_entities_are_not_followed(tmp_path: Path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the content of a file")
    laughs = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    for number, doctype in enumerate(
        (
            f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>',
            f'<!DOCTYPE x [<!ENTITY e0 "ha">{laughs}<!ENTITY e "&e9;">]>',
        )
    ):
        sheet = one_row(in_cells("Name", "Phone") + in_cells("&e;", "1", row=2), doctype)
        path = packed(tmp_path / f"{number}.xlsx", sheet)
        text = str(await asyncio.to_thread(outcome, lambda path=path: asyncio.run(reading.read(path))))
        assert "the content of a file" not in text
        assert len(text) < 5_000


async def test_a_child_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    child = tmp_path / "child.py"
    child.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(workbook, "_CHILD", child)
    monkeypatch.setattr(workbook, "SECONDS", 0.5)
    began = time.monotonic()
    path = packed(tmp_path / "a.xlsx", one_row(in_cells("Name")))
    assert "takes too long" in await refused(path)
    assert time.monotonic() - began < 10
    child.write_text("import os\nos.abort()\n")
    assert "cannot be opened" in await refused(path)
    child.write_text("while True: print('x' * 100000)\n")
    monkeypatch.setattr(workbook, "LARGEST_ANSWER", 1_000_000)
    assert "unpacks to far more" in await refused(path)


@pytest.fixture(scope="module")
def small_book(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("book") / "a.xlsx"
    return packed(path, one_row(in_cells("Name", "Phone") + in_cells("Lan", "1", row=2))).read_bytes()


@many
@given(
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6),
    at=st.integers(0, 9),
)
def test_a_workbook_with_bytes_changed_is_a_table_or_a_sentence(small_book, changes, at):
    """Each is looked at as a zip; every tenth goes to the child, which takes its time."""
    content = bytearray(small_book)
    for place, value in changes:
        content[place % len(content)] = value
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(content)
        file.flush()
        path = Path(file.name)
        outcome((lambda: workbook.look(path)) if at else (lambda: asyncio.run(reading.read(path))))


def test_the_hostile_texts_of_others_are_tables_or_sentences():
    """By what they hold, not copied: quotes inside of quotes, breaks of lines, JSON in a cell, nothing at all."""
    for text, expected in (
        ('first,last,address\nJohn,Doe,"120 any st., Apt 3"\n', [("John", "Doe", "120 any st., Apt 3")]),
        ('a,b\n1,"ha ""ha"" ha"\n3,4\n', [("1", 'ha "ha" ha'), ("3", "4")]),
        (
            'key,val\n1,"{""type"": ""Point"", ""at"": [102.0, 0.5]}"\n',
            [("1", '{"type": "Point", "at": [102.0, 0.5]}')],
        ),
        ('a,b,c\n1,"",""\n2,3,4\n', [("1", "", ""), ("2", "3", "4")]),
    ):
        assert cells(read(text.encode())) == expected
        assert cells(read(text.replace("\n", "\r\n").encode())) == expected
        assert cells(read(text.replace("\n", "\r").encode())) == expected
