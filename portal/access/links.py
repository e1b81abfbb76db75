"""Secret links: a forgotten password, an invitation. Each works once, and only until its time is over."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from portal import audit, clock, db, jobs, mail
from portal.access import secrets, sessions, signing_in, throttle
from portal.access.models import Account, Identity, KnownDevice, SecretLink
from portal.errors import Conflict, Gone, Invalid, say
from portal.people import names
from portal.scope import Scope

RESET_LIFETIME = dt.timedelta(minutes=30)
INVITATION_LIFETIME = dt.timedelta(days=7)
RESET = "reset"
INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose link it is, for the page that shows it."""

    account_id: int
    person_id: int
    login: str
    given_name: str


async def ask_for_reset(login: str, *, address: str = "") -> None:
    """Have a reset link sent, if there is such an account; the answer, and its time, are the same when there is none.

    Raises `Invalid` for an empty login, `TooMany` when asked for too often.
    """
    key = signing_in.login_key(login)
    if not key:
        raise Invalid({"login": say("Please fill this in.")})
    if len(key) > 254:
        raise Invalid({"login": say("At most {longest} characters; this has {length}.", longest=254, length=len(key))})
    await throttle.attempt(f"reset {key}", address)
    async with db.transaction():
        await jobs.enqueue("password_reset", {"login": key})


@jobs.handles("password_reset")
async def send_reset(payload: dict[str, Any]) -> None:
    """Look the login up and write the letter: in the worker, where nobody can measure which of the two happened."""
    found = await db.row(
        "SELECT a.id, a.email, a.language, p.given_name FROM account a JOIN person p ON p.id = a.person_id"
        " WHERE (a.email = ? OR a.phone = ?) AND a.email IS NOT NULL"
        " AND a.disabled_at IS NULL AND (a.password_hash IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM identity i WHERE i.account_id = a.id))",
        payload["login"],
        payload["login"],
    )
    if found is None:
        return
    account_id, email, language, given_name = found
    async with db.transaction():
        token = await _make(account_id, RESET, RESET_LIFETIME, made_by=None)
        await mail.send(email, "reset", language, name=given_name, path=f"/reset/{token}")
        await audit.record(Scope(account_id=account_id), "password.reset_asked", "account", account_id)


async def invite(scope: Scope, account: Account, given_name: str) -> str:
    """Send an account without a password its invitation, withdrawing earlier ones; in the caller's transaction.

    Returns the invitation's path: who signs in by phone is given it by hand.
    """
    await SecretLink.filter(account_id=account.id, purpose=INVITATION, used_at=None).update(used_at=clock.now())
    token = await _make(account.id, INVITATION, INVITATION_LIFETIME, made_by=scope.account_id)
    if account.email:
        await mail.send(account.email, "invitation", account.language, name=given_name, path=f"/invitation/{token}")
    await audit.record(scope, "account.invite", "account", account.id)
    return f"/invitation/{token}"


async def withdraw_invitations(account_id: int, *, but_of: int | None) -> None:
    """End an account's open invitations, in the caller's transaction, but those that `but_of` sent."""
    await db.execute(
        "UPDATE secret_link SET used_at = ? WHERE account_id = ? AND purpose = ? AND used_at IS NULL"
        " AND (made_by IS NULL OR made_by <> ?)",
        clock.now(),
        account_id,
        INVITATION,
        but_of or 0,
    )


async def end_all() -> int:
    """End every open link, in the caller's transaction; returns how many.

    For a restored database: one that was used after its backup would work a second time.
    """
    return await SecretLink.filter(used_at=None, expires_at__gt=clock.now()).update(used_at=clock.now())


async def holder(token: str, purpose: str) -> Holder:
    """Whose link this is; raises `Gone` when it was used, withdrawn, is too old, or never was."""
    found = await db.row(
        "SELECT a.id, a.person_id, COALESCE(a.email, a.phone), p.given_name FROM secret_link l"
        " JOIN account a ON a.id = l.account_id JOIN person p ON p.id = a.person_id"
        " WHERE l.key_hash = ? AND l.purpose = ? AND l.used_at IS NULL AND l.expires_at > ? AND a.disabled_at IS NULL",
        secrets.hashed(token),
        purpose,
        clock.now(),
    )
    if found is None:
        raise Gone(_GONE[purpose])
    return Holder(*found)


