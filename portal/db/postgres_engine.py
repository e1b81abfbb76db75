"""PostgreSQL on a pool of asyncpg connections, and the Tortoise client that uses it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.asyncpg.executor import AsyncpgExecutor
from tortoise.backends.base.client import Capabilities
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError

from portal.db.after import settled, spawn
from portal.db.client import DoorClient, DoorExecutor
from portal.db.counting import count
from portal.db.session import Answer, ReadTooLong
from portal.db.statements import gives_rows, is_read, locks_rows, numbered
from portal.db.values import checked, checked_columns

_POOL = 10
# Rows in one COPY: they are written out in the event loop, which goes on in between.
_LOADED = 2000
_PATIENCE = 10.0


class PostgresEngine:
    """A pool of connections to one database."""

    dialect = "postgres"
    place: Path | None = None

    def __init__(self, dsn: str, *, application_name: str, read_seconds: float) -> None:
        self._dsn = dsn
        self._application_name = application_name
        self._read_seconds = read_seconds
        self._pool: Any
        self._peeker: Any = None
        self._peeking = asyncio.Lock()
        self._prepared: dict[str, Any] = {}  # statements of the peeker; their texts are a few, written by us

    async def open(self) -> None:
        """Connect; DBConnectionError when the server does not answer or refuses us."""
        settings = {"application_name": self._application_name, "timezone": "UTC", "jit": "off"}
        self._how = {"statement_cache_size": 512, "connection_class": _Connection, "server_settings": settings}
        try:
            self._pool = await asyncpg.create_pool(self._dsn, min_size=1, max_size=_POOL, init=_prepare, **self._how)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            parts = urlsplit(self._dsn)
            where = f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
            raise DBConnectionError(f"PORTAL_DATABASE_URL: PostgreSQL at {where}: {error}") from error

    async def close(self) -> None:
        """Disconnect after what is running, which has ten seconds."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._pool.close()
                if self._peeker is not None:
                    await self._peeker.close()
        except TimeoutError:
            self._pool.terminate()
            if self._peeker is not None:
                self._peeker.terminate()

    async def _connected(self) -> Any:
        """A connection outside of the pool."""
        connection = await asyncpg.connect(self._dsn, **self._how)
        await _prepare(connection)
        return connection

    async def arrive(self) -> bool:
        """Nobody knows here who else is there, on other machines."""
        return False

    async def settle(self) -> None:
        """Nobody waits for it."""

    def translated(self, sql: str) -> str:
        """Our SQL with the placeholders of this database."""
        return numbered(sql)

    async def begin(self) -> "PostgresTransaction":
        """Take a connection and begin; a task cancelled meanwhile gives it back."""
        return await self._begun("BEGIN", None)

    async def begin_reading(self, seconds: float | None) -> "PostgresTransaction":
        """Take a connection for a snapshot that is cut after `seconds`."""
        how = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        return await self._begun(how, seconds or self._read_seconds)

    async def _begun(self, how: str, seconds: float | None) -> "PostgresTransaction":
        connection = await self._taken()
        transaction = PostgresTransaction(self._pool, connection, seconds)
        try:
            count(how)
            with _known():
                # A cancellation can reach the server late and strike the end of the transaction before: what that left
                # open ends here (a warning otherwise), or a BEGIN would go on in it and commit what was given up.
                await connection.execute(f"ROLLBACK; {how}")
        except BaseException:
            await transaction.rollback()
            raise
        return transaction

    async def ask(self, sql: str, args: Sequence[Any], named: bool) -> Answer:
        """One statement outside of any transaction; a read is cut after the limit of reads."""
        checked(args)
        if locks_rows(sql):
            raise OperationalError("A read that locks rows means something inside a transaction only")
        connection = await self._taken()
        try:
            return await _ask(connection, sql, args, named, self._read_seconds if is_read(sql) else None)
        finally:
            await self._pool.release(connection)

    async def peek(self, sql: str, args: Sequence[Any]) -> list[tuple[Any, ...]]:
        """A read by keys, on a connection that is kept for them: taking one of the pool costs as much as the read."""
        checked(args)
        count(sql)
        try:
            with _known():
                if self._peeking.locked():
                    return await self._pool.fetch(sql, *args, timeout=self._read_seconds)  # type: ignore[no-any-return]
                async with self._peeking:
                    statement = await self._statement(sql)
                    return await statement.fetch(*args, timeout=self._read_seconds)  # type: ignore[no-any-return]
        except (OSError, asyncpg.InterfaceError) as error:
            raise OperationalError(error) from error

    async def _statement(self, sql: str) -> Any:
        """A prepared statement of the peeking connection, which is made anew when the server dropped it."""
        if self._peeker is None or self._peeker.is_closed():
            self._prepared.clear()
            self._peeker = await self._connected()
        if sql not in self._prepared:
            self._prepared[sql] = await self._peeker.prepare(sql)
        return self._prepared[sql]

    def commits(self) -> int | None:
        return None

    async def script(self, sql: str) -> None:
        """The statements of a text, all or none."""
        connection = await self._taken()
        try:
            count(sql)
            with _known():
                await connection.execute(sql)
        finally:
            await self._pool.release(connection)

    async def sweep(self, tables: Sequence[str]) -> None:
        """VACUUM, which no transaction may hold."""
        await self.script("VACUUM " + ", ".join(f'"{table}"' for table in tables))

    async def _taken(self) -> Any:
        """A connection of the pool. One that must be made first is made to its end even if nobody waits any more:
        torn apart half-way, it would be made anew for each of a thousand cancelled requests."""
        if self._pool.get_idle_size():
            return await self._pool.acquire()
        taking = asyncio.ensure_future(self._pool.acquire())
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            taking.add_done_callback(self._put_back)
            raise

    def _put_back(self, taking: asyncio.Future[Any]) -> None:
        if not taking.cancelled() and taking.exception() is None:
            spawn(self._pool.release(taking.result()))


