"""Signing in, linking and accepting an invitation at a real provider (npm's oidc-provider on loopback)."""

import re
from urllib.parse import parse_qs, urlsplit

from portal import clock, db
from portal.access import accounts, provider_visits, scopes
from tests.cast import PASSWORD, Cast, said
from tests.oidc.travelling import Centre, link, signed_in_as


async def test_a_linked_identity_signs_in_and_goes_on_to_where_it_was_headed(cast: Cast, centre: Centre, provider_url):
    await link(cast.lan, provider_url, "lan-elsewhere")
    browser = centre.browser()
    answer = await browser.travel("lan-elsewhere", next="/grades?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/grades?x=1")
    assert await signed_in_as(browser) == cast.lan.account
    label, used = await db.row("SELECT label, used_at FROM identity")
    assert label == "lan-elsewhere@provider.example"
    assert used is not None
    verb, account, changes = await db.row("SELECT verb, account_id, changes FROM audit_entry ORDER BY id DESC")
    assert (verb, account) == ("sign_in", cast.lan.account)
    assert "identity" in str(changes)


async def test_the_address_asks_for_a_code_with_pkce_state_and_nonce(cast: Cast, centre: Centre, provider_url):
    browser = centre.browser()
    first, second = [parse_qs(urlsplit(await browser.leave()).query) for _ in range(2)]
    assert first["response_type"] == ["code"]
    assert first["response_mode"] == ["query"]
    assert first["code_challenge_method"] == ["S256"]
    assert first["redirect_uri"] == ["http://127.0.0.1:8000/sign-in/with/school/callback"]
    for secret in ("state", "nonce", "code_challenge"):
        assert len(first[secret][0]) >= 43
        assert first[secret] != second[secret]
    kept = str(await db.rows("SELECT * FROM provider_visit"))
    held = str(browser.here.cookies)
    for told in (first["state"][0], first["nonce"][0], first["code_challenge"][0]):
        assert told not in kept
        assert told not in held


async def test_an_unknown_identity_with_the_email_of_an_account_opens_nothing(cast: Cast, centre: Centre):
    await db.execute("UPDATE account SET email = 'lan@provider.example' WHERE id = ?", cast.lan.account)
    known, stranger = [await centre.browser().travel(who) for who in ("lan", "nobody")]
    assert (known.status_code, stranger.status_code) == (403, 403)
    assert said(known) == said(stranger)
    assert "This account is not linked" in said(known)
    assert "session" not in known.cookies
    assert await db.value("SELECT COUNT(*) FROM identity") == 0
    assert await db.value("SELECT COUNT(*) FROM session") == 0


async def test_a_closed_account_is_refused_in_the_words_for_an_unknown_one(cast: Cast, centre: Centre, provider_url):
    await link(cast.lan, provider_url, "lan-elsewhere")
    await db.execute("UPDATE account SET disabled_at = ? WHERE id = ?", clock.now(), cast.lan.account)
    closed, stranger = [await centre.browser().travel(who) for who in ("lan-elsewhere", "nobody")]
    assert closed.status_code == 403
    assert said(closed) == said(stranger)
    assert await db.value("SELECT COUNT(*) FROM session") == 0


async def test_two_tabs_are_away_at_once_and_both_come_back(cast: Cast, centre: Centre, provider_url):
    await link(cast.lan, provider_url, "lan-elsewhere")
    browser = centre.browser()
    first, second = await browser.leave(next="/home"), await browser.leave(next="/grades")
    ends = [await browser.visit(address, "lan-elsewhere") for address in (first, second)]
    answers = [await browser.come_back(end) for end in ends]
    assert [answer.headers["location"] for answer in answers] == ["/home", "/grades"]
    assert await signed_in_as(browser) == cast.lan.account


async def test_the_eleventh_tab_ends_the_first(cast: Cast, centre: Centre, provider_url):
    await link(cast.lan, provider_url, "lan-elsewhere")
    browser = centre.browser()
    away = [await browser.leave() for _ in range(provider_visits.AT_ONCE + 1)]
    assert await db.value("SELECT COUNT(*) FROM provider_visit") == provider_visits.AT_ONCE
    first, last = [await browser.visit(address, "lan-elsewhere") for address in (away[0], away[-1])]
    assert (await browser.come_back(first)).status_code == 410
    assert (await browser.come_back(last)).status_code == 303


async def test_another_browser_cannot_end_what_this_one_began(cast: Cast, centre: Centre, provider_url):
    """Neither a stolen address nor one that was slipped to somebody (login CSRF) is worth anything elsewhere."""
    await link(cast.an, provider_url, "an-elsewhere")
    attacker, victim = centre.browser(), centre.browser()
    await victim.leave()  # the victim is away as well, with a key of their own
    end = await attacker.visit(await attacker.leave(), "an-elsewhere")
    answer = await victim.come_back(end)
    assert answer.status_code == 410
    assert await signed_in_as(victim) is None
    assert (await attacker.come_back(end)).status_code == 303


