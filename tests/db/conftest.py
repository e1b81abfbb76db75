"""The tests' own small school, on both databases."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from portal import db
from portal.db.migrations import migrate
from tests.conftest import empty_postgres, new_postgres_database

MODELS = ["tests.db.models"]
STEPS = "tests.db.steps"

WriteSteps = Callable[..., str]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of a database without any table."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/school.sqlite3"


@pytest.fixture
def postgres_url(postgres_scratch: str) -> str:
    asyncio.run(_clear(postgres_scratch))
    return postgres_scratch


@pytest.fixture(params=["sqlite", "postgres"])
def school_url(request: pytest.FixtureRequest) -> str:
    """The address of a database with the tables of courses and enrolments."""
    if request.param == "postgres":
        migrated: str = request.getfixturevalue("postgres_school")
        return migrated
    address: str = request.getfixturevalue("sqlite_url")
    template: Path = request.getfixturevalue("sqlite_school")
    shutil.copyfile(template, address.removeprefix("sqlite:///"))
    return address


@pytest.fixture
async def school(school_url: str) -> AsyncIterator[str]:
    """The same, open and empty; gives its address."""
    await db.open(school_url, models=MODELS)
    try:
        if db.dialect() == "postgres":
            await empty_postgres()
        yield school_url
    finally:
        await db.close()


@pytest.fixture(scope="session")
def sqlite_school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("school") / "school.sqlite3"
    asyncio.run(migrate(f"sqlite:///{file}", migrations=STEPS))
    return file


@pytest.fixture(scope="session")
def postgres_school(postgres_server: str) -> Iterator[str]:
    with new_postgres_database(postgres_server) as address:
        asyncio.run(migrate(address, migrations=STEPS))
        yield address


@pytest.fixture(scope="session")
def postgres_scratch(postgres_server: str) -> Iterator[str]:
    with new_postgres_database(postgres_server) as address:
        yield address


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteSteps:
    """Write a package of migrations: `steps(first="operations = [...]")` gives the name of its package."""

    def write(**bodies: str) -> str:
        package = f"steps_{uuid4().hex}"
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").touch()
        previous = None
        for number, (name, body) in enumerate(bodies.items(), 1):
            after = [("models", previous)] if previous else []
            previous = f"{number:04d}_{name}"
            (folder / f"{previous}.py").write_text(_MIGRATION.format(after=after, body=body))
        monkeypatch.syspath_prepend(str(tmp_path))
        return package

    return write


_MIGRATION = """
from portal.db import fields
from portal.db.migrations import Ddl, Migration as Base, StateOnly, ops

class Migration(Base):
    dependencies = {after}
    {body}
"""


async def _clear(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.close()
