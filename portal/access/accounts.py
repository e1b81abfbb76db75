"""Accounts as staff keep them: made, invited, given roles, disabled."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal import audit, clock, db, versions
from portal.access import keeping, links, sessions
from portal.access.models import Account, AccountRole
from portal.access.roles import ABOVE, EVERYWHERE, STAFF, Role
from portal.centre import centres
from portal.errors import Conflict, Forbidden, Invalid, NotFound, say
from portal.people import authors, contacts, names, sight
from portal.scope import SYSTEM, Permission, Scope
from portal.text import fold

PAGE = 50
COUNTED = 1000

# Whoever accepted the invitation has a password, or signs in by an identity provider.
_NO_WAY_IN = "(a.password_hash IS NULL AND NOT EXISTS (SELECT 1 FROM identity i WHERE i.account_id = a.id))"
_HANDS = SYSTEM.roles | {Role.ADMINISTRATOR}  # whoever holds one of these hands out, and keeps, every role
_HAS_ONE = say("This person has an account already.")
_TAKEN = say("Another account signs in with this.")
_NOT_THEIRS = say("Use an email or a phone number that is on their card.")
_UP_TO_OWN = say("You may give roles up to your own, in your own branches.")


class Line(NamedTuple):
    """An account in the list."""

    id: int
    person_id: int
    family_name: str
    middle_name: str
    given_name: str
    login: str
    roles: str
    invited: bool
    disabled: bool
    seen_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of accounts; `total` stops counting at `COUNTED` + 1."""

    accounts: Sequence[Line]
    total: int
    number: int


class Grant(NamedTuple):
    """A role as an account holds it; `branch` is "" and `branch_id` None where it holds everywhere."""

    id: int
    role: str
    branch: str
    branch_id: int | None


class Detail(NamedTuple):
    """An account with the roles it holds."""

    id: int
    person_id: int
    family_name: str
    middle_name: str
    given_name: str
    email: str
    phone: str
    invited: bool
    disabled_at: dt.datetime | None
    disabled_by: int | None
    made_at: dt.datetime
    made_by: names.Name | None
    sessions: int
    seen_at: dt.datetime | None
    roles: Sequence[Grant]


class Invited(NamedTuple):
    """An invited account. `path` is the invitation, to be handed to who signs in by phone; "" where a letter goes."""

    id: int
    path: str


def visible_to(scope: Scope) -> db.Condition:
    """Rows of `account a` (with its `person p`) whose account the scope may see.

    Where the right holds in some branches only, that is the staff of those branches and nobody else.
    """
    branches = scope.branches_for(Permission.SEE_ACCOUNTS)
    if branches is None:
        return sight.EVERYBODY
    at_work = sight.among("w.branch_id", branches)
    return db.Condition(
        f"EXISTS (SELECT 1 FROM works_at w WHERE w.person_id = a.person_id AND {at_work.sql})", at_work.args
    )


