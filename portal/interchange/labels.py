"""What a row is called when people read of it: the name of whom it is about, and what tells it from others."""

from collections.abc import Iterable

from portal.centre import centres
from portal.interchange.writing import bulk
from portal.people import names

_OF_PERSON = (
    "SELECT x.id, p.family_name, p.middle_name, p.given_name, {extra} FROM {table} x"
    " JOIN person p ON p.id = x.person_id {join} WHERE x.id IN ({{ids}})"
)
_OF_STUDENT = (
    "SELECT x.id, p.family_name, p.middle_name, p.given_name, {extra} FROM {table} x"
    " JOIN student s ON s.id = x.student_id JOIN person p ON p.id = s.person_id {join} WHERE x.id IN ({{ids}})"
)
_OF_ITSELF = "SELECT x.id, '', '', '', {extra} FROM {table} x WHERE x.id IN ({{ids}})"

_WAYS = {
    "person": "SELECT p.id, p.family_name, p.middle_name, p.given_name, '' FROM person p WHERE p.id IN ({ids})",
    "student": _OF_PERSON.format(table="student", extra="x.code", join=""),
    "teacher": _OF_PERSON.format(table="teacher", extra="x.code", join=""),
    "staff_member": _OF_PERSON.format(table="staff_member", extra="x.code", join=""),
    "email_address": _OF_PERSON.format(table="email_address", extra="x.address", join=""),
    "phone_number": _OF_PERSON.format(table="phone_number", extra="x.number", join=""),
    "works_at": _OF_PERSON.format(table="works_at", extra="b.name", join="JOIN branch b ON b.id = x.branch_id"),
    "guardian": _OF_PERSON.format(table="guardian", extra="s.code", join="JOIN student s ON s.id = x.student_id"),
    "class_teacher": _OF_PERSON.format(table="class_teacher", extra="c.code", join="JOIN class c ON c.id = x.class_id"),
    "class_membership": _OF_STUDENT.format(
        table="class_membership", extra="c.code", join="JOIN class c ON c.id = x.class_id"
    ),
    "score": _OF_STUDENT.format(table="score", extra="a.name", join="JOIN assessment a ON a.id = x.assessment_id"),
    "class": _OF_ITSELF.format(table="class", extra="x.code"),
    **{table: _OF_ITSELF.format(table=table, extra="x.name") for table in ("branch", "term", "program", "level")},
    **{table: _OF_ITSELF.format(table=table, extra="x.name") for table in ("category", "assessment")},
}


async def of(table: str, ids: Iterable[int]) -> dict[int, str]:
    """What the rows of a table are called, by id; rows of tables that nobody reads about have no name."""
    way = _WAYS.get(table)
    if way is None:
        return {}
    order = (await centres.facts()).name_order
    return {
        record_id: ", ".join(part for part in (names.shown(family, middle, given, order), extra) if part)
        for record_id, family, middle, given, extra in await bulk.rows_of(way, ids)
    }
