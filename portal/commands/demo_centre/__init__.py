"""The demo centre: invented people, believable numbers, the same for the same seed and day.

`draw` puts the whole centre on paper (`rows.Draft`); `portal.commands.demo` writes it down. The named cast (`cast`)
is always there: Lan with Minh and Chi, An with Bảo, Hoa the teacher and the staff.
"""

import datetime as dt
from dataclasses import dataclass

from portal.commands.demo_centre import classes, marks, people
from portal.commands.demo_centre.places import SITES
from portal.commands.demo_centre.registry import Registry
from portal.commands.demo_centre.rows import Draft

__all__ = ["Draft", "Size", "draw"]


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything; marks and lessons are totals."""

    students: int = 240
    classes: int = 24
    marks: int = 6_000
    lessons: int = 960

    @classmethod
    def of(
        cls,
        students: int = 240,
        classes: int | None = None,
        marks: int | None = None,
        lessons: int | None = None,
    ) -> "Size":
        """What is not given follows from the students: ten a class, 25 marks each, 40 lessons a class."""
        count = classes or max(students // 10, 6)
        return cls(
            students,
            count,
            students * 25 if marks is None else marks,
            count * 40 if lessons is None else lessons,
        )


def draw(size: Size, *, seed: int, today: dt.date, zone: str, hashes: dict[str, str]) -> Draft:
    """The centre on paper; `hashes` are the password hashes of the cast by login."""
    draft = Draft(seed, today, zone)
    for site in SITES:
        draft.add("branch", code=site.code, name=site.name, address=site.address, phone=site.phone, closed_on=None)
    courses, teacher_sites = classes.plan(draft, size.classes, size.lessons)
    registry = Registry(draft, hashes)
    teachers = people.staff(registry, teacher_sites)
    people.learners(registry, courses, size.students)
    marks.seat(draft, courses, registry.learners)
    classes.write(draft, courses, teachers)
    accounts = {row[1]: row[0] for row in draft.rows["account"]}
    marks.write(draft, courses, registry.learners, size.marks, [accounts[person] for person in teachers])
    return draft