async def listed(scope: Scope, query: str = "", *, page: int = 1) -> Page:
    """Accounts whose person's name or login holds every word of `query`."""
    seen = visible_to(scope)
    parts, args = [seen.sql], list(seen.args)
    for word in fold(query[:200]).split()[:8]:  # SQLite refuses patterns over 50,000 bytes
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        parts.append("(p.search_key LIKE ? ESCAPE '\\' OR a.email LIKE ? ESCAPE '\\' OR a.phone LIKE ? ESCAPE '\\')")
        args += [pattern] * 3
    where = "FROM account a JOIN person p ON p.id = a.person_id WHERE " + " AND ".join(parts)
    page = min(max(page, 1), COUNTED // PAGE)
    total = await db.value(f"SELECT COUNT(*) FROM (SELECT 1 {where} LIMIT {COUNTED + 1}) AS counted", *args)
    joined = (
        "string_agg(DISTINCT r.role, ' ')"
        if db.dialect() == "postgres"
        else "replace(group_concat(DISTINCT r.role), ',', ' ')"
    )
    found = await db.rows(
        "SELECT a.id, p.id, p.family_name, p.middle_name, p.given_name, COALESCE(a.email, a.phone),"
        f" COALESCE((SELECT {joined} FROM account_role r WHERE r.account_id = a.id), ''),"
        f" {_NO_WAY_IN}, a.disabled_at IS NOT NULL,"
        f" (SELECT MAX(s.seen_at) FROM session s WHERE s.account_id = a.id) {where} ORDER BY p.sort_key, a.id"
        " LIMIT ? OFFSET ?",
        *args,
        PAGE,
        (page - 1) * PAGE,
    )
    lines = [
        Line._make((*row[:7], bool(row[7]), bool(row[8]), db.instant(row[9]) if row[9] else None)) for row in found
    ]
    return Page(lines, total, page)


async def find(scope: Scope, account_id: int) -> Detail:
    """An account; raises `NotFound` when there is none or it may not be seen."""
    seen = visible_to(scope)
    found = await db.row(
        "SELECT p.id, p.family_name, p.middle_name, p.given_name, COALESCE(a.email, ''), COALESCE(a.phone, ''),"
        f" {_NO_WAY_IN}, a.disabled_at, a.disabled_by, a.made_at, a.made_by FROM account a"
        f" JOIN person p ON p.id = a.person_id WHERE a.id = ? AND {seen.sql}",
        account_id,
        *seen.args,
    )
    if found is None:
        raise NotFound
    roles = await db.rows(
        "SELECT r.id, r.role, COALESCE(b.name, ''), r.branch_id FROM account_role r"
        " LEFT JOIN branch b ON b.id = r.branch_id WHERE r.account_id = ? ORDER BY r.id",
        account_id,
    )
    by = await authors.of_accounts([found[10]])
    count, seen_at = await sessions.summary(account_id)
    return Detail(
        id=account_id,
        person_id=found[0],
        family_name=found[1],
        middle_name=found[2],
        given_name=found[3],
        email=found[4],
        phone=found[5],
        invited=bool(found[6]),
        disabled_at=db.instant(found[7]) if found[7] else None,
        disabled_by=found[8],
        made_at=db.instant(found[9]),
        made_by=by.get(found[10]),
        sessions=count,
        seen_at=seen_at,
        roles=[Grant._make(row) for row in roles],
    )


async def open_for(scope: Scope, person_id: int, login: str, *, language: str = "") -> Invited:
    """Make a person's account and send the invitation.

    Raises `NotFound` for a person out of sight, `Forbidden` for one whose account would be, `Conflict` when the person
    has an account, `Invalid` beside `login`. Whoever is no administrator uses what is on the person's card.
    """
    scope.require(Permission.EDIT_ACCOUNTS)
    email, phone = _login(login)
    try:
        async with db.transaction():
            given_name = await _person_in_reach(scope, person_id)
            if await Account.filter(person_id=person_id).exists():
                raise Conflict(_HAS_ONE)
            if not _hands_out_all(scope) and not await _is_on_card(person_id, email, phone):
                raise Invalid({"login": _NOT_THEIRS})
            if await _is_taken(email, phone):
                raise Invalid({"login": _TAKEN})
            account = await Account.create(
                person_id=person_id,
                email=email,
                phone=phone,
                language=language,
                made_at=clock.now(),
                made_by=scope.account_id,
            )
            await audit.record(scope, "account.open", "account", account.id, {"person": person_id})
            return await _invited(scope, account, given_name)
    except db.IntegrityError as error:  # another request was first, between our look and our write
        raise Conflict(_HAS_ONE) from error


async def invite_again(scope: Scope, account_id: int) -> Invited:
    """Send a fresh invitation to an account that has no password yet; earlier ones stop working."""
    scope.require(Permission.EDIT_ACCOUNTS)
    async with db.transaction():
        detail = await find(scope, account_id)
        _require_keep(scope, detail)
        if not detail.invited or detail.disabled_at:
            raise Conflict(say("Somebody signs in with this account already."))
        return await _invited(scope, await Account.get(id=account_id), detail.given_name)


async def to_give(scope: Scope) -> tuple[list[Role], list[tuple[int, str]], bool]:
    """What the scope may hand out: the roles, the branches, and whether also everywhere at once."""
    reach = scope.branches_for(Permission.EDIT_ACCOUNTS)
    branches = [branch for branch in await centres.branches() if reach is None or branch[0] in reach]
    return [role for role in STAFF if _hands_out_all(scope) or role not in ABOVE], branches, reach is None


def may_hand_out(scope: Scope, role: str, branch_id: int | None) -> bool:
    """Whether the scope gives and takes this role there: within its reach; roles above a branch, an administrator."""
    reach = scope.branches_for(Permission.EDIT_ACCOUNTS)
    return (reach is None or branch_id in reach) and (role not in ABOVE or _hands_out_all(scope))


def may_keep(scope: Scope, account: Detail) -> bool:
    """Whether the scope invites to, closes and opens the account: only who may hand out every role that it holds."""
    return all(may_hand_out(scope, grant.role, grant.branch_id) for grant in account.roles)


def may_reopen(scope: Scope, account: Detail) -> bool:
    """Whether the scope opens a closed account again: what somebody else closed, an administrator."""
    own = scope.account_id is not None and account.disabled_by == scope.account_id
    return may_keep(scope, account) and (own or _hands_out_all(scope))


async def give_role(scope: Scope, account_id: int, role: str, branch_id: int | None) -> None:
    """Give a role at a branch, or everywhere with None.

    An administrator's gift withdraws an invitation that somebody else holds open: whoever invited may have kept its
    key, and shall not come in by it with more than they could have given. Raises `Forbidden` for a role or a reach the
    giver may not hand out, `Invalid` beside `role` or `branch_id`.
    """
    scope.require(Permission.EDIT_ACCOUNTS)
    if role not in STAFF:
        raise Invalid({"role": say("Choose one of the list.")})
    _require_hand(scope, role, branch_id)
    if role in EVERYWHERE and branch_id is not None:
        raise Invalid({"branch_id": say("This role is for the whole centre: choose every branch.")})
    async with db.transaction():
        detail = await find(scope, account_id)
        _require_keep(scope, detail)
        if branch_id is not None and not await db.row("SELECT 1 FROM branch WHERE id = ?", branch_id):
            raise Invalid({"branch_id": say("Choose one of the list.")})
        if await AccountRole.filter(account_id=account_id, role=role, branch_id=branch_id).exists():
            raise Invalid({"role": say("The account holds this role already.")})
        await AccountRole.create(
            account_id=account_id,
            role=role,
            branch_id=branch_id,
            given_at=clock.now(),
            given_by=scope.account_id,
        )
        if scope.roles & _HANDS:
            await links.withdraw_invitations(account_id, but_of=scope.account_id)
        versions.bump(versions.person(detail.person_id))
        await audit.record(scope, "role.give", "account", account_id, {"role": role, "branch": branch_id})


async def take_role(scope: Scope, account_id: int, grant_id: int) -> None:
    """Take a role away; raises `NotFound`, and `Conflict` for the last administrator."""
    scope.require(Permission.EDIT_ACCOUNTS)
    async with db.transaction():
        await keeping.one_by_one()
        detail = await find(scope, account_id)
        grant = await AccountRole.get_or_none(id=grant_id, account_id=account_id)
        if grant is None:
            raise NotFound
        branch_id: int | None = grant.branch_id  # type: ignore[attr-defined]
        _require_hand(scope, grant.role, branch_id)
        await grant.delete()
        if grant.role == Role.ADMINISTRATOR:
            await keeping.keep_an_administrator()
        versions.bump(versions.person(detail.person_id))
        await audit.record(scope, "role.take", "account", account_id, {"role": grant.role, "branch": branch_id})


async def disable(scope: Scope, account_id: int) -> None:
    """Close the door at once: no sign-in, every session ended."""
    scope.require(Permission.EDIT_ACCOUNTS)
    if account_id == scope.account_id:
        raise Conflict(say("You cannot disable your own account."))
    async with db.transaction():
        await keeping.one_by_one()
        detail = await find(scope, account_id)
        _require_keep(scope, detail)
        changed = await Account.filter(id=account_id, disabled_at=None).update(
            disabled_at=clock.now(), disabled_by=scope.account_id
        )
        if changed:
            await sessions.end_all(account_id)
            if any(grant.role == Role.ADMINISTRATOR for grant in detail.roles):
                await keeping.keep_an_administrator()
            await audit.record(scope, "account.disable", "account", account_id)


async def enable(scope: Scope, account_id: int) -> None:
    """Open the door again, which is for an administrator and for who closed it; the old sessions stay ended."""
    scope.require(Permission.EDIT_ACCOUNTS)
    async with db.transaction():
        detail = await find(scope, account_id)
        _require_keep(scope, detail)
        if detail.disabled_at and not may_reopen(scope, detail):
            raise Forbidden(say("Only an administrator, or who closed this account, opens it again."))
        changed = (
            await Account.filter(id=account_id).exclude(disabled_at=None).update(disabled_at=None, disabled_by=None)
        )
        if changed:
            await audit.record(scope, "account.enable", "account", account_id)


def _login(login: str) -> tuple[str | None, str | None]:
    if "@" in login:
        email, trouble = contacts.email(login)
    else:
        email, trouble = contacts.phone(login)
    if not email:
        trouble = say("Please fill this in.")
    if trouble:
        raise Invalid({"login": trouble})
    return (email, None) if "@" in login else (None, email)


async def _is_taken(email: str | None, phone: str | None) -> bool:
    return await db.row("SELECT 1 FROM account WHERE email = ? OR phone = ?", email, phone) is not None


async def _is_on_card(person_id: int, email: str | None, phone: str | None) -> bool:
    found = await db.row(
        "SELECT 1 FROM email_address WHERE person_id = ? AND address = ?"
        " UNION ALL SELECT 1 FROM phone_number WHERE person_id = ? AND number = ?",
        person_id,
        email or "",
        person_id,
        phone or "",
    )
    return found is not None


async def _person_in_reach(scope: Scope, person_id: int) -> str:
    """The given name of a person whose account the scope may keep: anybody, or the staff of its branches."""
    seen = sight.persons(scope)
    found = await db.row(f"SELECT p.given_name FROM person p WHERE p.id = ? AND {seen.sql}", person_id, *seen.args)
    if found is None:
        raise NotFound
    reach = scope.branches_for(Permission.EDIT_ACCOUNTS)
    at_work = sight.EVERYBODY if reach is None else sight.among("w.branch_id", reach)
    works = f"SELECT 1 FROM works_at w WHERE w.person_id = ? AND {at_work.sql}"
    if reach is not None and await db.row(works, person_id, *at_work.args) is None:
        raise Forbidden(say("You may open accounts for the staff of your own branches."))
    return str(found[0])


async def _invited(scope: Scope, account: Account, given_name: str) -> Invited:
    path = await links.invite(scope, account, given_name)
    return Invited(account.id, "" if account.email else path)


def _require_keep(scope: Scope, account: Detail) -> None:
    if not may_keep(scope, account):
        raise Forbidden(_UP_TO_OWN)


def _require_hand(scope: Scope, role: str, branch_id: int | None) -> None:
    if not may_hand_out(scope, role, branch_id):
        raise Forbidden(_UP_TO_OWN)


def _hands_out_all(scope: Scope) -> bool:
    return bool(scope.roles & _HANDS)
