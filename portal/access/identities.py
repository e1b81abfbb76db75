"""Accounts at identity providers that open accounts here.

An identity is (issuer, subject), which a provider never gives to anybody else. It is linked in two ways only: from the
profile of somebody who signed in just now or types their password, and by accepting an invitation. An email that the
provider tells is never compared with ours: whoever could choose one there would choose one of ours.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any, NamedTuple

from portal import audit, clock, db, mail
from portal.access import accounts, keeping, links, secrets, sessions, signing_in, throttle
from portal.access.models import Account, Identity
from portal.access.roles import Role
from portal.errors import Conflict, Forbidden, Invalid, NotFound, say
from portal.providers import Provider
from portal.scope import Permission, Scope

MOST = 10  # of one account

_TAKEN = say("This account opens another account here already. Unlink it there first, or ask the centre.")
_OTHER_SESSION = say("You signed out or in meanwhile. Nothing was linked; start again from your profile.")
_LAST = say("This is your only way in. Choose a password first, then unlink it.")


class Unknown(Forbidden):
    """The identity opens no account here, or a closed one: nobody learns which."""

    default = say("Nobody signs in here with this account, or what it opened is closed.")


class Vouched(NamedTuple):
    """Whom a provider says it saw: `subject` is theirs for ever, `label` (an email, a name) is for showing only."""

    provider: Provider
    subject: str
    label: str


class Linked(NamedTuple):
    """An identity of an account, as its owner sees it; `label` is "" where staff look."""

    id: int
    issuer: str
    label: str
    linked_at: dt.datetime
    used_at: dt.datetime | None


class Standing(NamedTuple):
    """What linking asks of a session: whether it began just now, and whether there is a password to ask for."""

    fresh: bool
    has_password: bool


async def sign_in(vouched: Vouched, *, device: str = "", agent: str = "", address: str = "") -> signing_in.Entry:
    """Open a session for the account that the identity is linked to.

    Raises `Unknown` when it is linked to none, and when that account is closed.
    """
    whose = (vouched.provider.issuer, vouched.subject)
    async with db.transaction():
        # First the write: who unlinks at this moment waits for it, or it finds nothing any more.
        await db.execute(
            "UPDATE identity SET used_at = ?, label = ? WHERE issuer = ? AND subject = ?",
            clock.now(),
            vouched.label,
            *whose,
        )
        found = await db.row(
            "SELECT i.id, a.id, a.person_id FROM identity i JOIN account a ON a.id = i.account_id"
            " WHERE i.issuer = ? AND i.subject = ? AND a.disabled_at IS NULL",
            *whose,
        )
        if found is None:
            raise Unknown
        identity, account_id, person_id = found
        return await signing_in.enter(
            account_id, person_id, device=device, agent=agent, address=address, identity=identity
        )


async def standing(scope: Scope, session_id: int) -> Standing:
    """What this session must still show before an identity is linked in it."""
    stored = await db.value("SELECT password_hash FROM account WHERE id = ?", scope.account_id)
    return Standing(await sessions.is_fresh(session_id), stored is not None)


async def prove(scope: Scope, password: str, *, session_id: int, address: str = "") -> None:
    """Let linking begin: for a session that began just now, or with the present password.

    Raises `Invalid` beside `present_password`, `TooMany` for guessing, `Conflict` where there is no password to type.
    """
    now = await standing(scope, session_id)
    if now.fresh:
        return
    if not now.has_password:
        raise Conflict(say("Sign out and in again, then link within 15 minutes."))
    if not password:
        raise Invalid({"present_password": say("Please fill this in.")})
    counted = f"change {scope.account_id}"
    await throttle.attempt(counted, address)
    stored = await db.value("SELECT password_hash FROM account WHERE id = ?", scope.account_id)
    if not await secrets.verify_password(stored, password[: secrets.LONGEST_PASSWORD + 1]):
        raise Invalid({"present_password": say("This is not your present password.")})
    await throttle.forgive(counted)


async def link(scope: Scope, vouched: Vouched, *, session_id: int | None, begun_in: int | None) -> None:
    """Let the identity open the acting account from now on, and tell its owner by mail; linking it twice is linked.

    Raises `Conflict` when this is not the session that linking `begun_in` (another tab may have signed in as somebody
    else), when the identity opens another account (whose is not told), or when this one has `MOST` already.
    """
    if scope.account_id is None or session_id is None or session_id != begun_in:
        raise Conflict(_OTHER_SESSION)
    try:
        async with db.transaction():
            await db.row("SELECT id FROM account WHERE id = ? FOR UPDATE", scope.account_id)
            if await db.row("SELECT 1 FROM session WHERE id = ? AND ended_at IS NULL", session_id) is None:
                raise Conflict(_OTHER_SESSION)
            owner = await _owner(vouched)
            if owner == scope.account_id:
                return
            if owner is not None:
                raise Conflict(_TAKEN)
            if await Identity.filter(account_id=scope.account_id).count() >= MOST:
                raise Conflict(say("At most {most} accounts can be linked. Unlink one first.", most=MOST))
            await _link(scope, vouched, "profile")
            await _tell(scope.account_id, vouched.provider)
    except db.IntegrityError as error:  # somebody else linked it between our look and our write
        raise Conflict(_TAKEN) from error


async def accept(
    link_hash: str, vouched: Vouched, *, device: str = "", agent: str = "", address: str = ""
) -> signing_in.Entry:
    """Accept an invitation with an identity instead of a password, and sign in.

    Raises `Gone` when the invitation no longer works, `Conflict` when the identity opens another account: then the
    invitation still works.
    """
    try:
        async with db.transaction():
            whose = await links.accept(link_hash)
            if await _owner(vouched) is not None:
                raise Conflict(_TAKEN)
            scope = Scope(account_id=whose.account_id, person_id=whose.person_id)
            identity = await _link(scope, vouched, links.INVITATION)
            return await signing_in.enter(
                whose.account_id, whose.person_id, device=device, agent=agent, address=address, identity=identity
            )
    except db.IntegrityError as error:
        raise Conflict(_TAKEN) from error


async def of_account(scope: Scope) -> list[Linked]:
    """The acting account's own identities, the first linked first."""
    found = await db.rows(
        "SELECT id, issuer, label, linked_at, used_at FROM identity WHERE account_id = ? ORDER BY id", scope.account_id
    )
    return [_linked(row) for row in found]


