"""What the two Tortoise clients have in common: they own no connection and no transaction, they ask ours.

Tortoise keeps the connection of a transaction in a ContextVar that every task started inside inherits. Here
there is one client for all; to which transaction a statement belongs is decided when it is run
(`session.current`).
"""

from collections.abc import Iterable, Sequence
from time import perf_counter
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContext
from tortoise.backends.base.executor import BaseExecutor
from tortoise.exceptions import OperationalError
from tortoise.models import Model

from portal.db import session
from portal.db.counting import spend
from portal.db.session import Answer, Block, Engine
from portal.db.statements import is_limited_write


class DoorClient(BaseDBAsyncClient):
    """A Tortoise client over an `Engine`; mixed into Tortoise's own so that its tools know the database."""

    engine: Engine

    async def create_connection(self, with_db: bool) -> None:
        await self.engine.open()
        await self._post_connect()

    async def close(self) -> None:
        await self.engine.close()

    def acquire_connection(self) -> Any:
        raise NotImplementedError("Connections stay inside portal.db")

    def _in_transaction(self) -> TransactionContext:
        return Block(self.engine, self)  # type: ignore[return-value]

    async def ask(self, query: str, values: Sequence[Any] | None) -> Answer:
        """Run one statement where it belongs."""
        if is_limited_write(query):
            # Tortoise forgets the limit unless the database is said to know it; both clients say so.
            raise OperationalError("limit() with update() or delete() is refused: it would change every row")
        begun = perf_counter()
        try:
            return await (session.current() or self.engine).ask(query, values or (), True)
        finally:
            spend(perf_counter() - begun)

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, list[Any]]:
        answer = await self.ask(query, values)
        return answer.changed, answer.rows

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        return [dict(row) for row in (await self.ask(query, values)).rows]

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        await many(self.engine, query, values)

    async def execute_script(self, query: str) -> None:
        await (session.current() or self.engine).script(query)


async def many(engine: Engine, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run one statement for each row of arguments, all or none."""
    async with Block(engine):
        held = session.current()
        assert held is not None
        begun = perf_counter()
        await held.many(sql, rows)
        spend(perf_counter() - begun)


async def load(engine: Engine, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, all or none."""
    held = session.current()
    if held is not None:
        # No savepoint: after a failure the block around it keeps nothing anyway.
        await held.load(table, columns, rows)
        return
    async with Block(engine):
        await load(engine, table, columns, rows)


class DoorExecutor(BaseExecutor):
    """Tortoise's executor without two of its habits."""

    async def execute_update(self, instance: Any, update_fields: Iterable[str] | None) -> int:
        """Write the named fields; without names Tortoise writes all, over what others wrote meanwhile."""
        if update_fields is None:
            raise OperationalError(f"Say which fields of {type(instance).__name__} to write: save(update_fields=[...])")
        return await super().execute_update(instance, update_fields)

    async def _execute_prefetch_queries(self, instance_list: Iterable[Model]) -> Iterable[Model]:
        """One relation after another; Tortoise starts tasks for them, which would not own the transaction."""
        if instance_list and (self.prefetch_map or self._prefetch_queries):
            self._make_prefetch_queries()
            for field, queries in self._prefetch_queries.items():
                for query in queries:
                    await self._do_prefetch(instance_list, field, query)
        return instance_list
