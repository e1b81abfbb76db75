"""The demo's gradebooks: who sits in which class, what was set, and how it went."""

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from portal.commands.demo_centre.classes import COMING, FINISHED, MINHS_BEFORE, RUNNING, Course
from portal.commands.demo_centre.registry import CAST, Learner
from portal.commands.demo_centre.rows import Draft, shares

MOST = 10_000  # thousandths: marks out of ten
BLANK = 0.02  # of the marks of a piece of work are still missing
EVENING = 20 * 60
ONE_DAY = dt.timedelta(days=1)


class Kind(NamedTuple):
    """A weighted kind of work: its weight in per cent, how much easier than the rest, what its pieces are called."""

    name: str
    weight: int
    ease: float
    titles: tuple[str, ...]


HOMEWORK, QUIZ, MID_TERM, FINAL = range(4)
KINDS = (
    Kind("Homework", 20, 0.5, ("workbook", "vocabulary", "reading", "writing", "listening")),
    Kind("Quiz", 30, 0.0, ("grammar", "vocabulary", "listening")),
    Kind("Mid-term", 20, -0.3, ("written", "speaking")),
    Kind("Final", 30, -0.4, ("written", "speaking")),
)

_PRAISE = (
    "Con làm bài rất tốt, phát âm rõ ràng.",
    "Tiến bộ nhiều so với bài trước, tiếp tục phát huy nhé!",
    "Bài viết mạch lạc, dùng từ chính xác.",
)
_ADVICE = (
    "Cần ôn lại thì quá khứ và cách dùng mạo từ.",
    "Con nên nghe thêm ở nhà mỗi ngày mười phút.",
    "Nắm ý chính tốt, còn thiếu chi tiết.",
)
_WORRY = (
    "Con chưa ôn từ vựng, nhờ gia đình nhắc con học bài.",
    "Cần làm lại bài này và nộp vào buổi sau.",
)


def seat(draft: Draft, courses: Sequence[Course], learners: Sequence[Learner]) -> None:
    """Put the memberships down: each one's running class, for some a second, one they finished or will begin."""
    dice = draft.dice("memberships")
    for course in courses:
        if course.state != RUNNING:
            _invite(dice, course, [one for one in learners if one.site == course.site])
    for learner in learners[CAST:]:
        if dice.random() < 0.1:
            _second(dice, learner, [c for c in courses if c.site == learner.site and c.state == RUNNING])
    for course in courses:
        for student in course.members:
            draft.add(
                "class_membership",
                class_id=course.id,
                student_id=student,
                since=course.starts_on,
                until=course.ends_on if course.state == FINISHED else None,
            )


def write(draft: Draft, courses: Sequence[Course], learners: Sequence[Learner], count: int, by: Sequence[int]) -> None:
    """`count` marks over the classes that have begun; `by` is each teacher's account."""
    begun = [course for course in courses if course.state != COMING]
    weights = [len(course.members) * (1.6 if course.state == FINISHED else 1.0) for course in begun]
    for course, share in zip(begun, shares(count, weights), strict=True):
        _Gradebook(draft, course, learners, by[course.teacher]).fill(share)
    for course in courses:
        if course.state == COMING:
            _Gradebook(draft, course, learners, by[course.teacher]).fill(0)


def _invite(dice: random.Random, course: Course, near: Sequence[Learner]) -> None:
    """Members of a finished class: those who learn the same program now; of a coming one, a few of them."""
    level = course.step.what
    fit = [one for one in near if any(c.step.program == course.step.program for c in one.courses)]
    fit = [one for one in fit if level.youngest <= one.age <= level.oldest + (1 if course.state == FINISHED else 0)]
    size = 5 if course.state == COMING else course.program.capacity
    if course.id == MINHS_BEFORE + 1:
        course.members.append(near[0].id)
        near[0].courses.append(course)
        fit = [one for one in fit if one.id > CAST]
    for one in dice.sample(fit, min(size - len(course.members), len(fit))):
        if not any(course.hours.meets_with(other.hours) for other in one.courses if course.state == COMING):
            course.members.append(one.id)
            one.courses.append(course)


def _second(dice: random.Random, learner: Learner, courses: Sequence[Course]) -> None:
    """A second class of a fit age, at another hour."""
    fit = [
        course
        for course in courses
        if learner.id not in course.members
        and course.step.what.youngest - 1 <= learner.age <= course.step.what.oldest
        and len(course.members) < course.program.capacity
        and not any(course.hours.meets_with(other.hours) for other in learner.courses)
    ]
    if fit:
        course = dice.choice(fit)
        course.members.append(learner.id)
        learner.courses.append(course)