async def test_an_answer_is_good_once(cast: Cast, centre: Centre, provider_url):
    await link(cast.lan, provider_url, "lan-elsewhere")
    browser = centre.browser()
    end = await browser.visit(await browser.leave(), "lan-elsewhere")
    assert (await browser.come_back(end)).status_code == 303
    assert (await browser.come_back(end)).status_code == 410
    assert await db.value("SELECT COUNT(*) FROM session") == 1


async def test_an_answer_is_good_for_ten_minutes(cast: Cast, centre: Centre, provider_url):
    await link(cast.lan, provider_url, "lan-elsewhere")
    browser = centre.browser()
    end = await browser.visit(await browser.leave(), "lan-elsewhere")
    with clock.moved(minutes=10, seconds=1):
        assert (await browser.come_back(end)).status_code == 410


async def test_who_says_no_there_is_told_so_kindly(cast: Cast, centre: Centre):
    answer = await centre.browser().travel("", next="/grades")
    assert answer.status_code == 403
    assert "was not allowed to tell who you are" in said(answer)
    assert 'href="/sign-in?next=/grades"' in answer.text


async def test_signing_in_anew_ends_the_session_before_and_its_token(cast: Cast, centre: Centre, provider_url):
    await link(cast.lan, provider_url, "lan-elsewhere")
    browser = await centre.browser_of(cast.an)
    before = browser.here.cookies["session"]
    assert (await browser.travel("lan-elsewhere")).status_code == 303
    assert browser.here.cookies["session"] != before
    assert await db.rows("SELECT account_id FROM session WHERE ended_at IS NULL") == [(cast.lan.account,)]


async def test_no_address_of_others_is_gone_on_to(cast: Cast, centre: Centre, provider_url):
    await link(cast.lan, provider_url, "lan-elsewhere")
    for target in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/" + "x" * 3000,
    ):
        answer = await centre.browser().travel("lan-elsewhere", next=target)
        assert answer.headers["location"] == "/home"


