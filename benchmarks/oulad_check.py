"""Every mark on the page against its source: `python -m benchmarks.oulad_check FOLDER [--students 200] [--seed N]`.

PORTAL_DATABASE_URL names a database that holds the bundle of `benchmarks.oulad`; FOLDER holds the data set it
was made of. For students drawn at random a guardian is added and linked, an account and a session are opened,
and `/children/<id>/grades` is asked for through the real application. Every class, every piece of work and every
mark on it is compared with the CSV files, which are read here anew, without the code that made the bundle. A page
may need five statements. The guardians stay: use a database of its own.
"""

import argparse
import asyncio
import csv
import gzip
import os
import random
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import httpx2

from portal import clock, db
from portal.access import sessions
from portal.people import guardians, persons
from portal.scope import SYSTEM

MOST_STATEMENTS = 5
GROUND = "Check of the grades page"
NO_MARK, NOT_SUBMITTED = "No mark yet", "Not handed in: does not count"

Page = dict[str, dict[str, str]]
"""By class the pieces of work, each with its mark as it is written."""


class Source:
    """The data set, as the page should show it."""

    def __init__(self, folder: Path) -> None:
        self._classes: dict[str, set[str]] = {}
        for module, term, student, *_ in _rows(folder, "studentRegistration"):
            self._classes.setdefault(student, set()).add(f"{module} {term}")
        self._work = self._named(folder)
        self._marks: dict[tuple[str, str], str] = {}
        for assessment, student, _, _, score in _rows(folder, "studentAssessment"):
            unmarked = score in ("", "?")
            self._marks[student, assessment] = NOT_SUBMITTED if unmarked else f"{score} / 100"

    @property
    def students(self) -> list[str]:
        return sorted(self._classes)

    def page(self, student: str) -> Page:
        """What the student's page must show: all work of all classes, marked or not."""
        return {
            name: {title: self._marks.get((student, assessment), NO_MARK) for assessment, title in self._work[name]}
            for name in self._classes[student]
        }

    @staticmethod
    def _named(folder: Path) -> dict[str, list[tuple[str, str]]]:
        """The work of each class: TMA 1, TMA 2 by the day it is due; without a day it is due at the end."""
        length = {(module, term): int(days) for module, term, days in _rows(folder, "courses")}
        dated = []
        for module, term, assessment, kind, day, _ in _rows(folder, "assessments"):
            due = length[module, term] - 1 if day in ("", "?") else int(day)
            dated.append((f"{module} {term}", kind, due, int(assessment)))
        work: dict[str, list[tuple[str, str]]] = {}
        counted: dict[tuple[str, str], int] = {}
        for name, kind, _, number in sorted(dated):
            counted[name, kind] = counted.get((name, kind), 0) + 1
            work.setdefault(name, []).append((str(number), f"{kind} {counted[name, kind]}"))
        return work


class Grades(HTMLParser):
    """Reads a grades page: the heading of each class, the name of each piece of work, its mark or badge."""

    def __init__(self) -> None:
        super().__init__()
        self.page: Page = {}
        self.rows = 0
        self._class = self._work = self._text = ""
        self._reading = ""
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = (dict(attrs).get("class") or "").split()
        if self._reading:
            self._depth += tag not in ("path", "use", "circle", "line", "rect", "br")
        elif tag == "h2":
            self._begin("class")
        elif tag == "p" and "work" in names:
            self._begin("work")
        elif tag == "span" and self._work and ("mark" in names or "badge" in names):
            self._begin("mark")

    def handle_endtag(self, tag: str) -> None:
        if self._reading and self._depth:
            self._depth -= tag not in ("path", "use", "circle", "line", "rect", "br")
        elif self._reading:
            self._end(" ".join(self._text.split()))

    def handle_data(self, data: str) -> None:
        if self._reading:
            self._text += data

    def _begin(self, what: str) -> None:
        self._reading, self._text, self._depth = what, "", 0

    def _end(self, text: str) -> None:
        what, self._reading = self._reading, ""
        if what == "class":
            self._class = text
        elif what == "work":
            self._work = text
        else:
            self.page.setdefault(self._class, {})[self._work] = text
            self.rows += 1
            self._work = ""


class Checked(NamedTuple):
    """What one page showed."""

    rows: int
    marks: int
    statements: int
    seconds: float
    faults: list[str]


