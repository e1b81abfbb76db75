"""What a sheet is once it is read: a header, and rows that carry the number a person sees beside them.

Rows are bounded in number, width and length of a cell, whatever the file. Above the header there may be a title, an
address, a blank row: the header is the first row among `SEARCHED` that names the most columns we know.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal.errors import Invalid, Sentence, say
from portal.text import clean, defused

LARGEST = 20_000_000  # bytes of a file
MOST_ROWS = 50_000
MOST_COLUMNS = 150  # as many as one form may ask about
LONGEST_CELL = 32_767  # what a cell of a workbook may hold
SEARCHED = 20  # rows in which the header is looked for

Cells = Sequence[str]
Known = Callable[[str], bool]


class Row(NamedTuple):
    """A row as the spreadsheet numbers it; `more` when it has cells beyond the header."""

    number: int
    cells: tuple[str, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A header and its rows, all of one width; `sheets` are the names of a workbook's sheets, `sheet` the one read."""

    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    header_row: int
    notes: tuple[Sentence, ...] = ()
    sheets: tuple[str, ...] = ()
    sheet: int = 0
    since_1904: bool = False

    def samples(self, column: int, most: int = 3) -> list[str]:
        """A few different values of a column, to recognise it by."""
        found = dict.fromkeys(row.cells[column] for row in self.rows[:500] if row.cells[column])
        return list(found)[:most]


def refused(sentence: Sentence) -> Invalid:
    """A file that cannot be read at all."""
    return Invalid({"file": sentence})


def too_many_rows() -> Invalid:
    return refused(say("At most {most} rows are read at a time. Send the sheet in parts.", most=MOST_ROWS))


def too_many_columns() -> Invalid:
    return refused(say("At most {most} columns are read. Delete those that are not needed.", most=MOST_COLUMNS))


def long_cell(row: int) -> Invalid:
    return refused(say("Row {row} has a cell of more than {longest} characters.", row=row, longest=LONGEST_CELL))


def tabulate(found: Iterable[tuple[int, Cells]], known: Known) -> Table:
    """The table in numbered rows of cells; raises `Invalid` when there is none, or too much of it."""
    filled = [(number, cells) for number, raw in found if any(cells := _tidy(raw))]
    if not filled:
        raise refused(say("There is nothing in this sheet."))
    at = _header(filled, known)
    number, names = filled[at]
    body = filled[at + 1 :]
    if len(body) > MOST_ROWS:
        raise too_many_rows()
    if not body:
        raise refused(say("There is a header, but no row below it."))
    width = len(names)
    if width > MOST_COLUMNS:
        raise too_many_columns()
    rows = tuple(Row(row, _wide(cells, width), len(cells) > width) for row, cells in body)
    return Table(_named(names), rows, number)


def _tidy(cells: Cells) -> tuple[str, ...]:
    """Cells without control characters and blanks around them, and without the empty ones at the right."""
    texts = [_text(cell) if cell else "" for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _text(cell: str) -> str:
    """A cell cleaned, and without the apostrophe that an export put before what looked like a formula."""
    text = clean(cell)
    return text[1:] if text.startswith("'") and defused(text[1:]) == text else text


def _header(filled: Sequence[tuple[int, Cells]], known: Known) -> int:
    """The place of the header: the most names that we know, else the first row of two cells, else the first."""
    first = [cells for _, cells in filled[:SEARCHED]]
    named = [sum(known(cell) for cell in cells) for cells in first]
    if max(named) > 0:
        return named.index(max(named))
    return next((place for place, cells in enumerate(first) if sum(map(bool, cells)) > 1), 0)


def _named(names: Cells) -> tuple[str, ...]:
    """Each column under a name of its own: an empty one by its letter, the second of a name with its number."""
    seen: dict[str, int] = {}
    given = []
    for place, raw in enumerate(names):
        name = raw[:120] or letter(place)
        count = seen[name] = seen.get(name, 0) + 1
        given.append(name if count == 1 else f"{name} ({count})")
    return tuple(given)


def letter(place: int) -> str:
    """A column as a spreadsheet calls it: A, B, ... Z, AA."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def _wide(cells: Cells, width: int) -> tuple[str, ...]:
    return (*cells[:width], *[""] * (width - len(cells)))
