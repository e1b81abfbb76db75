"""Browsers that were sent to an identity provider, and come back.

Each visit is a row of its own, so several tabs may be away at once. It lasts ten minutes, ends once, and only for the
browser that began it: that holds a key in a cookie, and the row keeps the hashes of the key and of the state. What the
provider must give back (the nonce) and what only we may know (the verifier of PKCE, RFC 7636) are reckoned from both
keys and our secret; neither the browser, nor the provider, nor a copy of the database holds enough to make them.
"""

import datetime as dt
from dataclasses import dataclass

from portal import clock, db
from portal.access import secrets, throttle
from portal.access.models import ProviderVisit
from portal.errors import Gone, say

LIFETIME = dt.timedelta(minutes=10)
AT_ONCE = 10  # tabs of one browser; the eleventh ends the first
LONGEST_AFTER = 2000

SIGN_IN = "sign_in"
LINK = "link"
INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a visit: `state` travels through the provider, `browser` stays in the cookie."""

    state: str
    browser: str

    @property
    def nonce(self) -> str:
        """What the provider must write into what it signs."""
        return secrets.keyed(f"nonce {self.state} {self.browser}")

    @property
    def verifier(self) -> str:
        """What proves at the provider that we are who began."""
        return secrets.keyed(f"verifier {self.state} {self.browser}")


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit that came back: what it was for."""

    purpose: str
    session_id: int | None
    link_hash: str
    after: str


async def begin(
    provider: str,
    purpose: str,
    *,
    browser: str = "",
    device: str = "",
    address: str = "",
    session_id: int | None = None,
    link_hash: str = "",
    after: str = "",
) -> Keys:
    """Note that a browser goes to a provider. `browser` is the key it holds already, if it does.

    Raises `TooMany` when too many began at this address without coming back; a browser that signed in here before is
    exempt, as it is with passwords.
    """
    keys = Keys(secrets.new_token(), browser if secrets.is_token(browser) else secrets.new_token())
    if await db.row("SELECT 1 FROM known_device WHERE token_hash = ?", secrets.hashed(device)) is None:
        await throttle.attempt(_counted(keys), address)
    held = secrets.hashed(keys.browser)
    async with db.transaction():
        await db.execute("DELETE FROM provider_visit WHERE begun_at < ?", clock.now() - LIFETIME)
        await db.execute(
            "DELETE FROM provider_visit WHERE browser_hash = ? AND id NOT IN"
            " (SELECT id FROM provider_visit WHERE browser_hash = ? ORDER BY id DESC LIMIT ?)",
            held,
            held,
            AT_ONCE - 1,
        )
        await ProviderVisit.create(
            state_hash=secrets.hashed(keys.state),
            browser_hash=held,
            provider=provider,
            purpose=purpose,
            session_id=session_id,
            link_hash=link_hash,
            after=after if len(after) <= LONGEST_AFTER else "",
            begun_at=clock.now(),
        )
    return keys


async def end(provider: str, keys: Keys) -> Visit:
    """Take the visit back that began with these keys, once.

    Raises `Gone` when it ended already, is too old, began in another browser, or never did: nobody learns which.
    """
    args = (secrets.hashed(keys.state), secrets.hashed(keys.browser), provider)
    async with db.transaction():
        ended = await db.execute(
            "UPDATE provider_visit SET ended_at = ? WHERE state_hash = ? AND browser_hash = ? AND provider = ?"
            " AND ended_at IS NULL AND begun_at > ?",
            clock.now(),
            *args,
            clock.now() - LIFETIME,
        )
        if not ended:
            raise Gone(say("This way of signing in was used already, or took longer than 10 minutes."))
        found = await db.row(
            "SELECT purpose, session_id, link_hash, after FROM provider_visit"
            " WHERE state_hash = ? AND browser_hash = ? AND provider = ?",
            *args,
        )
    assert found is not None
    return Visit(*found)


async def end_all() -> int:
    """End every visit, in the caller's transaction; returns how many. For a restored database."""
    return await ProviderVisit.filter(ended_at=None).update(ended_at=clock.now())


async def forgive(keys: Keys) -> None:
    """Do not count this visit against its address any more: it ended with somebody signed in."""
    await throttle.forgive(_counted(keys))


def _counted(keys: Keys) -> str:
    return f"provider {keys.state}"
