"""Every migration runs forward from every landed release with data in it, and the house still reads that data."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from portal import db
from portal.backup import LEFT_OUT, rows
from portal.centre import centres
from portal.db import bulk, schema
from portal.db.migrations import is_current, migrate, plan
from portal.db.shape import Shape, shapes
from tests import cast
from tests.conftest import new_postgres_database
from tools import landed

NEVER_FILLED: dict[str, str] = {
    "audit_unlocked": "its row lives inside one transaction only (migration 0007)",
}
"""Tables that hold no row in any house, each with the reason."""

REWRITTEN: dict[tuple[str, str], str] = {}
"""Columns (table, column) whose landed values a migration rewrites on purpose, each with the reason."""

RELEASES = landed.releases()
each_release = pytest.mark.parametrize("file", RELEASES, ids=lambda file: file.stem)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/landed.sqlite3"
    else:
        with new_postgres_database(request.getfixturevalue("postgres_server")) as address:
            yield address


async def held(tables: dict[str, Shape]) -> dict[str, list[bytes]]:
    """The rows of these tables and columns in the open database."""
    found: dict[str, list[bytes]] = {}
    for name, shape in tables.items():
        found[name] = []
        async for portion in bulk.portions(name, shape):
            found[name] += rows.written(portion, tuple(shape.columns.values())).splitlines()
    return found


def test_there_is_a_landed_release() -> None:
    assert [file.stem for file in RELEASES][:1] == ["0001_the_house_stands"]


@each_release
async def test_a_landed_release_has_a_row_in_every_table(file: Path) -> None:
    assert file.stem in [migration.name for migration in await plan()]
    tables = await shapes(file.stem)
    content = landed.content(file)
    assert content.keys() == tables.keys() - LEFT_OUT.keys()
    assert [name for name, there in content.items() if not there and name not in NEVER_FILLED] == []
    for name, there in content.items():
        assert {tuple(row) for row in there} <= {tuple(tables[name].columns)}, name


@each_release
async def test_a_landed_release_comes_forward_with_all_its_rows(url: str, file: Path) -> None:
    await landed.load(url, file)
    old = {name: shape for name, shape in (await shapes(file.stem)).items() if name not in LEFT_OUT}
    await db.open(url)
    before = await held(old)
    await db.close()
    assert {name: len(there) for name, there in before.items()} == {
        name: len(there) for name, there in landed.content(file).items()
    }

    expected = [migration.name for migration in await plan()]
    assert await migrate(url) == expected[expected.index(file.stem) + 1 :]

    await db.open(url)
    try:
        assert await is_current()
        assert await schema.differences() == []
        assert await _lost_references() == []
        kept = {name: _without_rewritten(name, shape) for name, shape in old.items()}
        now = await held(kept)
        for name, shape in old.items():
            places = [place for place, column in enumerate(shape.columns) if column in kept[name].columns]
            then = [[orjson.loads(line)[place] for place in places] for line in before[name]]
            assert [orjson.loads(line) for line in now[name]] == then, name
    finally:
        await db.close()


def _without_rewritten(table: str, shape: Shape) -> Shape:
    columns = {name: kind for name, kind in shape.columns.items() if (table, name) not in REWRITTEN}
    return shape._replace(columns=columns)


async def _lost_references() -> list[str]:
    lost = []
    for name, table in (await schema.tables()).items():
        for reference in table.references:
            orphans = await db.value(
                f'SELECT COUNT(*) FROM "{name}" a WHERE a."{reference.column}" IS NOT NULL'
                f' AND NOT EXISTS (SELECT 1 FROM "{reference.table}" b WHERE b.id = a."{reference.column}")'
            )
            if orphans:
                lost.append(f"{name}.{reference.column}")
    return lost


@pytest.mark.parametrize(
    ("login", "paths"),
    [
        ("lan@example.com", ["/home", "/children/{minh}/grades", "/children/{chi}/grades"]),
        ("minh@example.com", ["/home", "/children/{minh}/grades"]),
        ("hoa@example.com", ["/staff", "/staff/people?q=minh"]),
        ("mai@example.com", ["/staff", "/staff/people?q=lan", "/staff/students/{minh}", "/staff/people/{minh_person}"]),
        ("son@example.com", ["/staff", "/staff/imports", "/staff/accounts", "/staff/roles"]),
    ],
)
@each_release
async def test_the_people_of_a_landed_release_sign_in_and_read(
    url: str, file: Path, login: str, paths: list[str]
) -> None:
    await landed.load(url, file)
    await migrate(url)
    await db.open(url)
    centres.forget()
    try:
        sql = "SELECT s.id, p.id FROM student s JOIN person p ON p.id = s.person_id WHERE p.given_name = ?"
        minh, chi = await db.row(sql, "Minh"), await db.row(sql, "Chi")
        assert minh is not None
        assert chi is not None
        places = {"minh": minh[0], "chi": chi[0], "minh_person": minh[1]}
        async with cast.visitor() as browser:
            answer = await browser.post("/sign-in", data={"login": login, "password": cast.PASSWORD})
            assert answer.status_code == 303
            for path in paths:
                page = await browser.get(path.format(**places))
                assert page.status_code == 200, (path, page.headers.get("location"))
            if login.startswith("lan"):
                page = await browser.get(f"/children/{minh[0]}/grades")
                assert "Unit 1" in page.text
                assert "Tiến bộ rõ" in page.text
    finally:
        await db.close()
        centres.forget()


def test_the_next_release_begins_with_the_last_one_brought_forward(tmp_path: Path) -> None:
    out = tmp_path / "next.json"
    told = subprocess.run(
        [sys.executable, "-m", "tools.landed", "forward", str(out)], capture_output=True, text=True, check=True
    ).stdout
    assert "Write rows by hand for:" in told
    assert landed.content(out)["score"][0]["points"] == 8500
    assert "retention" in landed.content(out)
