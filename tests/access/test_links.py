"""Secret links: forgotten passwords and invitations work once, and in time."""

import asyncio
import re

import pytest

from portal import clock, db, jobs
from portal.access import accounts, links
from portal.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from portal.scope import SYSTEM
from tests.cast import PASSWORD, add, browser_of, said, visitor

FRESH = "seven quiet green umbrellas"


async def letter_link(purpose: str) -> str:
    """The key of the newest letter."""
    await jobs.drain()
    text = await db.value("SELECT text FROM letter ORDER BY id DESC LIMIT 1")
    return re.search(rf"/{purpose}/(\S+)", text)[1]


async def ask(client, login="lan@example.com"):
    return await client.post("/forgotten", data={"login": login})


async def test_a_forgotten_password_is_chosen_anew(cast):
    async with visitor() as client, await browser_of(cast.lan) as phone:
        assert (await ask(client)).status_code == 200
        key = await letter_link("reset")
        shown = await client.get(f"/reset/{key}")
        assert shown.headers["location"] == "/reset/open"  # the key leaves the address at once
        assert "lan@example.com" in said(await client.get("/reset/open"))
        done = await client.post("/reset/open", data={"password": FRESH})
        assert (done.status_code, done.headers["location"]) == (303, "/home")
        assert (await client.get("/home")).status_code == 200
        assert (await phone.get("/home")).status_code == 303  # every other session is over
    async with visitor() as client:
        assert (
            await client.post("/sign-in", data={"login": "lan@example.com", "password": PASSWORD})
        ).status_code == 422
        assert (await client.post("/sign-in", data={"login": "lan@example.com", "password": FRESH})).status_code == 303


async def test_the_answer_is_the_same_for_unknown_accounts(cast):
    async with visitor() as client:
        known, unknown = await ask(client), await ask(client, "nobody@example.com")
        assert known.status_code == unknown.status_code == 200
        assert said(known) == said(unknown)
    await jobs.drain()
    assert await db.value("SELECT COUNT(*) FROM letter") == 1


async def test_the_letter_is_in_the_readers_language(cast):
    await db.execute("UPDATE account SET language = 'vi' WHERE id = ?", cast.lan.account)
    async with visitor() as client:
        await ask(client)
    await jobs.drain()
    assert await db.value("SELECT subject FROM letter") == "Mật khẩu mới cho Sân Trường"


async def test_a_link_is_over_after_half_an_hour(cast):
    await links.ask_for_reset("lan@example.com")
    key = await letter_link("reset")
    with clock.moved(minutes=29):
        await links.holder(key, links.RESET)
    with clock.moved(minutes=31), pytest.raises(Gone):
        await links.holder(key, links.RESET)


async def test_a_used_link_is_refused_with_a_sentence(cast):
    await links.ask_for_reset("lan@example.com")
    key = await letter_link("reset")
    await links.set_password(key, links.RESET, FRESH)
    async with visitor() as client:
        answer = await client.post(f"/reset/{key}", data={"password": "another long phrase here"})
        assert answer.status_code == 410
        assert "used already" in said(answer)


async def test_two_at_once_use_a_link_once(cast):
    await links.ask_for_reset("lan@example.com")
    key = await letter_link("reset")
    outcomes = await asyncio.gather(
        *[links.set_password(key, links.RESET, f"{FRESH} {n}") for n in range(5)], return_exceptions=True
    )
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Gone) for outcome in outcomes) == 4


async def test_a_new_password_withdraws_other_links(cast):
    await links.ask_for_reset("lan@example.com")
    first = await letter_link("reset")
    await links.ask_for_reset("lan@example.com")
    second = await letter_link("reset")
    assert first != second
    await links.set_password(second, links.RESET, FRESH)
    with pytest.raises(Gone):
        await links.holder(first, links.RESET)


