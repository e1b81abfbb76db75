"""Accounts and roles, as staff keep them."""

import re

import pytest

from portal import db, jobs
from tests.cast import Cast, add, browser_of, said, visitor


async def test_an_administrator_finds_accounts_by_name_login_and_page(cast: Cast) -> None:
    async with await browser_of(cast.son) as browser:
        everyone = said(await browser.get("/staff/accounts"))
        some = said(await browser.get("/staff/accounts", params={"q": "duc"}))
        nobody = said(await browser.get("/staff/accounts", params={"q": "zzz"}))
        part = await browser.get("/staff/accounts", params={"q": "lan@"}, headers={"X-Fragment": "results"})
    assert "11 accounts" in everyone
    assert "Lê Minh Đức duc@example.com Counsellor In use" in some
    assert "family only" in everyone
    assert "No account was found" in nobody
    assert part.text.lstrip().startswith("<div")


async def test_a_manager_sees_the_staff_of_the_branch_and_no_family(cast: Cast) -> None:
    async with await browser_of(cast.mai) as browser:
        page = said(await browser.get("/staff/accounts"))
        assert (await browser.get(f"/staff/accounts/{cast.duc.account}")).status_code == 200
        assert (await browser.get(f"/staff/accounts/{cast.lan.account}")).status_code == 404
    assert "Lê Minh Đức" in page
    assert "Trần Thị Lan" not in page


async def test_a_director_reads_and_changes_nothing(cast: Cast) -> None:
    async with await browser_of(cast.quang) as browser:
        shown = await browser.get(f"/staff/accounts/{cast.duc.account}")
        assert shown.status_code == 200
        assert "<form class=" not in shown.text.split("<main")[1]
        assert (await browser.post(f"/staff/accounts/{cast.duc.account}/closing")).status_code == 403


async def test_an_account_opened_with_an_email_sends_the_invitation(cast: Cast) -> None:
    yen = await add(cast, "yen", "Ngô Hải Yến")
    await db.insert("works_at", person_id=yen.person, branch_id=cast.north)
    async with await browser_of(cast.mai) as browser:
        form = await browser.get("/staff/accounts/new", params={"person_id": yen.person})
        assert 'value="yen@example.com"' in form.text
        answer = await browser.post("/staff/accounts/new", data={"person_id": yen.person, "login": "YEN@example.com"})
        assert answer.status_code == 303
        page = said(await browser.get(answer.headers["location"]))
    assert "The invitation is on its way." in page
    assert "Invited" in page
    assert "/invitation/" not in page
    await jobs.drain()
    assert await db.value("SELECT recipient FROM letter") == "yen@example.com"


async def test_who_signs_in_by_phone_is_handed_the_invitation_once(cast: Cast) -> None:
    yen = await add(cast, "yen", "Ngô Hải Yến")
    async with await browser_of(cast.son) as browser:
        answer = await browser.post("/staff/accounts/new", data={"person_id": yen.person, "login": "0912 000 111"})
        first = await browser.get(answer.headers["location"])
        again = await browser.get(answer.headers["location"])
    link = re.search(r"http://127\.0\.0\.1:8000(/invitation/[\w-]+)", first.text)
    assert link
    assert first.headers["cache-control"] == "no-store"
    assert "/invitation/" not in said(again)
    async with visitor() as newcomer:
        assert (await newcomer.get(link[1])).status_code == 303
        assert "Welcome, Yến" in said(await newcomer.get("/invitation/open"))


@pytest.mark.parametrize(
    "login, told",
    [("", "fill this in"), ("yen@", "not an email"), ("12", "not a phone"), ("lan@example.com", "Another")],
)
async def test_a_login_that_cannot_be_is_refused_beside_its_field(cast: Cast, login: str, told: str) -> None:
    yen = await add(cast, "yen", "Ngô Hải Yến")
    async with await browser_of(cast.son) as browser:
        answer = await browser.post("/staff/accounts/new", data={"person_id": yen.person, "login": login})
    assert answer.status_code == 422
    assert told in said(answer)
    assert f'value="{login}"' in answer.text
    assert 'aria-describedby="field-login-hint field-login-error"' in answer.text


@pytest.mark.parametrize("person_id", ["", "x", "-1", "9" * 30])
async def test_an_account_for_nobody_is_refused(cast: Cast, person_id: str) -> None:
    async with await browser_of(cast.son) as browser:
        answer = await browser.post("/staff/accounts/new", data={"person_id": person_id, "login": "a@example.com"})
        assert answer.status_code == 422
        assert (await browser.get("/staff/accounts/new")).status_code == 200
        assert (await browser.get("/staff/accounts/new?person_id=10000000000000000")).status_code == 404


