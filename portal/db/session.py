"""Whose statement goes where: the transaction or snapshot that the current task holds, if any.

A session belongs to the task that opened it. Tasks started inside inherit its ContextVar (Python copies the
context), so every statement asks whether the current task is the owner: another task's write would land in a
transaction that may roll back, its read would not see what the owner wrote or would have to wait for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Protocol, TypeVar

from tortoise.exceptions import OperationalError, TransactionManagementError

from portal.db.after import Call, run_all, settled, spawn
from portal.db.counting import spend

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that somebody in a hurry waits for SQLite's only writer, which a long import holds for minutes."""
_patience: ContextVar[float | None] = ContextVar("database_patience", default=None)


class Answer(NamedTuple):
    """What a statement did: rows changed (or found), the rows, and SQLite's id of the last inserted row."""

    changed: int
    rows: list[Any]
    last_id: int | None = None


class Link(Protocol):
    """One connection after its BEGIN; `commit` and `rollback` give it back, whatever happens."""

    async def ask(self, sql: str, args: Sequence[Any], named: bool) -> Answer: ...
    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None: ...
    async def load(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None: ...
    async def script(self, sql: str) -> None: ...
    async def commit(self) -> None: ...
    async def rollback(self) -> None: ...


class Engine(Protocol):
    """What the door needs from a database."""

    dialect: str
    place: Path | None
    """The file of the database, where it is one."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def begin(self) -> Link: ...
    async def begin_reading(self, seconds: float | None) -> Link: ...
    async def ask(self, sql: str, args: Sequence[Any], named: bool) -> Answer: ...
    async def peek(self, sql: str, args: Sequence[Any]) -> list[tuple[Any, ...]]: ...
    def commits(self) -> int | None: ...
    async def script(self, sql: str) -> None: ...
    async def sweep(self, tables: Sequence[str]) -> None: ...
    async def arrive(self) -> bool: ...
    async def settle(self) -> None: ...
    def translated(self, sql: str) -> str: ...


class TransactionFailed(TransactionManagementError):
    """A statement failed inside this block and its error was swallowed: nothing of the block was kept."""

    def __init__(self) -> None:
        super().__init__(
            "A statement failed inside this transaction and its error was swallowed, so it was rolled back. "
            "Put a statement that may fail into a nested `async with db.transaction():`."
        )


class Busy(OperationalError):
    """Another writer held the database for longer than whoever waited has time; nothing was begun."""


class ReadTooLong(OperationalError):
    """A read, or the snapshot around it, took longer than its limit and was cut."""


Flush = Callable[[Sequence[Any]], Awaitable[None]]


class Level:
    """One `transaction()` block: what waits for its commit, and the first error inside it."""

    __slots__ = ("after", "before", "failure")

    def __init__(self) -> None:
        self.before: dict[Flush, dict[Hashable, None]] = {}
        self.after: list[Call] = []
        self.failure: BaseException | None = None

    def take_over(self, inner: "Level") -> None:
        """What waited for the end of a block inside this one waits for the end of this one."""
        self.after += inner.after
        for flush, items in inner.before.items():
            self.before.setdefault(flush, {}).update(items)


class Session:
    """A transaction or a snapshot, held by one task on one connection."""

    __slots__ = ("levels", "link", "open", "owner", "writes")

    def __init__(self, link: Link, *, writes: bool) -> None:
        self.link = link
        self.writes = writes
        self.owner = asyncio.current_task()
        self.levels: list[Level] = [Level()]
        self.open = True
        _held.set(self)

    async def ask(self, sql: str, args: Sequence[Any], named: bool = False) -> Answer:
        return await self._watched(self.link.ask, sql, args, named)

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        await self._watched(self.link.many, sql, rows)

    async def load(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        await self._watched(self.link.load, table, columns, rows)

    async def script(self, sql: str) -> None:
        await self._watched(self.link.script, sql)

    def leave(self) -> None:
        """Hold nothing from here on (a ContextVar token would insist on the context it was made in)."""
        self.open = False
        _held.set(None)

    async def _watched(self, call: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Refuse a statement after a failed one, and remember a failure: SQLite would commit the rest."""
        level = self.levels[-1]
        if level.failure is not None:
            raise TransactionFailed from level.failure
        try:
            return await call(*args)
        except BaseException as failure:
            level.failure = failure
            raise


@contextmanager
def hurried() -> Iterator[None]:
    """Have this task, and those it starts, wait for another writer for `PATIENCE` only, and then get `Busy`.

    For whom a person waits. Work behind the pages waits as long as it takes: what it has done already, a letter that
    is out, must be written down.
    """
    token = _patience.set(PATIENCE)
    try:
        yield
    finally:
        _patience.reset(token)


def patience() -> float | None:
    """How many seconds this task waits for another writer; None for as long as it takes."""
    return _patience.get()


_held: ContextVar[Session | None] = ContextVar("database_session", default=None)


def current() -> Session | None:
    """The session of this task; None outside. Raises in a task that was started inside another task's."""
    session = _held.get()
    if session is None or not session.open:
        return None
    if session.owner is not asyncio.current_task():
        raise TransactionManagementError(
            "This task was started inside a transaction or snapshot that is still open. "
            "Start it after the block, or through db.on_commit()."
        )
    return session


class Block:
    """`async with` for one level of a transaction: the outermost begins and commits, others are savepoints.

    Entering gives `result`, by default None; Tortoise expects its client.
    """

    __slots__ = ("_engine", "_name", "_result", "_session")

    def __init__(self, engine: Engine, result: Any = None) -> None:
        self._engine = engine
        self._result = result

    async def __aenter__(self) -> Any:
        session = current()
        if session is None:
            self._name = ""
            begun = perf_counter()
            session = Session(await self._engine.begin(), writes=True)
            spend(perf_counter() - begun)
        elif not session.writes:
            raise TransactionManagementError("A snapshot only reads: open the transaction outside of it")
        else:
            self._name = f"level_{len(session.levels)}"
            await session.script(f"SAVEPOINT {self._name}")
            session.levels.append(Level())
        self._session = session
        return self._result

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        failure = self._session.levels[-1].failure
        keep = error is None and failure is None
        if self._name:
            await self._leave_nested(keep, error)
        else:
            await self._leave_outermost(keep)
        if error is None and failure is not None:
            raise TransactionFailed from failure

    async def _leave_nested(self, keep: bool, error: BaseException | None) -> None:
        session = self._session
        level = session.levels.pop()
        if keep:
            session.levels[-1].take_over(level)
        try:
            await settled(self._end_savepoint(keep))
        except OperationalError:
            # The whole transaction is gone with its savepoints. The level above is marked as failed by this,
            # and what went wrong first is the better thing to hear.
            if error is None:
                raise

    async def _end_savepoint(self, keep: bool) -> None:
        if not keep:
            await self._session.script(f"ROLLBACK TO SAVEPOINT {self._name}")
        await self._session.script(f"RELEASE SAVEPOINT {self._name}")

    async def _leave_outermost(self, keep: bool) -> None:
        session = self._session
        try:
            if keep:
                for flush, items in session.levels[0].before.items():
                    await flush(list(items))
        except BaseException:
            keep = False
            raise
        finally:
            session.leave()
            if not keep:
                await session.link.rollback()
        if not keep:
            return
        after = session.levels[0].after
        begun = perf_counter()
        try:
            await session.link.commit()
            spend(perf_counter() - begun)
        except asyncio.CancelledError:
            # Only a commit that succeeded raises this, so what waited for it must not be lost.
            spawn(run_all(after))
            raise
        await run_all(after)


class Snapshot:
    """`async with` for several reads from one moment; inside a transaction it is that transaction."""

    __slots__ = ("_engine", "_seconds", "_session")

    def __init__(self, engine: Engine, seconds: float | None) -> None:
        self._engine = engine
        self._seconds = seconds

    async def __aenter__(self) -> None:
        self._session: Session | None = None
        if current() is None:
            self._session = Session(await self._engine.begin_reading(self._seconds), writes=False)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._session is not None:
            self._session.leave()
            await self._session.link.rollback()


def before_commit(flush: Flush, item: Hashable) -> None:
    """Keep the item for one call of `flush` right before the commit; forgotten when its own block rolls back."""
    session = current()
    if session is None or not session.writes:
        raise TransactionManagementError("There is no transaction whose commit this could wait for")
    session.levels[-1].before.setdefault(flush, {})[item] = None


def on_commit(call: Call) -> None:
    """Keep the call for the commit of the current transaction; without one, call it now."""
    session = current()
    if session is not None and session.writes:
        session.levels[-1].after.append(call)
        return
    result = call()
    if isinstance(result, Awaitable):
        spawn(_outside(result))


async def _outside(result: Awaitable[Any]) -> None:
    """Wait for it without the snapshot that this task may have inherited."""
    _held.set(None)
    await result
