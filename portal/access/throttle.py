"""Slowing down guessing: a delay that grows per account, a block per address.

A browser that signed in to the account before (it holds a device cookie) is exempt, so nobody can lock a family out by
typing wrong passwords for them. Counts live in the database: they survive a restart and are shared by all workers.
"""

import datetime as dt
import ipaddress

from portal import clock, db
from portal.access import secrets
from portal.access.models import SignInAttempt
from portal.errors import TooMany

WINDOW = dt.timedelta(minutes=15)
FREE_ATTEMPTS = 5
ADDRESS_ATTEMPTS = 50
LONGEST_DELAY = 300  # seconds

# `PORTAL_LIMITS=off` lifts the limits for benchmarks.
enforced = True


async def attempt(login: str, address: str) -> None:
    """Count an attempt before it is judged, so that a thousand at once are no way round.

    Raises `TooMany` while the login must wait after its failures, or the address is blocked.
    """
    if not enforced:
        return
    login_hash, network = secrets.keyed(login), network_of(address)
    async with db.transaction():
        if db.dialect() == "postgres":
            for held in sorted({login_hash, network}):  # in one order, or two attempts would wait for each other
                await db.execute("SELECT pg_advisory_xact_lock(hashtext(?))", held)
        await _check(login_hash, network)
        await SignInAttempt.create(login_hash=login_hash, address=network, at=clock.now())


def network_of(address: str) -> str:
    """What one person holds: an IPv4 address, or the /64 of an IPv6 address, all of which are one household's."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


async def forgive(login: str) -> None:
    """Forget the attempts of a login that has now signed in, and whatever is older than a day."""
    await db.execute(
        "DELETE FROM sign_in_attempt WHERE login_hash = ? OR at < ?",
        secrets.keyed(login),
        clock.now() - dt.timedelta(days=1),
    )


async def _check(login_hash: str, address: str) -> None:
    since = clock.now() - WINDOW
    found = await db.row(
        "SELECT (SELECT COUNT(*) FROM sign_in_attempt WHERE login_hash = ? AND at > ?),"
        " (SELECT MAX(at) FROM sign_in_attempt WHERE login_hash = ?),"
        " (SELECT COUNT(*) FROM sign_in_attempt WHERE address = ? AND at > ?)",
        login_hash,
        since,
        login_hash,
        address,
        since,
    )
    failures, latest, from_address = found or (0, None, 0)
    if from_address >= ADDRESS_ATTEMPTS:
        raise TooMany(int(WINDOW.total_seconds()))
    if failures >= FREE_ATTEMPTS and latest is not None:
        delay = min(2 ** (failures - FREE_ATTEMPTS + 1), LONGEST_DELAY)
        waited = (clock.now() - db.instant(latest)).total_seconds()
        if waited < delay:
            raise TooMany(int(delay - waited) + 1)
