"""The front door."""

import asyncio

import pytest

from portal import clock, db
from portal.access import secrets, sessions, throttle
from tests.cast import PASSWORD, browser_of, said, visitor


async def sign_in(client, login, password=PASSWORD, **more):
    return await client.post("/sign-in", data={"login": login, "password": password, **more})


@pytest.mark.parametrize(
    ("login", "landing"),
    [
        ("lan@example.com", "/home"),
        ("LAN@Example.com ", "/home"),
        ("minh@example.com", "/home"),
        ("hoa@example.com", "/staff"),
        ("son@example.com", "/staff"),
    ],
)
async def test_everybody_lands_where_they_belong(cast, login, landing):
    async with visitor() as client:
        answer = await sign_in(client, login)
        assert (answer.status_code, answer.headers["location"]) == (303, landing)
        assert (await client.get(landing)).status_code == 200


async def test_a_phone_number_signs_in_however_it_is_typed(cast):
    await db.execute("UPDATE account SET phone = ? WHERE id = ?", "+84912345678", cast.lan.account)
    async with visitor() as client:
        assert (await sign_in(client, "0912 345 678")).status_code == 303


@pytest.mark.parametrize(
    ("login", "password"), [("lan@example.com", "wrong password"), ("nobody@example.com", "right elsewhere")]
)
async def test_a_wrong_login_and_a_wrong_password_hear_the_same(cast, login, password):
    async with visitor() as client:
        answer = await sign_in(client, login, password)
        assert answer.status_code == 422
        assert "do not belong together" in said(answer)
        assert login in answer.text
        assert password not in answer.text
        assert "session" not in client.cookies


async def test_empty_fields_are_named(cast):
    async with visitor() as client:
        answer = await sign_in(client, "", "")
        assert answer.status_code == 422
        assert answer.text.count('aria-invalid="true"') == 2


async def test_an_account_without_password_cannot_sign_in(cast):
    await db.execute("UPDATE account SET password_hash = NULL WHERE id = ?", cast.an.account)
    async with visitor() as client:
        assert (await sign_in(client, "an@example.com", "")).status_code == 422
        assert (await sign_in(client, "an@example.com")).status_code == 422


async def test_a_disabled_account_is_out_at_once(cast):
    async with await browser_of(cast.lan) as client:
        assert (await client.get("/home")).status_code == 200
        await db.execute("UPDATE account SET disabled_at = ? WHERE id = ?", clock.now(), cast.lan.account)
        assert (await client.get("/home")).headers["location"] == "/sign-in?next=%2Fhome"
    async with visitor() as client:
        assert (await sign_in(client, "lan@example.com")).status_code == 422


async def test_the_reader_goes_on_to_where_they_were_headed(cast):
    async with visitor() as client:
        away = await client.get(f"/children/{cast.minh.student}/grades")
        assert away.headers["location"].startswith("/sign-in?next=")
        form = await client.get(away.headers["location"])
        assert f"/children/{cast.minh.student}/grades" in form.text
        answer = await sign_in(client, "lan@example.com", next=f"/children/{cast.minh.student}/grades")
        assert answer.headers["location"] == f"/children/{cast.minh.student}/grades"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/x\r\nSet-Cookie: a=b",
        "\\\\evil",
    ],
)
async def test_no_address_leads_to_another_site(cast, target):
    async with visitor() as client:
        answer = await sign_in(client, "lan@example.com", next=target)
        assert answer.headers["location"] == "/home"
        assert "set-cookie: a=b" not in str(answer.headers).lower()


async def test_the_database_holds_no_token_and_no_password(cast):
    async with visitor() as client:
        await sign_in(client, "lan@example.com")
        token = client.cookies["session"]
    stored = await db.rows("SELECT token_hash FROM session")
    assert [row[0] for row in stored] == [secrets.hashed(token)]
    kept = await db.value("SELECT password_hash FROM account WHERE id = ?", cast.lan.account)
    assert kept.startswith("$argon2id$")


