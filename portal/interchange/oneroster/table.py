"""One file, row by row, by its table.

The inner loop looks a cell up in its column's `seen` values first: most cells of a large file were seen
before, and a reference is looked up among the sourcedIds of its file. Only what is new goes through `_cell`
or `_reference`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from portal.errors import Sentence, say
from portal.interchange.oneroster import values
from portal.interchange.oneroster.archive import Entry
from portal.interchange.oneroster.cells import Broken, rows
from portal.interchange.oneroster.header import Header, match
from portal.interchange.oneroster.layers import Laid
from portal.interchange.oneroster.problems import EARLIER, Problems, shown
from portal.interchange.oneroster.spec import LEAVING, Column, Table

_UNSEEN: Any = object()
_remembered = 20_000


@dataclass(slots=True)
class Known:
    """The sourcedIds of one file; `deleted` are those that have left, `followed` those of them that only named such a
    one.

    `whole`: all of it could be read; `flawed`: a row of it was refused.
    """

    names: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)
    lost: dict[str, set[str]] = field(default_factory=dict)
    """Of roles.csv: who loses a role by a row that has left, and which."""
    followed: set[str] = field(default_factory=set)
    whole: bool = True
    flawed: bool = False


Rule = Callable[[Any, int, list[Any]], bool]
"""Judges a record beside the others; False leaves it out."""


class Reader:
    """Reads one file into a list of records."""

    def __init__(
        self,
        table: Table,
        entry: Entry | Laid,
        index: dict[str, Known],
        problems: Problems,
        notes: list[Sentence],
    ) -> None:
        self.table = table
        self.entry = entry
        self.file = f"{table.file}.csv"
        self.index = index
        self.problems = problems
        self.notes = notes
        self.known = index[table.file] = Known()
        self.pending: list[tuple[int, str, str]] = []
        self.bad = False
        self.leaves = False

    def read(self, into: list[Any], rule: Rule, progress: Callable[[int], None] | None = None) -> None:
        """All rows; what is wrong goes to the problems."""
        before = self.problems.errors
        try:
            self._read(into, rule, progress)
        except Broken as broken:
            self.known.whole = False
            self.problems.error(self.file, broken.line, "", broken.sentence)
        for line, column, text in self.pending:
            if text in self.known.names:
                continue
            if text in self.known.deleted:
                self.problems.warn(self.file, line, column, _gone(self.table.file))
            else:
                self._dangling(self.table.file, text, line, column)
        self.known.flawed = self.problems.errors > before

    def _read(self, into: list[Any], rule: Rule, progress: Callable[[int], None] | None) -> None:
        if isinstance(self.entry, Laid):
            self.known.deleted = self.entry.gone
            self._rows(self.entry.rows(), self.entry.header(), into, rule)
            return
        source = rows(self.entry, progress)
        line, cells = next(source, (1, []))
        if not cells:
            raise Broken(None, say("This file is empty; a file without rows is left out and named absent."))
        header = match(self.table, cells, self.file, line, self.problems)
        if not header:
            self.known.whole = False
            return
        self.notes.extend(header.notes)
        count = self._rows(source, header, into, rule)
        if not count:
            self.problems.warn(
                self.file,
                line,
                "",
                say("The file has no rows; a file without rows is left out and named absent."),
            )

    def _rows(self, source: Any, header: Header, into: list[Any], rule: Rule) -> int:
        plan, extra = self._plan(header)
        key_at = [header.at[name] for name in self.table.key]
        single = key_at[0] if len(key_at) == 1 else None
        status, modified = header.at.get("status"), header.at.get("dateLastModified")
        width, record, own_key = header.width, self.table.record, hasattr(self.table.record, "source_id")
        count = 0
        for line, cells in source:
            count += 1
            self.bad = self.leaves = False
            if len(cells) != width and not self._fitted(cells, header, line):
                continue
            key = cells[single] if single is not None else "/".join(cells[at] for at in key_at)
            if status is not None and cells[status] and self._deleted(cells[status], key, line):
                if self.table.file == "roles":
                    lost = self.known.lost.setdefault(cells[header.at["userSourcedId"]], set())
                    lost.add(cells[header.at["role"]].strip().casefold())
                continue
            if modified is not None and cells[modified]:
                self.problems.warn(
                    self.file, line, "dateLastModified", say("This is empty in a bulk file; it is not read.")
                )
            self._register(key, line)
            cells.append("")
            record_values = [key] if own_key else []
            for at, seen, unseen in plan:
                value = seen.get(cells[at], _UNSEEN)
                record_values.append(unseen(cells[at], line) if value is _UNSEEN else value)
            extra_values = []
            for at, seen, unseen in extra:
                value = seen.get(cells[at], _UNSEEN)
                extra_values.append(unseen(cells[at], line) if value is _UNSEEN else value)
            if self.leaves:
                self._left(key, line)
            elif not self.bad:
                made = record(*record_values)
                if rule(made, line, extra_values):
                    into.append(made)
        return count

    def _fitted(self, cells: list[str], header: Header, line: int) -> bool:
        """Whether the row has the right number of cells, after empty ones at its end are taken off."""
        surplus = cells[header.width :]
        if len(cells) < header.width or any(surplus):
            self.problems.error(
                self.file,
                line,
                "",
                say(
                    "The row has {cells} cells; the header has {columns}.",
                    cells=len(cells),
                    columns=header.width,
                ),
            )
            # The sourcedId is the first cell: a row cut or shifted behind it is still known to the others.
            first = cells[0] if self.table.key == ("sourcedId",) and header.at["sourcedId"] == 0 else ""
            if first:
                self.known.names.setdefault(first, first)
            return False
        if len(cells) != header.padded:
            self.problems.warn(self.file, line, "", say("Empty cells stand after the last column."))
        del cells[header.width :]
        return True

    def _deleted(self, status: str, key: str, line: int) -> bool:
        meant = status.strip().lower()
        if meant in LEAVING:
            self.known.deleted.setdefault(key, line)
            self.problems.warn(
                self.file, line, "status", say("Rows marked {status} are read as having left.", status=meant)
            )
            return True
        if meant == "active":
            self.problems.warn(self.file, line, "status", say("This is empty in a bulk file; it is not read."))
        elif meant:
            self._wrong(
                line,
                "status",
                say('"{value}" is not a status: it is empty in a bulk file, or active.', value=shown(status)),
            )
        return False

    def _left(self, key: str, line: int) -> None:
        """A row that names what has left is not there either."""
        self.known.names.pop(key, None)
        self.known.lines.pop(key, None)
        self.known.deleted.setdefault(key, line)
        self.known.followed.add(key)

    def _register(self, key: str, line: int) -> None:
        column = "/".join(self.table.key)
        if not key.strip("/"):
            self._wrong(line, column, say("This must be filled in."))
            return
        if key in self.known.lines:
            first = self.known.lines[key]
            self._wrong(line, column, say('"{value}" is on line {line} already.', value=shown(key), line=first))
            return
        self.known.names[key] = key
        self.known.lines[key] = line
        try:
            values.source_id(key)
        except values.Wrong as wrong:
            self._wrong(line, column, wrong.sentence)
        if self.table.key_refers and key not in self._targets(self.table.key_refers):
            if self._has_left(self.table.key_refers, key, line, column):
                self.leaves = True
            else:
                self._unresolved(self.table.key_refers, key, line, column)

    def _plan(self, header: Header) -> tuple[list[Any], list[Any]]:
        """For each field of the record, and for what goes beside it: position, values seen, and what else."""
        columns = {column.to: column for column in self.table.columns if column.to}
        plan = []
        for each in fields(self.table.record):
            if each.name != "source_id":
                empty = self.table.given.get(each.name, _empty(each.type))
                plan.append(self._step(columns.get(each.name), empty, header))
        beside = [column for column in self.table.columns if column.to.startswith("+")]
        extra = [self._step(column, () if column.kind == "refs" else "", header) for column in beside]
        return plan, extra

    def _step(self, column: Column | None, empty: Any, header: Header) -> tuple[int, dict[str, Any], Any]:
        if column is None or column.name not in header.at:
            return header.width, {"": empty}, None
        at = header.at[column.name]
        if column.kind == "ref" and column.refers != self.table.file:
            seen: dict[str, Any] = self._targets(column.refers)
        else:
            seen = {} if column.must else {"": empty}
        if column.kind in ("ref", "refs"):
            return at, seen, self._reference(column, empty)
        return at, seen, self._cell(column, empty, seen)

    def _cell(self, column: Column, empty: Any, seen: dict[str, Any]) -> Callable[[str, int], Any]:
        def read(text: str, line: int) -> Any:
            stripped = text.strip()
            if not stripped:
                return self._nothing(column, empty, line)
            if len(stripped) > column.longest:
                self._long(column, len(stripped), line)
                return None
            try:
                if column.kind == "word":
                    value, lenient = values.word(stripped, column.words, column.extensible)
                else:
                    value, lenient = values.PLAIN[column.kind](stripped)
            except values.Wrong as wrong:
                self._wrong(line, column.name, wrong.sentence)
                return None
            if lenient:
                self.problems.warn(self.file, line, column.name, lenient)
            elif column.must and value == "":
                return self._nothing(column, empty, line)
            elif len(seen) < _remembered and column.kind not in ("line", "paragraph"):
                seen[text] = value
            return value

        return read

    def _reference(self, column: Column, empty: Any) -> Callable[[str, int], Any]:
        def read(text: str, line: int) -> Any:
            several = column.kind == "refs"
            parts = [part.strip() for part in text.split(",")] if several else [text]
            parts = [part for part in dict.fromkeys(parts) if part.strip()]
            if not parts:
                return self._nothing(column, empty, line)
            if len(text) > column.longest:
                self._long(column, len(text), line)
                return None
            if column.spare and column.refers not in self.index:
                self.problems.warn(
                    self.file,
                    line,
                    column.name,
                    say("There is no {file}.csv in the bundle; the reference is not read.", file=column.refers),
                )
                return empty
            found = [part for part in parts if self._target(column, part, line)]
            if column.must and not found:
                self.leaves = True
            if several:
                return tuple(found)
            return found[0] if found else empty

        return read

    def _target(self, column: Column, text: str, line: int) -> bool:
        """Whether the reference is to be kept: not, when what it names has left."""
        if column.refers == self.table.file:
            self.pending.append((line, column.name, text))
        elif text not in self._targets(column.refers):
            if self._has_left(column.refers, text, line, column.name):
                return False
            self._unresolved(column.refers, text, line, column.name)
        return True

    def _has_left(self, file: str, text: str, line: int, column: str) -> bool:
        """Whether what is named is not there any more; what earlier files named is not asked to be."""
        if line == EARLIER:
            return True
        known = self.index.get(file)
        if known is None or text not in known.deleted:
            return False
        self.problems.warn(self.file, line, column, _gone(file))
        return True

    def _targets(self, file: str) -> dict[str, str]:
        known = self.index.get(file)
        return known.names if known else {}

    def _unresolved(self, file: str, text: str, line: int, column: str) -> None:
        self.bad = True
        self._dangling(file, text, line, column)

    def _dangling(self, file: str, text: str, line: int, column: str) -> None:
        """Say what is wrong with a reference, unless its file could not be read to the end."""
        known = self.index.get(file)
        if known is None:
            sentence = say(
                'There is no {file}.csv in the bundle, so "{value}" names nothing.',
                file=file,
                value=shown(text),
            )
        elif known.whole:
            sentence = say('{file}.csv has no "{value}".', file=file, value=shown(text))
        else:
            return
        self.problems.error(self.file, line, column, sentence)

    def _nothing(self, column: Column, empty: Any, line: int) -> Any:
        if column.must:
            self._wrong(line, column.name, say("This must be filled in."))
        return empty

    def _long(self, column: Column, length: int, line: int) -> None:
        self._wrong(
            line,
            column.name,
            say("At most {longest} characters; this has {length}.", longest=column.longest, length=length),
        )

    def _wrong(self, line: int, column: str, sentence: Sentence) -> None:
        self.bad = True
        self.problems.error(self.file, line, column, sentence)


def _gone(file: str) -> Sentence:
    return say("What this names has left, by {file}.", file=f"{file}.csv")


def _empty(annotation: Any) -> Any:
    return {str: "", bool: False}.get(annotation, () if annotation == tuple[str, ...] else None)
