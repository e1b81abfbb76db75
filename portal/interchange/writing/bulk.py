"""Many rows at once: ids taken beforehand, statements in portions, the event loop let in between."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from portal import db

PORTION = 2_000

Heard = Callable[[int, int], None]


def unheard(_done: int, _total: int) -> None:
    """Nobody wants to know."""


async def fresh_ids(table: str, count: int) -> list[int]:
    """Ids for new rows of a table, which nobody else gets; inside the transaction that uses them."""
    if not count:
        return []
    if db.dialect() == "postgres":
        sql = "SELECT nextval(pg_get_serial_sequence(?, 'id')) FROM generate_series(1, CAST(? AS BIGINT))"
        return [int(each) for (each,) in await db.rows(sql, table, count)]
    # The writer is alone; sqlite_sequence remembers ids of rows that are gone.
    there = await db.value(f'SELECT MAX(id) FROM "{table}"') or 0
    highest = max(there, await db.value("SELECT seq FROM sqlite_sequence WHERE name = ?", table) or 0)
    return list(range(highest + 1, highest + 1 + count))


async def insert(
    table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], total: int = 0, heard: Heard = unheard
) -> None:
    """Insert rows whose values stand in the order of the columns."""
    source = iter(rows)
    done = 0
    while portion := list(islice(source, PORTION)):
        await db.load(table, columns, portion)
        done += len(portion)
        heard(done, max(done, total))
        await asyncio.sleep(0)


async def run(sql: str, rows: Iterable[Sequence[Any]], total: int = 0, heard: Heard = unheard) -> None:
    """Run a statement for each row; `rows` may be made while it is read."""
    source = iter(rows)
    done = 0
    while portion := list(islice(source, PORTION)):
        await db.execute_many(sql, portion)
        done += len(portion)
        heard(done, max(done, total))
        await asyncio.sleep(0)


async def rows_of(sql: str, ids: Iterable[int | str]) -> list[tuple[Any, ...]]:
    """The rows of a read for many ids, in portions; `sql` has `{ids}` where their list stands."""
    source = iter(ids)
    found: list[tuple[Any, ...]] = []
    while portion := list(islice(source, PORTION)):
        found += await db.rows(sql.format(ids=db.marks(len(portion))), *portion)
        await asyncio.sleep(0)
    return found
