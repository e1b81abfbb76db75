"""A server that is killed in the middle of an import: the next one takes the import up by itself, and once only."""

import asyncio
import hashlib
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from portal import clock, db, files, jobs
from portal.interchange.models import ImportRun
from tests.commands.conftest import Command
from tests.commands.server import PATIENCE, Server
from tests.interchange.builder import CENTRE, bundle, row

MANY = 6_000  # so that the import takes long enough to be killed
Start = Callable[..., Server]


def test_an_import_whose_server_was_killed_is_done_by_the_next_one_and_no_row_twice(
    empty_url: str, command: Command, server: Start, tmp_path: Path
) -> None:
    settings = {"PORTAL_DATABASE_URL": empty_url}
    assert command("init", "--admin", "boss@school.vn", **settings).exit_code == 0
    before = asyncio.run(of(empty_url, "SELECT COUNT(*) FROM person"))
    asyncio.run(sent(empty_url, tmp_path / "media"))
    first = server(**settings).ready()
    until(lambda: is_writing(empty_url))
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    assert asyncio.run(of(empty_url, STANDS)) == [("running", 1, 0)]
    assert asyncio.run(of(empty_url, "SELECT COUNT(*) FROM person")) == before
    if not empty_url.startswith("sqlite"):
        # There may be other workers, so its claim must run out; nobody shall wait for that here.
        asyncio.run(of(empty_url, "UPDATE job SET claimed_until = due_at RETURNING id"))
    server(**settings).ready()
    until(lambda: asyncio.run(of(empty_url, STANDS)) == [("done", 2, 1)])
    people, names, keys = asyncio.run(of(empty_url, PEOPLE))[0]
    assert (people - before[0][0], names, keys) == (MANY + 3, MANY + 3, MANY + 3)


STANDS = (
    "SELECT r.state, j.attempts, (SELECT COUNT(*) FROM audit_entry WHERE verb = 'import.oneroster')"
    " FROM import_run r, job j WHERE j.kind = 'import'"
)
PEOPLE = (
    "SELECT (SELECT COUNT(*) FROM person), COUNT(*), COUNT(DISTINCT record_id) FROM external_id WHERE kind = 'users'"
)


async def of(url: str, sql: str) -> list[tuple[object, ...]]:
    """The rows of a statement, on a database that a server may have open."""
    await db.open(url)
    try:
        return await db.rows(sql)
    finally:
        await db.close()


async def sent(url: str, media: Path) -> None:
    """A bundle of many students, as somebody has agreed to it: the server's first work."""
    users = [CENTRE["users"][1] | {"sourcedId": f"u{n}", "username": f"u{n}"} for n in range(MANY)]
    roles = [row("roles", 1)[1] | {"sourcedId": f"r{n}", "userSourcedId": f"u{n}"} for n in range(MANY)]
    packed = bundle(users=[*CENTRE["users"], *users], roles=[*CENTRE["roles"], *roles])
    await db.open(url)
    files.configure(media)
    try:
        place = files.path_of(hashlib.sha256(packed).hexdigest())
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(packed)
        async with db.transaction():
            file = await db.insert(
                "stored_file",
                **{"sha256": place.name, "size": len(packed), "media_type": "application/zip", "name": "bundle.zip"},
                uploaded_at=clock.now(),
            )
            run = await ImportRun.create(
                **{"kind": "oneroster", "file_id": file, "file_name": "bundle.zip", "act": "import"},
                **{"counts": {}, "problems": [], "made_at": clock.now()},
            )
            await jobs.enqueue("import", {"run": run.id})
    finally:
        await db.close()


def is_writing(url: str) -> bool:
    """Whether an import has begun to write, and has not come to its end."""
    if not url.startswith("sqlite"):
        held = "SELECT 1 FROM pg_locks WHERE mode = 'ShareRowExclusiveLock' AND granted"
        return bool(asyncio.run(of(url, f"{held} AND relation = 'guardian'::regclass")))
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0.2, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE").close()
        connection.execute("ROLLBACK").close()
    except sqlite3.OperationalError:  # every other write is over by then
        return True
    finally:
        connection.close()
    return False


def until(true: Callable[[], bool]) -> None:
    """Wait for it."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
