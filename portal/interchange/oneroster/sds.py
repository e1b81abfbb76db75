"""Microsoft School Data Sync, versions 2 and 2.1, in the tables of OneRoster.

Their files carry OneRoster's names but fewer columns, no manifest, and words of higher education; what they
say fits our records without guessing, so they are read. Rows without a sourcedId of their own get one made
of their references, the same in every import. userFlags.csv (diets, disabilities, free lunches) is never
read.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portal.interchange.oneroster import records
from portal.interchange.oneroster.archive import Entry
from portal.interchange.oneroster.cells import Broken, rows
from portal.interchange.oneroster.spec import PASSWORD, RACE, Column, Dialect, Table, ref, text

_org_types = {
    **{each: each for each in ("department", "school", "district", "local", "state", "national")},
    **{"college": "school", "university": "school", "ministryOfEducation": "national"},
}
_teaching = dict.fromkeys(("adjunct", "faculty", "instructor", "lecturer", "professor"), "teacher")
_roles = {
    **{each: each for each in ("administrator", "aide", "guardian", "parent", "proctor", "relative")},
    **{"student": "student", "teacher": "teacher"},
    **_teaching,
    **{"staff": "", "other": "", "alumni": ""},
}
_enrolled = {**{each: each for each in ("administrator", "proctor", "student", "teacher")}, **_teaching}
_enrolled |= {"aide": "", "staff": ""}


def _word(name: str, to: str, words: Mapping[str, str], **more: Any) -> Column:
    return Column(name, "word", to, True, words=words, **more)


_key = Column("sourcedId", "key", "source_id", must=True)
_org = Table(
    "orgs",
    records.Org,
    "orgs",
    (
        _key,
        text("name", "name", must=True),
        _word("type", "type", _org_types),
        ref("parentSourcedId", "parent", "orgs", optional=True),
    ),
)
_session = Table(
    "academicSessions",
    records.Session,
    "sessions",
    (
        _key,
        text("title", "title", must=True),
        _word("type", "type", {each: each for each in ("gradingPeriod", "semester", "schoolYear", "term")}),
        text("schoolYear", "school_year", kind="year", optional=True),
        text("startDate", "start", must=True, kind="day"),
        text("endDate", "end", must=True, kind="day"),
    ),
)
_course = Table(
    "courses",
    records.Course,
    "courses",
    (
        _key,
        ref("orgSourcedId", "org", "orgs", must=True),
        text("title", "title", must=True),
        text("code", "code", optional=True),
        ref("schoolYearSourcedId", "school_year", "academicSessions", optional=True),
        text("subject", "subjects", kind="texts", optional=True),
        text("grade", "grades", kind="texts", optional=True),
    ),
)
_class_2 = Table(
    "classes",
    records.Class,
    "classes",
    (
        _key,
        ref("orgSourcedId", "school", "orgs", must=True),
        text("title", "title", must=True),
        text("code", "code", optional=True),
    ),
)
_class_21 = replace(
    _class_2,
    columns=(
        *_class_2.columns[:-1],
        ref("sessionSourcedIds", "terms", "academicSessions", kind="refs", optional=True, longest=5_000),
        ref("courseSourcedId", "course", "courses", optional=True),
        *_class_2.columns[-1:],
    ),
)
_user_2 = Table(
    "users",
    records.User,
    "users",
    (
        _key,
        ref("orgSourcedIds", "+orgs", "orgs", must=True, kind="refs", longest=5_000),
        text("givenName", "given_name", must=True),
        text("familyName", "family_name", must=True),
        text("username", "username", must=True),
        text("password", why=PASSWORD, optional=True),
        _word("role", "+role", _roles),
        text("grade", "grades", kind="texts", optional=True),
        text("email", "email", kind="email", optional=True),
        text("activeDirectoryMatchId", optional=True),
        text("phone", "phone", optional=True),
        text("sms", "sms", optional=True),
    ),
    given={"enabled": True},
)
_user_21 = Table(
    "users",
    records.User,
    "users",
    (
        _key,
        text("username", "username", must=True),
        text("givenName", "given_name", must=True),
        text("familyName", "family_name", must=True),
        text("password", why=PASSWORD, optional=True),
        text("activeDirectoryMatchId", optional=True),
        text("email", "email", kind="email", optional=True),
        text("phone", "phone", optional=True),
        text("sms", "sms", optional=True),
    ),
    given={"enabled": True},
)
_role = Table(
    "roles",
    records.Role,
    "roles",
    (
        ref("userSourcedId", "user", "users", must=True),
        ref("orgSourcedId", "org", "orgs", must=True),
        _word("role", "role", _roles),
        ref("sessionSourcedId", "+session", "academicSessions", optional=True),
        text("grade", optional=True),
        text("isPrimary", "primary", kind="flag", optional=True),
        text("roleStartDate", "begin", kind="day", optional=True),
        text("roleEndDate", "end", kind="day", optional=True),
    ),
    key=("userSourcedId", "orgSourcedId", "role"),
)
_relation = Table(
    "relationships",
    records.Relation,
    "relations",
    (
        ref("userSourcedId", "child", "users", must=True),
        ref("relationshipUserSourcedId", "guardian", "users", must=True),
        _word("relationshipRole", "role", {each: each for each in ("guardian", "parent", "relative")}),
    ),
    key=("userSourcedId", "relationshipUserSourcedId"),
)
_enrollment = Table(
    "enrollments",
    records.Enrollment,
    "enrollments",
    (
        ref("classSourcedId", "class_", "classes", must=True),
        ref("userSourcedId", "user", "users", must=True),
        _word("role", "role", _enrolled),
    ),
    key=("classSourcedId", "userSourcedId", "role"),
)
_demographics = Table(
    "demographics",
    records.Demographics,
    "demographics",
    (
        Column("userSourcedId", "key", "source_id", must=True),
        Column(
            "sex",
            "word",
            "sex",
            words={each: each for each in ("male", "female", "unspecified", "other")},
            optional=True,
        ),
        text("birthDate", "birth_date", kind="day", optional=True),
        *(text(name, optional=True) for name in ("birthCity", "birthState", "birthCountry")),
        *(text(name, why=RACE, optional=True) for name in ("ethnicityCodes", "raceCodes")),
    ),
    key=("userSourcedId",),
    key_refers="users",
)

_known = (
    *("orgs", "users", "roles", "classes", "enrollments", "academicSessions", "courses"),
    *("demographics", "relationships", "userFlags"),
)

SDS_2 = Dialect("SDS 2", (_org, _class_2, _user_2, _enrollment), _known)
SDS_21 = Dialect(
    "SDS 2.1",
    (_org, _session, _course, _class_21, _user_21, _role, _relation, _enrollment, _demographics),
    _known,
)


def recognised(entries: Mapping[str, Entry]) -> Dialect | None:
    """Which version a bundle without a manifest is: OneRoster's users have `enabledUser`, theirs never."""
    if not {"orgs.csv", "users.csv"} <= entries.keys():
        return None
    try:
        _, header = next(rows(entries["users.csv"]), (1, []))
    except Broken:
        return None
    if "enabledUser" in header:
        return None
    if "roles.csv" in entries:
        return SDS_21
    return SDS_2 if "orgSourcedIds" in header else None
