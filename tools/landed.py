"""The rows of a landed release, small and readable, for the test that its database can be brought forward.

    python -m tools.landed forward OUT.json    the rows of the last landed release, brought forward to the present
                                               schema: the beginning of the next one's
    python -m tools.landed read OUT.json       the rows of the database at PORTAL_DATABASE_URL

A file lies under `tests/migrations/landed/`, named after the last migration of its release; docs/development.md says
when to add one. It holds a line for each row, by table and column, with values as a backup writes them.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from portal import db
from portal.backup import LEFT_OUT, rows
from portal.db import bulk, migrations
from portal.db.shape import shapes

LANDED = Path(__file__).parents[1] / "tests" / "migrations" / "landed"

Table = list[dict[str, Any]]


def releases() -> list[Path]:
    """The files of all landed releases, the oldest first."""
    return sorted(LANDED.glob("*.json"))


def content(file: Path) -> dict[str, Table]:
    """The rows in a file, by table."""
    found: dict[str, Table] = orjson.loads(file.read_bytes())
    return found


async def load(url: str, file: Path) -> None:
    """Make the schema of that release in the empty database at `url` and write its rows; opens and closes it."""
    await migrations.migrate(url, file.stem)
    known = await shapes(file.stem)
    await db.open(url, models=[])
    try:
        await migrations.relax()
        async with db.transaction(), bulk.without_references():
            for table, held in content(file).items():
                columns = known[table].columns
                lines = [orjson.dumps([row[name] for name in columns]) for row in held]
                async for _ in bulk.load(table, list(columns), rows.read(lines, tuple(columns.values()), db.dialect())):
                    pass
                await bulk.continue_after(table, max((row["id"] for row in held if "id" in row), default=0) or 1)
    finally:
        await db.close()


async def read() -> dict[str, Table]:
    """The rows of the open database, by table, in the order of their keys."""
    names = [migration.name for migration in await migrations.plan()]
    found: dict[str, Table] = {}
    for table, shape in (await shapes(names[len(await migrations.applied()) - 1])).items():
        if table not in LEFT_OUT:
            found[table] = []
            async for portion in bulk.portions(table, shape):
                for line in rows.written(portion, tuple(shape.columns.values())).splitlines():
                    found[table].append(dict(zip(shape.columns, orjson.loads(line), strict=True)))
    return found


def written(tables: dict[str, Table]) -> bytes:
    """The text of a file: a line for each row."""
    told = (
        f"{_json(name)}: [{','.join(f'{chr(10)}  {_json(row)}' for row in held)}\n]" for name, held in tables.items()
    )
    return ("{\n" + ",\n".join(told) + "\n}\n").encode()


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


async def _forward() -> dict[str, Table]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/landed.sqlite3"
        await load(url, releases()[-1])
        await migrations.migrate(url)
        return await _read_at(url)


async def _read_at(url: str) -> dict[str, Table]:
    await db.open(url, models=[])
    try:
        return await read()
    finally:
        await db.close()


def main(arguments: Iterable[str]) -> int:
    """Write the file that is asked for; 2 when the question is not understood."""
    match list(arguments):
        case ["forward", out]:
            found = asyncio.run(_forward())
        case ["read", out]:
            found = asyncio.run(_read_at(os.environ["PORTAL_DATABASE_URL"]))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    Path(out).write_bytes(written(found))
    empty = [name for name, held in found.items() if not held]
    print(f"{out}: {sum(map(len, found.values()))} rows. Write rows by hand for: {', '.join(empty) or 'no table'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
