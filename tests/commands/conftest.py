"""The command line and real servers, each test with a database and a folder of its own."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner, Result

from portal import commands, db
from tests.commands.server import Server
from tests.conftest import empty_postgres, new_postgres_database

REDIS = os.environ.get("PORTAL_TEST_REDIS", "redis://127.0.0.1:6379")
SECRET = "a secret of forty characters for the tests"

Command = Callable[..., Result]


@pytest.fixture
def empty_url(database_url: str) -> str:
    """The address of a migrated database without a row."""
    asyncio.run(_emptied(database_url))
    return database_url


@pytest.fixture
def fresh_postgres(postgres_server: str) -> Iterator[str]:
    """The address of a PostgreSQL database with nothing in it, not even tables."""
    with new_postgres_database(postgres_server) as url:
        yield url


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Settings for a command or a server that leaves nothing outside of the test's folder."""
    for name in [name for name in os.environ if name.startswith("PORTAL_") or name in ("HOST", "PORT")]:
        if not name.startswith("PORTAL_TEST_"):
            monkeypatch.delenv(name)
    return {
        "PORTAL_DATABASE_URL": f"sqlite:///{tmp_path}/fresh.sqlite3",
        "PORTAL_MEDIA": str(tmp_path / "media"),
        "PORTAL_SECRET": SECRET,
    }


@pytest.fixture
def command(environment: dict[str, str]) -> Command:
    """Run `python -m portal ...` in this process; keywords are settings."""

    def run(*arguments: str, **settings: str) -> Result:
        return CliRunner().invoke(commands.gathered(), arguments, env=environment | settings)

    return run


@pytest.fixture
def server(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start `python -m portal ...` as a process of its own; keywords are settings. Killed at the end of the test."""
    started: list[Server] = []

    def start(*arguments: str, **settings: str) -> Server:
        log = tmp_path / f"server-{len(started)}.log"
        started.append(Server(arguments or ("serve",), environment | settings, log))
        return started[-1]

    yield start
    for one in started:
        one.kill()


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The address of a Redis that answers."""
    try:
        with redis.Redis.from_url(REDIS, socket_connect_timeout=3) as client:
            client.ping()
    except redis.RedisError as error:
        pytest.skip(f"Redis is NOT TESTED: {REDIS} (PORTAL_TEST_REDIS) does not answer: {error}")
    return REDIS


async def _emptied(url: str) -> None:
    await db.open(url)
    try:
        if db.dialect() == "postgres":
            await empty_postgres()
    finally:
        await db.close()