async def main(folder: Path, students: int, seed: int) -> None:
    """Check the pages, say what was seen, and leave with 1 when anything differs."""
    source = await asyncio.to_thread(Source, folder)
    drawn = random.Random(seed).sample(source.students, students)
    print(f"{len(drawn)} of {len(source.students):,} students, seed {seed}")
    checked = []
    async with _application() as client:
        for student in drawn:
            checked.append(await _check(client, student, source.page(student)))
    faults = [fault for each in checked for fault in each.faults]
    for fault in faults[:50]:
        print(f"  {fault}")
    times = sorted(each.seconds for each in checked)
    print(f"{sum(each.marks for each in checked):,} marks compared in {sum(each.rows for each in checked):,} rows")
    print(f"at most {max(each.statements for each in checked)} statements a page ({MOST_STATEMENTS} are allowed)")
    print(f"median {times[len(times) // 2] * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms a page")
    if faults:
        sys.exit(f"{len(faults):,} differences")
    print("no difference")


async def _check(client: httpx2.AsyncClient, student: str, expected: Page) -> Checked:
    student_id, token = await _guardian_of(student)
    client.cookies.clear()
    client.cookies.set("session", token)
    with db.counting() as statements:
        began = time.perf_counter()
        response = await client.get(f"/children/{student_id}/grades")
        seconds = time.perf_counter() - began
    faults = []
    if response.status_code != 200:
        faults.append(f"{student}: the page answers {response.status_code}")
    if len(statements) > MOST_STATEMENTS:
        faults.append(f"{student}: {len(statements)} statements")
    grades = Grades()
    grades.feed(response.text)
    faults += _differences(student, expected, grades.page)
    marks = sum(mark != NO_MARK for work in expected.values() for mark in work.values())
    return Checked(grades.rows, marks, len(statements), seconds, faults)


def _differences(student: str, expected: Page, shown: Page) -> Iterator[str]:
    for name in expected.keys() | shown.keys():
        # A class without any work has a heading and no row.
        there, here = expected.get(name, {}), shown.get(name, {})
        for title in there.keys() | here.keys():
            if there.get(title) != here.get(title):
                yield f"{student}, {name}, {title}: {there.get(title)!r} in the source, {here.get(title)!r} on the page"


async def _guardian_of(student: str) -> tuple[int, str]:
    """A guardian of the student, signed in: the student's id and the token for the cookie."""
    student_id = await db.value("SELECT id FROM student WHERE code = ?", student)
    if student_id is None:
        sys.exit(f"There is no student {student}: import the bundle of benchmarks.oulad first.")
    async with db.transaction():
        account = await db.value(
            "SELECT a.id FROM account a JOIN guardian g ON g.person_id = a.person_id"
            " WHERE g.student_id = ? AND g.ground = ?",
            student_id,
            GROUND,
        )
        if account is None:
            account = await _new_guardian(student, student_id)
        return student_id, await sessions.start(account)


async def _new_guardian(student: str, student_id: int) -> int:
    person = await persons.add(SYSTEM, family_name="Check", given_name=f"Guardian of {student}")
    made = {"person_id": person.id, "student_id": student_id, "relation": "guardian"}
    link = await guardians.link(SYSTEM, **made, ground=GROUND)
    allowed = {"may_see": True, "may_pay": False, "is_told": False}
    await guardians.allow(SYSTEM, student_id, link.id, **allowed, ground=GROUND)
    return await db.insert(
        "account",
        person_id=person.id,
        email=f"check-{person.id}@example.com",
        language="en",
        theme="auto",
        made_at=clock.now(),
    )


class _application:
    """The application over an open database, asked without a network."""

    async def __aenter__(self) -> httpx2.AsyncClient:
        os.environ.setdefault("PORTAL_SECRET", "of a benchmark, and of nothing else but it")
        import asgi

        settings = asgi.app.state.settings
        await db.open(settings.database_url)
        transport = httpx2.ASGITransport(app=asgi.app)
        self._client = httpx2.AsyncClient(transport=transport, base_url=settings.origin)
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        await db.close()


def _rows(folder: Path, name: str) -> Iterator[list[str]]:
    packed = folder / f"{name}.csv.gz"
    with gzip.open(packed, "rt") if packed.exists() else (folder / f"{name}.csv").open() as stream:
        reader = csv.reader(stream)
        next(reader)
        yield from reader


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare grades pages with the data set they come from.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    given = parser.parse_args()
    asyncio.run(main(given.folder, given.students, given.seed))
