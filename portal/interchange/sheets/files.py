"""Tables to take along: text files that every spreadsheet opens rightly, and workbooks.

A text file begins with the mark by which Excel knows UTF-8, and its cells are defused: none of them starts a formula.
A workbook's cells are written as texts, which start none; days are days.
"""

import asyncio
import csv
import datetime as dt
import io
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from typing import BinaryIO, NamedTuple, Protocol
from urllib.parse import quote

import xlsxwriter

from portal.text import defused

Cell = str | dt.date | None
_CHUNK = 1 << 16


class Format(NamedTuple):
    """How a table is written: its ending, its media type, and what separates the cells of a text file."""

    ending: str
    media_type: str
    separator: str


FORMATS = {
    "xlsx": Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ""),
    "csv": Format("csv", "text/csv; charset=utf-8", ","),
    "csv-semicolon": Format("csv", "text/csv; charset=utf-8", ";"),
}


class _Sink(Protocol):
    def write(self, rows: Sequence[Sequence[Cell]]) -> None: ...
    def close(self) -> None: ...


async def written(form: Format, header: Sequence[str], portions: AsyncIterable[Sequence[Sequence[Cell]]]) -> BinaryIO:
    """A file without a name, at its beginning; it is gone when it is closed. Memory holds one portion at a time."""
    place: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
    try:
        sink: _Sink = _Text(place, form.separator) if form.separator else _Book(place)
        await asyncio.to_thread(sink.write, [header])
        async for rows in portions:
            await asyncio.to_thread(sink.write, rows)
        await asyncio.to_thread(sink.close)
        place.seek(0)
    except BaseException:
        place.close()
        raise
    return place


async def chunks(place: BinaryIO) -> AsyncIterator[bytes]:
    """The bytes of a file, which is closed at the end, or when nobody reads on."""
    try:
        while chunk := await asyncio.to_thread(place.read, _CHUNK):
            yield chunk
    finally:
        place.close()


def attachment(name: str) -> str:
    """The header by which a browser keeps a file under this name (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


class _Text:
    """A text file."""

    def __init__(self, place: BinaryIO, separator: str) -> None:
        self._text = io.TextIOWrapper(place, encoding="utf-8-sig", newline="", write_through=True)
        self._writer = csv.writer(self._text, delimiter=separator, lineterminator="\r\n")

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        self._writer.writerows([defused(_as_text(cell)) for cell in row] for row in rows)

    def close(self) -> None:
        self._text.detach()


class _Book:
    """A workbook of one sheet, whose header stays in sight."""

    def __init__(self, place: BinaryIO) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(place, options)
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._bold = self._book.add_format({"bold": True})
        self._day = self._book.add_format({"num_format": "dd/mm/yyyy"})
        self._row = 0

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        for row in rows:
            if self._row == 0:
                self._sheet.set_column(0, max(len(row) - 1, 0), 18)
            for column, cell in enumerate(row):
                if isinstance(cell, dt.date) and cell.year >= 1900:
                    self._sheet.write_datetime(self._row, column, cell, self._day)
                elif cell:
                    self._sheet.write_string(self._row, column, _as_text(cell), None if self._row else self._bold)
            self._row += 1

    def close(self) -> None:
        self._book.close()


def _as_text(cell: Cell) -> str:
    return cell.strftime("%d/%m/%Y") if isinstance(cell, dt.date) else cell or ""
