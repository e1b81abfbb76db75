"""The database, SQLite or PostgreSQL, behind one door. docs/development.md describes it; nobody above opens
a connection of their own."""

from typing import Any

from tortoise.exceptions import BaseORMException as DatabaseError
from tortoise.exceptions import IntegrityError, OperationalError

from portal.db.counting import Spent, counting, spending
from portal.db.door import (
    Condition,
    arriving,
    aside,
    before_commit,
    close,
    commits,
    dialect,
    execute,
    execute_many,
    identity,
    insert,
    load,
    marks,
    on_commit,
    open,
    peek,
    place,
    row,
    rows,
    snapshot,
    sweep,
    transaction,
    value,
)
from portal.db.migrations import is_current
from portal.db.registry import MODEL_MODULES, tooling
from portal.db.session import Busy, ReadTooLong, TransactionFailed, hurried
from portal.db.values import day, instant

__all__ = [
    "MODEL_MODULES",
    "TORTOISE_ORM",
    "Busy",
    "Condition",
    "DatabaseError",
    "IntegrityError",
    "OperationalError",
    "ReadTooLong",
    "Spent",
    "TransactionFailed",
    "arriving",
    "aside",
    "before_commit",
    "close",
    "commits",
    "counting",
    "day",
    "dialect",
    "execute",
    "execute_many",
    "hurried",
    "identity",
    "insert",
    "instant",
    "is_current",
    "load",
    "marks",
    "on_commit",
    "open",
    "peek",
    "place",
    "row",
    "rows",
    "snapshot",
    "spending",
    "sweep",
    "transaction",
    "value",
]

TORTOISE_ORM: dict[str, Any]


def __getattr__(name: str) -> Any:
    # Made when asked for: it imports the rooms, which import this package.
    if name == "TORTOISE_ORM":
        return tooling()
    raise AttributeError(name)
