"""PostgreSQL on an asyncpg pool, and the Tortoise client that uses it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.asyncpg.executor import AsyncpgExecutor
from tortoise.exceptions import IntegrityError, OperationalError

from portal.db.client import DoorClient, DoorExecutor
from portal.db.session import Answer, ReadTooLong, count, settled
from portal.db.statements import gives_rows, is_read, numbered
from portal.db.values import checked

_POOL = 10


class PostgresEngine:
    """A pool of connections to one database."""

    dialect = "postgres"

    def __init__(self, dsn: str, *, application_name: str | None = None, read_seconds: float = 30.0) -> None:
        self._dsn = dsn
        self._application_name = application_name or "schoolyard"
        self._read_seconds = read_seconds
        self._pool: Any = None

    async def open(self) -> None:
        """Connect; raises OSError or asyncpg's errors when the server cannot be reached or refuses."""
        if self._pool is None:
            self._pool = await asyncpg.create_pool(
                self._dsn,
                min_size=1,
                max_size=_POOL,
                statement_cache_size=512,
                connection_class=_Connection,
                server_settings={"application_name": self._application_name, "timezone": "UTC", "jit": "off"},
            )

    async def close(self) -> None:
        """Disconnect after what is running."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()

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
        connection = await self._pool.acquire()
        transaction = PostgresTransaction(self._pool, connection, seconds)
        try:
            count(how)
            await connection.execute(how)
        except BaseException as error:
            await transaction.rollback()
            raise known(error) from error
        return transaction

    async def ask(self, sql: str, args: Sequence[Any], named: bool) -> Answer:
        """One statement outside of any transaction."""
        checked(args)
        async with self._pool.acquire() as connection:
            return await _ask(connection, sql, args, named, self._read_seconds if is_read(sql) else None)

    async def script(self, sql: str) -> None:
        """The statements of a text, all or none."""
        async with self._pool.acquire() as connection:
            await _script(connection, sql)


class PostgresTransaction:
    """A connection inside BEGIN; with `seconds`, a snapshot that is cut after them."""

    def __init__(self, pool: asyncpg.Pool, connection: Any, seconds: float | None) -> None:
        self._pool = pool
        self._connection = connection
        self._deadline = None if seconds is None else asyncio.get_running_loop().time() + seconds

    async def ask(self, sql: str, args: Sequence[Any], named: bool) -> Answer:
        checked(args)
        return await _ask(self._connection, sql, args, named, self._left())

    def _left(self) -> float | None:
        if self._deadline is None:
            return None
        left = self._deadline - asyncio.get_running_loop().time()
        if left <= 0:
            raise ReadTooLong("The snapshot was held for too long and was cut")
        return left

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        count(sql)
        try:
            await self._connection.executemany(sql, [checked(row) for row in rows])
        except Exception as error:
            raise known(error) from error

    async def script(self, sql: str) -> None:
        await _script(self._connection, sql)

    async def commit(self) -> None:
        """Commit and give the connection back. Cancelled meanwhile, it waits for the outcome all the same."""
        await settled(self._commit())

    async def _commit(self) -> None:
        count("COMMIT")
        try:
            status = await self._connection.execute("COMMIT")
            if status != "COMMIT":
                # PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error.
                raise OperationalError("The transaction had failed and was rolled back")
        except Exception as error:
            raise known(error) from error
        finally:
            await self._pool.release(self._connection)

    async def rollback(self) -> None:
        """Roll back and give the connection back, whatever happens to this task meanwhile."""
        count("ROLLBACK")
        await settled(self._rollback())

    async def _rollback(self) -> None:
        try:
            if not self._connection.is_closed():
                await self._connection.execute("ROLLBACK")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            # The connection itself is broken, and with it the transaction is gone: the pool makes another.
            self._connection.terminate()
        finally:
            await self._pool.release(self._connection)


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that is not reset at each return to the pool: nothing here changes it beyond a transaction."""

    def get_reset_query(self) -> str:
        return ""


async def _ask(connection: Any, sql: str, args: Sequence[Any], named: bool, seconds: float | None) -> Answer:
    count(sql)
    try:
        if gives_rows(sql):
            rows = await connection.fetch(sql, *args, timeout=seconds)
            return Answer(len(rows), rows if named else [tuple(row) for row in rows])
        status = await connection.execute(sql, *args)
    except TimeoutError as error:
        raise ReadTooLong("The read took too long and was cut") from error
    except Exception as error:
        raise known(error) from error
    changed = status.rpartition(" ")[2]
    return Answer(int(changed) if changed.isdigit() else 0, [])


async def _script(connection: Any, sql: str) -> None:
    count(sql)
    try:
        await connection.execute(sql)
    except Exception as error:
        raise known(error) from error


def known(error: BaseException) -> BaseException:
    """The error as the rooms know it, whichever the database: Tortoise's own classes."""
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return IntegrityError(error)
    if isinstance(error, asyncpg.PostgresError | asyncpg.InternalClientError):
        return OperationalError(error)
    return error


class Executor(DoorExecutor, AsyncpgExecutor):
    """How Tortoise writes models here."""


class Client(DoorClient, AsyncpgDBClient):
    """What Tortoise calls its connection; every statement goes through the session or the engine."""

    executor_class = Executor

    def __init__(self, dsn: str, read_seconds: float = 30.0, **kwargs: Any) -> None:
        name = kwargs.pop("application_name", None)
        super().__init__(**kwargs)
        self.engine = PostgresEngine(dsn, application_name=name, read_seconds=read_seconds)

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        rows = (await self.ask(query, values)).rows
        return rows[0] if rows else None


client_class = Client
