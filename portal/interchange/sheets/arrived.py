"""Whom an import brought: read from its journal, as far as the scope may see them."""

from typing import NamedTuple

from portal import db
from portal.people import sight
from portal.scope import Scope

SHOWN = 50


class Arrived(NamedTuple):
    """Somebody who is new; `student_code` is empty for who is no student."""

    id: int
    family_name: str
    middle_name: str
    given_name: str
    student_code: str


async def new_people(scope: Scope, run_id: int) -> tuple[list[Arrived], int]:
    """The first `SHOWN` people whom a run made, students before others, and how many more there are.

    Nobody once the journal of the run is forgotten.
    """
    seen = sight.persons(scope)
    found = await db.rows(
        "SELECT p.id, p.family_name, p.middle_name, p.given_name, COALESCE(s.code, ''), COUNT(*) OVER ()"
        " FROM import_created c JOIN person p ON p.id BETWEEN c.first_id AND c.last_id"
        " LEFT JOIN student s ON s.person_id = p.id"
        f" WHERE c.run_id = ? AND c.table_name = 'person' AND {seen.sql}"
        f" ORDER BY CASE WHEN s.id IS NULL THEN 1 ELSE 0 END, p.id LIMIT {SHOWN}",
        run_id,
        *seen.args,
    )
    return [Arrived(*row[:5]) for row in found], found[0][5] - len(found) if found else 0
