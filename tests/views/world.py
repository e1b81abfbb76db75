"""A small centre for the property of versioned views, made anew for every example from a copy of the first one."""

import asyncio
import datetime as dt
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from starlette.applications import Starlette

import asgi
from portal import clock, db, files
from portal.access import scopes, secrets
from portal.db.migrations import migrate
from portal.interchange import loading
from portal.scope import SYSTEM, Scope
from portal.settings import Settings
from portal.web.views import Shelf
from tests.cast import ORIGIN, ZONE, Cast, Member, gather
from tests.interchange.builder import bundle
from tests.pages.conftest import Book

SECRET = "of the tests of views, and of nothing else but them"
IMPORTED = """SELECT s.id FROM student s JOIN external_id e ON e.record_id = s.person_id
               WHERE e.kind = 'users' AND e.sourced_id = 'minh'"""
READERS = ("lan", "minh", "an", "hoa")


class World:
    """The cast with marks and lessons, a browser for each reader, and two servers: one keeps pages, one never does."""

    def __init__(self, url: str, cast: Cast, tokens: dict[str, str], imported: int) -> None:
        self.url = url
        self.cast = cast
        self.tokens = tokens
        self.pages = [(reader, "/home") for reader in READERS] + [
            ("lan", f"/children/{cast.minh.student}/grades"),
            ("lan", f"/children/{cast.chi.student}/grades"),
            ("minh", f"/children/{cast.minh.student}/grades"),
            ("an", f"/children/{cast.bao.student}/grades"),
            ("an", f"/children/{imported}/grades"),
            ("hoa", f"/children/{cast.chi.student}/grades"),
        ]

    async def scope(self, name: str) -> Scope:
        """The rights of somebody of the cast at this moment."""
        member = self.cast.people[name]
        return await scopes.build(member.account, member.person)

    async def compare(self, pages: list[tuple[str, str]]) -> None:
        """Ask each page of both servers: the kept answer must be the fresh one."""
        for reader, path in pages:
            kept = await ask(KEEPING, path, self.tokens[reader])
            fresh = await ask(FRESH, path, self.tokens[reader])
            assert kept == fresh, f"{reader} is given an old {path}"


def _app(shelf: Shelf | None) -> Starlette:
    app = asgi.build(Settings(secret=SECRET, public_url=ORIGIN, limits=False))
    if shelf is not None:
        app.state.views._most = 0
    return app


KEEPING = _app(None)
FRESH = _app(Shelf())


async def ask(app: Starlette, path: str, token: str) -> tuple[int, bytes, bytes]:
    """Status, place to go to, and body of a page."""
    told: list[dict] = []

    async def send(message) -> None:
        told.append(message)

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8000"), (b"cookie", f"session={token}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    await app(scope, receive, send)
    place = dict(told[0]["headers"]).get(b"location", b"")
    return told[0]["status"], place, b"".join(message.get("body", b"") for message in told[1:])


async def found(url: str) -> None:
    """Make the world's database: families, marks, lessons around this hour, and a class that an import brought."""
    await migrate(url)
    await db.open(url)
    try:
        cast = await gather()
        await _marks_and_lessons(cast)
        await loading.load(SYSTEM, bundle(), dry_run=False)
        imported = await db.value(IMPORTED)
        await db.insert(
            "guardian",
            person_id=cast.an.person,
            student_id=imported,
            household_id=await db.value("SELECT MIN(household_id) FROM guardian WHERE person_id = ?", cast.an.person),
            relation="father",
            may_see=True,
            ground="a test",
            linked_at=clock.now(),
        )
        for number, reader in enumerate(READERS):
            await _signs_in(cast.people[reader], _token(number))
    finally:
        await db.close()


def _token(number: int) -> str:
    return f"{number}" * 43


async def _signs_in(member: Member, token: str) -> None:
    now = clock.now()
    await db.insert("session", account_id=member.account, token_hash=secrets.hashed(token), made_at=now, seen_at=now)


