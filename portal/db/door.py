"""The door to the database: what the rooms call."""

import contextvars
import re
from collections.abc import AsyncIterator, Coroutine, Hashable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import tortoise.context
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext

from portal.db import after, client, session
from portal.db.after import Call
from portal.db.counting import spend
from portal.db.registry import MIGRATIONS, MODEL_MODULES, config, refuse_twins
from portal.db.session import Block, Engine, Snapshot
from portal.db.values import MOST_PARAMETERS


class Condition(NamedTuple):
    """A piece of a WHERE and its arguments; the SQL has a `?` for each."""

    sql: str
    args: tuple[Any, ...] = ()

    def and_(self, other: "Condition") -> "Condition":
        """Both."""
        return Condition(f"({self.sql}) AND ({other.sql})", (*self.args, *other.args))


class _Open(NamedTuple):
    context: TortoiseContext
    engine: Engine


_opened: _Open | None = None


async def open(
    url: str,
    *,
    application_name: str | None = None,
    models: Sequence[str] | None = None,
    migrations: str = MIGRATIONS,
    read_seconds: float = 30.0,
) -> None:
    """Connect to the database at `url` (PORTAL_DATABASE_URL), for the rooms and for their models.

    `application_name` is what PostgreSQL shows of us; `models` names other modules than MODEL_MODULES, for
    tests; a read outside of transactions that takes longer than `read_seconds` is cut. Raises ValueError for
    a wrong address and for two models of one name, DBConnectionError (a ConnectionError) when the database
    cannot be reached, and RuntimeError when it is open already.
    """
    global _opened
    if _opened is not None:
        raise RuntimeError("The database is open already: close() it first")
    modules = MODEL_MODULES if models is None else models
    credentials: dict[str, Any] = {"read_seconds": read_seconds}
    if application_name and not url.startswith("sqlite"):
        credentials["application_name"] = application_name
    settings = config(url, modules, migrations=migrations, **credentials)
    refuse_twins(modules)
    EXECUTOR_CACHE.clear()
    context = TortoiseContext()
    try:
        with context:
            # The fallback is for every other task: under a server, requests do not descend from the lifespan.
            await context.init(config=settings, _enable_global_fallback=True)
            connection: Any = context.connections.get("default")
        await connection.create_connection(with_db=True)
    except BaseException:
        _forget(context)
        raise
    _opened = _Open(context, connection.engine)


async def close() -> None:
    """Disconnect; nothing happens when it is not open."""
    global _opened
    if _opened is not None:
        await after.finished()
        opened, _opened = _opened, None
        await opened.engine.close()
        _forget(opened.context)


def _forget(context: TortoiseContext) -> None:
    """Take our context out of Tortoise's global place, where the next open() puts its own."""
    if tortoise.context._global_context is context:
        tortoise.context._global_context = None


def engine() -> Engine:
    """The open database; raises RuntimeError when it is not open."""
    if _opened is None:
        raise RuntimeError("The database is not open: await db.open(url) first")
    return _opened.engine


def identity() -> object:
    """Something that is the same for as long as the same database stays open: for what a process remembers of it."""
    return engine()


def dialect() -> str:
    """`"sqlite"` or `"postgres"`."""
    return engine().dialect


def place() -> Path | None:
    """The file of the open database; None where it is a server."""
    return engine().place


@asynccontextmanager
async def arriving() -> AsyncIterator[bool]:
    """Be one of those who serve this database, until `close`; gives whether there is certainly no other.

    On SQLite processes tell each other by a lock beside the file, which ends with its process; whoever comes meanwhile
    waits for the end of the block. On PostgreSQL there may always be others.
    """
    here = engine()
    alone = await here.arrive()
    try:
        yield alone
    finally:
        await here.settle()


def transaction() -> AbstractAsyncContextManager[None]:
    """One write: all of the block or nothing. Nested, it is a savepoint.

    Raises TransactionFailed at its end when a statement failed inside and the error was swallowed.
    """
    return Block(engine())


def snapshot(seconds: float | None = None) -> AbstractAsyncContextManager[None]:
    """Several reads from one moment; inside a transaction, that transaction.

    It is cut after `seconds` (by default the limit of a read): its next statement raises ReadTooLong.
    """
    return Snapshot(engine(), seconds)


