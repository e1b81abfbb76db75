"""How many statements something needs, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


class Statements(list[str]):
    """The statements that reached the driver, in order; BEGIN, COMMIT and the like lie in `control`."""

    def __init__(self) -> None:
        super().__init__()
        self.control: list[str] = []


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
    statements = _counted.get()
    if statements is not None:
        (statements.control if sql.startswith(_CONTROL) else statements).append(sql)
