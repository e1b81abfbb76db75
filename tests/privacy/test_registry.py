"""Every column that could hold something about a person is declared: what becomes of it when they are erased."""

import re

import pytest

from portal import db
from portal.db import schema
from portal.privacy.registry import KEEP, NOT_OURS, TABLES

# What cannot hold words: ids and figures, instants, yes and no.
WORDLESS = re.compile(r"integer|bigint|boolean|timestamp with time zone")
INSTANT = re.compile(r"_at$|^at$|^older_than$|_until$")  # SQLite keeps instants as text


async def held() -> dict[str, set[str]]:
    """The columns of each table that could hold words."""
    return {
        name: {
            column
            for column, made in table.columns.items()
            if not WORDLESS.fullmatch(made.type) and not (made.type == "text" and INSTANT.search(column))
        }
        for name, table in (await schema.tables()).items()
        if name not in NOT_OURS
    }


async def test_every_column_that_may_hold_words_is_declared(database):
    there = await held()
    assert {name: columns - set(TABLES[name].columns) for name, columns in there.items() if name in TABLES} == {
        name: set() for name in there if name in TABLES
    }
    assert set(there) - set(TABLES) == set()


async def test_nothing_is_declared_that_is_not_there(database):
    there = {name: set(table.columns) for name, table in (await schema.tables()).items()}
    assert set(TABLES) - set(there) == set()
    assert {name: set(table.columns) - there[name] for name, table in TABLES.items()} == {
        name: set() for name in TABLES
    }


class Undone(Exception):
    """Leaves nothing of a table of tomorrow."""


async def test_a_table_that_nobody_declared_is_found(database):
    """So that the first test can fail at all: a table of tomorrow, with a column for words."""
    with pytest.raises(Undone):
        async with db.transaction():
            await db.execute("CREATE TABLE tomorrow (id BIGINT PRIMARY KEY, words VARCHAR(20), count BIGINT)")
            there = await held()
            raise Undone
    assert there["tomorrow"] == {"words"}
    assert "tomorrow" not in TABLES


def test_what_stays_says_why_and_what_goes_says_whose():
    for name, table in TABLES.items():
        for column, fate in table.columns.items():
            assert fate.why or fate.mentions or fate.own is not KEEP, (name, column)
        if table.deleted or any(fate.own is not KEEP for fate in table.columns.values()):
            assert "?" in table.whose, name
