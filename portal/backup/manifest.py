"""What a backup says it holds: counts and hashes of every table and of the uploads, and the schema they are of."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from portal.backup import Unusable
from portal.db.shape import Shape

FORMAT = 1


class Written(NamedTuple):
    """A table in the file: its columns, its rows, the bytes and the hash of its lines, the last id ever given."""

    shape: Shape
    rows: int
    bytes: int
    sha256: str
    last_id: int


class Files(NamedTuple):
    """The uploads in the file: how many, their bytes, a hash over their names and sizes."""

    number: int
    bytes: int
    sha256: str

    @classmethod
    def of(cls, sizes: Mapping[str, int]) -> "Files":
        """What uploads with these hashes and sizes come to."""
        listed = "".join(f"{sha256} {size}\n" for sha256, size in sorted(sizes.items()))
        return cls(len(sizes), sum(sizes.values()), hashlib.sha256(listed.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of `manifest.json`."""

    made_at: dt.datetime
    dialect: str
    migrations: tuple[str, ...]
    tables: Mapping[str, Written]
    files: Files

    @property
    def fingerprint(self) -> str:
        """A hash over all of it, and so over every row and upload: 64 hexadecimal digits."""
        return hashlib.sha256(self.text()).hexdigest()

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(table.rows for table in self.tables.values())

    def text(self) -> bytes:
        """The manifest as it is written."""
        told = {
            "software": "schoolyard",
            "format": FORMAT,
            "made_at": self.made_at.isoformat(),
            "dialect": self.dialect,
            "migrations": self.migrations,
            "files": self.files._asdict(),
            "tables": {
                name: {
                    "columns": table.shape.columns,
                    "key": table.shape.key,
                    "rows": table.rows,
                    "bytes": table.bytes,
                    "sha256": table.sha256,
                    "last_id": table.last_id,
                }
                for name, table in self.tables.items()
            },
        }
        return orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n"

    @classmethod
    def read(cls, text: bytes) -> "Manifest":
        """The manifest out of its text; raises Unusable for anything else than a text of ours."""
        try:
            told = orjson.loads(text)
            if told["software"] != "schoolyard":
                raise Unusable("This is a backup of another program.")
            if _number(told["format"]) > FORMAT:
                raise Unusable("This backup was made by a newer release of Schoolyard: restore it with that one.")
            return cls(
                made_at=dt.datetime.fromisoformat(told["made_at"]),
                dialect=_text(told["dialect"]),
                migrations=tuple(_text(name) for name in told["migrations"]),
                tables={_text(name): _table(table) for name, table in told["tables"].items()},
                files=Files(**{name: told["files"][name] for name in Files._fields}),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unusable("This is no backup: its manifest cannot be read.") from error


def _table(told: dict[str, Any]) -> Written:
    columns = {_text(name): _text(kind) for name, kind in told["columns"].items()}
    shape = Shape(columns, tuple(_text(name) for name in told["key"]))
    counts = (_number(told["rows"]), _number(told["bytes"]), _text(told["sha256"]), _number(told["last_id"]))
    return Written(shape, *counts)


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"{value!r} is no count")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
