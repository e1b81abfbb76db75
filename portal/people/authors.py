"""Who did it: the names behind accounts and persons that records and acts refer to by number."""

from collections.abc import Iterable

from portal import db
from portal.people.names import Name


async def of_accounts(ids: Iterable[int | None]) -> dict[int, Name]:
    """The names of the persons whose accounts these are. Whoever sees a record may know who made and changed it."""
    return await _names("SELECT a.id, {name} FROM account a JOIN person p ON p.id = a.person_id WHERE a.id", ids)


async def of_persons(ids: Iterable[int | None]) -> dict[int, Name]:
    """The names of these persons. The caller has made sure that they may be known."""
    return await _names("SELECT p.id, {name} FROM person p WHERE p.id", ids)


async def _names(select: str, ids: Iterable[int | None]) -> dict[int, Name]:
    asked = sorted({identity for identity in ids if identity is not None})
    if not asked:
        return {}
    sql = select.format(name="p.family_name, p.middle_name, p.given_name")
    found = await db.rows(f"{sql} IN ({db.marks(len(asked))})", *asked)
    return {row[0]: Name._make(row[1:]) for row in found}
