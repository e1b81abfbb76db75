"""One SQLite connection in a thread of its own.

Jobs are done in the order they were given. That is what makes cancellation cheap: whoever is cancelled posts the
ROLLBACK behind whatever is still running and goes; the next user's job comes after it.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from tortoise.exceptions import IntegrityError, OperationalError

from portal.db.session import Answer, ReadTooLong

T = TypeVar("T")

_BUSY_MILLISECONDS = 10_000
# How many steps of SQLite's virtual machine lie between two looks at the clock: about a millisecond.
_STEPS = 50_000

_PRAGMAS = (
    f"busy_timeout={_BUSY_MILLISECONDS}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "journal_size_limit=67108864",
    "cache_size=-16000",
    "temp_store=MEMORY",
)


class Wire:
    """A connection whose every call runs in its thread; the thread is a daemon, so nothing hangs at exit."""

    def __init__(self, path: str, *, writes: bool) -> None:
        self._path = path
        self._writes = writes
        self._jobs: SimpleQueue[
            tuple[asyncio.Future[Any] | None, Callable[..., Any], tuple[Any, ...]] | None
        ] = SimpleQueue()
        self._deadline = float("inf")
        self._cut = False
        self._loop = asyncio.get_running_loop()
        self._thread = Thread(
            target=self._work, name=f"sqlite {'writer' if writes else 'reader'}", daemon=True
        )
        self._thread.start()

    async def call(self, job: Callable[..., T], *args: Any) -> T:
        """Run `job` in the thread and wait. Cancelled: a job that has not begun is dropped, a begun one finishes."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put((future, job, args))
        return await future

    def post(self, job: Callable[..., object], *args: Any) -> None:
        """Run `job` in the thread after what is there already, without waiting for it."""
        self._jobs.put((None, job, args))

    def interrupt(self) -> None:
        """Stop the statement that is running now, if any."""
        self._connection.interrupt()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, function, args = job
            if future is not None and future.cancelled():
                continue
            try:
                result = function(*args)
            except BaseException as error:
                self._report(_fail, future, translated(error))
            else:
                self._report(_settle, future, result)

    def _report(self, tell: Callable[..., None], future: asyncio.Future[Any] | None, outcome: Any) -> None:
        if future is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(tell, future, outcome)

    # What follows runs in the thread.

    def open(self) -> None:
        """Connect and set the pragmas."""
        self._connection = sqlite3.connect(self._path, isolation_level=None, cached_statements=512)
        for pragma in _PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}").close()
        if not self._writes:
            self._connection.execute("PRAGMA query_only=ON").close()
            self._connection.set_progress_handler(self._overdue, _STEPS)

    def close(self) -> None:
        """Disconnect; the last connection to a database also empties its write-ahead log."""
        self._connection.close()
        self._jobs.put(None)

    def begin(self, how: str) -> None:
        """Begin a transaction, ending what a cancelled task may have left."""
        self.rollback()
        self._connection.execute(how)

    def commit(self) -> None:
        """Commit; when that fails, roll back and raise."""
        try:
            self._connection.execute("COMMIT")
        except BaseException:
            self.rollback()
            raise

    def rollback(self) -> None:
        """Roll back what is open; SQLite itself has done so after some errors."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def ask(self, sql: str, args: Sequence[Any], named: bool) -> Answer:
        """Run one statement and fetch everything it gives."""
        cursor = self._connection.cursor()
        if named:
            cursor.row_factory = sqlite3.Row
        cursor.execute(sql, args)
        rows = cursor.fetchall() if cursor.description else []
        return Answer(len(rows) if cursor.rowcount < 0 else cursor.rowcount, rows, cursor.lastrowid)

    def read(self, sql: str, args: Sequence[Any], named: bool, deadline: float, begins: bool) -> Answer:
        """Run one read that is cut at `deadline` (of time.monotonic), in a snapshot that it may begin."""
        if deadline <= time.monotonic():
            raise ReadTooLong("The snapshot was held for too long and was cut")
        self._deadline, self._cut = deadline, False
        try:
            if begins:
                self.begin("BEGIN")
            return self.ask(sql, args, named)
        except sqlite3.OperationalError as error:
            if self._cut:
                raise ReadTooLong("The read took too long and was cut") from error
            raise
        finally:
            self._deadline = float("inf")

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each of the rows."""
        self._connection.executemany(sql, rows)

    def script(self, sql: str) -> None:
        """Run the statements of a text, in the transaction that is open (executescript would commit it)."""
        for statement in statements(sql):
            self._connection.execute(statement)

    def _overdue(self) -> int:
        self._cut = time.monotonic() > self._deadline
        return self._cut


def statements(sql: str) -> list[str]:
    """The statements of a text; SQLite itself says where one is complete, so triggers and literals stay whole."""
    found, begun = [], ""
    for piece in sql.split(";"):
        begun += piece + ";"
        if sqlite3.complete_statement(begun):
            found.append(begun.strip())
            begun = ""
    rest = begun.removesuffix(";").strip()
    return [statement for statement in [*found, rest] if statement.strip("; \n\t")]


def translated(error: BaseException) -> BaseException:
    """The error as the rooms know it, whichever the database: Tortoise's own classes."""
    if isinstance(error, sqlite3.IntegrityError):
        known: BaseException = IntegrityError(error)
    elif isinstance(error, sqlite3.Error):
        known = OperationalError(error)
    elif isinstance(error, OverflowError):
        known = ValueError(str(error))
    else:
        return error
    known.__cause__ = error
    return known


def _settle(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