class PostgresTransaction:
    """A connection inside BEGIN; with `seconds`, a snapshot that is cut after them."""

    def __init__(self, pool: asyncpg.Pool, connection: Any, seconds: float | None) -> None:
        self._pool = pool
        self._connection = connection
        self._deadline = None if seconds is None else asyncio.get_running_loop().time() + seconds

    async def ask(self, sql: str, args: Sequence[Any], named: bool) -> Answer:
        return await _ask(self._connection, sql, checked(args), named, self._left())

    def _left(self) -> float | None:
        if self._deadline is None:
            return None
        left = self._deadline - asyncio.get_running_loop().time()
        if left <= 0:
            raise ReadTooLong("The snapshot was held for too long and was cut")
        return left

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        count(sql)
        with _known():
            await self._connection.executemany(sql, [checked(row) for row in rows])

    async def load(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        for first in range(0, len(rows), _LOADED):
            portion = rows[first : first + _LOADED]
            checked_columns(portion, len(columns))
            count(f'COPY "{table}"')
            with _known():
                await self._connection.copy_records_to_table(table, columns=columns, records=portion)

    async def script(self, sql: str) -> None:
        count(sql)
        with _known():
            await self._connection.execute(sql)

    async def commit(self) -> None:
        """Commit and give the connection back. Cancelled meanwhile, it waits for the outcome all the same."""
        await settled(self._commit())

    async def _commit(self) -> None:
        count("COMMIT")
        try:
            with _known():
                status = await self._connection.execute("COMMIT")
            if status != "COMMIT":
                # PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK, and without an error.
                raise OperationalError("The transaction had failed and was rolled back")
        finally:
            await self._pool.release(self._connection)

    async def rollback(self) -> None:
        """Roll back and give the connection back, whatever happens to this task meanwhile."""
        await settled(self._rollback())

    async def _rollback(self) -> None:
        count("ROLLBACK")
        try:
            if not self._connection.is_closed():
                await self._connection.execute("ROLLBACK")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            # The connection is broken and the transaction gone with it; the pool makes another.
            self._connection.terminate()
        finally:
            await self._pool.release(self._connection)


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that is not reset on each return to the pool: nothing here outlives its transaction."""

    def get_reset_query(self) -> str:
        return ""


async def _prepare(connection: asyncpg.Connection) -> None:
    # SUM and AVG over whole numbers are NUMERIC here; SQLite gives int and float, and so do we.
    await connection.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=_number)


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


async def _ask(connection: Any, sql: str, args: Sequence[Any], named: bool, seconds: float | None) -> Answer:
    count(sql)
    with _known():
        if gives_rows(sql):
            rows = await connection.fetch(sql, *args, timeout=seconds)
            return Answer(len(rows), rows if named else [tuple(row) for row in rows])
        status = await connection.execute(sql, *args)
    changed = status.rpartition(" ")[2]
    return Answer(int(changed) if changed.isdigit() else 0, [])


@contextmanager
def _known() -> Iterator[None]:
    """Raise errors as the rooms know them, whichever the database: Tortoise's own classes."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError(error) from error
    except (asyncpg.PostgresError, asyncpg.InternalClientError) as error:
        raise OperationalError(error) from error
    except TimeoutError as error:
        raise ReadTooLong("The read took too long and was cut") from error


class Executor(DoorExecutor, AsyncpgExecutor):
    """How Tortoise writes models here."""


class Client(DoorClient, AsyncpgDBClient):
    """What Tortoise calls its connection; every statement goes through the session or the engine."""

    executor_class = Executor
    # An untruth: a limit on a write is written down so that it can be refused; Tortoise would forget it.
    capabilities = Capabilities(
        "postgres",
        support_update_limit_order_by=True,
        support_for_posix_regex_queries=True,
        support_for_no_key_update=True,
        support_json_attributes=True,
        can_rollback_ddl=True,
        support_returning=True,
    )

    def __init__(
        self, dsn: str, read_seconds: float = 30.0, application_name: str = "schoolyard", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.engine = PostgresEngine(dsn, application_name=application_name, read_seconds=read_seconds)

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        rows = (await self.ask(query, values)).rows
        return rows[0] if rows else None


client_class = Client
