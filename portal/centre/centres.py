"""The centre's own facts: read often, so they are kept for a moment; and its first day."""

import datetime as dt
import secrets
from typing import NamedTuple

from portal import audit, clock, db, versions
from portal.centre.models import Branch, Centre
from portal.errors import Conflict, Invalid, say
from portal.scope import Scope
from portal.text import clean, problem

FRESH = dt.timedelta(seconds=5)


class Facts(NamedTuple):
    """What every page needs to know of the centre."""

    name: str
    time_zone: str
    locale: str
    name_order: str
    currency: str
    demo: bool


UNFOUNDED = Facts("Schoolyard", "Asia/Ho_Chi_Minh", "vi", "family_first", "VND", False)
_kept: tuple[dt.datetime, Facts] | None = None


async def facts() -> Facts:
    """The centre as it was at most five seconds ago; `UNFOUNDED` in an empty database.

    For visitors and letters. Whoever is signed in has the facts of this very moment with their session.
    """
    global _kept
    now = clock.now()
    if _kept is None or not _kept[0] <= now < _kept[0] + FRESH:
        found = await db.row("SELECT name, time_zone, locale, name_order, currency, demo_loaded_at FROM centre")
        _kept = (now, UNFOUNDED if found is None else Facts._make((*found[:5], found[5] is not None)))
    return _kept[1]


def forget() -> None:
    """Read the facts anew next time (after a change, between tests)."""
    global _kept
    _kept = None


async def found(scope: Scope, *, name: str, time_zone: str, locale: str, demo: bool = False) -> Centre:
    """Found the centre of an empty database; raises `Conflict` when there is one, `Invalid` beside `name`."""
    name = clean(name)
    trouble = problem(name, longest=120, required=True)
    if trouble:
        raise Invalid({"name": trouble})
    async with db.transaction():
        if await Centre.exists():
            raise Conflict(say("This database holds a centre already."))
        centre = await Centre.create(
            id=1,
            name=name,
            time_zone=time_zone,
            locale=locale,
            epoch=secrets.token_hex(16),
            demo_loaded_at=clock.now() if demo else None,
        )
        versions.bump(versions.CENTRE)
        await audit.record(scope, "centre.found", "centre", 1)
        db.on_commit(forget)
    return centre


async def renew_epoch() -> None:
    """Begin another life of the database, in the caller's transaction: what was made from its rows before is outdated.

    For a restored one: its versions start again from older numbers, which pages kept elsewhere may bear already.
    """
    await Centre.all().update(epoch=secrets.token_hex(16))
    db.on_commit(forget)


async def add_branch(scope: Scope, *, code: str, name: str, address: str = "", phone: str = "") -> Branch:
    """Add a branch; raises `Invalid` beside `code` or `name`."""
    code, name = clean(code), clean(name)
    errors = {
        "code": problem(code, longest=64, required=True),
        "name": problem(name, longest=120, required=True),
    }
    async with db.transaction():
        if await Branch.filter(code=code).exists():
            errors["code"] = say("Another branch has this code.")
        if any(errors.values()):
            raise Invalid({field: sentence for field, sentence in errors.items() if sentence})
        branch = await Branch.create(code=code, name=name, address=clean(address), phone=phone)
        versions.bump(versions.CENTRE)
        await audit.record(scope, "branch.add", "branch", branch.id)
    return branch


async def branches() -> list[tuple[int, str]]:
    """The open branches, by name: id and name."""
    return [
        (row[0], row[1]) for row in await db.rows("SELECT id, name FROM branch WHERE closed_on IS NULL ORDER BY name")
    ]
