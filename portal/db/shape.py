"""What each table holds at any migration: columns and the kind of their values, the same for both databases.

SQLite forgets which INTEGER is a yes or no and which TEXT an instant, and the models know the newest schema only. So
the migrations are run on an empty database in memory, with words of their own for the kinds.
"""

import sqlite3
from contextlib import closing
from typing import NamedTuple

from portal.db.migrations import TOKENS, Ddl, plan
from portal.db.registry import MIGRATIONS

_WORDS = TOKENS["sqlite"] | {
    "{bigint}": "NUMBER",
    "{instant}": "INSTANT",
    "{day}": "DAY",
    "{json}": "JSON",
    "{flag}": "FLAG",
}
_KINDS = {
    "INTEGER": "number",
    "NUMBER": "number",
    "BIGINT": "number",
    "TEXT": "text",
    "VARCHAR": "text",
    "FLAG": "flag",
    "INSTANT": "instant",
    "DAY": "day",
    "JSON": "json",
    "BLOB": "bytes",
}


class Shape(NamedTuple):
    """A table: its columns, each with its kind (number, text, flag, instant, day, json or bytes), and its key."""

    columns: dict[str, str]
    key: tuple[str, ...]


async def shapes(target: str | None = None, *, migrations: str = MIGRATIONS) -> dict[str, Shape]:
    """The tables after the migration `target`, by default the last, by name.

    Raises ValueError for a column whose type is none of ours and for a table without a key.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        for migration in await plan(target, migrations=migrations):
            for operation in migration.operations:
                if isinstance(operation, Ddl):
                    for statement in operation.statements("sqlite", _WORDS):
                        memory.execute(statement)
        names = memory.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ).fetchall()
        return {name: _shape(memory, name) for (name,) in names}


def _shape(memory: sqlite3.Connection, table: str) -> Shape:
    columns, key = {}, {}
    for _, name, declared, _, _, place in memory.execute(f'PRAGMA table_info("{table}")'):
        kind = _KINDS.get(declared.partition("(")[0].strip().upper())
        if kind is None:
            raise ValueError(f"{table}.{name} is declared as {declared or 'nothing'}; use the words of Ddl")
        columns[name] = kind
        if place:
            key[place] = name
    if not key:
        raise ValueError(f"{table} has no primary key, so its rows have no order to be written down in")
    return Shape(columns, tuple(key[place] for place in sorted(key)))