async def test_the_cookie_is_out_of_reach_of_scripts(cast):
    async with visitor() as client:
        cookies = (await sign_in(client, "lan@example.com")).headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("session="))
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert "Path=/" in session


async def test_signing_out_ends_the_session_and_the_cache(cast):
    async with await browser_of(cast.lan) as client:
        answer = await client.post("/sign-out")
        assert answer.status_code == 303
        assert answer.headers["clear-site-data"] == '"cache"'
        assert (await client.get("/home")).status_code == 303
    assert await db.value("SELECT COUNT(*) FROM session WHERE ended_at IS NULL") == 0


async def test_signing_out_twice_does_no_harm(cast):
    async with await browser_of(cast.lan) as client:
        cookie = client.cookies["session"]
        await client.post("/sign-out")
        client.cookies.set("session", cookie)
        assert (await client.post("/sign-out")).status_code == 303


async def test_a_stolen_cookie_is_worth_nothing_after_signing_out(cast):
    async with await browser_of(cast.lan) as client:
        stolen = client.cookies["session"]
        await client.post("/sign-out")
    async with visitor() as thief:
        thief.cookies.set("session", stolen)
        assert (await thief.get("/home")).status_code == 303


async def test_a_session_that_nobody_used_for_a_month_is_over(cast):
    async with await browser_of(cast.lan) as client:
        with clock.moved(seconds=sessions.LIFETIME.total_seconds() + 1):
            assert (await client.get("/home")).status_code == 303
        with clock.moved(days=29):
            assert (await client.get("/home")).status_code == 200
        with clock.moved(days=58):  # a visit keeps it alive
            assert (await client.get("/home")).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "'; DROP TABLE session; --", "ô" * 50, "a" * 5000])
async def test_a_forged_cookie_is_nobody(cast, token):
    async with visitor() as client:
        answer = await client.get("/home", headers={"Cookie": f"session={token}".encode()})
        assert answer.status_code == 303


async def test_visits_are_written_down_rarely(cast):
    async with await browser_of(cast.lan) as client:
        before = await db.value("SELECT seen_at FROM session")
        await client.get("/home")
        assert await db.value("SELECT seen_at FROM session") == before
        with clock.moved(minutes=11):
            await client.get("/home")
            assert await db.value("SELECT seen_at FROM session") != before


async def test_no_page_waits_for_a_long_write(cast):
    async with await browser_of(cast.lan) as client:
        begun, over = asyncio.Event(), asyncio.Event()

        async def import_for_minutes():
            async with db.transaction():
                await db.execute("UPDATE session SET device = 'busy'")
                begun.set()
                await over.wait()

        with clock.moved(minutes=11):
            writer = asyncio.create_task(import_for_minutes())
            await begun.wait()
            assert (await asyncio.wait_for(client.get("/home"), 10)).status_code == 200
            over.set()
            await writer


async def test_guessing_is_slowed_down(cast):
    async with visitor() as client:
        for _ in range(throttle.FREE_ATTEMPTS):
            assert (await sign_in(client, "lan@example.com", "wrong")).status_code == 422
        slowed = await sign_in(client, "lan@example.com")
        assert slowed.status_code == 429
        assert int(slowed.headers["retry-after"]) >= 1
        assert "lan@example.com" in slowed.text
        with clock.moved(minutes=1):
            assert (await sign_in(client, "lan@example.com")).status_code == 303


async def test_a_device_that_signed_in_before_is_not_slowed_down(cast):
    async with visitor() as own, visitor() as stranger:
        await sign_in(own, "lan@example.com")
        own.cookies.delete("session")
        for _ in range(throttle.FREE_ATTEMPTS):
            await sign_in(stranger, "lan@example.com", "wrong")
        assert (await sign_in(stranger, "lan@example.com")).status_code == 429
        assert (await sign_in(own, "lan@example.com")).status_code == 303


async def test_an_address_that_tries_many_accounts_is_blocked(cast):
    async with visitor() as client:
        for number in range(throttle.ADDRESS_ATTEMPTS):
            await sign_in(client, f"nobody{number}@example.com", "x")
        assert (await sign_in(client, "an@example.com")).status_code == 429


