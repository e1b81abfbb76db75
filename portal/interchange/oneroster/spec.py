"""OneRoster 1.1 and 1.2 as data: for each file its columns in the order of the standard.

A column with `to` fills that field of the record; with `to` starting in `+` it goes to the file's rule
beside the record; without `to` it is known and not read, `why` says the reason where it matters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from portal.interchange.oneroster import records

PASSWORD = "password"
RACE = "race"

_sessions = ("gradingPeriod", "semester", "schoolYear", "term")
_orgs = ("department", "school", "district", "local", "state", "national")
_class_types = ("homeroom", "scheduled")
_roles = (
    *(
        "administrator",
        "aide",
        "counselor",
        "districtAdministrator",
        "guardian",
        "parent",
        "principal",
        "proctor",
    ),
    *("relative", "siteAdministrator", "student", "systemAdministrator", "teacher"),
)
_enrolled = ("administrator", "proctor", "student", "teacher")
_scored = ("exempt", "fully graded", "not submitted", "partially graded", "submitted")
_sexes = ("male", "female", "unspecified", "other")

LEAVING = frozenset({"tobedeleted", "inactive"})
"""The status of a row that is not there any more; 1.0 had "inactive" as well, and it is still sent."""
GUARDIANS = frozenset({"guardian", "parent", "relative"})

FILES_11 = (
    *("academicSessions", "categories", "classes", "classResources", "courses", "courseResources"),
    *("demographics", "enrollments", "lineItems", "orgs", "resources", "results", "users"),
)
FILES_12 = (
    *FILES_11,
    *("lineItemLearningObjectiveIds", "lineItemScoreScales", "resultLearningObjectiveIds"),
    *("resultScoreScales", "roles", "scoreScales", "userProfiles", "userResources"),
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    `optional`: a file without it is not worth a word. `spare`: when the file it refers to is absent
    altogether, the reference is dropped with a warning instead of being wrong.
    """

    name: str
    kind: str = "line"
    to: str = ""
    must: bool = False
    refers: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    extensible: bool = False
    longest: int = 255
    why: str = ""
    optional: bool = False
    aliases: tuple[str, ...] = ()
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One file: its record, the list of the bundle it goes into, its columns.

    `key`: the columns that identify a row. `key_refers`: the file whose sourcedIds these are, too.
    `given`: fields of the record that no column fills, where empty would be the wrong value.
    """

    file: str
    record: type
    into: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("sourcedId",)
    key_refers: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dialect:
    """A version: its tables in an order in which references are read first, and all the files it knows."""

    version: str
    tables: tuple[Table, ...]
    known: tuple[str, ...]


def text(name: str, to: str = "", *, must: bool = False, kind: str = "line", **more: Any) -> Column:
    """A column of any kind but a word or a reference."""
    return Column(name, kind, to, must, **more)


def word(name: str, to: str, words: tuple[str, ...], *, must: bool = False, **more: Any) -> Column:
    """A column with a vocabulary."""
    return Column(name, "word", to, must, words={each: each for each in words}, **more)


def ref(name: str, to: str, refers: str, *, must: bool = False, kind: str = "ref", **more: Any) -> Column:
    """A column with the sourcedId (or, of kind `refs`, several) of a row in the file `refers`."""
    return Column(name, kind, to, must, refers=refers, **more)


def _table(file: str, record: type, into: str, *columns: Column, key_refers: str = "") -> Table:
    first = (
        Column("sourcedId", "key", "source_id", must=True),
        Column("status", "status"),
        Column("dateLastModified", "modified", aliases=("dataLastModified",)),
    )
    return Table(file, record, into, (*first, *columns), key_refers=key_refers)


_org = _table(
    "orgs",
    records.Org,
    "orgs",
    text("name", "name", must=True),
    word("type", "type", _orgs, must=True, extensible=True),
    text("identifier", "identifier"),
    ref("parentSourcedId", "parent", "orgs"),
)
_session = _table(
    "academicSessions",
    records.Session,
    "sessions",
    text("title", "title", must=True),
    word("type", "type", _sessions, must=True, extensible=True),
    text("startDate", "start", must=True, kind="day"),
    text("endDate", "end", must=True, kind="day"),
    ref("parentSourcedId", "parent", "academicSessions"),
    text("schoolYear", "school_year", kind="year"),
)
_course = _table(
    "courses",
    records.Course,
    "courses",
    ref("schoolYearSourcedId", "school_year", "academicSessions"),
    text("title", "title", must=True),
    text("courseCode", "code"),
    text("grades", "grades", kind="texts"),
    ref("orgSourcedId", "org", "orgs", must=True),
    text("subjects", "subjects", kind="texts"),
    text("subjectCodes"),
)
_class = _table(
    "classes",
    records.Class,
    "classes",
    text("title", "title", must=True),
    text("grades", "grades", kind="texts"),
    ref("courseSourcedId", "course", "courses", must=True, spare=True),
    text("classCode", "code"),
    word("classType", "type", _class_types, must=True, extensible=True),
    text("location", "location"),
    ref("schoolSourcedId", "school", "orgs", must=True),
    ref(
        "termSourcedIds",
        "terms",
        "academicSessions",
        must=True,
        kind="refs",
        aliases=("termSourcedId",),
        longest=5_000,
    ),
    text("subjects", "subjects", kind="texts"),
    text("subjectCodes"),
    text("periods", "periods", kind="texts"),
)
_names = (
    text("givenName", "given_name", must=True),
    text("familyName", "family_name", must=True),
    text("middleName", "middle_name"),
    text("identifier", "identifier"),
    text("email", "email", kind="email"),
    text("sms", "sms"),
    text("phone", "phone"),
    ref("agentSourcedIds", "agents", "users", kind="refs", longest=5_000),
    text("grades", "grades", kind="texts"),
    text("password", why=PASSWORD),
)
_user_11 = _table(
    "users",
    records.User,
    "users",
    text("enabledUser", "enabled", must=True, kind="flag"),
    ref("orgSourcedIds", "+orgs", "orgs", must=True, kind="refs", aliases=("orgSourcedId",), longest=5_000),
    word("role", "+role", _roles, must=True, extensible=True),
    text("username", "username", must=True),
    text("userIds"),
    *_names,
)
_user_12 = _table(
    "users",
    records.User,
    "users",
    text("enabledUser", "enabled", must=True, kind="flag"),
    text("username", "username", must=True),
    text("userIds"),
    *_names,
    text("userMasterIdentifier"),
    text("resourceSourcedIds", optional=True),
    text("preferredGivenName", "preferred_given_name", aliases=("prefferedGivenName",)),
    text("preferredMiddleName", "preferred_middle_name", aliases=("prefferedMiddleName",)),
    text("preferredFamilyName", "preferred_family_name", aliases=("prefferedFamilyName",)),
    ref("primaryOrgSourcedId", "primary_org", "orgs"),
    text("pronouns"),
)
_role = _table(
    "roles",
    records.Role,
    "roles",
    ref("userSourcedId", "user", "users", must=True),
    text("roleType", "primary", must=True, kind="rank"),
    word("role", "role", _roles, must=True, extensible=True),
    text("beginDate", "begin", kind="day"),
    text("endDate", "end", kind="day"),
    ref("orgSourcedId", "org", "orgs", must=True),
    text("userProfileSourcedId"),
)
_enrollment = _table(
    "enrollments",
    records.Enrollment,
    "enrollments",
    ref("classSourcedId", "class_", "classes", must=True),
    ref("schoolSourcedId", "+school", "orgs", must=True),
    ref("userSourcedId", "user", "users", must=True),
    word("role", "role", _enrolled, must=True, extensible=True),
    text("primary", "primary", kind="flag"),
    text("beginDate", "begin", kind="day"),
    text("endDate", "end", kind="day"),
)
_races = (
    *(
        "americanIndianOrAlaskaNative",
        "asian",
        "blackOrAfricanAmerican",
        "nativeHawaiianOrOtherPacificIslander",
    ),
    *("white", "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity"),
)
_demographics = _table(
    "demographics",
    records.Demographics,
    "demographics",
    text("birthDate", "birth_date", kind="day"),
    word("sex", "sex", _sexes, extensible=True),
    *(text(name, why=RACE) for name in _races),
    text("countryOfBirthCode"),
    text("stateOfBirthAbbreviation"),
    text("cityOfBirth"),
    text("publicSchoolResidenceStatus"),
    key_refers="users",
)
_category_11 = _table("categories", records.Category, "categories", text("title", "title", must=True))
_category_12 = replace(_category_11, columns=(*_category_11.columns, text("weight", "weight", kind="number")))
_item = (
    text("title", "title", must=True),
    text("description", "description", kind="paragraph", longest=10_000),
    text("assignDate", "assigned", must=True, kind="day"),
    text("dueDate", "due", must=True, kind="day"),
    ref("classSourcedId", "class_", "classes", must=True),
    ref("categorySourcedId", "category", "categories", must=True),
)
_item_11 = _table(
    "lineItems",
    records.LineItem,
    "line_items",
    *_item,
    ref(
        "gradingPeriodSourcedId",
        "session",
        "academicSessions",
        must=True,
        aliases=("academicSessionSourcedId",),
    ),
    text("resultValueMin", "lowest", must=True, kind="number"),
    text("resultValueMax", "highest", must=True, kind="number"),
)
_item_12 = _table(
    "lineItems",
    records.LineItem,
    "line_items",
    *_item,
    ref(
        "academicSessionSourcedId",
        "session",
        "academicSessions",
        must=True,
        aliases=("gradingPeriodSourcedId",),
    ),
    text("resultValueMin", "lowest", kind="number"),
    text("resultValueMax", "highest", kind="number"),
    ref("schoolSourcedId", "+school", "orgs", must=True),
)
_result_11 = _table(
    "results",
    records.Result,
    "results",
    ref("lineItemSourcedId", "line_item", "lineItems", must=True),
    ref("studentSourcedId", "student", "users", must=True),
    word("scoreStatus", "status", _scored, must=True),
    text("score", "score", kind="number"),
    text("scoreDate", "date", must=True, kind="day"),
    text("comment", "comment", kind="paragraph", longest=10_000),
)
_result_12 = replace(
    _result_11,
    columns=(
        *_result_11.columns,
        text("textScore", "text_score"),
        ref("classSourcedId", "+class", "classes"),
        text("inProgress", "in_progress", kind="flag"),
        text("incomplete", "incomplete", kind="flag"),
        text("late", "late", kind="flag"),
        text("missing", "missing", kind="flag"),
    ),
)

DIALECTS = {
    "1.1": Dialect(
        "1.1",
        (
            _org,
            _session,
            _course,
            _class,
            _user_11,
            _enrollment,
            _demographics,
            _category_11,
            _item_11,
            _result_11,
        ),
        FILES_11,
    ),
    "1.2": Dialect(
        "1.2",
        (
            *(_org, _session, _course, _class, _user_12, _role, _enrollment, _demographics),
            *(_category_12, _item_12, _result_12),
        ),
        FILES_12,
    ),
}
