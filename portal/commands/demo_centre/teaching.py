"""What the demo centre teaches, and when it is closed."""

import datetime as dt
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

ONE_DAY = dt.timedelta(days=1)


class Level(NamedTuple):
    """A step of a program: name, level of the European framework, usual ages."""

    name: str
    cefr: str
    youngest: int
    oldest: int


class Program(NamedTuple):
    """What is taught; `capacity` is how many learners a class usually takes."""

    code: str
    name: str
    summary: str
    capacity: int
    levels: tuple[Level, ...]

    @property
    def ages(self) -> tuple[int, int]:
        return min(level.youngest for level in self.levels), max(level.oldest for level in self.levels)


KIDS = Program(
    "KIDS",
    "English for Kids",
    "Tiếng Anh thiếu nhi 6 đến 11 tuổi: nghe nói qua bài hát, trò chơi và dự án nhỏ, mỗi tuần hai buổi.",
    14,
    (
        Level("Kids 1", "", 6, 7),
        Level("Kids 2", "A1", 7, 8),
        Level("Kids 3", "A1", 8, 10),
        Level("Kids 4", "A2", 9, 11),
    ),
)
TEENS = Program(
    "TEENS",
    "English for Teens",
    "Tiếng Anh thiếu niên 11 đến 15 tuổi: bốn kỹ năng, thuyết trình và ngữ pháp bám sát trường phổ thông.",
    16,
    (
        Level("Teens 1", "A1", 11, 12),
        Level("Teens 2", "A2", 12, 13),
        Level("Teens 3", "B1", 13, 15),
        Level("Teens 4", "B1", 14, 15),
    ),
)
IELTS = Program(
    "IELTS",
    "IELTS",
    "Luyện thi IELTS từ nền tảng đến 7.0: chữa bài viết từng tuần, thi thử hằng tháng.",
    12,
    (
        Level("IELTS Foundation", "B1", 15, 17),
        Level("IELTS 5.5", "B2", 15, 20),
        Level("IELTS 6.5", "B2", 16, 23),
        Level("IELTS 7.0", "C1", 17, 24),
    ),
)
TALK = Program(
    "TALK",
    "Communication",
    "Tiếng Anh giao tiếp cho người đi làm: phản xạ, phát âm và tình huống công việc, học buổi tối.",
    15,
    (
        Level("Communication 1", "A1", 20, 45),
        Level("Communication 2", "A2", 20, 45),
        Level("Communication 3", "B1", 20, 45),
        Level("Communication 4", "B2", 20, 45),
    ),
)
PROGRAMS = (KIDS, TEENS, IELTS, TALK)


class Step(NamedTuple):
    """A level as classes are planned by it: the program and the level's place in it."""

    program: int
    level: int

    @property
    def what(self) -> Level:
        return PROGRAMS[self.program].levels[self.level]


# How often each program is asked for; the first ones are the classes of the named cast.
DEMAND = (
    *(Step(1, 1), Step(0, 2), Step(0, 2), Step(1, 0), Step(2, 1), Step(3, 1), Step(0, 1), Step(1, 2), Step(0, 0)),
    *(Step(2, 0), Step(1, 1), Step(3, 0), Step(0, 3), Step(1, 3), Step(2, 2), Step(0, 2), Step(1, 0), Step(3, 2)),
    *(Step(0, 1), Step(2, 1), Step(1, 2), Step(0, 0), Step(2, 3), Step(3, 3)),
)

# Ways to meet twice a week: weekdays (1 is Monday) and the minutes after midnight to begin at.
EVENINGS = ((1, 3), (2, 4), (3, 5), (1, 4), (2, 5))
WEEKEND = (6, 7)
EVENING_HOURS = (17 * 60 + 30, 19 * 60 + 15)
WEEKEND_HOURS = (8 * 60, 9 * 60 + 45, 14 * 60, 15 * 60 + 45)
LASTS = 90

# The lunar days move: new year, and the Hùng kings' day on the tenth of the third month.
_LUNAR = {
    2024: (dt.date(2024, 2, 10), dt.date(2024, 4, 18)),
    2025: (dt.date(2025, 1, 29), dt.date(2025, 4, 7)),
    2026: (dt.date(2026, 2, 17), dt.date(2026, 4, 26)),
    2027: (dt.date(2027, 2, 6), dt.date(2027, 4, 16)),
    2028: (dt.date(2028, 1, 26), dt.date(2028, 4, 4)),
    2029: (dt.date(2029, 2, 13), dt.date(2029, 4, 23)),
    2030: (dt.date(2030, 2, 2), dt.date(2030, 4, 12)),
}
_FIXED = (
    (1, 1, "Tết Dương lịch"),
    (4, 30, "Ngày Giải phóng miền Nam"),
    (5, 1, "Ngày Quốc tế Lao động"),
    (9, 1, "Nghỉ Quốc khánh"),
    (9, 2, "Quốc khánh"),
)


def holidays(first: dt.date, last: dt.date, *, but: dt.date) -> dict[dt.date, str]:
    """The days without lessons from `first` to `last`; never `but`, so that a demo has lessons whenever it is made."""
    found: dict[dt.date, str] = {}
    for year in range(first.year, last.year + 1):
        found |= {dt.date(year, month, day): name for month, day, name in _FIXED}
        if year in _LUNAR:
            new_year, kings = _LUNAR[year]
            found |= {new_year + ONE_DAY * i: "Tết Nguyên đán" for i in range(-2, 6)}
            found[kings] = "Giỗ Tổ Hùng Vương"
    return {day: name for day, name in sorted(found.items()) if first <= day <= last and day != but}


def meetings(
    start: dt.date, weekdays: Sequence[int], closed: Set[dt.date], *, forward: bool = True
) -> Iterator[dt.date]:
    """The days a class meets from `start` on (itself included), or, going back, those before it."""
    day = start if forward else start - ONE_DAY
    while True:
        if day.isoweekday() in weekdays and day not in closed:
            yield day
        day += ONE_DAY if forward else -ONE_DAY


class Term(NamedTuple):
    """A part of a school year."""

    name: str
    kind: str
    starts_on: dt.date
    ends_on: dt.date


def school_year(first: int) -> tuple[Term, tuple[Term, ...]]:
    """The school year that begins in September of `first`, and its three parts."""
    year, after = str(first), first + 1
    return Term(f"{year}-{after}", "schoolYear", dt.date(first, 9, 1), dt.date(after, 8, 31)), (
        Term(f"Học kỳ I {year}-{after}", "semester", dt.date(first, 9, 1), dt.date(after, 1, 15)),
        Term(f"Học kỳ II {year}-{after}", "semester", dt.date(after, 1, 16), dt.date(after, 5, 31)),
        Term(f"Học kỳ hè {after}", "semester", dt.date(after, 6, 1), dt.date(after, 8, 31)),
    )


def year_of(day: dt.date) -> int:
    """The year in which the school year of `day` began."""
    return day.year if day.month >= 9 else day.year - 1
