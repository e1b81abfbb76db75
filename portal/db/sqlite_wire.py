"""One SQLite connection in a thread of its own.

Jobs are done in the order they were given. That makes cancellation cheap: whoever is cancelled posts the
ROLLBACK behind whatever is still running and goes; the next user's job comes after it.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from tortoise.exceptions import IntegrityError, OperationalError

from portal.db.session import Answer, ReadTooLong
from portal.db.values import checked_columns, for_sqlite

T = TypeVar("T")
Job = tuple[asyncio.Future[Any] | None, Callable[..., Any], tuple[Any, ...]]

logger = logging.getLogger(__name__)

# How many steps of SQLite's virtual machine lie between two looks at the clock: about a millisecond.
_STEPS = 50_000
_AT_A_STRETCH = 16

PRAGMAS = (
    "busy_timeout=10000",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "journal_size_limit=67108864",
    "cache_size=-16000",
    "temp_store=MEMORY",
    # As PostgreSQL compares; by default SQLite ignores the case of ASCII letters, and of those only.
    "case_sensitive_like=ON",
)


class Wire:
    """A connection whose calls run in its thread; the thread is a daemon, so that nothing hangs at exit."""

    def __init__(self, path: str, *, writes: bool) -> None:
        self._path = path
        self._writes = writes
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._closed = False
        self._deadline = float("inf")
        self._cut = False
        self._given = 0  # jobs, by the event loop
        self._done = 0  # of them, by the thread
        self._here = False
        self._spilled = False
        self._in_a_row = 0
        self._answer: Answer
        self._future: asyncio.Future[Any] | None = None
        self._connection: sqlite3.Connection
        self._loop = asyncio.get_running_loop()
        name = f"sqlite {'writer' if writes else 'reader'}"
        Thread(target=self._work, name=name, daemon=True).start()

    async def call(self, job: Callable[..., T], *args: Any) -> T:
        """Run `job` in the thread and wait. Cancelled, it is dropped or, if it has begun, finishes; a read stops."""
        if self._closed:
            raise OperationalError("The database is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._given += 1
        self._jobs.put((future, job, args))
        return await future

    async def read(self, sql: str, args: Sequence[Any], named: bool, deadline: float, begins: bool) -> Answer:
        """Run one read: here, when it takes a moment, else in the thread; see `read_there`.

        Two changes of thread cost more than a read by keys takes, and most reads of a page are such. What has not
        ended after about a millisecond is stopped and asked anew in the thread; the snapshot stays what it is.
        """
        if self._given == self._done and not self._closed:
            if self._done_here(sql, args, named, deadline, begins):
                self._in_a_row += 1
                if self._in_a_row % _AT_A_STRETCH == 0:
                    await asyncio.sleep(0)  # many short reads must not keep the others waiting, either
                return self._answer
            begins = False
        return await self.call(self.read_there, sql, args, named, deadline, begins)

    def _done_here(self, sql: str, args: Sequence[Any], named: bool, deadline: float, begins: bool) -> bool:
        self._here, self._spilled = True, False
        try:
            self._answer = self.read_there(sql, args, named, deadline, begins)
        except BaseException as error:
            if self._spilled:
                return False
            ours = known(error)
            raise ours from ours.__cause__
        finally:
            self._here = False
        return True

    def end_reading(self) -> None:
        """End a snapshot without waiting: whatever comes next on this connection comes after."""
        if self._given == self._done and not self._closed:
            self.rollback()
        else:
            self.post(self.rollback)

    def post(self, job: Callable[..., object], *args: Any) -> None:
        """Run `job` in the thread after what is there already, without waiting for it."""
        self._given += 1
        self._jobs.put((None, job, args))

    def interrupt(self) -> None:
        """Stop the statement that is running now, if any."""
        self._connection.interrupt()

    async def close(self) -> None:
        """Disconnect after what is there already, and end the thread."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._given += 1
        self._jobs.put((future, self._disconnect, ()))
        self._jobs.put(None)
        self._closed = True
        await future

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, function, args = job
            if future is not None and future.cancelled():
                self._done += 1
                continue
            self._future = future
            try:
                result = function(*args)
            except BaseException as error:
                self._done += 1
                self._report(future, _fail, known(error))
            else:
                self._done += 1
                self._report(future, _settle, result)

    def _report(self, future: asyncio.Future[Any] | None, tell: Callable[..., None], outcome: Any) -> None:
        if future is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(tell, future, outcome)
        elif isinstance(outcome, BaseException):
            logger.error("SQLite failed when nobody waited for it", exc_info=outcome)

    # What follows runs in the thread; a short read runs in the event loop while the thread has nothing to do.

    def connect(self) -> None:
        """Connect and set the pragmas."""
        self._connection = sqlite3.connect(
            self._path, isolation_level=None, cached_statements=512, check_same_thread=self._writes
        )
        for pragma in PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}").close()
        if not self._writes:
            self._connection.execute("PRAGMA query_only=ON").close()
            self._connection.set_progress_handler(self._unwanted, _STEPS)

    def _disconnect(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()

    def begin(self, how: str) -> None:
        """Begin a transaction, ending what a failed ROLLBACK may have left."""
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
        before = self._connection.total_changes
        try:
            cursor.execute(sql, args)
            rows = cursor.fetchall() if cursor.description else []
            changed = cursor.rowcount
            if changed < 0:  # the module does not count for a SELECT, nor for a write that starts with WITH
                changed = len(rows) or self._connection.total_changes - before
            return Answer(changed, rows, cursor.lastrowid)
        finally:
            # Here, in the thread: an error carries this frame to the event loop, and what is still open in it would
            # be closed there, waiting for whatever statement this connection runs by then.
            cursor.close()

    def read_there(self, sql: str, args: Sequence[Any], named: bool, deadline: float, begins: bool) -> Answer:
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

    def load(self, sql: str, width: int, rows: Sequence[Sequence[Any]]) -> None:
        """Run an INSERT of `width` columns for each of the rows, looking them through and writing them out here."""
        columns = for_sqlite(checked_columns(rows, width))
        self._connection.executemany(sql, zip(*columns, strict=True))

    def script(self, sql: str) -> None:
        """Run the statements of a text in the transaction that is open (executescript would commit it)."""
        for statement in split(sql):
            self._connection.execute(statement)

    def sweep(self) -> None:
        """Leave nothing in the file that no row holds: VACUUM copies what is there, the checkpoint empties the log."""
        self._connection.execute("VACUUM").close()
        busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("the log cannot be emptied while somebody reads from it")

    def _unwanted(self) -> bool:
        """Whether a read shall stop now. (interrupt() would miss one that is about to begin.)"""
        if self._here:
            self._spilled = True
            return True
        self._cut = time.monotonic() > self._deadline
        return self._cut or (self._future is not None and self._future.cancelled())


def split(sql: str) -> list[str]:
    """The statements of a text; SQLite says where one is complete, so triggers and literals stay whole."""
    if ";" not in sql:
        return [sql]
    found, begun = [], ""
    for piece in sql.split(";"):
        begun += piece + ";"
        if sqlite3.complete_statement(begun):
            found.append(begun.strip())
            begun = ""
    return [statement for statement in [*found, begun.strip()] if statement.strip("; \n\t")]


def known(error: BaseException) -> BaseException:
    """The error as the rooms know it, whichever the database: Tortoise's own classes."""
    if isinstance(error, sqlite3.IntegrityError):
        ours: BaseException = IntegrityError(error)
    elif isinstance(error, sqlite3.Error):
        ours = OperationalError(error)
    else:
        return error
    ours.__cause__ = error
    return ours


def _settle(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
