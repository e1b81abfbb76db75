"""What is wrong with a bundle that reads well: found beside our rules and our database.

A finding names its row by the sourcedId; the line is looked up at the end, because a good bundle needs none.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portal.errors import Sentence, say
from portal.interchange.oneroster import Problem, manifest, sds
from portal.interchange.oneroster.archive import Entry, Limits, opened
from portal.interchange.oneroster.cells import Broken, rows
from portal.interchange.oneroster.header import match
from portal.interchange.oneroster.problems import KEPT, Problems
from portal.interchange.oneroster.spec import DIALECTS, Dialect, Table

_DIALECTS = {dialect.version: dialect for dialect in (*DIALECTS.values(), sds.SDS_2, sds.SDS_21)}


@dataclass(slots=True)
class Findings:
    """Errors and warnings, counted as the reader counts its own."""

    problems: Problems = field(default_factory=lambda: Problems(KEPT))
    _keys: list[tuple[Problem, str]] = field(default_factory=list)
    _silent: dict[str, Collection[str]] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        return self.problems.errors

    def error(self, file: str, key: str, column: str, sentence: Sentence) -> None:
        before = len(self.problems.kept)
        self.problems.error(f"{file}.csv", None, column, sentence)
        self._remember(before, key)

    def warn(self, file: str, key: str, column: str, sentence: Sentence) -> None:
        before = len(self.problems.kept)
        self.problems.warn(f"{file}.csv", None, column, sentence)
        self._remember(before, key)

    def fit(self, text: str, longest: int, file: str, key: str, column: str) -> str:
        """The text as far as it has room, with a warning when that is not all of it."""
        if len(text) <= longest:
            return text
        sentence = say(
            "Only the first {longest} characters are stored; this has {length}.", longest=longest, length=len(text)
        )
        self.warn(file, key, column, sentence)
        return text[:longest].rstrip()

    def forget(self, keys: Mapping[str, Collection[str]]) -> None:
        """Take back what was found in the rows with these keys, by file: a sentence may quote a cell of the row."""
        self._silent |= {f"{file}.csv": some for file, some in keys.items() if some}
        gone = {id(problem) for problem, key in self._keys if key in self._silent.get(problem.file, ())}
        self._keys = [(problem, key) for problem, key in self._keys if id(problem) not in gone]
        self.problems.drop([problem for problem in self.problems if id(problem) in gone])

    def locate(self, source: Path | str | bytes, version: str, read: list[Problem]) -> None:
        """Give each problem the line of its row, reading the files once more.

        `read`: what the reader found, by lines: what it quotes of the rows that are forgotten goes from there, too.
        """
        wanted: dict[str, set[str]] = {}
        for problem, key in self._keys:
            wanted.setdefault(problem.file, set()).add(key)
        quoting = [problem for problem in read if problem.sentence.params and problem.file in self._silent]
        for problem in quoting:
            wanted.setdefault(problem.file, set()).update(self._silent[problem.file])
        if not wanted:
            return
        lines = _lines(source, _DIALECTS[version], wanted)
        for problem, key in self._keys:
            problem.line = lines.get((problem.file, key))
        silent = {(file, lines.get((file, key))) for file, keys in self._silent.items() for key in keys}
        for problem in quoting:
            if problem.line is not None and (problem.file, problem.line) in silent:
                read.remove(problem)
                self.problems.warnings -= problem.times  # the reader has counted it; the two are added up

    def _remember(self, before: int, key: str) -> None:
        kept = self.problems.kept
        if len(kept) > before and key:
            self._keys.append((kept[-1], key))


def _lines(source: Path | str | bytes, dialect: Dialect, wanted: dict[str, set[str]]) -> dict[tuple[str, str], int]:
    silent = Problems()
    found: dict[tuple[str, str], int] = {}
    with opened(source, Limits(), silent) as entries:
        named = manifest.named(entries, silent)
        for table in dialect.tables:
            file = f"{table.file}.csv"
            if file in wanted and file in named:
                found |= {(file, key): line for key, line in _rows(table, named[file]) if key in wanted[file]}
    return found


def _rows(table: Table, entry: Entry) -> Iterator[tuple[str, int]]:
    """The key and the line of each row; a file that changed since it was read gives what it still has."""
    try:
        source = rows(entry)
        line, cells = next(source, (1, [""]))
        header = match(table, cells, entry.name, line, Problems())
        if header is None:
            return
        at = [header.at[name] for name in table.key]
        for line, cells in source:
            if len(cells) > max(at):
                yield "/".join(cells[position] for position in at), line
    except Broken:
        return
