"""Whose statement goes where: the transaction or snapshot that the current task holds, if any.

A session belongs to the task that opened it. Tasks started inside inherit its ContextVar (Python copies the
context), so every statement asks whether the current task is the owner: somebody else's write would land in a
transaction that may roll back, and somebody else's read would not see what the owner wrote.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any, NamedTuple, Protocol, TypeVar

from tortoise.exceptions import OperationalError, TransactionManagementError

T = TypeVar("T")
Call = Callable[[], Awaitable[None] | object]


class Answer(NamedTuple):
    """What a statement did: rows changed (or found), the rows, and SQLite's id of the last inserted row."""

    changed: int
    rows: list[Any]
    last_id: int | None = None


class Link(Protocol):
    """One connection with BEGIN already said on it; every way out gives it back."""

    async def ask(self, sql: str, args: Sequence[Any], named: bool) -> Answer: ...
    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None: ...
    async def script(self, sql: str) -> None: ...
    async def commit(self) -> None: ...
    async def rollback(self) -> None: ...


class Engine(Protocol):
    """What the door needs from a database."""

    dialect: str

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def begin(self) -> Link: ...
    async def begin_reading(self, seconds: float | None) -> Link: ...
    async def ask(self, sql: str, args: Sequence[Any], named: bool) -> Answer: ...
    async def script(self, sql: str) -> None: ...
    def translated(self, sql: str) -> str: ...


class TransactionFailed(TransactionManagementError):
    """A statement failed inside this block and the error was swallowed: nothing of the block was kept."""

    def __init__(self) -> None:
        super().__init__(
            "A statement failed inside this transaction and its error was swallowed, so the transaction was rolled "
            "back. Put a statement that may fail into a nested `async with db.transaction():`."
        )


class ReadTooLong(OperationalError):
    """A read, or the snapshot around it, took longer than its limit and was cut."""


class Level:
    """One `transaction()` block: what waits for its commit, and the first error inside it."""

    __slots__ = ("after", "failure")

    def __init__(self) -> None:
        self.after: list[Call] = []
        self.failure: BaseException | None = None


