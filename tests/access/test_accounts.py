"""Whose accounts one may keep: nobody reaches through somebody else's account beyond their own rights."""

import pytest

from portal import clock, db
from portal.access import accounts, links, scopes
from portal.errors import Conflict, Forbidden, Gone, Invalid
from portal.scope import SYSTEM, Scope
from tests.cast import Cast, Member, add, enter


async def scope_of(member: Member) -> Scope:
    return await scopes.build(member.account, member.person)


async def grant(member: Member, role: str, branch: int | None) -> int:
    return await db.insert("account_role", account_id=member.account, role=role, branch_id=branch, given_at=clock.now())


async def colleague(cast: Cast, *, branch: int | None = None) -> Member:
    """Yến, who works in Cầu Giấy and was invited by phone: no password yet, no role yet."""
    yen = await add(cast, "yen", "Ngô Hải Yến", phone="0912000111")
    await db.insert("works_at", person_id=yen.person, branch_id=branch or cast.north)
    await enter(cast, "yen")
    await db.execute(
        "UPDATE account SET password_hash = NULL, email = NULL, phone = '+84912000111' WHERE id = ?", yen.account
    )
    return yen


async def everywhere(cast: Cast) -> Scope:
    """Mai as the manager of every branch."""
    await db.execute("UPDATE account_role SET branch_id = NULL WHERE account_id = ?", cast.mai.account)
    return await scope_of(cast.mai)


BEYOND = [("care", "south"), ("accountant", "everywhere"), ("manager", "north"), ("administrator", "everywhere")]


@pytest.mark.parametrize("role, where", BEYOND)
async def test_a_manager_keeps_no_account_with_wider_rights(cast: Cast, role: str, where: str) -> None:
    mai, yen = await scope_of(cast.mai), await colleague(cast)
    await grant(yen, "teacher", cast.north)
    assert (await accounts.invite_again(mai, yen.account)).path
    await grant(yen, role, {"north": cast.north, "south": cast.south}.get(where))
    with pytest.raises(Forbidden):
        await accounts.invite_again(mai, yen.account)
    with pytest.raises(Forbidden):
        await accounts.disable(mai, yen.account)
    await db.execute("UPDATE account SET disabled_at = ?, disabled_by = ?", clock.now(), cast.mai.account)
    with pytest.raises(Forbidden):
        await accounts.enable(mai, yen.account)
    son = await scope_of(cast.son)
    await accounts.enable(son, yen.account)
    assert (await accounts.invite_again(son, yen.account)).path


async def test_what_an_administrator_closed_a_manager_does_not_open(cast: Cast) -> None:
    mai, son = await scope_of(cast.mai), await scope_of(cast.son)
    for closer in (son, SYSTEM):
        await accounts.disable(closer, cast.duc.account)
        await accounts.disable(mai, cast.duc.account)  # closed already: she does not become the one who closed it
        with pytest.raises(Forbidden):
            await accounts.enable(mai, cast.duc.account)
        await accounts.enable(son, cast.duc.account)
    await accounts.disable(mai, cast.duc.account)
    await accounts.enable(mai, cast.duc.account)
    assert await db.value("SELECT disabled_at FROM account WHERE id = ?", cast.duc.account) is None


@pytest.mark.parametrize("login", ["mine@example.com", "0912 999 888", "mai@example.com"])
async def test_a_manager_opens_an_account_only_for_a_login_of_the_persons_own(cast: Cast, login: str) -> None:
    yen = await add(cast, "yen", "Ngô Hải Yến", phone="0912000111")
    await db.insert("works_at", person_id=yen.person, branch_id=cast.north)
    for mai in (await scope_of(cast.mai), await everywhere(cast)):
        with pytest.raises(Invalid) as refused:
            await accounts.open_for(mai, yen.person, login)
        assert str(refused.value.errors["login"]) == "Use an email or a phone number that is on their card."
    assert not await db.row("SELECT 1 FROM account WHERE person_id = ?", yen.person)


@pytest.mark.parametrize("login", ["Yen@example.com", "0912 000 111"])
async def test_a_manager_opens_an_account_for_a_login_on_the_card(cast: Cast, login: str) -> None:
    yen = await add(cast, "yen", "Ngô Hải Yến", phone="0912000111")
    await db.insert("works_at", person_id=yen.person, branch_id=cast.north)
    assert (await accounts.open_for(await scope_of(cast.mai), yen.person, login)).id


async def test_an_administrator_opens_an_account_for_any_login(cast: Cast) -> None:
    yen = await add(cast, "yen", "Ngô Hải Yến")
    assert (await accounts.open_for(await scope_of(cast.son), yen.person, "0912 999 888")).path