async def test_a_second_account_for_one_person_is_a_conflict(cast: Cast) -> None:
    async with await browser_of(cast.son) as browser:
        data = {"person_id": cast.lan.person, "login": "other@example.com"}
        answer = await browser.post("/staff/accounts/new", data=data)
    assert answer.status_code == 409
    assert "has an account already" in said(answer)


async def test_a_manager_opens_accounts_for_own_staff_and_for_no_family(cast: Cast) -> None:
    yen = await add(cast, "yen", "Ngô Hải Yến")
    data = {"person_id": yen.person, "login": "yen@example.com"}
    async with await browser_of(cast.mai) as browser:
        assert (await browser.post("/staff/accounts/new", data=data)).status_code == 403
        await db.insert("works_at", person_id=yen.person, branch_id=cast.north)
        assert (await browser.post("/staff/accounts/new", data=data)).status_code == 303


async def test_a_role_is_given_and_taken_with_its_branch(cast: Cast) -> None:
    here = f"/staff/accounts/{cast.duc.account}"
    async with await browser_of(cast.mai) as browser:
        given = await browser.post(f"{here}/roles", data={"role": "care", "branch_id": cast.north})
        assert given.status_code == 303
        page = said(await browser.get(here))
        assert "The role is given." in page
        assert "Customer care Cầu Giấy" in page
        grant = await db.value("SELECT id FROM account_role WHERE role = 'care' AND account_id = ?", cast.duc.account)
        assert (await browser.post(f"{here}/roles/{grant}/end")).status_code == 303
        assert (await browser.post(f"{here}/roles/{grant}/end")).status_code == 404
    assert not await db.row("SELECT 1 FROM account_role WHERE id = ?", grant)
    verbs = [verb for (verb,) in await db.rows("SELECT verb FROM audit_entry WHERE record = 'account' ORDER BY id")]
    assert verbs == ["role.give", "role.take"]


async def test_a_manager_is_offered_and_given_only_what_is_theirs_to_give(cast: Cast) -> None:
    here = f"/staff/accounts/{cast.duc.account}"
    async with await browser_of(cast.mai) as browser:
        offered = (await browser.get(here)).text
        assert 'value="administrator"' not in offered
        assert "Thủ Đức" not in offered
        for role, branch in (("administrator", ""), ("manager", cast.north), ("care", ""), ("care", cast.south)):
            assert (await browser.post(f"{here}/roles", data={"role": role, "branch_id": branch})).status_code == 403
    async with await browser_of(cast.son) as browser:
        assert 'value="administrator"' in (await browser.get(here)).text
        assert (await browser.post(f"{here}/roles", data={"role": "director", "branch_id": ""})).status_code == 303


@pytest.mark.parametrize("role, branch", [("", ""), ("guardian", ""), ("boss", ""), ("care", "x"), ("care", "77777")])
async def test_a_role_or_branch_that_is_none_is_refused(cast: Cast, role: str, branch: str) -> None:
    async with await browser_of(cast.son) as browser:
        data = {"role": role, "branch_id": branch}
        answer = await browser.post(f"/staff/accounts/{cast.duc.account}/roles", data=data)
    assert answer.status_code == 422
    assert "Choose one of the list." in said(answer)


async def test_a_closed_account_is_signed_out_and_can_be_opened_again(cast: Cast) -> None:
    here = f"/staff/accounts/{cast.duc.account}"
    async with await browser_of(cast.duc) as his, await browser_of(cast.mai) as hers:
        assert (await hers.post(f"{here}/closing")).status_code == 303
        assert "Closed" in said(await hers.get(here))
        assert (await his.get("/staff")).status_code == 303
        assert (await hers.post(f"{here}/opening")).status_code == 303
        assert "Open sessions 0" in said(await hers.get(here))
        assert (await his.get("/staff")).status_code == 303