async def test_a_link_serves_its_own_purpose_only(cast):
    await links.ask_for_reset("lan@example.com")
    key = await letter_link("reset")
    async with visitor() as client:
        assert (await client.post(f"/invitation/{key}", data={"password": FRESH})).status_code == 410


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaa", "lan@example.com", "x" * 201, "1234567890"])
async def test_a_weak_password_is_refused_and_the_link_still_works(cast, password):
    await links.ask_for_reset("lan@example.com")
    key = await letter_link("reset")
    with pytest.raises(Invalid) as refused:
        await links.set_password(key, links.RESET, password)
    assert "password" in refused.value.errors
    await links.set_password(key, links.RESET, FRESH)


async def test_the_key_is_kept_nowhere_after_the_letter(cast):
    await links.ask_for_reset("lan@example.com")
    key = await letter_link("reset")
    assert key not in str(await db.rows("SELECT key_hash FROM secret_link"))
    assert key not in str(await db.rows("SELECT payload FROM job"))


async def test_an_invitation_makes_an_account_usable(cast):
    newcomer = await add(cast, "yen", "Ngô Hải Yến")
    await accounts.open_for(SYSTEM, newcomer.person, "yen@example.com", language="en")
    key = await letter_link("invitation")
    async with visitor() as client:
        assert (await client.get(f"/invitation/{key}")).status_code == 303
        assert "Welcome, Yến" in said(await client.get("/invitation/open"))
        assert (await client.post("/invitation/open", data={"password": FRESH})).status_code == 303
        used = await client.post(f"/invitation/{key}", data={"password": FRESH})
        assert used.status_code == 410


async def test_a_second_invitation_withdraws_the_first(cast):
    newcomer = await add(cast, "yen", "Ngô Hải Yến")
    account = await accounts.open_for(SYSTEM, newcomer.person, "yen@example.com")
    first = await letter_link("invitation")
    await accounts.invite_again(SYSTEM, account.id)
    with pytest.raises(Gone):
        await links.holder(first, links.INVITATION)
    await links.holder(await letter_link("invitation"), links.INVITATION)


async def test_a_person_has_one_account_and_a_login_one_person(cast):
    newcomer = await add(cast, "yen", "Ngô Hải Yến")
    with pytest.raises(Conflict):
        await accounts.open_for(SYSTEM, cast.lan.person, "other@example.com")
    with pytest.raises(Invalid):
        await accounts.open_for(SYSTEM, newcomer.person, "LAN@example.com")
    with pytest.raises(NotFound):
        await accounts.open_for(SYSTEM, 10**17, "other@example.com")


async def test_changing_the_password_needs_the_present_one(cast):
    async with await browser_of(cast.lan) as phone, await browser_of(cast.lan) as laptop:
        wrong = await phone.post("/profile/password", data={"current_password": "no", "password": FRESH})
        assert wrong.status_code == 422
        assert "not your present password" in said(wrong)
        right = await phone.post("/profile/password", data={"current_password": PASSWORD, "password": FRESH})
        assert right.status_code == 303
        assert (await phone.get("/profile")).status_code == 200
        assert (await laptop.get("/profile")).status_code == 303


async def test_an_account_with_only_a_phone_gets_no_letter_and_the_same_answer(cast):
    await db.execute("UPDATE account SET email = NULL, phone = '+84912345678' WHERE id = ?", cast.lan.account)
    async with visitor() as client:
        assert (await ask(client, "0912345678")).status_code == 200
    await jobs.drain()
    assert await db.value("SELECT COUNT(*) FROM letter") == 0


async def test_a_manager_hands_out_no_role_above_a_branch(cast):
    from portal.access import scopes

    mai = await scopes.build(cast.mai.account, cast.mai.person)
    await accounts.give_role(mai, cast.duc.account, "care", cast.north)
    for role, branch in (("administrator", None), ("manager", cast.north), ("care", None), ("care", cast.south)):
        with pytest.raises(Forbidden):
            await accounts.give_role(mai, cast.duc.account, role, branch)


async def test_the_last_administrator_stays(cast):
    from portal.access import scopes

    son = await scopes.build(cast.son.account, cast.son.person)
    grant = await db.value("SELECT id FROM account_role WHERE account_id = ?", cast.son.account)
    with pytest.raises(Conflict):
        await accounts.take_role(son, cast.son.account, grant)
    assert await db.value("SELECT COUNT(*) FROM account_role WHERE role = 'administrator'") == 1
