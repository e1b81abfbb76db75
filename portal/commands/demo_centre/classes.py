"""The demo's classes: what each teaches, where, when and by whom, and its dated lessons."""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from portal.commands.demo_centre.places import SITES
from portal.commands.demo_centre.rows import Draft, shares
from portal.commands.demo_centre.teaching import (
    DEMAND,
    EVENING_HOURS,
    EVENINGS,
    KIDS,
    LASTS,
    PROGRAMS,
    WEEKEND,
    WEEKEND_HOURS,
    Program,
    Step,
    holidays,
    meetings,
    school_year,
    year_of,
)

COMING, RUNNING, FINISHED = "coming", "running", "finished"

# The classes of the named cast, by their place in the plan.
MINHS, CHIS, MINHS_BEFORE = 0, 2, 3
HOA = 0  # the first teacher
HOAS = (0, 1)  # the classes that meet on the day the demo is made

MOST_CLASSES = 5  # of one teacher


class Hours(NamedTuple):
    """When a class meets: two weekdays, one hour."""

    weekdays: tuple[int, int]
    minute: int

    def meets_with(self, other: "Hours") -> bool:
        """Whether nobody can be at both."""
        return self.minute == other.minute and bool(set(self.weekdays) & set(other.weekdays))


@dataclass(slots=True)
class Course:
    """A class being planned; `id` is its row's, `teacher` a number until the teachers are persons."""

    id: int
    step: Step
    site: int
    state: str
    hours: Hours
    room: str
    teacher: int
    past: list[dt.date]
    coming: list[dt.date]
    starts_on: dt.date
    ends_on: dt.date
    members: list[int] = field(default_factory=list)

    @property
    def program(self) -> Program:
        return PROGRAMS[self.step.program]