async def set_password(
    token: str, purpose: str, password: str, *, device: str = "", agent: str = "", address: str = ""
) -> signing_in.Entry:
    """Use the link: store the new password, end every session, unlink every identity, sign in.

    Who needs a new password may need it because of a thief, and the thief may have linked an account of their own.

    Raises `Gone` for a link that no longer works (also when another request used it at this moment), `Invalid` for a
    password that breaks the rules; then the link still works.
    """
    whose = await holder(token, purpose)
    problem = secrets.password_problem(password, whose.login, whose.given_name)
    if problem:
        raise Invalid({"password": problem})
    password_hash = await secrets.hash_password(password)
    async with db.transaction():
        used = await SecretLink.filter(key_hash=secrets.hashed(token), used_at=None).update(used_at=clock.now())
        if not used:
            raise Gone(_GONE[purpose])
        await Account.filter(id=whose.account_id).update(password_hash=password_hash, password_set_at=clock.now())
        await SecretLink.filter(account_id=whose.account_id, used_at=None).update(used_at=clock.now())
        await sessions.end_all(whose.account_id)
        await KnownDevice.filter(account_id=whose.account_id).delete()  # a thief's browser was one of them
        unlinked = await Identity.filter(account_id=whose.account_id).delete()
        scope = Scope(account_id=whose.account_id, person_id=whose.person_id)
        changes = {"identities_unlinked": unlinked} if unlinked else {}
        await audit.record(scope, f"password.set_by_{purpose}", "account", whose.account_id, changes)
        return await signing_in.enter(whose.account_id, whose.person_id, device=device, agent=agent, address=address)


async def accept(key_hash: str) -> Holder:
    """Use an invitation without a password, in the caller's transaction; raises `Gone` when it no longer works.

    Every other link, session and known browser of the account ends with it.
    """
    used = await db.execute(
        "UPDATE secret_link SET used_at = ? WHERE key_hash = ? AND purpose = ? AND used_at IS NULL AND expires_at > ?",
        clock.now(),
        key_hash,
        INVITATION,
        clock.now(),
    )
    found = await db.row(
        "SELECT a.id, a.person_id, COALESCE(a.email, a.phone), p.given_name FROM secret_link l"
        " JOIN account a ON a.id = l.account_id JOIN person p ON p.id = a.person_id"
        " WHERE l.key_hash = ? AND a.disabled_at IS NULL",
        key_hash,
    )
    if not used or found is None:
        raise Gone(_GONE[INVITATION])
    whose = Holder(*found)
    await SecretLink.filter(account_id=whose.account_id, used_at=None).update(used_at=clock.now())
    await sessions.end_all(whose.account_id)
    await KnownDevice.filter(account_id=whose.account_id).delete()
    return whose


async def change_password(scope: Scope, current: str, new: str, *, session_id: int, address: str = "") -> None:
    """Change one's own password and end one's other sessions; who has none yet chooses it in a session just begun.

    Raises `Conflict` for the latter in an older one, `Invalid` beside `current_password` or `password`, `TooMany` when
    the present one was guessed at too often.
    """
    account = await Account.get(id=scope.account_id)
    await throttle.attempt(f"change {account.id}", address)
    person = await db.row("SELECT family_name, middle_name, given_name FROM person WHERE id = ?", scope.person_id)
    about = (account.email or "", account.phone or "", names.shown(*person) if person else "")
    errors = {"password": secrets.password_problem(new, *about)}
    if account.password_hash is None:
        if not await sessions.is_fresh(session_id):
            raise Conflict(say("Sign out and in again, then choose a password within 15 minutes."))
    elif await secrets.verify_password(account.password_hash, current):
        await throttle.forgive(f"change {account.id}")
    else:
        errors["current_password"] = say("This is not your present password.")
    if any(errors.values()):
        raise Invalid({name: sentence for name, sentence in errors.items() if sentence})
    password_hash = await secrets.hash_password(new)
    async with db.transaction():
        await Account.filter(id=account.id).update(password_hash=password_hash, password_set_at=clock.now())
        await SecretLink.filter(account_id=account.id, used_at=None).update(used_at=clock.now())
        await sessions.end_all(account.id, but=session_id)
        await audit.record(scope, "password.change", "account", account.id)


async def _make(account_id: int, purpose: str, lifetime: dt.timedelta, made_by: int | None) -> str:
    token = secrets.new_token()
    await SecretLink.create(
        account_id=account_id,
        purpose=purpose,
        key_hash=secrets.hashed(token),
        made_at=clock.now(),
        made_by=made_by,
        expires_at=clock.now() + lifetime,
    )
    return token


_GONE = {
    RESET: say("This link was used already, or is older than 30 minutes. Ask for a new one."),
    INVITATION: say("This invitation was used already, or is older than 7 days. Ask the centre for a new one."),
}
