"""Changes (delta) laid over the full set that they belong to.

A file of changes cannot be judged alone: it names people whose roles, classes and agents stand in what was sent before.
So the files that were imported before are read once more, the latest full set and the changes since, and the changes
are laid over them. What comes of it is a full set, which is read and judged as any other is.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from portal.errors import Sentence, say
from portal.interchange.oneroster import manifest as manifests
from portal.interchange.oneroster import sds
from portal.interchange.oneroster.archive import Entry, Limits, opened
from portal.interchange.oneroster.cells import Broken, rows
from portal.interchange.oneroster.header import Header, match
from portal.interchange.oneroster.problems import EARLIER, Problems, shown
from portal.interchange.oneroster.spec import DIALECTS, LEAVING, Dialect, Table

_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Layer:
    """The files of one bundle, and which of them (without `.csv`) are full sets and which are changes."""

    entries: dict[str, Entry]
    bulk: frozenset[str]
    delta: frozenset[str]


def earlier_layers(
    stack: ExitStack, dialect: Dialect, top: Layer, earlier: Sequence[Path | None], limits: Limits, problems: Problems
) -> list[Layer] | None:
    """What the changes of `top` are laid over, the oldest first; None, with a problem, when it is not to be had.

    That is everything since the latest full set, and before it whatever has the files that it left out and that there
    are changes of: a new school year may begin without results. `earlier` are the bundles that were imported before,
    the latest first; None where one is not kept any more. They stay open as long as `stack` does.
    """
    unfounded = set(top.delta)
    founded = set(top.bulk)
    is_whole = False
    found: list[Layer] = []
    for path in earlier:
        if is_whole and not unfounded:
            break
        if len(found) == MOST:
            problems.error(manifests.NAME, None, "", _TOO_MANY)
            return None
        layer = _opened(stack, path, dialect, limits) if path else None
        if layer is None:
            if is_whole:
                break
            problems.error(manifests.NAME, None, "", _NO_BASE if path is None else _OTHER)
            return None
        found.append(layer)
        founded |= layer.bulk
        unfounded = (unfounded | layer.delta) - founded
        is_whole = is_whole or not layer.delta
    return found[::-1]


MOST = 500
"""Bundles that changes are laid over: each stays open meanwhile, and a process has a thousand files."""
_TOO_MANY = say(
    "These are only changes (delta), and {most} bundles came since the last full set. Send the full set (bulk) once; "
    "changes can follow it.",
    most=MOST,
)
_NO_BASE = say(
    "These are only changes (delta), and the full set that they belong to is not kept here any more. "
    "Send the full set (bulk) once; changes can follow it."
)
_OTHER = say(
    "These are only changes (delta), and what was imported before is in another version of the format. "
    "Send the full set (bulk) once; changes can follow it."
)


def _opened(stack: ExitStack, path: Path, dialect: Dialect, limits: Limits) -> Layer | None:
    unheard = Problems()
    entries = manifests.named(stack.enter_context(opened(path, limits, unheard)), unheard)
    if unheard.errors:
        return None
    if manifests.NAME not in entries:
        own = sds.recognised(entries)
        if own is None or own.version != dialect.version:
            return None
        return Layer(entries, frozenset(name.removesuffix(".csv") for name in entries), frozenset())
    manifest = manifests.read(entries, unheard)
    if manifest is None or DIALECTS[manifest.version].version != dialect.version:
        return None
    return Layer(entries, frozenset(manifest.bulk), frozenset(manifest.delta))


@dataclass(slots=True)
class Laid:
    """One file as it is with the changes laid over it. `rows` gives it like a file; `gone`, `touched` and `older` are
    known as soon as the first row is there: what has left, what the last bundle speaks of, and how many of its rows
    were older than what is here."""

    table: Table
    layers: Sequence[Layer]
    problems: Problems
    notes: list[Sentence]
    gone: dict[str, int] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    lost: dict[str, set[str]] = field(default_factory=dict)
    """Of the file that has the roles: who loses one by the last bundle, and which."""
    older: int = 0
    _at: dict[str, int] = field(default_factory=dict)
    _rows: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    _modified: dict[str, dt.datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._at = {column.name: at for at, column in enumerate(self.table.columns)}

    @property
    def there(self) -> bool:
        """Whether any bundle has this file."""
        return any(self.table.file in layer.bulk | layer.delta for layer in self.layers)

    def header(self) -> Header:
        """All columns of the standard, in its order."""
        return Header(self._at, len(self._at), len(self._at), [])

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows, those of earlier bundles with the line `EARLIER`; raises `Broken` as a file does."""
        file = self.table.file
        bases = [at for at, layer in enumerate(self.layers) if file in layer.bulk]
        for layer in self.layers[bases[-1] if bases else 0 :]:
            if file in layer.bulk | layer.delta:
                self._lay(layer, layer is self.layers[-1])
        yield from self._rows.values()

    def _lay(self, layer: Layer, is_top: bool) -> None:
        entry = layer.entries[f"{self.table.file}.csv"]
        heard = self.problems if is_top else Problems()
        source = rows(entry)
        line, cells = next(source, (1, []))
        header = match(self.table, cells, entry.name, line, heard) if cells else None
        if header is None:
            raise Broken(None, say("This file is empty; a file without rows is left out and named absent."))
        if is_top:
            self.notes.extend(header.notes)
        is_delta = self.table.file in layer.delta
        pick = [header.at.get(column.name, -1) for column in self.table.columns]
        for line, cells in source:
            if len(cells) < header.width or any(cells[header.width :]):
                if is_top:
                    self._wrong(line, "", _width(len(cells), header.width))
                continue
            row = [cells[at].strip() if at >= 0 else "" for at in pick]
            self._row(row, line if is_top else EARLIER, is_delta)

    def _row(self, row: list[str], line: int, is_delta: bool) -> None:
        names = self._at
        key = "/".join(row[names[name]] for name in self.table.key)
        status, modified = row[names["status"]].lower(), row[names["dateLastModified"]]
        row[names["status"]] = row[names["dateLastModified"]] = ""
        at = self._instant(modified, line) if is_delta else _instant(modified)
        if is_delta and line and not self._is_sound(status, line):
            return
        if line:
            if key in self.touched:
                column = "/".join(self.table.key)
                self._wrong(line, column, say('"{value}" is in this file already.', value=shown(key)))
                return
            self.touched.add(key)
        if is_delta and (at or _LONG_AGO) < self._modified.get(key, _LONG_AGO):
            self.older += bool(line)
            return
        self._modified[key] = at or self._modified.get(key, _LONG_AGO)
        _, before = self._rows.pop(key, (0, row))
        self.gone.pop(key, None)
        if line and "role" in names and (status in LEAVING or before[names["role"]] != row[names["role"]]):
            person = before[names["userSourcedId"]] if "userSourcedId" in names else key
            self.lost.setdefault(person, set()).add(before[names["role"]].casefold())
        if status in LEAVING:
            self.gone[key] = line
        else:
            self._rows[key] = line, row

    def _is_sound(self, status: str, line: int) -> bool:
        if status in LEAVING or status == "active":
            return True
        sentence = (
            say('"{value}" is not a status: it is active or tobedeleted.', value=shown(status))
            if status
            else say("A row of changes says active or tobedeleted here.")
        )
        self._wrong(line, "status", sentence)
        return False

    def _instant(self, text: str, line: int) -> dt.datetime | None:
        found = _instant(text)
        if found is None and line:
            sentence = (
                say('"{value}" is not an instant; write it as 2026-09-01T12:00:00Z.', value=shown(text))
                if text
                else say("A row of changes says here when it was changed, as 2026-09-01T12:00:00Z.")
            )
            self._wrong(line, "dateLastModified", sentence)
        return found

    def _wrong(self, line: int, column: str, sentence: Sentence) -> None:
        self.problems.error(f"{self.table.file}.csv", line, column, sentence)


def _instant(text: str) -> dt.datetime | None:
    """An instant as the standard writes it; without a zone it is taken for UTC, as the standard has all of them."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _width(cells: int, columns: int) -> Sentence:
    return say("The row has {cells} cells; the header has {columns}.", cells=cells, columns=columns)
