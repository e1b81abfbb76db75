"""Who holds what: accounts by role, and the account of a person."""

from typing import NamedTuple

from portal import db
from portal.access import accounts
from portal.people import sight
from portal.scope import Permission, Scope


async def count(scope: Scope) -> dict[str, int]:
    """The open accounts in sight by the role they hold, at whichever branches."""
    seen = accounts.visible_to(scope)
    found = await db.rows(
        "SELECT r.role, COUNT(DISTINCT r.account_id) FROM account_role r JOIN account a ON a.id = r.account_id"
        f" JOIN person p ON p.id = a.person_id WHERE a.disabled_at IS NULL AND {seen.sql} GROUP BY r.role",
        *seen.args,
    )
    return {row[0]: row[1] for row in found}


class Mention(NamedTuple):
    """A person's account, as the pages of people mention it."""

    id: int
    login: str
    disabled: bool


async def of_person(scope: Scope, person_id: int) -> Mention | None:
    """A person's account; None when there is none, or none the scope may see."""
    if not scope.may(Permission.SEE_ACCOUNTS):
        return None
    seen = accounts.visible_to(scope)
    found = await db.row(
        "SELECT a.id, COALESCE(a.email, a.phone), a.disabled_at IS NOT NULL FROM account a"
        f" JOIN person p ON p.id = a.person_id WHERE a.person_id = ? AND {seen.sql}",
        person_id,
        *seen.args,
    )
    return Mention(found[0], found[1], bool(found[2])) if found else None


async def may_open(scope: Scope, person_id: int) -> bool:
    """Whether the scope may open an account for a person in its sight: anybody's, or of its branches' staff."""
    reach = scope.branches_for(Permission.EDIT_ACCOUNTS)
    if reach is None:
        return True
    at_work = sight.among("w.branch_id", reach)
    works = f"SELECT 1 FROM works_at w WHERE w.person_id = ? AND {at_work.sql}"
    return await db.row(works, person_id, *at_work.args) is not None


async def administrators(*, but: int) -> int:
    """How many accounts besides `but` can sign in as administrator of the whole centre."""
    return int(
        await db.value(
            "SELECT COUNT(*) FROM account_role r JOIN account a ON a.id = r.account_id"
            " WHERE r.role = 'administrator' AND r.branch_id IS NULL AND a.disabled_at IS NULL"
            " AND a.password_hash IS NOT NULL AND a.id <> ?",
            but,
        )
    )
