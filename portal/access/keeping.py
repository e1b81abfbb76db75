"""Somebody is always left who can let the others in."""

from portal import db
from portal.errors import Conflict, say


async def one_by_one() -> None:
    """Who takes roles or ways in, or closes accounts, passes one after another: two at once could lock each other out.

    In the caller's transaction.
    """
    await db.row("SELECT id FROM centre FOR UPDATE")


async def keep_an_administrator() -> None:
    """Raise `Conflict` unless somebody is left who can sign in and is an administrator of the whole centre."""
    left = await db.value(
        "SELECT COUNT(*) FROM account_role r JOIN account a ON a.id = r.account_id"
        " WHERE r.role = 'administrator' AND r.branch_id IS NULL AND a.disabled_at IS NULL"
        " AND (a.password_hash IS NOT NULL OR EXISTS (SELECT 1 FROM identity i WHERE i.account_id = a.id))"
    )
    if not left:
        raise Conflict(say("The centre needs at least one administrator."))
