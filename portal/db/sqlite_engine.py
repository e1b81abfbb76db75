"""SQLite: one writer, three readers, and the Tortoise client that uses them.

Writes wait for one another on a lock in this process and, between processes, on BEGIN IMMEDIATE with a
timeout: a deferred BEGIN that turns into a write fails at once with "database is locked", whatever the
timeout. Reads outside a transaction never wait for the writer: they have connections of their own, which can
only read.

Tortoise's migration tools know their dialect by the module's name: it must contain "sqlite".
"""

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tortoise.backends.base.client import Capabilities
from tortoise.backends.sqlite.client import SqliteClient
from tortoise.backends.sqlite.executor import SqliteExecutor
from tortoise.exceptions import DBConnectionError, OperationalError

from portal.db.after import settled
from portal.db.client import DoorClient, DoorExecutor
from portal.db.counting import count
from portal.db.presence import Presence
from portal.db.session import Answer, Busy, patience
from portal.db.sqlite_wire import Wire, known
from portal.db.statements import is_read, locks_rows, without_lock
from portal.db.values import adapt_sqlite, checked

_READERS = 3
_PORTION = 1000
_LOADED = 2000
_PATIENCE = 10.0


class SqliteEngine:
    """The connections to one database file."""

    dialect = "sqlite"

    def __init__(self, path: str, *, read_seconds: float) -> None:
        self._path = path
        self.place: Path | None = Path(path).absolute()
        self._presence = Presence(self.place.with_name(self.place.name + ".serving"))
        self._read_seconds = read_seconds

    async def open(self) -> None:
        """Connect, making the file and its folder at first; DBConnectionError when that fails."""
        adapt_sqlite()
        self._writing = asyncio.Lock()
        self._free: asyncio.LifoQueue[Wire] = asyncio.LifoQueue()
        try:
            Path(self._path).absolute().parent.mkdir(parents=True, exist_ok=True)
            # The writer first: it makes the file and its write-ahead log.
            self._writer = await _connected(self._path, writes=True)
            self._readers: list[Wire] = []
            for _ in range(_READERS):
                self._readers.append(await _connected(self._path, writes=False))
            self._peeker = _peeking(self._path)
        except (OSError, OperationalError) as error:
            raise DBConnectionError(f"PORTAL_DATABASE_URL: {self._path} cannot be opened: {error}") from error
        for reader in self._readers:
            self._free.put_nowait(reader)

    async def close(self) -> None:
        """Disconnect after what is running, which has ten seconds; later statements are refused."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._writing.acquire()
                for _ in self._readers:
                    await self._free.get()
        except TimeoutError:
            for wire in [self._writer, *self._readers]:
                wire.interrupt()
        self._peeker.close()
        self._presence.leave()
        for wire in [*self._readers, self._writer]:
            await wire.close()
            self._free.put_nowait(wire)
        if self._writing.locked():
            self._writing.release()

    def translated(self, sql: str) -> str:
        """Our SQL as this database reads it: as it is."""
        return sql

    async def begin(self) -> "SqliteTransaction":
        """Wait for the writer and begin; a task cancelled meanwhile leaves nothing behind."""
        with _in_time():
            async with asyncio.timeout(patience()):
                return await self._begin()

    async def _begin(self) -> "SqliteTransaction":
        await self._writing.acquire()
        try:
            count("BEGIN IMMEDIATE")
            await self._writer.call(self._writer.begin, "BEGIN IMMEDIATE")
        except BaseException:
            self._writer.post(self._writer.rollback)
            self._writing.release()
            raise
        return SqliteTransaction(self._writer, self._writing)

    async def begin_reading(self, seconds: float | None) -> "SqliteSnapshot":
        """Take a reader for a snapshot that is cut after `seconds`."""
        return SqliteSnapshot(await self._free.get(), self._free, seconds or self._read_seconds)

    async def ask(self, sql: str, args: Sequence[Any], named: bool) -> Answer:
        """One statement outside of any transaction: a read on a reader, anything else on the writer."""
        checked(args)
        if locks_rows(sql):
            raise OperationalError("A read that locks rows means something inside a transaction only")
        if is_read(sql):
            return await self._read(sql, args, named)
        # Only the wait for our own writers is cut: a statement that has begun may still be carried out.
        with _in_time():
            async with asyncio.timeout(patience()):
                await self._writing.acquire()
        try:
            count(sql)
            return await self._writer.call(self._writer.ask, sql, args, named)
        finally:
            self._writing.release()

    async def _read(self, sql: str, args: Sequence[Any], named: bool) -> Answer:
        wire = await self._free.get()
        try:
            count(sql)
            return await wire.read(sql, args, named, time.monotonic() + self._read_seconds, False)
        finally:
            self._free.put_nowait(wire)

    async def peek(self, sql: str, args: Sequence[Any]) -> list[tuple[Any, ...]]:
        """A read by keys, here and now: nothing waits, so nothing else runs meanwhile."""
        checked(args)
        count(sql)
        try:
            # All of it: a cursor that is not at its end would keep the log from being written back.
            return self._peeker.execute(sql, args).fetchall()
        except sqlite3.Error as error:
            raise known(error) from error

    def commits(self) -> int | None:
        """SQLite counts what other connections commit, in this process or another; this one never writes."""
        try:
            number: int = self._peeker.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error as error:
            raise known(error) from error
        return number

    async def script(self, sql: str) -> None:
        """The statements of a text, each for itself."""
        async with self._writing:
            count(sql)
            await self._writer.call(self._writer.script, sql)

    async def sweep(self, tables: Sequence[str]) -> None:
        """Write the file anew and empty the log; every other write waits meanwhile."""
        async with self._writing:
            await settled(self._writer.call(self._writer.sweep))

    async def arrive(self) -> bool:
        """Be among those who serve the file; whether nobody else is. Whoever comes now waits for `settle`."""
        return await asyncio.to_thread(self._presence.first)

    async def settle(self) -> None:
        """Let others in; who serves the file goes on doing so until `close`."""
        self._presence.settle()


class SqliteTransaction:
    """The writer, inside BEGIN IMMEDIATE."""

    def __init__(self, wire: Wire, lock: asyncio.Lock) -> None:
        self._wire = wire
        self._lock = lock

    async def ask(self, sql: str, args: Sequence[Any], named: bool) -> Answer:
        count(sql)
        return await self._wire.call(self._wire.ask, without_lock(sql), checked(args), named)

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        # In portions, so that a cancelled task does not leave the writer busy for long.
        for first in range(0, len(rows), _PORTION):
            count(sql)
            portion = [checked(row) for row in rows[first : first + _PORTION]]
            await self._wire.call(self._wire.many, sql, portion)

    async def load(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        names = ", ".join(f'"{name}"' for name in columns)
        sql = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'
        for first in range(0, len(rows), _LOADED):
            count(sql)
            await self._wire.call(self._wire.load, sql, len(columns), rows[first : first + _LOADED])

    async def script(self, sql: str) -> None:
        count(sql)
        await self._wire.call(self._wire.script, sql)

    async def commit(self) -> None:
        """Commit and let the next writer in. Cancelled meanwhile, it waits for the outcome all the same."""
        count("COMMIT")
        try:
            await settled(self._wire.call(self._wire.commit))
        finally:
            self._lock.release()

    async def rollback(self) -> None:
        """Roll back without waiting: whatever comes next on this connection comes after."""
        count("ROLLBACK")
        self._wire.post(self._wire.rollback)
        self._lock.release()


class SqliteSnapshot:
    """A reader; its first statement begins the transaction in the same trip to the thread."""

    def __init__(self, wire: Wire, free: asyncio.LifoQueue[Wire], seconds: float) -> None:
        self._wire = wire
        self._free = free
        self._deadline = time.monotonic() + seconds
        self._begun = False

    async def ask(self, sql: str, args: Sequence[Any], named: bool) -> Answer:
        checked(args)
        if locks_rows(sql):
            raise OperationalError("A read that locks rows means something inside a transaction only")
        begins, self._begun = not self._begun, True
        if begins:
            count("BEGIN")
        count(sql)
        return await self._wire.read(sql, args, named, self._deadline, begins)

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        raise OperationalError("A snapshot only reads")

    async def load(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        raise OperationalError("A snapshot only reads")

    async def script(self, sql: str) -> None:
        raise OperationalError("A snapshot only reads")

    async def commit(self) -> None:
        await self.rollback()

    async def rollback(self) -> None:
        """Give the reader back; its next user comes after the end of this snapshot."""
        if self._begun:
            count("ROLLBACK")
            self._wire.end_reading()
        self._free.put_nowait(self._wire)


@contextmanager
def _in_time() -> Iterator[None]:
    """What was not begun in time was not begun."""
    try:
        yield
    except TimeoutError as error:
        raise Busy("Another writer holds the database for longer than we wait") from error


def _peeking(path: str) -> sqlite3.Connection:
    """A connection of the event loop's own. It waits for nobody: readers need not, in a write-ahead log."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=0.05, cached_statements=64)
    connection.execute("PRAGMA query_only=ON").close()
    return connection


async def _connected(path: str, *, writes: bool) -> Wire:
    wire = Wire(path, writes=writes)
    try:
        await wire.call(wire.connect)
    except BaseException:
        await wire.close()
        raise
    return wire


class Executor(DoorExecutor, SqliteExecutor):
    """How Tortoise writes models here."""


class Client(DoorClient, SqliteClient):
    """What Tortoise calls its connection; every statement goes through the session or the engine."""

    executor_class = Executor
    # Two untruths: row locks are asked for and dropped here (the writer is alone) so that asking outside of a
    # transaction can be refused, and a limit on a write is written down so that it can be refused.
    capabilities = Capabilities(
        "sqlite",
        daemon=False,
        requires_limit=True,
        inline_comment=True,
        support_for_update=True,
        support_update_limit_order_by=True,
        can_rollback_ddl=True,
        support_returning=True,
    )

    def __init__(self, file_path: str, read_seconds: float = 30.0, **kwargs: Any) -> None:
        super().__init__(file_path, **kwargs)
        self.engine = SqliteEngine(file_path, read_seconds=read_seconds)

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        return (await self.ask(query, values)).last_id


client_class = Client