def plan(draft: Draft, count: int, lessons: int) -> tuple[list[Course], list[int]]:
    """`count` classes with `lessons` lessons together, those of the named cast first; and the site of each teacher."""
    dice = draft.dice("classes")
    span = dt.timedelta(weeks=lessons // count + 60)
    closed = set(holidays(draft.today - span, draft.today + span, but=draft.today))
    timetable = _Timetable()
    courses = []
    for i, length in enumerate(shares(lessons, [1.0] * count)):
        step = DEMAND[i % len(DEMAND)]
        site = 0 if i <= MINHS_BEFORE else i % len(SITES)
        hours = _hours_of_today(draft.today, i) if i in HOAS else _hours(dice, step)
        room = timetable.room(site, hours)
        teacher = timetable.give(HOA, hours) if i in HOAS else timetable.teacher(site, hours, but=i == CHIS)
        past, coming = _days(dice, draft.today, _state(i), length, hours, closed)
        starts_on, ends_on = _span(past, coming, _state(i), draft.today)
        courses.append(Course(i + 1, step, site, _state(i), hours, room, teacher, past, coming, starts_on, ends_on))
    return courses, timetable.homes


def write(draft: Draft, courses: Sequence[Course], teachers: Sequence[int]) -> None:
    """Put the planned classes down, with the calendar around them; `teachers` are persons by number."""
    terms = _calendar(draft, courses)
    dice = draft.dice("seats")
    levels = _programs(draft)
    letters: dict[Step, int] = {}
    for course in courses:
        number = letters[course.step] = letters.get(course.step, 0) + 1
        seats = max(course.program.capacity, len(course.members) + dice.choice((0, 1, 2, 2, 3)))
        closed_at = draft.at(course.ends_on + dt.timedelta(days=1), 9 * 60) if course.state == FINISHED else None
        draft.add(
            "class",
            branch_id=course.site + 1,
            level_id=levels[course.step],
            term_id=next(term for term, first, last in terms if first <= course.starts_on <= last),
            code=f"{SITES[course.site].code}{course.starts_on.year % 100:02}-{course.id:03}",
            name=_class_name(course.step.what.name, number),
            starts_on=course.starts_on,
            ends_on=course.ends_on,
            capacity=seats,
            room=course.room,
            closed_at=closed_at,
        )
        draft.add("class_teacher", class_id=course.id, person_id=teachers[course.teacher], is_lead=True)
        _lessons(draft, course, teachers[course.teacher])


def _state(i: int) -> str:
    if i == MINHS_BEFORE or i % 12 == 11:
        return FINISHED
    return COMING if i % 12 == 7 else RUNNING


def _hours_of_today(today: dt.date, i: int) -> Hours:
    """Two weekdays, one of them today's, at the i-th hour."""
    weekday = today.isoweekday()
    if weekday in WEEKEND:
        return Hours(WEEKEND, WEEKEND_HOURS[i])
    return Hours(next(pair for pair in EVENINGS if weekday in pair), EVENING_HOURS[i])


def _hours(dice: random.Random, step: Step) -> Hours:
    young = PROGRAMS[step.program] is KIDS
    if dice.random() < (0.45 if young else 0.25):
        return Hours(WEEKEND, dice.choice(WEEKEND_HOURS))
    return Hours(dice.choice(EVENINGS), EVENING_HOURS[0] if young else dice.choice(EVENING_HOURS))


class _Timetable:
    """Who and what is taken when; gives each class a room and a teacher that are free."""

    def __init__(self) -> None:
        self._rooms: dict[tuple[int, int], list[Hours]] = {}
        self._teachers: list[tuple[int, list[Hours]]] = [(0, [])]

    @property
    def homes(self) -> list[int]:
        return [site for site, _ in self._teachers]

    def room(self, site: int, hours: Hours) -> str:
        number = 0
        while _clashes(self._rooms.setdefault((site, number), []), hours):
            number += 1
        self._rooms[site, number].append(hours)
        return f"{number // 4 + 1}0{number % 4 + 1}"

    def teacher(self, site: int, hours: Hours, *, but: bool) -> int:
        """The first teacher of the site who is free; with `but` not Hoa, so that one family's class is not hers."""
        for number, (home, taken) in enumerate(self._teachers):
            free = len(taken) < MOST_CLASSES and not _clashes(taken, hours)
            if home == site and free and not (but and number == HOA):
                return self.give(number, hours)
        self._teachers.append((site, []))
        return self.give(len(self._teachers) - 1, hours)

    def give(self, number: int, hours: Hours) -> int:
        self._teachers[number][1].append(hours)
        return number


def _clashes(taken: list[Hours], hours: Hours) -> bool:
    return any(hours.meets_with(other) for other in taken)


def _days(
    dice: random.Random, today: dt.date, state: str, length: int, hours: Hours, closed: set[dt.date]
) -> tuple[list[dt.date], list[dt.date]]:
    """The days before today and from today on; a finished class ended before the running ones began."""
    if state == FINISHED:
        end = today - dt.timedelta(weeks=length * 3 // 8 + 3, days=dice.randrange(14))
        return sorted(islice(meetings(end, hours.weekdays, closed, forward=False), length)), []
    if state == COMING:
        start = today + dt.timedelta(days=dice.randint(6, 20))
        return [], list(islice(meetings(start, hours.weekdays, closed), length))
    held = min(round(length * dice.uniform(0.45, 0.7)), max(length - 1, 0))
    past = sorted(islice(meetings(today, hours.weekdays, closed, forward=False), held))
    return past, list(islice(meetings(today, hours.weekdays, closed), length - held))


def _span(past: list[dt.date], coming: list[dt.date], state: str, today: dt.date) -> tuple[dt.date, dt.date]:
    days = past + coming
    if days:
        return days[0], days[-1]
    first = today + dt.timedelta(weeks={FINISHED: -30, RUNNING: -10, COMING: 2}[state])
    return first, first + dt.timedelta(weeks=20)


def _calendar(draft: Draft, courses: Sequence[Course]) -> list[tuple[int, dt.date, dt.date]]:
    """School years, their parts and holidays, as far as the classes reach; the parts with their ids."""
    first = min(course.starts_on for course in courses)
    last = max(course.ends_on for course in courses)
    parts = []
    for year in range(year_of(first), year_of(last) + 1):
        whole, terms = school_year(year)
        parent = draft.add("term", **whole._asdict(), school_year=year + 1, parent_id=None)
        for term in terms:
            row = draft.add("term", **term._asdict(), school_year=year + 1, parent_id=parent)
            parts.append((row, term.starts_on, term.ends_on))
    for day, name in holidays(parts[0][1], parts[-1][2], but=draft.today).items():
        draft.add("holiday", day=day, name=name, branch_id=None)
    return parts


def _programs(draft: Draft) -> dict[Step, int]:
    levels = {}
    for p, program in enumerate(PROGRAMS):
        youngest, oldest = program.ages
        row = draft.add(
            "program",
            code=program.code,
            slug=program.name.lower().replace(" ", "-"),
            name=program.name,
            summary=program.summary,
            youngest=youngest,
            oldest=oldest if oldest < 40 else None,
            ordinal=p + 1,
        )
        for n, level in enumerate(program.levels):
            levels[Step(p, n)] = draft.add("level", program_id=row, ordinal=n + 1, name=level.name, cefr=level.cefr)
    return levels


def _class_name(level: str, number: int) -> str:
    """ "Kids 2B", "IELTS 5.5 B"."""
    return level + ("" if level[-2] == " " else " ") + _letters(number)


def _letters(number: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _lessons(draft: Draft, course: Course, teacher: int) -> None:
    dice = draft.dice(f"lessons {course.id}")
    begin = course.hours.minute
    for weekday in course.hours.weekdays:
        draft.add(
            "weekly_slot",
            class_id=course.id,
            weekday=weekday,
            starts_minute=begin,
            ends_minute=begin + LASTS,
        )
    for day in (*course.past, *course.coming):
        called_off = day != draft.today and dice.random() < 0.01
        draft.add(
            "lesson",
            class_id=course.id,
            teacher_id=teacher,
            starts_at=draft.at(day, begin),
            ends_at=draft.at(day, begin + LASTS),
            cancelled_at=draft.at(min(day, draft.today) - dt.timedelta(days=1), 10 * 60) if called_off else None,
        )
