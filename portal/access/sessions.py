"""Sessions: a random token in the browser, its hash here. Revocable, and listed to their owner."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from portal import audit, clock, db
from portal.access import secrets
from portal.access.models import KnownDevice, Session
from portal.centre.centres import Facts
from portal.errors import NotFound
from portal.scope import Scope

LIFETIME = dt.timedelta(days=30)  # without a visit
FRESH = dt.timedelta(minutes=15)  # who signed in just now need not prove again who they are
SEEN_EVERY = dt.timedelta(minutes=10)  # a write on every request would cost more than the page


class SignedIn(NamedTuple):
    """What a request needs to know of the session it came with."""

    session_id: int
    account_id: int
    person_id: int
    family_name: str
    middle_name: str
    given_name: str
    language: str
    theme: str
    seen_at: dt.datetime
    centre: Facts


async def start(account_id: int, *, device: str = "", address: str = "") -> str:
    """Open a session, inside the caller's transaction; returns the token for the cookie."""
    token = secrets.new_token()
    now = clock.now()
    await Session.create(
        account_id=account_id,
        token_hash=secrets.hashed(token),
        made_at=now,
        seen_at=now,
        device=device[:200],
        address=address[:45],
    )
    return token


async def load(token: str) -> SignedIn | None:
    """The session of a cookie's token; None when unknown, ended, expired, or its account disabled."""
    found = await db.row(
        "SELECT s.id, a.id, p.id, p.family_name, p.middle_name, p.given_name, a.language, a.theme, s.seen_at,"
        " c.name, c.time_zone, c.locale, c.name_order, c.currency, c.demo_loaded_at IS NOT NULL"
        " FROM session s JOIN account a ON a.id = s.account_id JOIN person p ON p.id = a.person_id"
        " JOIN centre c ON c.id = 1"
        " WHERE s.token_hash = ? AND s.ended_at IS NULL AND s.seen_at > ? AND a.disabled_at IS NULL",
        secrets.hashed(token),
        clock.now() - LIFETIME,
    )
    if found is None:
        return None
    centre = Facts._make((*found[9:14], bool(found[14])))
    return SignedIn._make((*found[:8], db.instant(found[8]), centre))


async def glance(token_hash: str, sources: Sequence[str]) -> int | None:
    """The sum of the versions of `sources`, for a session that is open and was seen lately; else None.

    One read by keys: all that is asked before a page that was made earlier is given again.
    """
    found = await db.peek(
        "SELECT (SELECT CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM view_version"
        f" WHERE source IN ({db.marks(len(sources))}))"
        " FROM session s JOIN account a ON a.id = s.account_id"
        " WHERE s.token_hash = ? AND s.ended_at IS NULL AND s.seen_at > ? AND a.disabled_at IS NULL",
        *sources,
        token_hash,
        clock.now() - SEEN_EVERY,
    )
    return None if found is None else int(found[0])


async def seen(signed_in: SignedIn) -> None:
    """Note the visit, at most once in `SEEN_EVERY`."""
    if clock.now() - signed_in.seen_at >= SEEN_EVERY:
        await Session.filter(id=signed_in.session_id, ended_at=None).update(seen_at=clock.now())


async def is_fresh(session_id: int) -> bool:
    """Whether a session began less than `FRESH` ago, and is still open."""
    began = await db.value("SELECT made_at FROM session WHERE id = ? AND ended_at IS NULL", session_id)
    return began is not None and clock.now() - db.instant(began) < FRESH


async def end(scope: Scope, session_id: int) -> None:
    """End one of the account's own sessions; raises `NotFound` for anybody else's."""
    async with db.transaction():
        ended = await Session.filter(id=session_id, account_id=scope.account_id, ended_at=None).update(
            ended_at=clock.now()
        )
        if not ended:
            raise NotFound
        await audit.record(scope, "session.end", "session", session_id)


async def end_all(account_id: int, *, but: int | None = None) -> int:
    """End an account's sessions, inside the caller's transaction; returns how many."""
    return await Session.filter(account_id=account_id, ended_at=None).exclude(id=but or 0).update(ended_at=clock.now())


async def end_everybodys() -> int:
    """End all sessions and forget all known devices, in the caller's transaction; returns how many sessions.

    For a restored database: some were ended after its backup, and a thief's browser may have been one of them.
    """
    await KnownDevice.all().delete()
    return await Session.filter(ended_at=None).update(ended_at=clock.now())


async def of_account(scope: Scope) -> list[tuple[Any, ...]]:
    """The account's open sessions, the latest first: id, device, address, begun, last seen."""
    found = await db.rows(
        "SELECT id, device, address, made_at, seen_at FROM session"
        " WHERE account_id = ? AND ended_at IS NULL AND seen_at > ? ORDER BY seen_at DESC",
        scope.account_id,
        clock.now() - LIFETIME,
    )
    return [(*row[:3], db.instant(row[3]), db.instant(row[4])) for row in found]


async def summary(account_id: int) -> tuple[int, dt.datetime | None]:
    """How many sessions an account has open, and when it was last seen at all."""
    found = await db.row(
        "SELECT COUNT(CASE WHEN ended_at IS NULL AND seen_at > ? THEN 1 END), MAX(seen_at) FROM session"
        " WHERE account_id = ?",
        clock.now() - LIFETIME,
        account_id,
    )
    assert found is not None
    return found[0], db.instant(found[1]) if found[1] else None