async def test_the_page_offers_a_manager_nothing_that_would_be_refused(cast: Cast) -> None:
    here = f"/staff/accounts/{cast.duc.account}"
    async with await browser_of(cast.mai) as hers, await browser_of(cast.son) as his:
        own = (await hers.get(here)).text
        assert f'action="{here}/closing"' in own
        assert "Take away" in own
        given = await his.post(f"{here}/roles", data={"role": "accountant", "branch_id": ""})
        assert given.status_code == 303
        wider = (await hers.get(here)).text
        assert f'action="{here}/closing"' not in wider
        assert wider.count(">Take away<") == 1
        assert (await his.get(here)).text.count(">Take away<") == 2
        assert (await his.post(f"{here}/closing")).status_code == 303
        closed = await hers.get(here)
        assert f'action="{here}/opening"' not in closed.text
        assert "An administrator can open this account again." in said(closed)
        assert (await hers.post(f"{here}/opening")).status_code == 403
        assert f'action="{here}/opening"' in (await his.get(here)).text


async def test_what_an_administrator_closed_is_opened_by_an_administrator(cast: Cast) -> None:
    here = f"/staff/accounts/{cast.duc.account}"
    async with await browser_of(cast.mai) as hers, await browser_of(cast.son) as his:
        assert (await his.post(f"{here}/closing")).status_code == 303
        refused = await hers.post(f"{here}/opening")
        assert refused.status_code == 403
        assert "Only an administrator, or who closed this account, opens it again." in said(refused)
        assert (await his.post(f"{here}/opening")).status_code == 303


async def test_a_manager_is_told_to_use_a_login_of_the_card(cast: Cast) -> None:
    yen = await add(cast, "yen", "Ngô Hải Yến")
    await db.insert("works_at", person_id=yen.person, branch_id=cast.north)
    async with await browser_of(cast.mai) as browser:
        data = {"person_id": yen.person, "login": "0912 999 888"}
        answer = await browser.post("/staff/accounts/new", data=data)
    assert answer.status_code == 422
    assert "Use an email or a phone number that is on their card." in said(answer)


async def test_a_role_of_the_whole_centre_at_a_branch_is_refused_beside_the_branch(cast: Cast) -> None:
    async with await browser_of(cast.son) as browser:
        data = {"role": "director", "branch_id": cast.north}
        answer = await browser.post(f"/staff/accounts/{cast.duc.account}/roles", data=data)
    assert answer.status_code == 422
    assert "This role is for the whole centre: choose every branch." in said(answer)
    assert "field-branch_id-error" in answer.text


async def test_nobody_closes_their_own_account_or_one_above_them(cast: Cast) -> None:
    async with await browser_of(cast.mai) as browser:
        own = await browser.post(f"/staff/accounts/{cast.mai.account}/closing")
        assert own.status_code == 409
        assert "You cannot disable your own account." in said(own)
        assert (await browser.post(f"/staff/accounts/{cast.quang.account}/closing")).status_code == 403
        await db.execute(
            "UPDATE account SET password_hash = NULL, email = NULL, phone = '+84900000001' WHERE id = ?",
            cast.quang.account,
        )
        assert (await browser.post(f"/staff/accounts/{cast.quang.account}/invitation")).status_code == 403


async def test_an_invitation_is_sent_again_only_while_nobody_has_signed_in(cast: Cast) -> None:
    here = f"/staff/accounts/{cast.duc.account}"
    async with await browser_of(cast.mai) as browser:
        assert (await browser.post(f"{here}/invitation")).status_code == 409
        await db.execute("UPDATE account SET password_hash = NULL WHERE id = ?", cast.duc.account)
        assert (await browser.post(f"{here}/invitation")).status_code == 303
    await jobs.drain()
    assert await db.value("SELECT COUNT(*) FROM letter WHERE recipient = 'duc@example.com'") == 1


async def test_the_last_administrator_keeps_the_role_and_hears_why(cast: Cast) -> None:
    grant = await db.value("SELECT id FROM account_role WHERE account_id = ?", cast.son.account)
    async with await browser_of(cast.son) as browser:
        answer = await browser.post(f"/staff/accounts/{cast.son.account}/roles/{grant}/end")
    assert answer.status_code == 409
    assert "needs at least one administrator" in said(answer)


async def test_the_table_of_roles_says_each_right_and_counts_the_holders(cast: Cast) -> None:
    async with await browser_of(cast.son) as browser:
        response = await browser.get("/staff/roles")
    page = said(response)
    assert "Open and close accounts, give and take roles" in page
    assert "see_" not in page
    assert 'data-label="Administrator">1</td>' in response.text
    async with await browser_of(cast.duc) as browser:
        assert (await browser.get("/staff/roles")).status_code == 403
        assert (await browser.get("/staff/accounts")).status_code == 403
