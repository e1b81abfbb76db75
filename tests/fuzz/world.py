"""The application with somebody in it who holds every role, so that every form is reached; and what its tables hold."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from portal import clock, db
from portal.access import secrets
from portal.centre import centres
from portal.db.migrations import migrate
from tests.cast import ORIGIN, app, gather
from tests.fuzz.inputs import Input
from tests.pages.conftest import Book

TOKEN = "f" * 43
ROLES = ("teacher", "counsellor", "care", "accountant", "marketing", "manager", "director")
# A refused request may count itself, and note that somebody was here; nothing else.
MAY_CHANGE = {"sign_in_attempt", "session", "reading", "sqlite_sequence"}


class Worlds:
    """Copies of one SQLite file, the first made when the tests begin."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._first = folder / "first.sqlite3"
        asyncio.run(_found(f"sqlite:///{self._first}"))

    @contextmanager
    def another(self) -> Iterator[str]:
        """The address of a fresh copy."""
        file = self._folder / "another.sqlite3"
        shutil.copyfile(self._first, file)
        app().state.views.clear()
        centres.forget()
        try:
            yield f"sqlite:///{file}"
        finally:
            for path in self._folder.glob("another.sqlite3*"):
                path.unlink()


async def _found(url: str) -> None:
    await migrate(url)
    await db.open(url)
    try:
        cast = await gather(demo=True)
        now = clock.now()
        for role in ROLES:
            await db.insert("account_role", account_id=cast.son.account, role=role, given_at=now)
        await db.insert(
            "guardian",
            person_id=cast.son.person,
            student_id=cast.chi.student,
            household_id=1,
            relation="father",
            may_see=True,
            ground="a test",
            linked_at=now,
        )
        book = Book(cast.starters)
        for number in range(3):
            await book.mark(await book.work(f"Work {number}"), cast.minh.student, 5 + number)
        await db.insert(
            "session", account_id=cast.son.account, token_hash=secrets.hashed(TOKEN), made_at=now, seen_at=now
        )
    finally:
        await db.close()


class Answer(NamedTuple):
    """What came back, and where it leads."""

    status: int
    body: bytes
    place: str


async def send(one: Input) -> Answer:
    """Ask the application, as the person who may do everything."""
    told: list[dict] = []
    body = [one.body]

    async def receive() -> dict:
        return {"type": "http.request", "body": body.pop() if body else b"", "more_body": False}

    async def tell(message) -> None:
        told.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": one.method,
        "scheme": "http",
        "path": one.path,
        "raw_path": one.path.encode(),
        "query_string": one.query,
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1:8000"),
            (b"origin", ORIGIN.encode()),
            (b"cookie", b"session=" + TOKEN.encode()),
            *one.headers,
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    await app()(scope, receive, tell)
    place = dict(told[0]["headers"]).get(b"location", b"").decode("latin-1")
    return Answer(told[0]["status"], b"".join(message.get("body", b"") for message in told[1:]), place)


async def contents() -> dict[str, list[tuple]]:
    """Every row of every table that a refused request must leave as it is."""
    tables = await db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name: await db.rows(f'SELECT * FROM "{name}"') for (name,) in tables if name not in MAY_CHANGE}
