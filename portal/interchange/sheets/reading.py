"""From a file to a table, whatever kind of spreadsheet it is: by its first bytes, never by its name."""

import asyncio
from pathlib import Path

from portal.errors import say
from portal.interchange.sheets import delimited, workbook
from portal.interchange.sheets.columns import is_known
from portal.interchange.sheets.table import LARGEST, Table, refused


async def read(path: Path, sheet: int | None = None) -> Table:
    """The table in a file; `sheet` is the place of a workbook's sheet.

    Raises `Invalid` beside `file` with a sentence for everything that cannot be read.
    """
    head, size = await asyncio.to_thread(_head, path)
    if size > LARGEST:
        raise refused(say("At most {largest} MB.", largest=LARGEST // 1_000_000))
    trouble = workbook.trouble_of(head)
    if trouble is not None:
        raise trouble
    if head.startswith(b"PK"):
        return await workbook.read(path, is_known, sheet)
    return await asyncio.to_thread(lambda: delimited.read(path.read_bytes(), is_known))


def _head(path: Path) -> tuple[bytes, int]:
    with path.open("rb") as source:
        return source.read(512), path.stat().st_size
