"""Whole tables: read in portions, written in portions, emptied and rebuilt. For backup and restore."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any

from portal.db import door, schema
from portal.db.migrations import check_references
from portal.db.shape import Shape

PORTION = 2_000
HISTORY = "tortoise_migrations"


async def portions(table: str, shape: Shape) -> AsyncIterator[list[tuple[Any, ...]]]:
    """All rows of a table in the order of its key, the same on both databases; inside a snapshot, from one moment."""
    names = ", ".join(f'"{name}"' for name in shape.columns)
    key = ", ".join(_sorted(name, shape) for name in shape.key)
    places = [list(shape.columns).index(name) for name in shape.key]
    after: tuple[Any, ...] = ()
    while True:
        where = f"WHERE ({key}) > ({door.marks(len(after))})" if after else ""
        found = await door.rows(f'SELECT {names} FROM "{table}" {where} ORDER BY {key} LIMIT {PORTION}', *after)
        if found:
            yield found
        if len(found) < PORTION:
            return
        after = tuple(found[-1][place] for place in places)


def _sorted(name: str, shape: Shape) -> str:
    """A column of a key; texts by their bytes, as SQLite sorts, whatever PostgreSQL was told of languages."""
    bytewise = door.dialect() == "postgres" and shape.columns[name] == "text"
    return f'"{name}" COLLATE "C"' if bytewise else f'"{name}"'


async def load(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> AsyncGenerator[int, None]:
    """Write rows with their keys, in the caller's transaction; gives how many, after each portion."""
    names = ", ".join(f'"{name}"' for name in columns)
    sql = f'INSERT INTO "{table}" ({names}) VALUES ({door.marks(len(columns))})'
    coming = iter(rows)
    while portion := list(islice(coming, PORTION)):
        await door.execute_many(sql, portion)
        yield len(portion)


async def count_anew(tables: Iterable[str]) -> None:
    """Let PostgreSQL's planner know of many new rows at once; it would learn of them a minute later by itself."""
    if door.dialect() == "postgres":
        await door.script("ANALYZE " + ", ".join(f'"{table}"' for table in tables))


@asynccontextmanager
async def without_references() -> AsyncIterator[None]:
    """A block of a transaction in which rows may be written in any order; checked at its end.

    On SQLite `migrations.relax()` comes first. Raises OperationalError or IntegrityError when references lead nowhere.
    """
    kept = await door.rows(_REFERENCES) if door.dialect() == "postgres" else []
    for table, name, _ in kept:
        await door.script(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield
    for table, name, definition in kept:
        await door.script(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    await check_references("The load")


_REFERENCES = """
    SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid)
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
    WHERE c.contype = 'f' AND t.relnamespace = current_schema()::regnamespace ORDER BY c.conrelid, c.conname
"""


async def filled() -> str | None:
    """The name of a table that holds a row, apart from the record of migrations; None in an empty database."""
    for table in sorted(await schema.tables()):
        if table != HISTORY and await door.row(f'SELECT 1 FROM "{table}" LIMIT 1'):
            return table
    return None


async def drop(tables: Iterable[str]) -> None:
    """Drop empty tables with their triggers and what the triggers call, in the caller's transaction."""
    names = ", ".join(f'"{table}"' for table in tables)
    if door.dialect() == "postgres":
        functions = await door.rows(_TRIGGER_FUNCTIONS)
        await door.script(f"DROP TABLE {names}")
        for (function,) in functions:
            await door.script(f"DROP FUNCTION {function}")
    else:
        for name in names.split(", "):
            await door.script(f"DROP TABLE {name}")


_TRIGGER_FUNCTIONS = """
    SELECT DISTINCT g.tgfoid::regprocedure::text FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
    WHERE NOT g.tgisinternal AND t.relnamespace = current_schema()::regnamespace
"""


async def last_id(table: str) -> int:
    """The last id that the database gave in a table, also to a row that is gone since; 0 where it gives none."""
    if door.dialect() == "sqlite":
        return int(await door.value("SELECT seq FROM sqlite_sequence WHERE name = ?", table) or 0)
    sequence = await _sequence(table)
    if sequence is None:
        return 0
    return int(await door.value(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"))


async def continue_after(table: str, last: int) -> None:
    """Let the database give the ids of a table from `last` + 1, in the caller's transaction."""
    if door.dialect() == "sqlite":
        await door.execute("DELETE FROM sqlite_sequence WHERE name = ?", table)
        await door.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table, last)
    elif (sequence := await _sequence(table)) is not None:
        await door.rows("SELECT setval(CAST(? AS text)::regclass, ?)", sequence, last)


async def _sequence(table: str) -> str | None:
    """The name of the sequence behind a table's id on PostgreSQL, if there is one."""
    found = await door.value(
        "SELECT pg_get_serial_sequence(?, 'id') WHERE EXISTS (SELECT 1 FROM pg_attribute"
        " WHERE attrelid = CAST(CAST(? AS text) AS regclass) AND attname = 'id')",
        f'"{table}"',
        f'"{table}"',
    )
    return None if found is None else str(found)
