"""What may travel to the database and how it comes back, the same on both databases."""

import datetime as dt
import sqlite3
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

LEAST, MOST = -(2**63), 2**63 - 1
# PostgreSQL allows 32,767 parameters in a statement, SQLite 32,766.
MOST_PARAMETERS = 32_766


def instant(value: str | dt.datetime) -> dt.datetime:
    """An instant out of a raw row (text on SQLite, a datetime on PostgreSQL), aware and in UTC."""
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    return value.astimezone(dt.UTC)


def day(value: str | dt.date) -> dt.date:
    """A date out of a raw row (text on SQLite, a date on PostgreSQL)."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def utc(value: dt.datetime) -> dt.datetime:
    """The same instant in UTC; raises ValueError for a datetime without a zone, which names no instant."""
    if value.tzinfo is None:
        raise ValueError(f"A datetime without a time zone cannot be stored: {value}")
    return value.astimezone(dt.UTC)


def stored(value: dt.datetime) -> str:
    """The text of an instant on SQLite: one zone and one width, so that comparing texts compares instants."""
    return utc(value).isoformat(" ", "microseconds")


def checked(args: Sequence[Any]) -> Sequence[Any]:
    """The arguments of one statement; ValueError when one of the two databases could not take them."""
    if len(args) > MOST_PARAMETERS:
        raise ValueError(f"{len(args)} parameters in one statement; at most {MOST_PARAMETERS} are possible")
    for arg in args:
        kind = type(arg)
        if kind is str:
            if "\0" in arg:
                raise ValueError("A text with a NUL character cannot be stored")
        elif kind is int:
            if not LEAST <= arg <= MOST:
                raise ValueError(f"{arg} does not fit into 64 bits")
        elif kind is dt.datetime:
            if arg.tzinfo is None:
                raise ValueError(f"A datetime without a time zone cannot be stored: {arg}")
        elif kind is Decimal:
            raise ValueError(f"Decimal {arg}: SQLite would round it in silence; store whole numbers of a small unit")
    return args


def adapt_sqlite() -> None:
    """Tell the sqlite3 module how we write instants and days; its own way is deprecated and keeps zones."""
    sqlite3.register_adapter(dt.datetime, stored)
    sqlite3.register_adapter(dt.date, dt.date.isoformat)
