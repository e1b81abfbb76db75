"""What the tests share: databases (each test that asks for one runs on both), and an identity provider."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from portal import db
from portal.db.migrations import migrate
from tools import services

POSTGRES = os.environ.get("PORTAL_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop that the product runs on."""
    return "asyncio"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that is migrated; `database` also opens and empties it."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_migrated")
        return url
    template: Path = request.getfixturevalue("sqlite_migrated")
    file = tmp_path / "portal.sqlite3"
    shutil.copyfile(template, file)
    return f"sqlite:///{file}"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """An open, migrated, empty database; gives its dialect."""
    await db.open(database_url)
    try:
        if db.dialect() == "postgres":
            await empty_postgres()
        yield db.dialect()
    finally:
        await db.close()


@pytest.fixture(scope="session")
def sqlite_migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file migrated once; tests copy it."""
    file = tmp_path_factory.mktemp("template") / "portal.sqlite3"
    asyncio.run(migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def postgres_migrated(postgres_database: str) -> str:
    """This worker's database on the server, migrated once; tests empty it."""
    asyncio.run(migrate(postgres_database))
    return postgres_database


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> Iterator[str]:
    """The address of a database of this worker's own, dropped at the end."""
    with new_postgres_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The address of a server where databases may be made; without one, half of the suite is skipped, in CI fails."""
    try:
        asyncio.run(_order("SELECT 1"))
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        told = f"PostgreSQL is NOT TESTED: {POSTGRES} (PORTAL_TEST_POSTGRES) does not answer: {error!r}"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    return POSTGRES


@pytest.fixture(scope="session")
def provider_url() -> Iterator[str]:
    """The address of npm's oidc-provider; without one these tests are skipped, in CI they fail."""
    try:
        with services.provider() as url:
            yield url
    except services.Missing as error:
        told = f"SIGNING IN BY AN IDENTITY PROVIDER IS NOT TESTED: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)


class new_postgres_database:
    """A database on the server with a name nobody else has, dropped afterwards."""

    def __init__(self, server: str) -> None:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        self._name = f"schoolyard_test_{worker}_{uuid4().hex[:12]}"
        self.url = urlunsplit(urlsplit(server)._replace(path=f"/{self._name}"))

    def __enter__(self) -> str:
        asyncio.run(_order(f'CREATE DATABASE "{self._name}"'))
        # Commits are as whole as ever; a test need not outlive a power cut.
        asyncio.run(_order(f'ALTER DATABASE "{self._name}" SET synchronous_commit TO off'))
        return self.url

    def __exit__(self, *_: object) -> None:
        asyncio.run(_order(f'DROP DATABASE "{self._name}" WITH (FORCE)'))


async def _order(sql: str) -> None:
    connection = await asyncpg.connect(POSTGRES, timeout=5)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def empty_postgres() -> None:
    """Empty the tables that hold rows and let the keys start at 1 again.

    DELETE and not TRUNCATE, which makes new files for every table and index: forty times as slow for a few rows.
    """
    tables = await db.rows(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
    )
    if tables:
        held = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for (table,) in tables)
        async with db.transaction():
            # Without triggers: references may be deleted in any order, and what forbids deletion does not.
            await db.execute("SET LOCAL session_replication_role = replica")
            for (table,) in await db.rows(held):
                await db.execute(f'DELETE FROM "{table}"')
            await db.rows(
                "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) "
                "FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL "
                "AND sequencename NOT LIKE 'tortoise_migrations%'"
            )
