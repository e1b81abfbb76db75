"""A row as one line of JSON, the same from either database: so it can be restored into the other.

An array with a value for each column: whole numbers, texts, `true` and `false` as themselves, an instant as
`2026-11-25 04:30:00.000000+00:00` (always UTC, always this width), a day as `2026-11-25`, bytes in base64, a JSON
document as the text of it with sorted keys. Two databases hold the same rows when the lines are the same bytes.
"""

import base64
import binascii
import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import orjson

from portal.db.values import LEAST, MOST, stored

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00")
_FRACTION = re.compile(r"\d[.eE]|-0")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

Convert = Callable[[Any], Any]


class WrongValue(ValueError):
    """A value that is not of its column's kind."""


def written(rows: Iterable[Sequence[Any]], kinds: Sequence[str]) -> bytes:
    """The lines of rows as a database gave them; raises WrongValue for one that is not what its column says."""
    told = [_TELL[kind] for kind in kinds]
    lines = bytearray()
    for row in rows:
        values = [None if value is None else tell(value) for tell, value in zip(told, row, strict=True)]
        lines += orjson.dumps(values) + b"\n"
    return bytes(lines)


def read(lines: Iterable[bytes], kinds: Sequence[str], dialect: str) -> Iterable[tuple[Any, ...]]:
    """The rows of lines as a database takes them; raises WrongValue for what `written` would not have written."""
    taken = [_TAKE[dialect].get(kind, _TELL[kind]) for kind in kinds]
    for line in lines:
        try:
            values = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise WrongValue(f"no row: {line[:60]!r}") from error
        if not isinstance(values, list) or len(values) != len(kinds):
            raise WrongValue(f"no row of {len(kinds)} values: {line[:60]!r}")
        yield tuple(None if value is None else take(value) for take, value in zip(taken, values, strict=True))


def _number(value: Any) -> int:
    if type(value) is not int or not LEAST <= value <= MOST:
        raise WrongValue(f"not a whole number of 64 bits: {_short(value)}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise WrongValue(f"not a text: {_short(value)}")
    return value


def _flag(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    if type(value) is int and value in (0, 1):
        return value == 1
    raise WrongValue(f"neither yes nor no: {_short(value)}")


def _instant(value: Any) -> str:
    if isinstance(value, str):
        if _INSTANT.fullmatch(value):
            return value
        value = _parsed(dt.datetime, value)
    if not isinstance(value, dt.datetime):
        raise WrongValue(f"not an instant: {_short(value)}")
    return stored(value if value.tzinfo else value.replace(tzinfo=dt.UTC))


def _day(value: Any) -> str:
    if isinstance(value, str) and _DAY.fullmatch(value):
        return value
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    raise WrongValue(f"not a day: {_short(value)}")


def _json(value: Any) -> str:
    try:
        document = orjson.loads(_text(value))
        if _FRACTION.search(value):
            document = _settled(document)
        return orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
        raise WrongValue(f"not a JSON document: {_short(value)}") from error


def _settled(value: Any) -> Any:
    """The same numbers as PostgreSQL gives them back: no zero below zero, large whole ones without an exponent."""
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_settled(item) for item in value]
    if isinstance(value, float):
        if not value:
            return 0.0
        if value.is_integer() and abs(value) >= 1e15 and LEAST <= value < 2.0**64:
            return int(Decimal(repr(value)))  # the digits that were written; int(value) has more of them
    return value


def _bytes(value: Any) -> str:
    if not isinstance(value, bytes):
        raise WrongValue(f"not bytes: {_short(value)}")
    return base64.b64encode(value).decode()


def _from_base64(value: Any) -> bytes:
    try:
        return base64.b64decode(_text(value), validate=True)
    except binascii.Error as error:
        raise WrongValue(f"not base64: {_short(value)}") from error


def _parsed(kind: type[Any], value: Any) -> Any:
    try:
        return kind.fromisoformat(_text(value))
    except ValueError as error:
        raise WrongValue(f"not a moment: {_short(value)}") from error


def _short(value: Any) -> str:
    return repr(value)[:60]


_TELL: dict[str, Convert] = {
    "number": _number,
    "text": _text,
    "flag": _flag,
    "instant": _instant,
    "day": _day,
    "json": _json,
    "bytes": _bytes,
}
_TAKE: dict[str, dict[str, Convert]] = {
    "sqlite": {"bytes": _from_base64},
    "postgres": {
        "instant": lambda value: _parsed(dt.datetime, _instant(value)),
        "day": lambda value: _parsed(dt.date, _day(value)),
        "bytes": _from_base64,
    },
}
