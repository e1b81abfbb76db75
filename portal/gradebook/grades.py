"""Reading grades: what a family sees of a student, and what staff may see of the same."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from portal import clock, db
from portal.gradebook.averages import Average, average, rounded
from portal.people import sight
from portal.scope import Permission, Scope
from portal.timetable import classes

MEAN_FROM = 5  # published marks; below, a class mean would give single children away


class Mark(NamedTuple):
    """One assessment and the student's published mark in it, if there is one. Points are thousandths."""

    assessment: str
    description: str
    due_on: dt.date | None
    most: int
    state: str
    points: int | None
    comment: str
    scored_on: dt.date | None
    mean: int | None


@dataclass(frozen=True, slots=True)
class CategoryGrades:
    """A weighted kind of work with its marks."""

    name: str
    weight: int
    marks: Sequence[Mark]


@dataclass(frozen=True, slots=True)
class ClassGrades:
    """A class as one student's grades show it."""

    id: int
    name: str
    level: str
    branch: str
    ended: bool
    categories: Sequence[CategoryGrades]
    average: Average | None
    waiting: int

    @property
    def figure(self) -> int | None:
        """The average as the page prints a mark: thousandths of a point out of 100, rounded to a tenth."""
        return int(rounded(self.average.value) * 100_000) if self.average else None

    @property
    def provisional(self) -> bool:
        """Whether marks may still come."""
        return self.waiting > 0 or not self.ended


_GRADES = """
SELECT c.id, c.name, COALESCE(l.name, ''), b.name, c.ends_on, k.id, k.name, k.weight, a.id, a.name, a.description,
       a.due_on, a.max_points, a.published_count, a.published_points, s.state, s.points, s.comment, s.scored_on,
       CASE WHEN s.published_at > ? THEN s.published_at END
  FROM class c
  JOIN branch b ON b.id = c.branch_id
  LEFT JOIN level l ON l.id = c.level_id
  LEFT JOIN category k ON k.class_id = c.id
  LEFT JOIN assessment a ON a.category_id = k.id AND a.withdrawn_at IS NULL
  LEFT JOIN score s ON s.assessment_id = a.id AND s.student_id = ? AND s.published_at IS NOT NULL
 WHERE c.id IN (SELECT m.class_id FROM class_membership m JOIN class c ON c.id = m.class_id
                 WHERE m.student_id = ? AND {seen})
 ORDER BY c.starts_on IS NULL, c.starts_on DESC, c.id, k.ordinal, k.id, a.due_on, a.id
"""


@dataclass(frozen=True, slots=True)
class Grades:
    """What a student's page of grades shows, the newest class first, and when it will show something else."""

    classes: Sequence[ClassGrades]
    until: dt.datetime | None


async def of_student(scope: Scope, student_id: int, today: dt.date) -> Grades:
    """A student's published grades by class: one statement, however many marks.

    The student has been found through sight; a teacher gets their own classes only, a counsellor none.
    """
    seen = _classes_seen(scope, student_id)
    rows = await db.rows(_GRADES.format(seen=seen.sql), clock.now(), student_id, student_id, *seen.args)
    coming = [db.instant(row[-1]) for row in rows if row[-1]]
    shown = [_class(list(group), today) for _, group in groupby(rows, key=lambda row: row[0])]
    return Grades(shown, min(coming, default=None))


class Latest(NamedTuple):
    """A mark that was published not long ago."""

    student_id: int
    assessment: str
    class_name: str
    points: int
    most: int
    scored_on: dt.date | None


async def next_publication(scope: Scope, student_ids: Sequence[int]) -> dt.datetime | None:
    """When the next mark of the scope's own students comes to be seen, of those published for a later hour."""
    own = [one for one in student_ids if one in scope.children or one == scope.student_id]
    found = await db.value(
        f"SELECT MIN(published_at) FROM score WHERE student_id IN ({db.marks(len(own))}) AND published_at > ?",
        *own,
        clock.now(),
    )
    return db.instant(found) if found else None


async def latest(scope: Scope, student_ids: Sequence[int], each: int = 3) -> dict[int, list[Latest]]:
    """The newest published marks of the scope's own students, at most `each` for every one."""
    own = [one for one in student_ids if one in scope.children or one == scope.student_id]
    if not own:
        return {}
    found = await db.rows(
        "SELECT student_id, name, class_name, points, max_points, scored_on FROM ("
        " SELECT s.student_id, a.name, c.name AS class_name, s.points, a.max_points, s.scored_on, ROW_NUMBER() OVER"
        " (PARTITION BY s.student_id ORDER BY s.published_at DESC, s.scored_on DESC, s.id DESC) AS place"
        " FROM score s JOIN assessment a ON a.id = s.assessment_id JOIN class c ON c.id = a.class_id"
        f" WHERE s.student_id IN ({db.marks(len(own))}) AND s.published_at <= ? AND s.points IS NOT NULL) AS ranked"
        " WHERE place <= ? ORDER BY student_id, place",
        *own,
        clock.now(),
        each,
    )
    marks: dict[int, list[Latest]] = {}
    for row in found:
        marks.setdefault(row[0], []).append(Latest._make((*row[:5], db.day(row[5]) if row[5] else None)))
    return marks


def _classes_seen(scope: Scope, student_id: int) -> db.Condition:
    """Rows of `class c` with `class_membership m` whose grades of this student the scope may see."""
    if student_id in scope.children or student_id == scope.student_id:
        return sight.EVERYBODY
    branches = scope.branches_for(Permission.SEE_GRADES)
    in_branches = sight.EVERYBODY if branches is None else sight.among("c.branch_id", branches)
    return sight.any_of([in_branches, classes.own(scope)])


def _class(rows: list[tuple[Any, ...]], today: dt.date) -> ClassGrades:
    class_id, name, level, branch, ends_on = rows[0][:5]
    categories = [_category(list(group)) for _, group in groupby((r for r in rows if r[5]), key=lambda row: row[5])]
    counted = [
        (category.name, category.weight, [(m.points, m.most) for m in category.marks if m.points is not None])
        for category in categories
    ]
    waiting = sum(mark.state == "" for category in categories for mark in category.marks)
    ended = ends_on is not None and db.day(ends_on) < today
    return ClassGrades(class_id, name, level, branch, ended, categories, average(counted), waiting)


def _category(rows: list[tuple[Any, ...]]) -> CategoryGrades:
    marks = [_mark(row[9:]) for row in rows if row[8]]
    return CategoryGrades(rows[0][6], rows[0][7], marks)


def _mark(row: tuple[Any, ...]) -> Mark:
    name, description, due_on, most, count, total, state, points, comment, scored_on, coming_at = row
    if coming_at:  # published for a later hour
        state = points = comment = scored_on = None
    counts = state in ("graded", "partially_graded")
    return Mark(
        name,
        description,
        db.day(due_on) if due_on else None,
        most,
        state or "",
        points if counts else None,
        comment or "",
        db.day(scored_on) if scored_on else None,
        # To a tenth of a point, halves up: finer would only look like knowledge.
        (2 * total + 100 * count) // (200 * count) * 100 if count >= MEAN_FROM else None,
    )
