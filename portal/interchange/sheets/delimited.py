"""Text files as spreadsheets write them: the encoding and the separator are found, not asked for.

UTF-8 with or without a mark, UTF-16 (Excel's "Unicode text"), else Windows-1258, whose loose tone marks are put onto
their vowels. The separator is tried: the one under which the header names the most columns we know, then the one under
which the rows are as wide as the header. csv.Sniffer guesses from letters that repeat, and fails on a single column.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from portal.errors import Invalid, Sentence, say
from portal.interchange.sheets.table import (
    LONGEST_CELL,
    MOST_COLUMNS,
    MOST_ROWS,
    SEARCHED,
    Known,
    Table,
    long_cell,
    refused,
    tabulate,
    too_many_columns,
    too_many_rows,
)

SEPARATORS = (",", ";", "\t", "|")
_SAMPLE = 65_536  # characters that are looked at to find the separator
_LOST = re.compile(r"\ufffd|[^\W\d_]\?[^\W\d_]")
_END = "\ue000the end\ue000"  # a record of its own at the end: when it is none, a quotation mark is open
_NOT_TEXT = say("This is neither a spreadsheet (.xlsx) nor a text file (.csv).")


class Text(NamedTuple):
    """A decoded file, and what is to be said about its encoding."""

    text: str
    note: Sentence | None


def read(content: bytes, known: Known) -> Table:
    """The table of a text file; raises `Invalid` beside `file` with what stands in the way."""
    decoded = decode(content)
    text, separator = _announced(decoded.text)
    separator = separator or find_separator(text, known)
    table = tabulate(_records(text, separator), known)
    notes = [note for note in (decoded.note, _lost(table)) if note]
    return Table(table.headers, table.rows, table.header_row, tuple(notes))


def decode(content: bytes) -> Text:
    """The text; raises `Invalid` for what is none."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Text(_decoded(content, "utf-16"), None)
    head = content[:4096]
    zeros = (head[0::2].count(0), head[1::2].count(0))
    if max(zeros) > len(head) // 5 and min(zeros) * 4 < max(zeros):
        return Text(_decoded(content, "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"), None)
    if b"\0" in content:
        raise refused(_NOT_TEXT)
    try:
        return Text(content.decode("utf-8-sig"), None)
    except UnicodeDecodeError:
        pass
    note = say("The letters were read as Windows-1258, the older Vietnamese encoding. Look at the names below.")
    return Text(_decoded(content, "cp1258"), note)


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise refused(
            say('The letters of this file cannot be read. Save it as "CSV UTF-8" and send it again.')
        ) from None


def _announced(text: str) -> tuple[str, str]:
    """The text without the line `sep=;` that Excel understands, and its separator."""
    first, line_end, rest = text.partition("\n")
    line = first.rstrip("\r").strip('"')
    if len(line) == 5 and line.lower().startswith("sep=") and line[4] in SEPARATORS:
        # A blank line in its place keeps the numbers of the rows.
        return line_end + rest, line[4]
    return text, ""


def find_separator(text: str, known: Known) -> str:
    """The separator that makes the best table of the beginning."""
    return max(SEPARATORS, key=lambda separator: _merit(text, separator, known))


def _merit(text: str, separator: str, known: Known) -> tuple[int, float, int]:
    """How good the table is: names that we know in its header, rows of the same width, that width."""
    sample = text[:_SAMPLE]
    whole = len(text) <= _SAMPLE
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    try:
        rows = [cells for cells in islice(reader, 100) if any(cells)]
    except csv.Error:
        return (0, 0.0, 0)
    if not whole and len(rows) > 1:
        rows.pop()  # the sample may end in the middle of it
    if not rows:
        return (0, 0.0, 0)
    names = [sum(known(cell) for cell in cells) for cells in rows[:SEARCHED]]
    best = names.index(max(names)) if max(names) else max(range(len(rows[:SEARCHED])), key=lambda at: len(rows[at]))
    width = len(rows[best])
    alike = sum(len(cells) == width for cells in rows[best:]) / len(rows[best:])
    return (max(names), alike if width > 1 else 0.0, width)


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Records with their numbers as a spreadsheet would show them: a cell of several lines is one row."""
    reader = csv.reader(io.StringIO(f"{text}\n{_END}", newline=""), delimiter=separator)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MOST_ROWS * 2:
                raise too_many_rows()
            if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
                raise too_many_columns()
            if cells and cells[-1].endswith(_END):
                if cells != [_END]:
                    raise _open_quote(number)
                return
            if cells and max(map(len, cells)) > LONGEST_CELL:
                raise long_cell(number)
            yield number, cells
    except csv.Error as error:
        raise _open_quote(number + 1) if "field larger" in str(error) else refused(_NOT_TEXT) from None


def _open_quote(row: int) -> Invalid:
    return refused(say("A quotation mark opens a cell in row {row} and is never closed.", row=row))


def _lost(table: Table) -> Sentence | None:
    """A warning when letters were replaced by question marks: they are gone from the file itself."""
    lost = sum(bool(_LOST.search(cell)) for row in table.rows[:1000] for cell in row.cells)
    if lost < 2:
        return None
    return say(
        "Letters were lost when this file was saved: there are question marks inside of words. Save the spreadsheet"
        ' as "CSV UTF-8" or as .xlsx, and send that.'
    )
