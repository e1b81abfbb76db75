"""What a bundle says, checked: the records that the database is written from.

Every `source_id` is unique among its kind and every reference is the `source_id` of a record in the same
bundle. Days are calendar days; an `end` is the first day after (the standard's endDate is exclusive). Texts
are cleaned, an empty one is `""`; what may be missing otherwise is None. There is no field for a password,
race, ethnicity or metadata.
"""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(slots=True)
class Org:
    source_id: str
    name: str
    type: str
    """department, school, district, local, state, national; "" for a type of the sender's own."""
    identifier: str
    parent: str | None


@dataclass(slots=True)
class Session:
    source_id: str
    title: str
    type: str
    """gradingPeriod, semester, schoolYear, term; "" for a type of the sender's own."""
    start: dt.date
    end: dt.date
    parent: str | None
    school_year: int | None
    """The year in which the school year ends."""


@dataclass(slots=True)
class Course:
    source_id: str
    title: str
    code: str
    org: str
    school_year: str | None
    """A session."""
    grades: tuple[str, ...]
    subjects: tuple[str, ...]


@dataclass(slots=True)
class Class:
    source_id: str
    title: str
    code: str
    type: str
    """homeroom, scheduled; "" for a type of the sender's own."""
    course: str | None
    """None when the bundle has no courses.csv."""
    school: str
    terms: tuple[str, ...]
    """Sessions; empty only in a School Data Sync bundle."""
    location: str
    grades: tuple[str, ...]
    subjects: tuple[str, ...]
    periods: tuple[str, ...]


@dataclass(slots=True)
class User:
    source_id: str
    username: str
    """Unique in the bundle, whatever the case of its letters."""
    enabled: bool
    given_name: str
    family_name: str
    middle_name: str
    preferred_given_name: str
    preferred_middle_name: str
    preferred_family_name: str
    identifier: str
    email: str
    sms: str
    phone: str
    grades: tuple[str, ...]
    agents: tuple[str, ...]
    """As written in the file; `Bundle.relations` says what they mean."""
    primary_org: str | None


@dataclass(slots=True)
class Role:
    """What a person is at an org; in 1.1 made from the users file: one role, at all orgs of the person."""

    source_id: str
    user: str
    org: str
    role: str
    primary: bool
    begin: dt.date | None
    end: dt.date | None


@dataclass(slots=True)
class Relation:
    """A child and the grown-up who answers for it; `role` is guardian, parent or relative."""

    child: str
    guardian: str
    role: str


@dataclass(slots=True)
class Enrollment:
    source_id: str
    class_: str
    user: str
    role: str
    """administrator, proctor, student, teacher."""
    primary: bool
    """Of a teacher: answers for the class."""
    begin: dt.date | None
    end: dt.date | None


@dataclass(slots=True)
class Demographics:
    source_id: str
    """The user."""
    birth_date: dt.date | None
    sex: str
    """male, female, unspecified, other, or ""."""


@dataclass(slots=True)
class Category:
    source_id: str
    title: str
    weight: Decimal | None


@dataclass(slots=True)
class LineItem:
    source_id: str
    title: str
    description: str
    assigned: dt.date
    due: dt.date
    class_: str
    category: str
    session: str
    lowest: Decimal | None
    highest: Decimal | None


@dataclass(slots=True)
class Result:
    source_id: str
    line_item: str
    student: str
    """A user who is enrolled as a student in the line item's class."""
    status: str
    """exempt, fully graded, not submitted, partially graded, submitted."""
    score: Decimal | None
    date: dt.date
    comment: str
    text_score: str
    in_progress: bool
    incomplete: bool
    late: bool
    missing: bool


@dataclass(slots=True)
class Bundle:
    """The full set. Of a file that is not in `said` nothing is missing but what is in `gone`."""

    version: str
    """1.1, 1.2, or SDS 2 and SDS 2.1 of School Data Sync."""
    system: str = ""
    """source.systemName of the manifest."""
    present: frozenset[str] = frozenset()
    """The files that were read, without `.csv`: {"orgs", "users", ...}."""
    said: frozenset[str] = frozenset()
    """The files that were sent as full sets: what they do not name is missing there."""
    gone: dict[str, frozenset[str]] = field(default_factory=dict)
    """By file what has left: rows marked tobedeleted, and the enrollments, roles and so on of those."""
    touched: dict[str, frozenset[str]] = field(default_factory=dict)
    """By file the rows that the changes speak of."""
    lost: dict[str, set[str]] = field(default_factory=dict)
    """Who is said to have lost a role, and which, in small letters."""
    orgs: list[Org] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    enrollments: list[Enrollment] = field(default_factory=list)
    demographics: list[Demographics] = field(default_factory=list)
    categories: list[Category] = field(default_factory=list)
    line_items: list[LineItem] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
