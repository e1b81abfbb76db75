"""Coming in and going out."""

from dataclasses import dataclass

from portal import audit, clock, db
from portal.access import secrets, sessions, throttle
from portal.access.models import KnownDevice, Session
from portal.errors import Invalid, say
from portal.people import contacts
from portal.scope import Scope
from portal.text import clean


@dataclass(frozen=True, slots=True)
class Entry:
    """What a successful sign-in puts into the browser."""

    account_id: int
    person_id: int
    token: str
    device: str


def login_key(typed: str) -> str:
    """An email or a phone number in the one form that accounts keep."""
    login = clean(typed)
    if "@" in login:
        return login.casefold()
    number, problem = contacts.phone(login)
    return login.casefold() if problem else number


async def sign_in(login: str, password: str, *, device: str = "", agent: str = "", address: str = "") -> Entry:
    """Open a session for an email or phone and its password.

    `device` is the browser's device cookie, if it has one. Raises `Invalid` with the same sentence whichever of the two
    was wrong, and `TooMany` when this login or this address has failed too often.
    """
    if not clean(login) or not password:
        empty = {"login": login.strip(), "password": password}
        raise Invalid({name: say("Please fill this in.") for name, value in empty.items() if not value})
    key = login_key(login)
    found = await db.row(
        "SELECT a.id, a.password_hash, a.person_id, d.id FROM account a"
        " LEFT JOIN known_device d ON d.account_id = a.id AND d.token_hash = ?"
        " WHERE (a.email = ? OR a.phone = ?) AND a.disabled_at IS NULL",
        secrets.hashed(device),
        key,
        key,
    )
    account_id, stored, person_id, known = found or (None, None, None, None)
    if known is None:
        await throttle.attempt(key, address)
    if not await secrets.verify_password(stored, password[: secrets.LONGEST_PASSWORD + 1]) or account_id is None:
        raise Invalid({}, say("This email or phone and this password do not belong together."))
    await throttle.forgive(key)
    return await enter(account_id, person_id, device=device, agent=agent, address=address)


async def enter(
    account_id: int,
    person_id: int,
    *,
    device: str = "",
    agent: str = "",
    address: str = "",
    identity: int | None = None,
) -> Entry:
    """Open the session itself, and remember the browser. `identity` is what opened it, if no password did."""
    device = device or secrets.new_token()
    async with db.transaction():
        token = await sessions.start(account_id, device=agent, address=address)
        known = await KnownDevice.filter(account_id=account_id, token_hash=secrets.hashed(device)).update(
            seen_at=clock.now()
        )
        if not known:
            await KnownDevice.create(account_id=account_id, token_hash=secrets.hashed(device), seen_at=clock.now())
        scope = Scope(account_id=account_id, person_id=person_id)
        by = {} if identity is None else {"identity": identity}
        await audit.record(scope, "sign_in", "account", account_id, by)
    return Entry(account_id, person_id, token, device)


async def sign_out(scope: Scope, session_id: int) -> None:
    """End the session that asks; asking twice does no harm."""
    async with db.transaction():
        ended = await Session.filter(id=session_id, account_id=scope.account_id, ended_at=None).update(
            ended_at=clock.now()
        )
        if ended:
            await audit.record(scope, "sign_out", "account", scope.account_id)