async def test_a_hundred_guesses_at_once_are_no_way_round(cast):
    async def guess():
        async with visitor() as client:
            return (await sign_in(client, "lan@example.com", "wrong")).status_code

    answers = await asyncio.gather(*[guess() for _ in range(20)])
    assert answers.count(422) <= throttle.FREE_ATTEMPTS
    assert set(answers) <= {422, 429}


async def test_a_request_from_another_site_is_refused(cast):
    async with await browser_of(cast.lan) as client:
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            answer = await client.post("/profile/look", data={"theme": "dark", "language": "en"}, headers=headers)
            assert answer.status_code == 403
    assert await db.value("SELECT theme FROM account WHERE id = ?", cast.lan.account) == "auto"


async def test_nobody_ends_another_accounts_session(cast):
    async with await browser_of(cast.an), await browser_of(cast.lan) as lan:
        other = await db.value("SELECT id FROM session WHERE account_id = ?", cast.an.account)
        assert (await lan.post(f"/profile/sessions/{other}/end")).status_code == 404
    assert await db.value("SELECT ended_at FROM session WHERE id = ?", other) is None


async def test_the_profile_lists_the_devices_and_signs_one_out(cast):
    async with await browser_of(cast.lan) as phone, await browser_of(cast.lan) as laptop:
        page = await phone.get("/profile")
        assert "This device" in said(page)
        other = await db.value("SELECT MAX(id) FROM session")
        assert (await phone.post(f"/profile/sessions/{other}/end")).status_code == 303
        assert (await laptop.get("/profile")).status_code == 303
        assert (await phone.get("/profile")).status_code == 200


async def test_language_and_theme_are_kept(cast):
    async with await browser_of(cast.lan) as client:
        await client.post("/profile/look", data={"language": "vi", "theme": "dark"})
        page = await client.get("/home")
        assert '<html lang="vi" data-theme="dark">' in page.text
        bad = await client.post("/profile/look", data={"language": "xx", "theme": "pink"})
        assert bad.status_code == 422
        assert bad.text.count('aria-invalid="true"') == 2


async def test_a_visitor_chooses_language_and_theme_too(cast):
    async with visitor() as client:
        assert (await client.post("/look", data={"language": "vi", "theme": "dark", "next": "/sign-in"})).headers[
            "location"
        ] == "/sign-in"
        assert '<html lang="vi" data-theme="dark">' in (await client.get("/sign-in")).text


async def test_the_browser_then_the_centre_choose_the_language(cast):
    async with visitor() as client:
        assert 'lang="en"' in (await client.get("/sign-in")).text
        assert 'lang="vi"' in (await client.get("/sign-in", headers={"Accept-Language": "vi-VN,en;q=0.5"})).text
        assert 'lang="vi"' in (await client.get("/sign-in", headers={"Accept-Language": "fr"})).text


async def test_a_field_that_is_not_known_is_refused(cast):
    async with visitor() as client:
        answer = await sign_in(client, "lan@example.com", is_admin="1")
        assert answer.status_code == 422
        assert "is_admin" in said(answer)


async def test_a_field_that_comes_twice_is_refused(cast):
    async with visitor() as client:
        body = "login=lan%40example.com&login=an%40example.com&password=x"
        answer = await client.post(
            "/sign-in", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert answer.status_code == 422


async def test_a_body_that_is_too_large_is_refused(cast):
    async with visitor() as client:
        assert (await sign_in(client, "x" * 300_000, "x")).status_code == 413
        assert (await sign_in(client, "x" * 50_000, "x")).status_code in (400, 413, 422)


async def test_a_refused_password_leaves_the_look_as_it_is(cast):
    async with await browser_of(cast.lan) as client:
        await client.post("/profile/look", data={"language": "en", "theme": "dark"})
        page = await client.post("/profile/password", data={"current_password": "no", "password": "short"})
    assert page.status_code == 422
    assert "not your present password" in said(page)
    assert "At least 10 characters" in said(page)
    assert '<option value="dark" selected>' in page.text
    assert '<option value="en" selected>' in page.text
