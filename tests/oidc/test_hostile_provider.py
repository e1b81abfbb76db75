"""Whatever a provider sends: every fault ends in a page that says so, soon, and nobody is signed in."""

import asyncio
import base64
import gzip
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from portal import clock, db
from portal.providers import Provider
from portal.web import oidc
from tests.cast import Cast, said
from tests.oidc.hostile import CLIENT, SECRET, Hostile, new_key, shared_key
from tests.oidc.travelling import Browser, Centre, link, signed_in_as


@pytest.fixture
async def hostile(cast: Cast) -> AsyncIterator[Hostile]:
    """A provider that knows Lan, who is linked."""
    async with Hostile() as provider:
        await link(cast.lan, provider.issuer, "lan-elsewhere")
        yield provider


@pytest.fixture
def browser(hostile: Hostile) -> Browser:
    return Centre(Provider("other", "Other", hostile.issuer, CLIENT, SECRET)).browser()


async def leave(browser: Browser, hostile: Hostile) -> str:
    """Go there; the state to come back with. The provider knows the nonce."""
    query = parse_qs(urlsplit(await browser.leave()).query)
    hostile.nonce = query["nonce"][0]
    return query["state"][0]


async def come_back(browser: Browser, state: str, **query: str) -> Any:
    return await browser.here.get("/sign-in/with/other/callback", params={"state": state, "code": "a code"} | query)


async def travel(browser: Browser, hostile: Hostile, **query: str) -> Any:
    return await come_back(browser, await leave(browser, hostile), **query)


async def refused(browser: Browser, hostile: Hostile, status: int = 424, *, fault: str = "", **query: str) -> None:
    """Come back, be told so, and not be signed in."""
    state = await leave(browser, hostile)
    began = time.monotonic()
    answer = await come_back(browser, state, **query)
    assert time.monotonic() - began < oidc.PATIENCE + 1
    assert answer.status_code == status, f"{fault}: {said(answer)}"
    assert await signed_in_as(browser) is None, fault
    assert await db.value("SELECT COUNT(*) FROM session") == 0


async def test_a_faultless_answer_signs_in(cast: Cast, browser: Browser, hostile: Hostile):
    hostile.token = lambda: hostile.answer(hostile.signed())
    assert (await travel(browser, hostile)).status_code == 303
    assert await signed_in_as(browser) == cast.lan.account


NOW = int(time.time())
WRONG: dict[str, Callable[[Hostile], Any]] = {
    "another nonce": lambda p: p.signed(p.claims(nonce="another")),
    "no nonce": lambda p: p.signed(p.claims(nonce=None)),
    "a nonce that is a list": lambda p: p.signed(p.claims(nonce=[p.nonce])),
    "another audience": lambda p: p.signed(p.claims(aud="another")),
    "another audience, for us": lambda p: p.signed(p.claims(aud="another", azp=CLIENT)),
    "no audience": lambda p: p.signed(p.claims(aud=None)),
    "an empty audience": lambda p: p.signed(p.claims(aud=[])),
    "several audiences, for another": lambda p: p.signed(p.claims(aud=[CLIENT, "another"], azp="another")),
    "another issuer": lambda p: p.signed(p.claims(iss="https://accounts.example")),
    "its issuer with a slash": lambda p: p.signed(p.claims(iss=p.issuer + "/")),
    "no issuer": lambda p: p.signed(p.claims(iss=None)),
    "expired": lambda p: p.signed(p.claims(exp=NOW - 3600, iat=NOW - 7200)),
    "never expiring": lambda p: p.signed(p.claims(exp=None)),
    "expiring in words": lambda p: p.signed(p.claims(exp="tomorrow")),
    "issued tomorrow": lambda p: p.signed(p.claims(iat=NOW + 86400, exp=NOW + 90000)),
    "no subject": lambda p: p.signed(p.claims(sub=None)),
    "an empty subject": lambda p: p.signed(p.claims(sub="")),
    "a number as subject": lambda p: p.signed(p.claims(sub=7)),
    "a subject of 256 letters": lambda p: p.signed(p.claims(sub="x" * 256)),
    "a subject with a line": lambda p: p.signed(p.claims(sub="lan\nelsewhere")),
    "another's signature": lambda p: p.signed(key=new_key("first", "another")),
    "an unknown key": lambda p: p.signed(key=new_key("unknown")),
    "the hash of another access token": lambda p: p.signed(p.claims(at_hash="AAAA")),
    "signed with the shared secret": lambda p: p.signed(key=shared_key(), alg="HS256"),
    "signed by nobody": lambda p: unsigned(p, {"alg": "none"}),
    "signed by nobody, with its key's name": lambda p: unsigned(p, {"alg": "none", "kid": "first"}),
    "signed by NONE": lambda p: unsigned(p, {"alg": "NONE", "kid": "first"}),
    "an algorithm that is a list": lambda p: unsigned(p, {"alg": ["RS256"], "kid": "first"}),
    "a header that is a list": lambda p: unsigned(p, ["alg"]),
    "a critical header": lambda p: p.signed(crit=["exp"], exp=1),
    "no signature": lambda p: p.signed().rpartition(".")[0] + ".",
    "changed claims": lambda p: changed(p),
    "claims that are a list": lambda p: unsigned(p, {"alg": "RS256", "kid": "first"}, ["sub"]),
    "two dots": lambda p: "..",
    "no token at all": lambda p: None,
    "a number": lambda p: 7,
    "a list": lambda p: ["a"],
    "letters": lambda p: "é" * 9999,
}