def before_commit(flush: session.Flush, item: Hashable) -> None:
    """Have `flush` called once with all its items, inside the transaction, right before the outermost commit.

    For rows that many writers meet at (counters, versions): gathered, they are written in one order and their locks are
    held for a moment only. Items of a block that rolls back are forgotten; an error of `flush` rolls everything back.
    """
    session.before_commit(flush, item)


def on_commit(call: Call) -> None:
    """Call it (a function or a coroutine function, without arguments) after the outermost commit.

    It is forgotten when its own block rolls back. Outside of a transaction it is called at once.
    """
    session.on_commit(call)


def aside(work: Coroutine[Any, Any, None]) -> None:
    """Run in a task of its own, apart from the transaction or snapshot of this one; `close` waits for it."""
    after.spawn(work, context=contextvars.Context())


async def rows(sql: str, *args: Any) -> list[tuple[Any, ...]]:
    """All rows of a statement, as tuples."""
    return (await _asked(sql, args)).rows


async def row(sql: str, *args: Any) -> tuple[Any, ...] | None:
    """The first row, or None."""
    found = await rows(sql, *args)
    return found[0] if found else None


async def value(sql: str, *args: Any) -> Any:
    """The first cell of the first row, or None."""
    found = await rows(sql, *args)
    return found[0][0] if found else None


async def peek(sql: str, *args: Any) -> tuple[Any, ...] | None:
    """The first row of what is committed at this moment, or None, at the least cost there is.

    For reads of a few rows by their keys only: on SQLite it runs in the event loop, on a connection of its own, which
    is a tenth of the way through a thread. Inside a transaction it does not see what that wrote.
    """
    here = engine()
    begun = perf_counter()
    try:
        found = await here.peek(here.translated(sql), args)
    finally:
        spend(perf_counter() - begun)
    return found[0] if found else None


def commits() -> int | None:
    """A number that differs from an earlier answer when anybody, in any process, has committed since.

    None where the database has no such number at hand (PostgreSQL).
    """
    return engine().commits()


async def execute(sql: str, *args: Any) -> int:
    """Run a statement; the number of rows it changed."""
    return (await _asked(sql, args)).changed


async def _asked(sql: str, args: Sequence[Any]) -> session.Answer:
    here = engine()
    begun = perf_counter()
    try:
        return await (session.current() or here).ask(here.translated(sql), args, False)
    finally:
        spend(perf_counter() - begun)


async def script(sql: str) -> None:
    """Run the statements of a text as they are, without arguments (migrations)."""
    await (session.current() or engine()).script(sql)


async def sweep(tables: Sequence[str]) -> None:
    """Make unreadable what was deleted or overwritten; outside of any transaction. It may take its time.

    SQLite: the file is written anew without anything that no row holds, and its log emptied; OperationalError while
    somebody still reads from the log. PostgreSQL: `VACUUM` of the tables; its own log and free space are its keeper's.
    """
    for table in tables:
        if not re.fullmatch(r"[a-z_]+", table):
            raise ValueError(f"{table!r} is not a name of ours")
    await engine().sweep(tables)


async def execute_many(sql: str, many: Iterable[Sequence[Any]]) -> None:
    """Run a statement once for each tuple of arguments: all of them or none."""
    here = engine()
    await client.many(here, here.translated(sql), list(many))


async def load(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert many rows, all or none: COPY on PostgreSQL, which is several times as quick as an INSERT for each.

    Each row has the values of `columns`, in their order. Raises ValueError for a value that one of the databases could
    not keep, IntegrityError where a constraint says no.
    """
    _must_be_ours(table, *columns)
    await client.load(engine(), table, columns, rows)


async def insert(table: str, **columns: Any) -> int:
    """Insert one row; its new id."""
    found = await rows(_insertion(table, tuple(columns)), *columns.values())
    return int(found[0][0])


@lru_cache(maxsize=512)
def _insertion(table: str, columns: tuple[str, ...]) -> str:
    _must_be_ours(table, *columns)
    names = ", ".join(f'"{name}"' for name in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES ({marks(len(columns))}) RETURNING id'


def _must_be_ours(*names: str) -> None:
    for name in names:
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
            raise ValueError(f"{name!r} is not a name of ours")


def marks(n: int) -> str:
    """`"?, ?, ?"` for an IN list of n values; an empty list gives `NULL`, which nothing equals."""
    if n > MOST_PARAMETERS:
        raise ValueError(f"{n} values in one list; ask in portions of at most {MOST_PARAMETERS}")
    return ", ".join("?" * n) or "NULL"
