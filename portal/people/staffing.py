"""Who works where: the branches and colleagues that a form offers."""

from collections.abc import Collection
from typing import NamedTuple

from portal import db
from portal.centre import centres
from portal.people import codes, sight
from portal.scope import Permission, Scope

SHOWN = 300


class Colleague(NamedTuple):
    """Somebody of the staff, as a choice names them."""

    id: int
    family_name: str
    middle_name: str
    given_name: str


async def branches(scope: Scope, right: Permission = Permission.EDIT_PEOPLE) -> list[tuple[int, str]]:
    """The open branches in which the scope may enter people, by hand or by another right: id and name."""
    reach = scope.branches_for(right)
    return [branch for branch in await centres.branches() if reach is None or branch[0] in reach]


async def colleagues(scope: Scope, right: Permission = Permission.EDIT_PEOPLE) -> list[Colleague]:
    """Who may look after a student there: the staff of those branches, and whoever enters them, by name."""
    reach = scope.branches_for(right)
    at_work = sight.EVERYBODY if reach is None else sight.among("w.branch_id", reach)
    found = await db.rows(
        "SELECT p.id, p.family_name, p.middle_name, p.given_name FROM person p WHERE p.id = ? OR EXISTS"
        " (SELECT 1 FROM staff_member m JOIN works_at w ON w.person_id = m.person_id"
        f" WHERE m.person_id = p.id AND m.left_on IS NULL AND {at_work.sql}) ORDER BY p.sort_key, p.id LIMIT {SHOWN}",
        scope.person_id or 0,
        *at_work.args,
    )
    return [Colleague._make(row) for row in found]


async def home_branch(scope: Scope, right: Permission = Permission.EDIT_PEOPLE) -> int | None:
    """The branch a new record of the scope's person belongs to unless another is chosen."""
    offered = {branch_id for branch_id, _ in await branches(scope, right)}
    found = await db.rows(
        "SELECT branch_id FROM person WHERE id = ? UNION ALL SELECT branch_id FROM works_at WHERE person_id = ?",
        scope.person_id or 0,
        scope.person_id or 0,
    )
    own = [branch_id for (branch_id,) in found if branch_id in offered]
    return own[0] if own else (min(offered) if len(offered) == 1 else None)


async def fresh_codes(count: int, taken: Collection[str] = ()) -> list[str]:
    """Codes that nobody of the staff has: NV and five digits, after the highest; as `students.fresh_codes`."""
    await db.row("SELECT id FROM centre FOR NO KEY UPDATE")
    highest = await db.value("SELECT MAX(code) FROM staff_member WHERE code LIKE 'NV_____'")
    number = int(highest[2:]) if highest and highest[2:].isdigit() else 0
    return codes.following("NV", number, count, taken)
