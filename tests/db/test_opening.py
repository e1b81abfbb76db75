"""Opening and closing: addresses, other tasks (trap S5), the end of the program (trap S15)."""

import asyncio
import contextvars
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tortoise.models import Model

from portal import db
from portal.db.address import address
from portal.db.registry import MODEL_MODULES
from tests.db.conftest import MODELS
from tests.db.models import Course

ROOT = Path(__file__).parents[2]


async def test_tasks_that_do_not_descend_from_the_one_that_opened_it_are_served(school: str) -> None:
    """Under a server, requests are no children of the lifespan: Tortoise says "No TortoiseContext"."""

    async def count() -> int:
        async with db.transaction():
            await Course.create(code="A")
        return await Course.all().count() + await db.value("SELECT count(*) FROM course")

    task = asyncio.get_running_loop().create_task(count(), context=contextvars.Context())
    assert await task == 2


@pytest.mark.parametrize("ending", ["", "raise SystemExit(3)"])
def test_a_program_that_forgets_to_close_ends_all_the_same(url: str, ending: str) -> None:
    program = f"""
import asyncio, sys
from portal import db

async def main():
    await db.open(sys.argv[1], models=["tests.db.models"])
    print(await db.value("SELECT 40 + 2"), flush=True)
    {ending}

asyncio.run(main())
"""
    ended = subprocess.run(
        [sys.executable, "-c", program, url], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert (ended.returncode, ended.stdout) == (3 if ending else 0, "42\n"), ended.stderr


async def test_it_is_opened_once_and_closed_as_often_as_one_likes(url: str) -> None:
    await db.close()
    await db.open(url, models=MODELS)
    with pytest.raises(RuntimeError, match="open already"):
        await db.open(url, models=MODELS)
    await db.close()
    await db.close()
    with pytest.raises(RuntimeError, match="not open"):
        await db.rows("SELECT 1")
    await db.open(url, models=MODELS)
    assert await db.value("SELECT 1") == 1
    await db.close()


async def test_closing_waits_for_what_is_running_and_refuses_what_comes_later(school: str) -> None:
    begun = asyncio.Event()

    async def write() -> None:
        async with db.transaction():
            begun.set()
            await asyncio.sleep(0.05)
            await Course.create(code="A")

    async def come_late() -> None:
        async with db.transaction():
            await Course.create(code="B")

    writing = asyncio.create_task(write())
    await begun.wait()
    late = asyncio.create_task(come_late())
    await asyncio.sleep(0)
    await db.close()
    await writing
    await asyncio.wait([late], timeout=5)
    assert late.done()
    await db.open(school, models=MODELS)
    found = await db.rows("SELECT code FROM course ORDER BY code")
    assert found == ([("A",)] if late.exception() else [("A",), ("B",)])


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:///var/portal.sqlite3", "var/portal.sqlite3"), ("sqlite:////srv/portal.sqlite3", "/srv/portal.sqlite3")],
)
def test_three_slashes_are_relative_and_four_absolute(url: str, path: str) -> None:
    assert address(url).credentials == {"file_path": path}


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgresql_goes_by_both_its_names(scheme: str) -> None:
    url = f"{scheme}://hoa:secret@db.example/school"
    assert address(url).engine == "portal.db.postgres_engine"
    assert address(url).credentials == {"dsn": url}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "school.db",
        "mysql://x/y",
        "sqlite://school.db",
        "sqlite://",
        "sqlite:///a?b=c",
        "postgres://host",
        "http://",
    ],
)
async def test_a_wrong_address_is_told_by_the_name_of_its_setting(url: str) -> None:
    with pytest.raises(ValueError, match="PORTAL_DATABASE_URL must"):
        await db.open(url, models=MODELS)


async def test_a_database_that_cannot_be_reached_is_told_by_the_name_of_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no database, and no folder either")
    for url in (
        f"sqlite:///{tmp_path}/file",
        f"sqlite:///{tmp_path}/file/below",
        "postgres://hoa:secret@127.0.0.1:1/school",
    ):
        with pytest.raises(ConnectionError, match="PORTAL_DATABASE_URL: ") as error:
            await db.open(url, models=MODELS)
        assert "secret" not in str(error.value)
        with pytest.raises(RuntimeError, match="not open"):
            db.dialect()


async def test_the_folder_of_a_sqlite_file_is_made(tmp_path: Path) -> None:
    await db.open(f"sqlite:///{tmp_path}/new/folder/school.sqlite3", models=MODELS)
    await db.close()
    assert (tmp_path / "new/folder/school.sqlite3").exists()


async def test_two_models_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> None:
    twin = ModuleType("tests.db.twins")
    twin.Course = type("Course", (Model,), {"__module__": twin.__name__})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, twin.__name__, twin)
    with pytest.raises(ValueError, match=r"Two models are called Course: in tests\.db\.models and in tests\.db\.twins"):
        await db.open(sqlite_url, models=[*MODELS, twin.__name__])


def test_every_module_of_models_is_named_once() -> None:
    assert len(set(MODEL_MODULES)) == len(MODEL_MODULES)
    there = {".".join(file.relative_to(ROOT).with_suffix("").parts) for file in ROOT.glob("portal/*/models.py")}
    assert there <= set(MODEL_MODULES)
    assert db.TORTOISE_ORM["apps"]["models"]["migrations"] == "portal.migrations"
