"""The process that opens a workbook: a program of its own, so that it can be stopped whatever it meets.

Nothing of ours is imported here. It is given a path and a sheet's number (or "-" for the first that is shown), and
writes lines of JSON: first what sheets there are, then each row as texts, at last `null`. A workbook that cannot be
read is `{"trouble": ...}`. Dates are written 2014-03-09, whole numbers without a fraction.
"""

import datetime as dt
import json
import re
import resource
import sys
import zipfile
from contextlib import suppress

MEMORY = 1 << 30  # bytes of address space, most of which is the libraries'
SECONDS = 20  # of processor time
MOST_MERGED = 20_000

MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = (int(value) for value in sys.argv[3:6])


def main(path: str, wanted: str) -> None:
    """Write the sheet to the standard output."""
    with suppress(ValueError, OSError):  # a system that knows no such limit still has the clock of the parent
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import python_calamine as calamine

    try:
        with calamine.CalamineWorkbook.from_path(path) as book:
            kinds = calamine.SheetTypeEnum
            sheets = [one for one in book.sheets_metadata if one.typ == kinds.WorkSheet]
            shown = [one.name for one in sheets if one.visible == calamine.SheetVisibleEnum.Visible]
            names = shown or [one.name for one in sheets]
            number = int(wanted) if wanted != "-" and int(wanted) < len(names) else 0
            if not names:
                tell({"trouble": "empty"})
                return
            tell({"sheets": names[:100], "sheet": number, "since_1904": since_1904(path)})
            write(book.get_sheet_by_name(names[number]))
    except calamine.PasswordError:
        tell({"trouble": "password"})
    except (calamine.CalamineError, OSError, ValueError, MemoryError) as error:
        tell({"trouble": "damaged", "reason": f"{type(error).__name__}: {error}"[:200]})


def write(sheet) -> None:  # type: ignore[no-untyped-def]
    """The rows from the first of the sheet on, so that their numbers are those that a person sees."""
    start = sheet.start
    if start is None:
        tell(None)
        return
    (top, left), (bottom, right) = start, sheet.end
    if bottom >= MOST_ROWS * 2 or (bottom - top) > MOST_ROWS + 100:
        tell({"trouble": "rows"})
        return
    if right >= MOST_COLUMNS + 100 or right - left >= MOST_COLUMNS:
        tell({"trouble": "columns"})
        return
    below = merged(sheet)
    last: dict[int, str] = {}
    for number, cells in enumerate(sheet.to_python(skip_empty_area=False)):
        texts = [text(cell) for cell in cells]
        if any(len(each) > LONGEST_CELL for each in texts):
            tell({"trouble": "cell", "row": number + 1})
            return
        for column, last_row in list(below.get(number, {}).items()):
            if last_row >= 0:
                last[column] = texts[column] if column < len(texts) else ""
            elif column < len(texts) and not texts[column]:
                texts[column] = last.get(column, "")
        tell(texts)
    tell(None)


def merged(sheet) -> dict[int, dict[int, int]]:  # type: ignore[no-untyped-def]
    """By row and column, where cells are merged downwards: the row's number where they begin, -1 below it."""
    marks: dict[int, dict[int, int]] = {}
    room = MOST_ROWS
    for (top, left), (bottom, _right) in (sheet.merged_cell_ranges or [])[:MOST_MERGED]:
        if bottom > top and room > 0:
            bottom = min(bottom, top + room)
            room -= bottom - top
            marks.setdefault(top, {})[left] = top
            for row in range(top + 1, bottom + 1):
                marks.setdefault(row, {})[left] = -1
    return marks


def text(cell: object) -> str:
    """A cell as a person would have typed it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e16 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return str(cell)


def since_1904(path: str) -> bool:
    """Whether the workbook counts its days from 1904."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("xl/workbook.xml") as part:
            return bool(re.search(rb'date1904\s*=\s*["\'](1|true)["\']', part.read(1 << 20)))
    except (KeyError, OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError):
        return False


def tell(line: object) -> None:
    """One line of the answer."""
    sys.stdout.write(json.dumps(line, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