async def test_a_link_does_not_begin_it_and_another_site_cannot(cast: Cast, centre: Centre):
    browser = centre.browser()
    answer = await browser.here.get("/sign-in/with/school")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    answer = await browser.here.post("/sign-in/with/school", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert await db.value("SELECT COUNT(*) FROM provider_visit") == 0


async def test_linking_from_a_session_just_begun_then_signing_in(cast: Cast, centre: Centre, provider_url):
    browser = await centre.browser_of(cast.lan)
    answer = await browser.travel("lan-elsewhere", "/profile/identities", provider="school")
    assert (answer.status_code, answer.headers["location"]) == (303, "/profile")
    assert await db.rows("SELECT account_id, issuer, subject, linked_by FROM identity") == [
        (cast.lan.account, provider_url, "lan-elsewhere", cast.lan.account)
    ]
    shown = said(await browser.here.get("/profile"))
    assert "Trường Sáng Tạo · lan-elsewhere@provider.example" in shown
    told = await db.row("SELECT payload FROM job WHERE kind = 'mail'")
    assert "identity_linked" in str(told)
    assert (await centre.browser().travel("lan-elsewhere")).status_code == 303
    verbs = [row[0] for row in await db.rows("SELECT verb FROM audit_entry ORDER BY id")]
    assert verbs[-2:] == ["identity.link", "sign_in"]


async def test_an_older_session_is_asked_for_the_password_before_it_links(cast: Cast, centre: Centre):
    browser = await centre.browser_of(cast.lan, minutes_ago=16)
    for typed in ("", "wrong"):
        data = {"provider": "school", "present_password": typed}
        answer = await browser.here.post("/profile/identities", data=data)
        assert answer.status_code == 422
        assert 'id="field-present_password-error"' in answer.text
    assert await db.value("SELECT COUNT(*) FROM provider_visit") == 0
    data = {"provider": "school", "present_password": PASSWORD}
    answer = await browser.travel("lan-elsewhere", "/profile/identities", **data)
    assert answer.headers["location"] == "/profile"
    assert await db.value("SELECT account_id FROM identity") == cast.lan.account


async def test_what_is_linked_elsewhere_is_not_linked_and_whose_is_not_told(cast: Cast, centre: Centre, provider_url):
    await link(cast.an, provider_url, "shared")
    browser = await centre.browser_of(cast.lan)
    answer = await browser.travel("shared", "/profile/identities", provider="school")
    assert answer.status_code == 409
    assert "opens another account here already" in said(answer)
    assert not re.search(r"Võ|an@example", answer.text)
    assert await db.rows("SELECT account_id FROM identity") == [(cast.an.account,)]


async def test_linking_twice_is_linked(cast: Cast, centre: Centre):
    browser = await centre.browser_of(cast.lan)
    for _ in range(2):
        answer = await browser.travel("lan-elsewhere", "/profile/identities", provider="school")
        assert answer.headers["location"] == "/profile"
    assert await db.value("SELECT COUNT(*) FROM identity") == 1


async def test_who_signed_in_as_somebody_else_meanwhile_links_nothing(cast: Cast, centre: Centre):
    browser = await centre.browser_of(cast.lan)
    end = await browser.visit(await browser.leave("/profile/identities", provider="school"), "lan-elsewhere")
    other = await centre.browser_of(cast.an)  # in another tab of the same browser
    browser.hold(other.here.cookies["session"])
    answer = await browser.come_back(end)
    assert answer.status_code == 409
    assert "You signed out or in meanwhile" in said(answer)
    assert await db.value("SELECT COUNT(*) FROM identity") == 0


async def test_who_signed_out_meanwhile_links_nothing(cast: Cast, centre: Centre):
    browser = await centre.browser_of(cast.lan)
    end = await browser.visit(await browser.leave("/profile/identities", provider="school"), "lan-elsewhere")
    await browser.here.post("/sign-out")
    assert (await browser.come_back(end)).status_code == 409
    assert await db.value("SELECT COUNT(*) FROM identity") == 0


async def test_an_invitation_is_accepted_without_a_password(cast: Cast, centre: Centre, provider_url):
    key = await _invite_chi(cast)
    browser = centre.browser()
    await browser.here.get(f"/invitation/{key}")
    page = await browser.here.get("/invitation/open")
    assert "Continue with Trường Sáng Tạo" in said(page)
    answer = await browser.travel("chi-elsewhere", "/invitation/open/with/school")
    assert (answer.status_code, answer.headers["location"]) == (303, "/home")
    account = await signed_in_as(browser)
    assert await db.value("SELECT person_id FROM account WHERE id = ?", account) == cast.chi.person
    # It is used, the account counts as accepted, and coming again needs nothing but the identity.
    assert (await browser.here.get("/invitation/open")).status_code == 410
    son = await scopes.build(cast.son.account, cast.son.person)
    assert not (await accounts.find(son, account)).invited
    assert (await centre.browser().travel("chi-elsewhere")).headers["location"] == "/home"


async def test_an_invitation_is_kept_when_the_identity_is_taken(cast: Cast, centre: Centre, provider_url):
    await link(cast.an, provider_url, "shared")
    key = await _invite_chi(cast)
    browser = centre.browser()
    await browser.here.get(f"/invitation/{key}")
    answer = await browser.travel("shared", "/invitation/open/with/school")
    assert answer.status_code == 409
    assert 'href="/invitation/open"' in answer.text
    assert (await browser.here.get("/invitation/open")).status_code == 200


async def test_an_invitation_used_meanwhile_links_nothing(cast: Cast, centre: Centre):
    key = await _invite_chi(cast)
    browser = centre.browser()
    await browser.here.get(f"/invitation/{key}")
    end = await browser.visit(await browser.leave("/invitation/open/with/school"), "chi-elsewhere")
    with_password = {"password": "three unrelated words"}
    assert (await centre.browser().here.post(f"/invitation/{key}", data=with_password)).status_code == 303
    assert (await browser.come_back(end)).status_code == 410
    assert await db.value("SELECT COUNT(*) FROM identity") == 0


async def test_a_browser_without_an_invitation_is_not_sent_anywhere(cast: Cast, centre: Centre):
    answer = await centre.browser().here.post("/invitation/open/with/school")
    assert answer.status_code == 410
    assert await db.value("SELECT COUNT(*) FROM provider_visit") == 0


async def test_a_provider_that_the_settings_do_not_name_is_not_found(cast: Cast, centre: Centre):
    browser = await centre.browser_of(cast.lan)
    for path in ("/sign-in/with/other", "/invitation/open/with/other"):
        assert (await browser.here.post(path)).status_code == 404
    assert (await browser.here.post("/profile/identities", data={"provider": "other"})).status_code == 404
    assert (await browser.here.get("/sign-in/with/other/callback?state=a&code=b")).status_code == 404


async def test_starting_is_limited_by_address_but_not_for_known_browsers_or_who_comes_back(
    cast: Cast, centre: Centre, provider_url, limits
):
    await link(cast.lan, provider_url, "lan-elsewhere")
    browser = centre.browser()
    assert (await browser.travel("lan-elsewhere")).status_code == 303
    assert await db.value("SELECT COUNT(*) FROM sign_in_attempt") == 0
    stranger = centre.browser()
    await db.execute_many(
        "INSERT INTO sign_in_attempt (login_hash, address, at) VALUES (?, ?, ?)",
        [(f"{n}", "127.0.0.1", clock.now()) for n in range(50)],
    )
    answer = await stranger.here.post("/sign-in/with/school")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    await browser.here.post("/sign-out")
    assert (await browser.travel("lan-elsewhere")).status_code == 303


async def _invite_chi(cast: Cast) -> str:
    """An invitation for Chi, who has no account yet and signs in by phone; its key."""
    son = await scopes.build(cast.son.account, cast.son.person)
    invited = await accounts.open_for(son, cast.chi.person, "0911222333")
    return invited.path.removeprefix("/invitation/")
