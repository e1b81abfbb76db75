"""Versions of what pages show (decision 8).

A page's sources are the things whose change changes it: its reader, the students and classes it shows, the centre.
Every write bumps the versions of what it touched in its own transaction, so a page that was made from the versions of
this moment is still right.

| source | bumped when |
| --- | --- |
| `person(id)` | what this reader may do or see, or how they are addressed, changed: roles, guardian links, name |
| `student(id)` | something shown of one student changed: name, status, classes, marks |
| `class_(id)` | something shown to everybody in a class changed: its name, lessons, assessments, means |
| `CENTRE` | something that stands on every page changed: the centre's facts, branches, levels, holidays |
"""

from collections.abc import Sequence

from portal import db

CENTRE = "centre"
MANY = 1000  # one act that touches more than this outdates every page: one row instead of thousands


def person(person_id: int) -> str:
    """The source of a reader: their rights and how they are addressed."""
    return f"person:{person_id}"


def student(student_id: int) -> str:
    """The source of everything shown of one student."""
    return f"student:{student_id}"


def class_(class_id: int) -> str:
    """The source of what a whole class shows; a fact of thirty children bumps this one row."""
    return f"class:{class_id}"


def bump(*sources: str) -> None:
    """Outdate what was made from these sources, with the commit of the open transaction; needs one.

    They are written together right before the commit, in the order of their names: two writers who touch the same
    sources wait for each other for a moment, and never for ever.
    """
    for source in sources:
        db.before_commit(_write, source)


async def current(sources: Sequence[str]) -> int:
    """The sum of the versions of the sources: any bump of one of them raises it. A source never bumped counts 0."""
    marks = db.marks(len(sources))
    return int(
        await db.value(f"SELECT COALESCE(SUM(version), 0) FROM view_version WHERE source IN ({marks})", *sources)
    )


async def _write(sources: Sequence[str]) -> None:
    names = sorted(set(sources)) if len(sources) <= MANY else [CENTRE]
    values = ", ".join(["(?, 1)"] * len(names))
    await db.execute(
        f"INSERT INTO view_version (source, version) VALUES {values}"
        " ON CONFLICT (source) DO UPDATE SET version = view_version.version + 1",
        *names,
    )