class Session:
    """A transaction or a snapshot, held by one task on one connection."""

    __slots__ = ("levels", "link", "open", "owner", "writes")

    def __init__(self, link: Link, *, writes: bool) -> None:
        self.link = link
        self.writes = writes
        self.owner = asyncio.current_task()
        self.levels: list[Level] = [Level()]
        self.open = True

    async def ask(self, sql: str, args: Sequence[Any], named: bool = False) -> Answer:
        return await self._watched(self.link.ask, sql, args, named)

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        await self._watched(self.link.many, sql, rows)

    async def script(self, sql: str) -> None:
        await self._watched(self.link.script, sql)

    async def _watched(self, call: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Refuse a statement after a failed one, and remember a failure: SQLite would go on and commit the half."""
        level = self.levels[-1]
        if level.failure is not None:
            raise TransactionFailed from level.failure
        try:
            return await call(*args)
        except BaseException as failure:
            level.failure = failure
            raise


_held: ContextVar[Session | None] = ContextVar("database_session", default=None)


def current() -> Session | None:
    """The session of this task; None outside. Raises in a task that was started inside somebody else's."""
    session = _held.get()
    if session is None or not session.open:
        return None
    if session.owner is not asyncio.current_task():
        raise TransactionManagementError(
            "This task was started inside a transaction or snapshot that is still open. Start it after the block, "
            "or through db.on_commit()."
        )
    return session


class Block:
    """`async with` for one level of a transaction: the outermost begins and commits, a nested one is a savepoint."""

    __slots__ = ("_engine", "_name", "_result", "_session", "_token")

    def __init__(self, engine: Engine, result: Any = None) -> None:
        self._engine = engine
        self._result = result

    async def __aenter__(self) -> Any:
        session = current()
        if session is None:
            self._name = ""
            session = Session(await self._engine.begin(), writes=True)
            self._token = _held.set(session)
        elif not session.writes:
            raise TransactionManagementError("A snapshot only reads: open the transaction outside of it")
        else:
            self._name = f"level_{len(session.levels)}"
            await session.script(f"SAVEPOINT {self._name}")
            session.levels.append(Level())
        self._session = session
        return self._result

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        failure = self._session.levels[-1].failure
        keep = error is None and failure is None
        if self._name:
            await self._leave_nested(keep)
        else:
            await self._leave_outermost(keep)
        if error is None and failure is not None:
            raise TransactionFailed from failure

    async def _leave_nested(self, keep: bool) -> None:
        # What fails from here on marks the level above, which then rolls back as well.
        session = self._session
        level = session.levels.pop()
        if not keep:
            await session.script(f"ROLLBACK TO SAVEPOINT {self._name}")
        await session.script(f"RELEASE SAVEPOINT {self._name}")
        if keep:
            session.levels[-1].after += level.after

    async def _leave_outermost(self, keep: bool) -> None:
        session = self._session
        session.open = False
        _held.reset(self._token)
        if not keep:
            await session.link.rollback()
            return
        after = session.levels[0].after
        try:
            await session.link.commit()
        except asyncio.CancelledError:
            # Cancelled while COMMIT was on its way: commit() raises this only when it did commit.
            _spawn(_run_all(after))
            raise
        await _run_all(after)


class Snapshot:
    """`async with` for several reads from one moment; inside a transaction it is that transaction."""

    __slots__ = ("_engine", "_seconds", "_session", "_token")

    def __init__(self, engine: Engine, seconds: float | None) -> None:
        self._engine = engine
        self._seconds = seconds

    async def __aenter__(self) -> None:
        self._session: Session | None = None
        if current() is None:
            self._session = Session(await self._engine.begin_reading(self._seconds), writes=False)
            self._token = _held.set(self._session)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if self._session is not None:
            self._session.open = False
            _held.reset(self._token)
            await self._session.link.rollback()


async def settled(work: Coroutine[Any, Any, T]) -> T:
    """Wait for `work` to its end although this task is cancelled; the cancellation is raised after it succeeded."""
    task = asyncio.get_running_loop().create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:
            break
    result = task.result()
    if cancelled is not None:
        raise cancelled
    return result


_running: set[asyncio.Future[None]] = set()


def start(call: Call) -> None:
    """Call it now; what it gives to wait for goes on in a task of its own, outside of any transaction."""
    result = call()
    if isinstance(result, Awaitable):
        _spawn(_awaited(result))


def _spawn(work: Coroutine[Any, Any, None]) -> None:
    context = copy_context()
    context.run(_held.set, None)
    task = asyncio.get_running_loop().create_task(work, context=context)
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _awaited(result: Awaitable[None]) -> None:
    await result


async def finished() -> None:
    """Wait for what still runs after a commit whose task was cancelled."""
    while _running:
        await asyncio.wait(_running)


async def _run_all(calls: list[Call]) -> None:
    errors = []
    for call in calls:
        try:
            result = call()
            if isinstance(result, Awaitable):
                await result
        except Exception as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup("Several calls failed after the commit", errors)


class Statements(list[str]):
    """The statements that reached the driver, in order; `control` holds BEGIN, COMMIT, SAVEPOINT and the like."""

    def __init__(self) -> None:
        super().__init__()
        self.control: list[str] = []


_counted: ContextVar[Statements | None] = ContextVar("database_statements", default=None)
_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET TRANSACTION")


def count(sql: str) -> None:
    """Note a statement for `counting()`; the engines call it once per statement."""
    statements = _counted.get()
    if statements is not None:
        (statements.control if sql.startswith(_CONTROL) else statements).append(sql)


@contextmanager
def counting() -> Iterator[Statements]:
    """Collect the statements of this task and of the tasks it starts, for tests."""
    statements = Statements()
    token = _counted.set(statements)
    try:
        yield statements
    finally:
        _counted.reset(token)
