"""How many statements something needs: all of them with their text for tests, their number and time for the metrics."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


class Statements(list[str]):
    """The statements that reached the driver, in order; BEGIN, COMMIT and the like lie in `control`."""

    def __init__(self) -> None:
        super().__init__()
        self.control: list[str] = []


class Spent:
    """What a request spends on the database: statements, and seconds of waiting for them, the writer and commits."""

    __slots__ = ("seconds", "statements")

    def __init__(self) -> None:
        self.statements = 0
        self.seconds = 0.0


spending: ContextVar[Spent | None] = ContextVar("database_spent", default=None)
_counted: ContextVar[Statements | None] = ContextVar("database_statements", default=None)


@contextmanager
def counting() -> Iterator[Statements]:
    """Collect the statements of this task and of the tasks it starts."""
    statements = Statements()
    token = _counted.set(statements)
    try:
        yield statements
    finally:
        _counted.reset(token)


def count(sql: str) -> None:
    """Note a statement; the engines say each one here."""
    spent = spending.get()
    if spent is not None and not sql.startswith(_CONTROL):
        spent.statements += 1
    statements = _counted.get()
    if statements is not None:
        (statements.control if sql.startswith(_CONTROL) else statements).append(sql)


def spend(seconds: float) -> None:
    """Note how long somebody waited for the database."""
    spent = spending.get()
    if spent is not None:
        spent.seconds += seconds
