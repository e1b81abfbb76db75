"""Workbooks (.xlsx): looked at before they are opened, and opened in a process of their own.

The library that reads them is not ours and a workbook is a zip of XML by anybody, so whatever it does to the reader
(memory, time, a crash) happens to `workbook_child`, which has limits and is killed when the clock runs out.
Macros are never looked at, formulas count by the value they had when the workbook was saved, entities are not followed.
"""

import asyncio
import contextlib
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portal.errors import Invalid, say
from portal.interchange.sheets.table import (
    LONGEST_CELL,
    MOST_COLUMNS,
    MOST_ROWS,
    Known,
    Table,
    long_cell,
    refused,
    tabulate,
    too_many_columns,
    too_many_rows,
)

UNZIPPED = 300_000_000  # bytes of all parts together
MOST_PARTS = 2_000
RATIO = 400  # a part that shrinks more than this, and is larger than SMALL, is a bomb and not a sheet
SMALL = 20_000_000
SECONDS = 30.0
LARGEST_ANSWER = 400_000_000  # characters of JSON

_CHILD = Path(__file__).with_name("workbook_child.py")
_DAMAGED = say("This workbook cannot be opened: it is damaged, or no workbook. Save it anew as .xlsx and send that.")
_BOMB = say("This workbook unpacks to far more than a list of people. It is not opened.")


async def read(path: Path, known: Known, sheet: int | None = None) -> Table:
    """The table of a workbook's sheet, of the first that is shown unless one is named; raises `Invalid`."""
    await asyncio.to_thread(look, path)
    answer = await _asked(path, sheet)
    return await asyncio.to_thread(_table, answer, known)


def look(path: Path) -> None:
    """Raise `Invalid` for a zip that is no workbook, or one that must not be unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, UnicodeDecodeError):
        raise refused(_DAMAGED) from None
    names = {part.filename for part in parts}
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > UNZIPPED:
        raise refused(_BOMB)
    if any(part.file_size > SMALL and part.file_size > RATIO * max(part.compress_size, 1) for part in parts):
        raise refused(_BOMB)
    if not any(name.lower().lstrip("/").startswith("xl/") for name in names):
        raise refused(say("This zip is no workbook. A bundle of OneRoster is sent on the page Imports."))


def trouble_of(head: bytes) -> Invalid | None:
    """What is to be said of a file in Microsoft's older container: an old workbook, or one with a password."""
    if not head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return None
    return refused(
        say("This workbook has a password or is in the old format .xls. Save it as .xlsx without a password.")
    )


async def _asked(path: Path, sheet: int | None) -> bytes:
    """What the child says; raises `Invalid` when it was stopped or died."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(_CHILD), str(path), "-" if sheet is None else str(sheet)),
        *(str(MOST_ROWS), str(MOST_COLUMNS), str(LONGEST_CELL)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            parts, size = [], 0
            while part := await child.stdout.read(1 << 20):
                size += len(part)
                if size > LARGEST_ANSWER:
                    raise refused(_BOMB)
                parts.append(part)
            status = await child.wait()
    except TimeoutError:
        raise refused(say("Opening this workbook takes too long. Save only the list as a new .xlsx.")) from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if status != 0 or not parts:
        raise refused(_DAMAGED)
    return b"".join(parts)


def _table(answer: bytes, known: Known) -> Table:
    lines = _lines(answer)
    first = next(lines)
    table = tabulate(enumerate(_cells(lines), start=1), known)
    return Table(
        table.headers,
        table.rows,
        table.header_row,
        sheets=tuple(first["sheets"]),
        sheet=first["sheet"],
        since_1904=first["since_1904"],
    )


def _cells(lines: Iterator[Any]) -> Iterator[list[str]]:
    for line in lines:
        if line is None:
            return
        yield line


def _lines(answer: bytes) -> Iterator[Any]:
    """What the child wrote, its troubles raised."""
    for raw in answer.splitlines():
        line = json.loads(raw)
        if isinstance(line, dict) and "trouble" in line:
            raise _trouble(line)
        yield line


def _trouble(line: dict[str, Any]) -> Invalid:
    match line["trouble"]:
        case "rows":
            return too_many_rows()
        case "columns":
            return too_many_columns()
        case "cell":
            return long_cell(line["row"])
        case "password":
            return refused(say("This workbook has a password. Save it without one."))
        case "empty":
            return refused(say("There is nothing in this sheet."))
        case _:
            return refused(_DAMAGED)
