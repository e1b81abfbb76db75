"""How many accounts hold each role."""

from portal import db
from portal.access import accounts
from portal.scope import Scope


async def count(scope: Scope) -> dict[str, int]:
    """The open accounts in sight by the role they hold, at whichever branches."""
    seen = accounts.visible_to(scope)
    found = await db.rows(
        "SELECT r.role, COUNT(DISTINCT r.account_id) FROM account_role r JOIN account a ON a.id = r.account_id"
        f" JOIN person p ON p.id = a.person_id WHERE a.disabled_at IS NULL AND {seen.sql} GROUP BY r.role",
        *seen.args,
    )
    return {row[0]: row[1] for row in found}
