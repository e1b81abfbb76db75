"""The centre whose pages are measured: the demo's, and one child more, who has exactly sixty marks."""

import asyncio
import datetime as dt
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from portal import clock, db
from portal.access import sessions
from portal.gradebook import recording
from portal.people import guardians, persons, students
from portal.scope import SYSTEM

ROOT = Path(__file__).parent.parent
SECRET = "of a benchmark, and of nothing else but it"
MARKS = 60  # of the child
CLASSES, MEMBERS = 3, 10
KINDS = (("Homework", 20), ("Quiz", 30), ("Mid-term", 20), ("Final", 30))
OWN = MARKS * MEMBERS  # marks that are here besides the demo's
COMMENT = "Tiến bộ nhiều so với bài trước, tiếp tục phát huy nhé!"


class Centre(NamedTuple):
    """A database, and who asks it for what: the guardian of the child and of another one; the manager of a branch."""

    url: str
    scores: int
    people: int
    child: int
    guardian: str
    manager: str


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """The address of a database to be made in the folder."""
    yield f"sqlite:///{folder / uuid4().hex}.sqlite3"


@contextmanager
def postgres(server: str) -> Iterator[str]:
    """The address of a new database on the server, dropped afterwards."""
    name = f"schoolyard_benchmark_{uuid4().hex[:12]}"
    asyncio.run(_order(server, f'CREATE DATABASE "{name}"'))
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        asyncio.run(_order(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


def settings(url: str) -> dict[str, str]:
    """The environment for one of our processes with this database: nothing of who runs it but the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return kept | {"PORTAL_DATABASE_URL": url, "PORTAL_SECRET": SECRET, "PORTAL_LIMITS": "off"}


def fill(url: str, scores: int) -> Centre:
    """Draw the demo centre with so many marks in all, and bring in the child and its guardian."""
    drawn = scores - OWN
    size = ["--students", str(max(240, drawn // 25)), "--marks", str(drawn)]
    command = [sys.executable, "-m", "portal", "demo", *size]
    done = subprocess.run(command, cwd=ROOT, env=settings(url), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"The demo centre was not drawn:\n{done.stderr[-2000:]}")
    return asyncio.run(_filled(url))


async def _filled(url: str) -> Centre:
    await db.open(url)
    try:
        async with db.transaction():
            child = await _child()
            guardian = await _guardian(child)
            manager = await db.value("SELECT id FROM account WHERE email = 'mai@example.com'")
            tokens = await sessions.start(guardian), await sessions.start(manager)
        if db.dialect() == "postgres":
            await db.execute("ANALYZE")  # as its autovacuum would within a minute
        scores, people = await db.value("SELECT COUNT(*) FROM score"), await db.value("SELECT COUNT(*) FROM person")
        return Centre(url, scores, people, child, *tokens)
    finally:
        await db.close()


async def _child() -> int:
    """A student in three classes of ten with twenty marks in each; everybody there has them, so there are means."""
    branch = await db.value("SELECT MIN(id) FROM branch")
    person = await persons.add(SYSTEM, family_name="Nguyễn", middle_name="Gia", given_name="Khang", branch_id=branch)
    child = await students.admit(SYSTEM, person, branch_id=branch)
    others = await db.rows("SELECT id FROM student WHERE id <> ? ORDER BY id DESC LIMIT ?", child.id, MEMBERS - 1)
    dice = random.Random(MARKS)
    today = clock.now().date()
    for number in range(CLASSES):
        begun = today - dt.timedelta(days=60 * (number + 1))
        facts = {"branch_id": branch, "code": f"M{number}", "name": f"Starters {number + 1}", "starts_on": begun}
        class_id = await db.insert("class", **facts, ends_on=begun + dt.timedelta(days=80))
        members = [child.id, *(one for (one,) in others)]
        for student in members:
            await db.insert("class_membership", class_id=class_id, student_id=student)
        await _marks(class_id, members, begun, dice)
    return child.id


async def _marks(class_id: int, members: list[int], begun: dt.date, dice: random.Random) -> None:
    rows = []
    assessments = []
    for ordinal, (kind, weight) in enumerate(KINDS, 1):
        group = {"name": kind, "weight": weight * 1000, "ordinal": ordinal}
        category = await db.insert("category", class_id=class_id, **group)
        for number in range(1, MARKS // CLASSES // len(KINDS) + 1):
            due = begun + dt.timedelta(days=3 * number)
            facts = {"name": f"{kind} {number}: grammar", "due_on": due, "max_points": 10_000}
            assessment = await db.insert("assessment", class_id=class_id, category_id=category, **facts)
            assessments.append(assessment)
            now = clock.now()
            for student in members:
                comment = COMMENT if dice.random() < 0.06 else ""
                points = dice.randint(8, 20) * 500
                rows.append((assessment, student, "graded", points, comment, due, now, now))
    await db.execute_many(
        "INSERT INTO score (assessment_id, student_id, state, points, comment, scored_on, published_at, changed_at)"
        f" VALUES ({db.marks(8)})",
        rows,
    )
    await recording.recount(assessments)


async def _guardian(child: int) -> int:
    """Somebody with an account, who cares for the child and for one of the demo's."""
    person = await persons.add(SYSTEM, family_name="Trần", middle_name="Thị", given_name="Mai")
    other = await db.value("SELECT MAX(id) FROM student WHERE id <> ?", child)
    sight = {"may_see": True, "may_pay": True, "is_told": True}
    for student in (child, other):
        made = {"person_id": person.id, "student_id": student, "relation": "mother"}
        link = await guardians.link(SYSTEM, **made, ground="A benchmark")
        await guardians.allow(SYSTEM, student, link.id, **sight, ground="A benchmark")
    reader = {"email": "benchmark@example.com", "language": "vi", "theme": "auto"}
    return await db.insert("account", person_id=person.id, **reader, made_at=clock.now())


async def _order(server: str, sql: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