@pytest.mark.parametrize("role", ["administrator", "director"])
async def test_a_role_of_the_whole_centre_is_given_at_no_branch(cast: Cast, role: str) -> None:
    for giver in (await scope_of(cast.son), SYSTEM):
        with pytest.raises(Invalid) as refused:
            await accounts.give_role(giver, cast.duc.account, role, cast.north)
        assert str(refused.value.errors["branch_id"]) == "This role is for the whole centre: choose every branch."
    await accounts.give_role(await scope_of(cast.son), cast.duc.account, role, None)


@pytest.mark.parametrize("unable", ["at a branch", "invited", "closed"])
async def test_an_administrator_who_cannot_act_for_all_does_not_count(cast: Cast, unable: str) -> None:
    son = await scope_of(cast.son)
    await grant(cast.duc, "administrator", cast.north if unable == "at a branch" else None)
    if unable == "invited":
        await db.execute("UPDATE account SET password_hash = NULL WHERE id = ?", cast.duc.account)
    if unable == "closed":
        await accounts.disable(son, cast.duc.account)
    mine = await db.value("SELECT id FROM account_role WHERE account_id = ?", cast.son.account)
    with pytest.raises(Conflict):
        await accounts.take_role(son, cast.son.account, mine)
    with pytest.raises(Conflict):
        await accounts.disable(SYSTEM, cast.son.account)
    assert await db.value("SELECT disabled_at FROM account WHERE id = ?", cast.son.account) is None


async def test_a_second_administrator_in_use_lets_the_first_go(cast: Cast) -> None:
    await grant(cast.duc, "administrator", None)
    mine = await db.value("SELECT id FROM account_role WHERE account_id = ?", cast.son.account)
    await accounts.take_role(await scope_of(cast.son), cast.son.account, mine)
    assert not await db.row("SELECT 1 FROM account_role WHERE id = ?", mine)


async def test_where_the_only_administrator_is_still_invited_other_accounts_are_kept_as_ever(cast: Cast) -> None:
    await db.execute("UPDATE account SET password_hash = NULL WHERE id = ?", cast.son.account)
    mai = await scope_of(cast.mai)
    his = await db.value("SELECT id FROM account_role WHERE account_id = ?", cast.duc.account)
    await accounts.take_role(mai, cast.duc.account, his)
    await accounts.disable(mai, cast.duc.account)
    assert await db.value("SELECT disabled_by FROM account WHERE id = ?", cast.duc.account) == cast.mai.account


@pytest.mark.parametrize("role", ["administrator", "director", "manager"])
async def test_a_manager_of_every_branch_gives_takes_and_keeps_no_role_above(cast: Cast, role: str) -> None:
    mai = await everywhere(cast)
    for whom in (cast.mai, cast.duc):
        with pytest.raises(Forbidden):
            await accounts.give_role(mai, whom.account, role, None)
    theirs = await grant(cast.duc, role, None)
    with pytest.raises(Forbidden):
        await accounts.take_role(mai, cast.duc.account, theirs)
    with pytest.raises(Forbidden):
        await accounts.disable(mai, cast.duc.account)
    await db.execute("UPDATE account SET password_hash = NULL WHERE id = ?", cast.duc.account)
    with pytest.raises(Forbidden):
        await accounts.invite_again(mai, cast.duc.account)
    offered, _, _ = await accounts.to_give(mai)
    assert role not in offered


async def test_a_manager_of_every_branch_gives_the_roles_below(cast: Cast) -> None:
    mai = await everywhere(cast)
    await accounts.give_role(mai, cast.duc.account, "care", cast.south)
    await accounts.give_role(mai, cast.duc.account, "accountant", None)


async def test_a_kept_key_opens_nothing_that_was_given_later(cast: Cast) -> None:
    mai, son, yen = await scope_of(cast.mai), await scope_of(cast.son), await colleague(cast)
    key = (await accounts.invite_again(mai, yen.account)).path.rpartition("/")[2]
    await links.holder(key, links.INVITATION)
    await accounts.give_role(son, yen.account, "director", None)
    with pytest.raises(Gone):
        await links.holder(key, links.INVITATION)
    fresh = (await accounts.invite_again(son, yen.account)).path.rpartition("/")[2]
    await accounts.give_role(son, yen.account, "accountant", cast.north)
    await links.holder(fresh, links.INVITATION)  # the administrator's own stays


async def test_a_manager_gives_nothing_to_those_above_or_to_themself(cast: Cast) -> None:
    mai = await scope_of(cast.mai)
    for above in (cast.quang, cast.son, cast.mai):
        await db.execute(
            "INSERT INTO works_at (person_id, branch_id) VALUES (?, ?) ON CONFLICT DO NOTHING", above.person, cast.north
        )
        with pytest.raises(Forbidden):
            await accounts.give_role(mai, above.account, "care", cast.north)
