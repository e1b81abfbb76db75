"""Where an import is measured: new databases, work in processes of its own, what that costs, the plain load."""

import asyncio
import gc
import multiprocessing
import os
import pickle
import resource
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from portal import db
from portal.access import founding, secrets
from portal.db import migrations
from portal.db.sqlite_wire import PRAGMAS

Tables = list[tuple[str, list[str], list[tuple[Any, ...]]]]
"""For each table its columns and its rows, in an order in which references come after what they refer to."""


class Cost(NamedTuple):
    """What a piece of work took, in seconds, and the process's highest memory in bytes."""

    wall: float
    ours: float
    server: float
    memory: int
    rows: int

    @property
    def processor(self) -> float:
        return self.ours + self.server


def apart(work: Callable[..., Any], *args: Any) -> Any:
    """The outcome of a coroutine function in a new process, whose memory nobody used before."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run, (work, args))


def _run(work: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> Any:
    async def waited() -> Any:
        return await work(*args)

    return asyncio.run(waited())


class Sqlite:
    """Databases in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def database(self) -> Iterator[str]:
        """A new one, migrated and founded; gone afterwards."""
        file = self._folder / f"{uuid4().hex}.sqlite3"
        try:
            url = f"sqlite:///{file}"
            apart(_founded, url)
            yield url
        finally:
            for each in self._folder.glob(f"{file.name}*"):
                each.unlink()

    @staticmethod
    async def plain(url: str, rows: Path) -> Cost:
        """`executemany`."""
        tables: Tables = pickle.loads(rows.read_bytes())
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()
        meter = Meter()
        connection.execute("BEGIN IMMEDIATE")
        for table, columns, found in tables:
            marks = ", ".join("?" * len(columns))
            connection.executemany(f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES ({marks})', found)
        connection.execute("COMMIT")
        cost = meter.read(0.0, 0)
        connection.close()
        return cost


class Postgres:
    """Databases of our own on a server."""

    def __init__(self, server: str) -> None:
        self._server = server

    @contextmanager
    def database(self) -> Iterator[str]:
        """A new one, migrated and founded; dropped afterwards."""
        name = f"schoolyard_benchmark_{uuid4().hex[:12]}"
        asyncio.run(_order(self._server, f'CREATE DATABASE "{name}"'))
        try:
            url = urlunsplit(urlsplit(self._server)._replace(path=f"/{name}"))
            apart(_founded, url)
            yield url
        finally:
            asyncio.run(_order(self._server, f'DROP DATABASE "{name}" WITH (FORCE)'))

    @staticmethod
    async def plain(url: str, rows: Path) -> Cost:
        """COPY."""
        tables: Tables = pickle.loads(rows.read_bytes())
        connection = await asyncpg.connect(url, server_settings={"timezone": "UTC", "jit": "off"})
        pid = connection.get_server_pid()
        used = of_server([pid])
        meter = Meter()
        async with connection.transaction():
            for table, columns, found in tables:
                await connection.copy_records_to_table(table, columns=columns, records=found)
        cost = meter.read(of_server([pid]) - used, 0)
        await connection.close()
        return cost


Place = Sqlite | Postgres


class Meter:
    """Clock and processor from here on; garbage of before is collected first."""

    def __init__(self) -> None:
        gc.collect()
        self._wall, self._ours = time.perf_counter(), time.process_time()

    def read(self, server: float, rows: int) -> Cost:
        wall, ours = time.perf_counter() - self._wall, time.process_time() - self._ours
        return Cost(wall, ours, server, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, rows)


def of_server(pids: Sequence[int]) -> float:
    """The processor seconds of these processes so far; 0 for a server that is not on this machine."""
    ticks = 0
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists():
            ticks += sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


async def _order(server: str, sql: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def _founded(url: str) -> None:
    """Migrate and found."""
    await migrations.migrate(url)
    await opened(url)
    await founding.found("admin@example.com", name="B", branch="B", time_zone="Asia/Ho_Chi_Minh", locale="vi")
    await db.close()


async def opened(url: str) -> None:
    secrets.configure("of a benchmark, and of nothing else but it")
    await db.open(url)


async def counted(url: str) -> int:
    """How many rows are in all tables."""
    await opened(url)
    rows = sum([await db.value(f'SELECT COUNT(*) FROM "{table}"') for table in await _tables()])
    await db.close()
    return int(rows)


async def server_pids() -> list[int]:
    if db.dialect() == "sqlite":
        return []
    sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    return [pid for (pid,) in await db.rows(sql)]


async def taken_out(founded: str, url: str, rows: Path) -> None:
    """Keep the rows that the import wrote: those whose keys, the first columns, a founded centre does not have."""
    await opened(founded)
    columns = {table: await _columns(table) for table in await _tables()}
    there = {
        table: {key for (key,) in await db.rows(f'SELECT {names[0]} FROM "{table}"')}
        for table, names in columns.items()
    }
    await db.close()
    await opened(url)
    tables: Tables = []
    for table, names in columns.items():
        found = await db.rows(f'SELECT {", ".join(names)} FROM "{table}" ORDER BY {names[0]}')
        written = [row for row in found if row[0] not in there[table]]
        if written:
            tables.append((table, names, written))
    rows.write_bytes(pickle.dumps(tables))
    await db.close()


async def _tables() -> list[str]:
    """All tables, the oldest first: what a table refers to is older."""
    if db.dialect() == "sqlite":
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid"
    else:
        sql = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        sql += " ORDER BY oid"
    return [name for (name,) in await db.rows(sql) if not name.startswith(("tortoise", "sqlite_"))]


async def _columns(table: str) -> list[str]:
    if db.dialect() == "sqlite":
        return [name for (name,) in await db.rows("SELECT name FROM pragma_table_info(?)", table)]
    sql = "SELECT attname::text FROM pg_attribute WHERE attrelid = ?::regclass AND attnum > 0 AND NOT attisdropped"
    return [name for (name,) in await db.rows(f"{sql} ORDER BY attnum", table)]
