"""What is wrong with a bundle, each with its place.

Errors are kept one by one up to a limit and counted beyond it. A warning repeats itself in every row of a
file, so it is kept once for its file, column and wording, at the first line, with the number of `times`;
a wording with changing values is kept for the first few of them.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Literal

from portal.errors import Sentence

Severity = Literal["error", "warning"]

KEPT = 1_000
EARLIER = 0
"""The line of a row that stands in a file imported before: what was odd about it was said then."""
_variants = 5


@dataclass(slots=True)
class Problem:
    """A sentence about one place; `line` is None when a whole file is meant, `column` may be empty."""

    file: str
    line: int | None
    column: str
    sentence: Sentence
    severity: Severity
    times: int = 1

    @property
    def place(self) -> str:
        """Where it is, in no language: `users.csv:3 (username)`."""
        line = f":{self.line}" if self.line else ""
        column = f" ({self.column})" if self.column else ""
        return f"{self.file}{line}{column}"

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


@dataclass(slots=True)
class Problems:
    """The list as it grows; `errors` and `warnings` count all, kept or not."""

    limit: int = KEPT
    errors: int = 0
    warnings: int = 0
    kept: list[Problem] = field(default_factory=list)
    _alike: dict[tuple[str, str, str], list[Problem]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.kept)

    @property
    def more(self) -> int:
        """How many errors were counted but not kept."""
        return self.errors - sum(problem.severity == "error" for problem in self.kept)

    def error(self, file: str, line: int | None, column: str, sentence: Sentence) -> None:
        self.errors += 1
        if self.errors <= self.limit:
            self.kept.append(Problem(file, line, column, sentence, "error"))

    def first(self, file: str, sentence: Sentence) -> None:
        """An error of a whole file that explains the others, and stands before them."""
        self.errors += 1
        self.kept.insert(0, Problem(file, None, "", sentence, "error"))

    def warn(self, file: str, line: int | None, column: str, sentence: Sentence) -> None:
        if line == EARLIER:
            return
        self.warnings += 1
        alike = self._alike.setdefault((file, column, sentence.msgid), [])
        known = next((problem for problem in alike if problem.sentence.params == sentence.params), None)
        if known:
            known.times += 1
        elif len(alike) < _variants and len(self._alike) < self.limit:
            alike.append(Problem(file, line, column, sentence, "warning"))
            self.kept.append(alike[-1])
        elif alike:
            alike[0].times += 1

    def drop(self, some: Collection[Problem]) -> None:
        """Take back some that are kept; others that a dropped warning stood for are still counted."""
        gone = {id(problem) for problem in some}
        self.kept = [problem for problem in self.kept if id(problem) not in gone]
        self.errors -= sum(problem.severity == "error" for problem in some)
        self.warnings -= sum(problem.severity == "warning" for problem in some)
        for place, alike in self._alike.items():
            self._alike[place] = [problem for problem in alike if id(problem) not in gone]


def shown(value: str, longest: int = 60) -> str:
    """A cell as it is quoted in a sentence: on one line, not too long."""
    flat = "".join(char if char.isprintable() else " " for char in value[: longest + 1])
    return flat if len(value) <= longest else flat[:longest] + "…"