async def _marks_and_lessons(cast: Cast) -> None:
    book, now = Book(cast.starters), clock.now()
    for number in range(3):
        work = await book.work(f"Work {number}")
        for place, child in enumerate((cast.minh, cast.chi)):
            await book.mark(work, child.student, 5 + number + place, published=number == 0)
    await db.execute("UPDATE score SET published_at = ? WHERE id = 3", now + dt.timedelta(minutes=50))
    for hours in (-1, 1, 3, 30):
        begins = now + dt.timedelta(hours=hours, minutes=10)
        await db.insert(
            "lesson",
            class_id=cast.starters,
            teacher_id=cast.hoa.person,
            starts_at=begins,
            ends_at=begins + dt.timedelta(hours=1.5),
        )
    await db.execute("UPDATE class SET ends_on = ?", clock.today(ZONE) + dt.timedelta(days=1))


async def entered(url: str) -> World:
    """The world of an open database."""
    cast = Cast(1, 2, starters=1)
    for name, given in NAMES.items():
        row = await db.row(
            "SELECT p.id, COALESCE(a.id, 0), COALESCE(s.id, 0), COALESCE(a.email, '') FROM person p"
            " LEFT JOIN account a ON a.person_id = p.id LEFT JOIN student s ON s.person_id = p.id"
            " WHERE p.given_name = ? ORDER BY p.id LIMIT 1",
            given,
        )
        assert row is not None
        cast.people[name] = Member(given, row[0], row[3], row[1], row[2])
    imported = await db.value(IMPORTED)
    return World(url, cast, {reader: _token(number) for number, reader in enumerate(READERS)}, imported)


NAMES = {
    **{"lan": "Lan", "minh": "Minh", "chi": "Chi", "an": "An", "bao": "Bảo", "hoa": "Hoa", "duc": "Đức"},
    **{"mai": "Mai", "quang": "Quang", "son": "Sơn"},
}


class SqliteWorlds:
    """Copies of one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._first = folder / "first.sqlite3"
        asyncio.run(found(f"sqlite:///{self._first}"))

    @contextmanager
    def another(self) -> Iterator[str]:
        file = self._folder / "another.sqlite3"
        shutil.copyfile(self._first, file)
        try:
            yield f"sqlite:///{file}"
        finally:
            for path in self._folder.glob("another.sqlite3*"):
                path.unlink()


class PostgresWorlds:
    """One database, filled anew from a schema beside it: making a database waits for the server's disk."""

    def __init__(self, url: str) -> None:
        self._url = url
        asyncio.run(found(url))
        asyncio.run(self._order(_KEEP))

    @contextmanager
    def another(self) -> Iterator[str]:
        asyncio.run(self._order(_RENEW))
        yield self._url

    async def _order(self, sql: str) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


_TABLES = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
_KEEP = f"""
CREATE SCHEMA first;
DO $$ DECLARE t RECORD; BEGIN
  FOR t IN {_TABLES} LOOP EXECUTE format('CREATE TABLE first.%I AS TABLE public.%I', t.name, t.name); END LOOP;
END $$;
"""
# Without triggers: references may be deleted in any order, and what forbids deletion does not.
_RENEW = f"""
SET session_replication_role = replica;
DO $$ DECLARE t RECORD; last BIGINT; BEGIN
  FOR t IN {_TABLES} LOOP
    EXECUTE format('DELETE FROM public.%I', t.name);
    EXECUTE format('INSERT INTO public.%I SELECT * FROM first.%I', t.name, t.name);
  END LOOP;
  FOR t IN SELECT c.table_name AS name FROM information_schema.columns c
            WHERE c.table_schema = 'public' AND c.column_name = 'id' AND c.is_identity = 'YES' LOOP
    EXECUTE format('SELECT COALESCE(MAX(id), 0) + 1 FROM public.%I', t.name) INTO last;
    PERFORM setval(pg_get_serial_sequence(format('public.%I', t.name), 'id'), last, false);
  END LOOP;
END $$;
"""


class Elsewhere:
    """A second process that imports bundles into a database of which this one knows nothing."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.views.elsewhere"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def load(self, url: str, packed: bytes) -> None:
        """Have a bundle imported there, and wait for it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"url": url, "bundle": packed.hex()}) + "\n")
        self._process.stdin.flush()
        told = self._process.stdout.readline()
        assert told.strip() == "done", told

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=10)


def keep_files_in(folder: Path) -> None:
    """Where uploads go."""
    files.configure(folder)
