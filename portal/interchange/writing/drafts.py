"""Our records as a bundle would have them: everything but what only the database knows (ids, which codes are free).

A draft refers to others by their keys. What is hashed is the whole draft, so a record is written again when a
value that we store has changed, and not when the bundle only says the same in another way.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

Codes = tuple[tuple[str, str], ...]
"""The codes a record may have, the best first, each with the column it comes from; the last one is its own alone."""


class Draft(Protocol):
    """What all drafts have: the other system's name for the record."""

    @property
    def key(self) -> str: ...
    def __iter__(self) -> Iterator[Any]: ...


class Branch(NamedTuple):
    key: str
    codes: Codes
    name: str


class Term(NamedTuple):
    key: str
    name: str
    kind: str
    starts_on: dt.date
    ends_on: dt.date
    school_year: int | None
    parent: str | None


class Program(NamedTuple):
    key: str
    codes: Codes
    name: str
    level: str


class Class(NamedTuple):
    key: str
    branch: str
    program: str | None
    term: str | None
    codes: Codes
    name: str
    starts_on: dt.date | None
    ends_on: dt.date | None
    room: str


class Post(NamedTuple):
    """What somebody who works here is: their last day if it is known, and the position of other staff."""

    left_on: dt.date | None
    position: str


class Person(NamedTuple):
    """A person with what they are here. `student_at` is a branch; `works_at` are branches."""

    key: str
    branch: str | None
    family_name: str
    middle_name: str
    given_name: str
    email: str
    phones: tuple[str, ...]
    codes: Codes
    student_at: str | None
    teacher: Post | None
    staff: Post | None
    works_at: tuple[str, ...]


class Birth(NamedTuple):
    """What demographics.csv tells of a person; a file of its own, which may be absent."""

    key: str
    birth_date: dt.date | None
    sex: str


class Guardian(NamedTuple):
    key: str
    guardian: str
    child: str
    relation: str


class Membership(NamedTuple):
    key: str
    of_class: str
    student: str
    since: dt.date | None
    until: dt.date | None


class Teaching(NamedTuple):
    key: str
    of_class: str
    person: str
    is_lead: bool


class Category(NamedTuple):
    key: str
    of_class: str
    name: str
    weight: int
    ordinal: int


class Assessment(NamedTuple):
    key: str
    of_class: str
    category: str
    name: str
    description: str
    due_on: dt.date
    most: int


class Score(NamedTuple):
    key: str
    assessment: str
    student: str
    state: str
    points: int | None
    comment: str
    scored_on: dt.date


@dataclass(slots=True)
class Drafts:
    """Everything a bundle brings, each kind in an order in which it can be written."""

    branches: list[Branch] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    programs: list[Program] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    births: list[Birth] = field(default_factory=list)
    guardians: list[Guardian] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    teachings: list[Teaching] = field(default_factory=list)
    categories: list[Category] = field(default_factory=list)
    assessments: list[Assessment] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)


def digest(draft: Draft) -> str:
    """32 hexadecimal digits that stay the same while the draft does."""
    return hashlib.blake2b(repr(tuple(draft)).encode(), digest_size=16).hexdigest()


def pair(first: str, second: str) -> str:
    """One key made of two: no sourcedId has a blank, so two pairs never make the same one."""
    joined = f"{first} {second}"
    return joined if len(joined) <= 255 else hashlib.blake2b(joined.encode(), digest_size=32).hexdigest()