class _Gradebook:
    """One class's categories, assessments and marks."""

    def __init__(self, draft: Draft, course: Course, learners: Sequence[Learner], by: int) -> None:
        self._draft = draft
        self._course = course
        self._learners = learners
        self._by = by
        self._dice = draft.dice(f"marks {course.id}")
        self._numbers = [0] * len(KINDS)
        self._categories = [
            draft.add("category", class_id=course.id, name=kind.name, weight=kind.weight * 1000, ordinal=n + 1)
            for n, kind in enumerate(KINDS)
        ]

    def fill(self, marks: int) -> None:
        """Set work until there are `marks` marks; a running class ends in a draft, with its final still to come."""
        running = self._course.state == RUNNING
        marked = list(self._portions(marks))
        for place, students in enumerate(marked):
            kind = _kind(place, len(marked), finished=not running)
            draft = running and place == len(marked) - 1 and len(marked) > 2
            self._mark(kind, self._due(place, len(marked)), students, draft=draft)
        if running:
            for _ in KINDS[FINAL].titles:
                self._assessment(FINAL, self._course.ends_on)

    def _portions(self, marks: int) -> Iterator[list[int]]:
        """The students marked in each piece of work: all but a few, the last one's as far as the marks reach."""
        while marks > 0 and self._course.members:
            students = [student for student in self._course.members if self._dice.random() >= BLANK]
            yield students[:marks]
            marks -= len(students[:marks])

    def _due(self, place: int, count: int) -> dt.date:
        days = self._course.past or [min(self._course.starts_on, self._draft.today - ONE_DAY)]
        return days[(2 * place + 1) * len(days) // (2 * count)]

    def _assessment(self, kind: int, due: dt.date) -> int:
        self._numbers[kind] += 1
        number = self._numbers[kind]
        titles = KINDS[kind].titles
        title = titles[(number - 1) % len(titles)]
        plain = kind in (MID_TERM, FINAL) and number <= len(titles)
        return self._draft.add(
            "assessment",
            class_id=self._course.id,
            category_id=self._categories[kind],
            name=f"{KINDS[kind].name}: {title}" if plain else f"{KINDS[kind].name} {number}: {title}",
            due_on=due,
            max_points=MOST,
        )

    def _mark(self, kind: int, due: dt.date, students: Sequence[int], *, draft: bool) -> None:
        assessment = self._assessment(kind, due)
        luck = self._dice.gauss(0, 0.3)  # some papers turn out harder than others
        scored_on = min(due + ONE_DAY * self._dice.randint(1, 4), self._draft.today - ONE_DAY)
        published_at = None if draft else self._draft.at(scored_on, EVENING)
        for student in students:
            state, points, comment = self._result(kind, self._learners[student - 1].ability + luck, draft=draft)
            self._draft.add(
                "score",
                assessment_id=assessment,
                student_id=student,
                state=state,
                points=points,
                comment=comment,
                scored_on=scored_on,
                published_at=published_at,
                changed_at=published_at or self._draft.at(scored_on, EVENING - 60),
                changed_by=self._by,
            )

    def _result(self, kind: int, ability: float, *, draft: bool) -> tuple[str, int | None, str]:
        chance = self._dice.random()
        if chance < 0.01:
            return "exempt", None, ""
        if chance < 0.02 + (8 - ability) * 0.004 and kind in (HOMEWORK, QUIZ):
            return "not_submitted", None, ""
        if draft and chance > 0.92:
            return "submitted", None, ""
        halves = round(2 * (ability + KINDS[kind].ease + self._dice.gauss(0, 0.85)))
        points = min(max(halves, 0), 20) * 500
        return "graded", points, self._comment(points)

    def _comment(self, points: int) -> str:
        if self._dice.random() >= 0.06:
            return ""
        return self._dice.choice(_PRAISE if points >= 8_500 else _ADVICE if points >= 6_000 else _WORRY)


def _kind(place: int, count: int, *, finished: bool) -> int:
    """What the piece at this place of the course is: tests at the middle and the end, homework and quizzes between."""
    tests = 0 if count < 6 else 1 if count < 10 else 2
    if finished and place >= count - tests:
        return FINAL
    middle = count // 2 if finished else max(count - 5, count * 4 // 5)
    if middle <= place < middle + tests:
        return MID_TERM
    return HOMEWORK if place % 5 in (0, 2, 3) else QUIZ
