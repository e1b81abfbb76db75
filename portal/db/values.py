"""What may travel to the database and how it comes back, the same on both databases."""

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

LEAST, MOST = -(2**63), 2**63 - 1
# PostgreSQL allows 32,767 parameters in a statement, SQLite 32,766.
MOST_PARAMETERS = 32_766
_HARMLESS = {type(None), bool, dt.date}


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
    _look_through(args)
    return args


def _look_through(args: Iterable[Any]) -> None:
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


def checked_columns(rows: Sequence[Sequence[Any]], width: int) -> list[tuple[Any, ...]]:
    """The columns of rows of `width` values, checked as `checked` does it; ValueError for a row of another width.

    A column is of one kind nearly always, and then the interpreter looks through it without a step of ours for each
    value: half a million rows are checked in the time it takes to say so.
    """
    columns = list(zip(*rows, strict=True))
    if rows and len(columns) != width:
        raise ValueError(f"{len(columns)} values for {width} columns")
    for column in columns:
        kinds = set(map(type, column)) - _HARMLESS
        if kinds == {str}:
            if "\0" in "".join(filter(None, column)):
                _look_through(column)
        elif kinds == {int}:
            _look_through((min(filter(None, column), default=0), max(filter(None, column), default=0)))
        elif kinds:
            _look_through(column)
    return columns


def for_sqlite(columns: Sequence[tuple[Any, ...]]) -> list[Sequence[Any]]:
    """The columns with instants, days and flags as SQLite keeps them; each distinct value is written out once."""
    written: list[Sequence[Any]] = []
    for column in columns:
        kinds = set(map(type, column))
        if kinds & _WRITTEN_OUT.keys():
            known = {each: _WRITTEN_OUT.get(type(each), _as_it_is)(each) for each in set(column)}
            written.append([known[each] for each in column])
        else:
            written.append(column)
    return written


def _as_it_is(value: Any) -> Any:
    return value


_WRITTEN_OUT: dict[type, Callable[[Any], Any]] = {dt.datetime: stored, dt.date: dt.date.isoformat, bool: int}


def adapt_sqlite() -> None:
    """Tell the sqlite3 module how we write instants and days; its own way is deprecated and keeps zones."""
    sqlite3.register_adapter(dt.datetime, stored)
    sqlite3.register_adapter(dt.date, dt.date.isoformat)