async def unlink(scope: Scope, identity_id: int, *, session_id: int, issuers: Collection[str]) -> None:
    """Unlink one of one's own and end one's other sessions, which may have begun with it.

    `issuers` are those one can sign in with today. Raises `NotFound`, and `Conflict` for the last way in.
    """
    async with db.transaction():
        stored = await db.row("SELECT password_hash FROM account WHERE id = ? FOR UPDATE", scope.account_id)
        issuer = await db.value(
            "SELECT issuer FROM identity WHERE id = ? AND account_id = ?", identity_id, scope.account_id
        )
        if stored is None or issuer is None:
            raise NotFound
        left = [one for one in await of_account(scope) if one.id != identity_id and one.issuer in issuers]
        if stored[0] is None and not left:
            raise Conflict(_LAST)
        await Identity.filter(id=identity_id).delete()
        await sessions.end_all(scope.account_id or 0, but=session_id)
        await audit.record(scope, "identity.unlink", "account", scope.account_id, {"issuer": issuer})


async def of_others(scope: Scope, account_id: int) -> list[Linked]:
    """The identities of an account in sight, without what the provider calls them; none for one out of sight."""
    seen = accounts.visible_to(scope)
    found = await db.rows(
        "SELECT i.id, i.issuer, '', i.linked_at, i.used_at FROM identity i JOIN account a ON a.id = i.account_id"
        f" JOIN person p ON p.id = a.person_id WHERE a.id = ? AND {seen.sql} ORDER BY i.id",
        account_id,
        *seen.args,
    )
    return [_linked(row) for row in found]


def may_take(scope: Scope) -> bool:
    """Whether the scope unlinks others' identities: an administrator.

    A manager invites again whoever has no way in; could they take the last one too, they could come in as them.
    """
    return Role.ADMINISTRATOR in scope.roles and scope.may(Permission.EDIT_ACCOUNTS)


async def take(scope: Scope, account_id: int, identity_id: int) -> None:
    """Unlink an identity of an account and sign it out everywhere; where no way in is left, it is invited again.

    Raises `Forbidden`, `NotFound`, and `Conflict` for the last administrator's last way in.
    """
    if not may_take(scope):
        raise Forbidden
    async with db.transaction():
        await keeping.one_by_one()
        await accounts.find(scope, account_id)
        issuer = await db.value("SELECT issuer FROM identity WHERE id = ? AND account_id = ?", identity_id, account_id)
        if not await Identity.filter(id=identity_id, account_id=account_id).delete():
            raise NotFound
        await sessions.end_all(account_id)
        await keeping.keep_an_administrator()
        await audit.record(scope, "identity.take", "account", account_id, {"issuer": issuer})


async def _owner(vouched: Vouched) -> int | None:
    owner: int | None = await db.value(
        "SELECT account_id FROM identity WHERE issuer = ? AND subject = ?", vouched.provider.issuer, vouched.subject
    )
    return owner


async def _link(scope: Scope, vouched: Vouched, way: str) -> int:
    identity = await Identity.create(
        account_id=scope.account_id,
        issuer=vouched.provider.issuer,
        subject=vouched.subject,
        label=vouched.label,
        linked_at=clock.now(),
        linked_by=scope.account_id,
    )
    changes = {"issuer": vouched.provider.issuer, "by": way}
    await audit.record(scope, "identity.link", "account", scope.account_id, changes)
    return identity.id


async def _tell(account_id: int, provider: Provider) -> None:
    """A letter, so that a way in that somebody else opened is not found out too late."""
    account = await Account.get(id=account_id)
    if account.email:
        name = await db.value("SELECT given_name FROM person WHERE id = ?", account.person_id)  # type: ignore[attr-defined]
        await mail.send(
            account.email, "identity_linked", account.language, name=name, provider=provider.label, path="/profile"
        )


def _linked(row: tuple[Any, ...]) -> Linked:
    return Linked._make((*row[:3], db.instant(row[3]), db.instant(row[4]) if row[4] else None))