async def test_an_id_token_that_is_not_as_it_must_be(browser: Browser, hostile: Hostile):
    """Each fault alone; in the end a faultless one of the same provider is let in."""
    for fault, wrong in WRONG.items():
        hostile.token = lambda wrong=wrong: hostile.answer(wrong(hostile))
        await refused(browser, hostile, fault=fault)
    hostile.token = lambda: hostile.answer(hostile.signed())
    assert (await travel(browser, hostile)).status_code == 303


def unsigned(provider: Hostile, header: Any, claims: Any = None) -> str:
    parts = (header, provider.claims() if claims is None else claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def changed(provider: Hostile) -> str:
    """Signed for somebody nobody knows, then made Lan's."""
    header, _, signature = provider.signed(provider.claims(sub="nobody")).split(".")
    return ".".join([header, unsigned(provider, {}).split(".")[1], signature])


async def drip(request: Request) -> Response:
    """A byte every tenth of a second, for ever: no single wait is long."""

    async def bytes_() -> AsyncIterator[bytes]:
        while not await request.is_disconnected():
            yield b" "
            await asyncio.sleep(0.1)

    return StreamingResponse(bytes_(), media_type="application/json")


async def flood(request: Request) -> Response:
    """As much as the line carries."""

    async def bytes_() -> AsyncIterator[bytes]:
        while not await request.is_disconnected():
            yield b" " * 65536

    return StreamingResponse(bytes_(), media_type="application/json")


BROKEN: dict[str, Any] = {
    "words": Response("Service temporarily out of order", 200),
    "nothing": Response("", 200),
    "a list": [1],
    "null": Response("null"),
    "500": Response("{}", 500),
    "404 with the right kind": Response("{}", 404, media_type="application/json"),
    "deep": Response("[" * 100_000, media_type="application/json"),
    "no UTF-8": Response(b'{"issuer": "\xff\xfe"}', media_type="application/json"),
    "lone surrogates": Response(b'{"issuer": "\\ud800", "error": "\\ud800"}', media_type="application/json"),
    "NaN": Response('{"keys": NaN, "id_token": NaN}', media_type="application/json"),
    "elsewhere": RedirectResponse("http://169.254.169.254/latest/meta-data", 302),
    "packed": Response(gzip.compress(b" " * 10_000_000), headers={"Content-Encoding": "gzip"}),
    "slow": drip,
    "without end": flood,
}


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("where", ["described", "key_set", "token"])
async def test_an_answer_that_cannot_be_read(
    browser: Browser, hostile: Hostile, where: str, fault: str, monkeypatch: pytest.MonkeyPatch
):
    if fault == "slow":
        assert oidc.PATIENCE <= 5
        monkeypatch.setattr(oidc, "PATIENCE", 1.0)
    hostile.token = lambda: hostile.answer(hostile.signed())
    answer = BROKEN[fault]
    if where == "token":
        hostile.token = lambda: answer
    else:
        setattr(hostile, where, lambda _: answer)
    if where == "described":
        began = time.monotonic()
        page = await browser.here.post("/sign-in/with/other")
        assert time.monotonic() - began < oidc.PATIENCE + 1
        assert page.status_code == 424
        assert "Other did not answer as it should" in said(page)
    else:
        await refused(browser, hostile)


DESCRIBED: dict[str, Any] = {
    "another issuer": {"issuer": "https://accounts.example"},
    "no issuer": {"issuer": None},
    "a script to go to": {"authorization_endpoint": "javascript:alert(1)"},
    "data to go to": {"authorization_endpoint": "data:text/html,hello"},
    "plain http elsewhere": {"token_endpoint": "http://evil.example/token"},
    "somebody's password in it": {"token_endpoint": "https://a:b@evil.example/token"},
    "no address": {"jwks_uri": "//["},
    "a number": {"token_endpoint": 7},
    "a line in it": {"authorization_endpoint": "https://a.example/\r\nSet-Cookie: a=b"},
    "nowhere": {"authorization_endpoint": None},
}


@pytest.mark.parametrize("fault", DESCRIBED)
async def test_a_description_that_leads_astray(browser: Browser, hostile: Hostile, fault: str):
    hostile.described = lambda told: told | DESCRIBED[fault]
    page = await browser.here.post("/sign-in/with/other")
    assert page.status_code == 424


KEYS: dict[str, Any] = {
    "none": [],
    "no list": "keys",
    "numbers": [1, 2],
    "an unknown kind": [{"kty": "quantum", "kid": "first"}],
    "a shared one": [{"kty": "oct", "kid": "first", "k": "AAAA"}],
    "without its number": [{"kty": "RSA", "kid": "first", "e": "AQAB"}],
    "a number that is none": [{"kty": "RSA", "kid": "first", "e": "AQAB", "n": 7}],
    "for encryption": [{"kty": "RSA", "kid": "first", "use": "enc", "e": "AQAB", "n": "AAAA"}],
    "an unknown curve": [{"kty": "EC", "kid": "first", "crv": "P-1", "x": "AAAA", "y": "AAAA"}],
}


@pytest.mark.parametrize("fault", KEYS)
async def test_keys_that_are_none(browser: Browser, hostile: Hostile, fault: str):
    hostile.token = lambda: hostile.answer(hostile.signed())
    hostile.key_set = lambda _: {"keys": KEYS[fault]}
    await refused(browser, hostile)


async def test_one_bad_key_does_not_spoil_the_others(cast: Cast, browser: Browser, hostile: Hostile):
    hostile.token = lambda: hostile.answer(hostile.signed())
    bad = [key for entries in KEYS.values() if isinstance(entries, list) for key in entries if isinstance(key, dict)]
    strange = [key | {"kid": "strange"} for key in bad]
    hostile.key_set = lambda told: {"keys": [*strange, *told["keys"]]}
    assert (await travel(browser, hostile)).status_code == 303


async def test_what_is_known_of_a_provider_is_kept_and_new_keys_are_found(browser: Browser, hostile: Hostile):
    hostile.token = lambda: hostile.answer(hostile.signed())
    for _ in range(3):
        assert (await travel(browser, hostile)).status_code == 303
    assert hostile.asked["/.well-known/openid-configuration"] == 1
    assert hostile.asked["/jwks"] == 1
    hostile.key = new_key("second")
    hostile.keys = [hostile.key]
    assert (await travel(browser, hostile)).status_code == 303
    assert hostile.asked["/jwks"] == 2
    with clock.moved(hours=1, seconds=1):
        assert (await come_back(browser, await leave(browser, hostile))).status_code == 424  # its clock stands still
    assert hostile.asked["/jwks"] == 3
    assert hostile.asked["/.well-known/openid-configuration"] == 2


async def test_a_provider_that_is_not_there(cast: Cast):
    browser = Centre(Provider("other", "Other", "http://127.0.0.1:9", CLIENT, SECRET)).browser()
    page = await browser.here.post("/sign-in/with/other", data={"next": "/grades"})
    assert page.status_code == 424
    assert 'href="/sign-in?next=/grades"' in page.text


async def test_an_answer_in_the_name_of_another_provider(browser: Browser, hostile: Hostile):
    hostile.token = lambda: hostile.answer(hostile.signed())
    await refused(browser, hostile, iss="https://accounts.example")
    assert "/token" not in hostile.asked  # the code was not shown to anybody
    assert (await travel(browser, hostile, iss=hostile.issuer)).status_code == 303


async def test_a_provider_that_names_itself_always_does(browser: Browser, hostile: Hostile):
    hostile.token = lambda: hostile.answer(hostile.signed())
    hostile.described = lambda told: told | {"authorization_response_iss_parameter_supported": True}
    await refused(browser, hostile)
    assert (await travel(browser, hostile, iss=hostile.issuer)).status_code == 303


async def test_the_answer_of_one_provider_is_no_answer_of_another(cast: Cast, hostile: Hostile):
    providers = [Provider(name, name, hostile.issuer, CLIENT, SECRET) for name in ("other", "second")]
    browser = Centre(*providers).browser()
    hostile.token = lambda: hostile.answer(hostile.signed())
    state = await leave(browser, hostile)
    answer = await browser.here.get("/sign-in/with/second/callback", params={"state": state, "code": "a code"})
    assert answer.status_code == 410
    assert "/token" not in hostile.asked


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable", "login_required", "<script>", "é" * 500])
async def test_an_error_of_the_provider_is_not_repeated(browser: Browser, hostile: Hostile, error: str):
    state = await leave(browser, hostile)
    answer = await come_back(browser, state, error=error)
    assert answer.status_code == 424
    assert error not in said(answer)
    assert "<script>" not in answer.text
    assert (await come_back(browser, state)).status_code == 410


async def test_no_state_no_code_and_noise(browser: Browser, hostile: Hostile):
    for query in (
        "",
        "state=",
        f"state={'x' * 9000}",
        "state=%00",
        "state=a&code=%ff",
        "error=access_denied&state=%e1",
    ):
        answer = await browser.here.get(f"/sign-in/with/other/callback?{query}")
        assert answer.status_code == 410, query
    answer = await browser.here.get("/sign-in/with/other/callback?state=a&state=b")
    assert answer.status_code == 422
    assert (await come_back(browser, await leave(browser, hostile), code="")).status_code == 424
    for code in ("\0", "é\u202e", "x" * 9000, "a&grant_type=password", "%"):
        hostile.token = lambda: hostile.answer(hostile.signed())
        assert (await come_back(browser, await leave(browser, hostile), code=code)).status_code in (303, 424)


async def test_what_a_provider_calls_somebody_is_shown_as_text_and_only_to_them(cast: Cast, hostile: Hostile):
    provider = Provider("other", "Other", hostile.issuer, CLIENT, SECRET)
    centre = Centre(provider)
    browser = centre.browser()
    shown = "<b>\u202elan</b>\n" + "x" * 400
    hostile.token = lambda: hostile.answer(hostile.signed(hostile.claims(email=shown)))
    assert (await travel(browser, hostile)).status_code == 303
    page = (await browser.here.get("/profile")).text
    assert "&lt;b&gt;lan&lt;/b&gt;x" in page
    staff = await centre.browser_of(cast.son)
    page = (await staff.here.get(f"/staff/accounts/{cast.lan.account}")).text
    assert "Other" in page
    assert "&lt;b&gt;" not in page
