"""No input causes a 5xx: every field of every address is given what it does not expect."""

import pytest

from portal import db
from tests.architecture.addresses import fields_of
from tests.architecture.test_matrix import addresses, filled
from tests.cast import browser_of, gather

HOSTILE = [
    "",
    " ",
    "0",
    "-1",
    "1.5",
    "9" * 30,
    "1e400",
    "NaN",
    "\0",
    "a\0b",
    "\ud800",
    "\u202eabc",
    "\u0300" * 50,
    "é" * 3000,
    "x" * 9_999,
    "x" * 10_001,
    "' OR 1=1 --",
    "%' ESCAPE '",
    "%_\\",
    "\\",
    "{0.__class__}",
    "%(name)s %d",
    "{{ 7 * 7 }}",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "true",
    "2026-02-30",
    "0000-00-00",
    "null",
    "\r\nSet-Cookie: a=b",
    "٣",
    "🧑‍🏫" * 100,
    "田中さんにあげて下さい",
    "//[",
    "http://[",
    "/\u20ac",
    "0912345678" * 20,
    "a@" + "b" * 300 + ".com",
]
BODIES = [
    (b"", "application/x-www-form-urlencoded"),
    (b"%", "application/x-www-form-urlencoded"),
    (b"=&=&=&&&", "application/x-www-form-urlencoded"),
    (b"login=%ff%fe&password=%c3%28", "application/x-www-form-urlencoded"),
    (b"&".join(b"a%d=1" % n for n in range(2000)), "application/x-www-form-urlencoded"),
    (b'{"login": "lan"}', "application/json"),
    (b"login", "text/plain"),
    (b"\xff\xfe\x00", "application/octet-stream"),
    (b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\nlan', "multipart/form-data; boundary=x"),
    (
        b'--x\r\nContent-Disposition: form-data; name="login"; filename="a"\r\n\r\nlan\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
    (b"--x\r\nContent-Disposition: form-data\r\n\r\nlan\r\n--x--\r\n", "multipart/form-data; boundary=x"),
    (b"no boundary", "multipart/form-data"),
    *[
        (
            b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\n\\udc80 -\r\n--x--\r\n',
            f"multipart/form-data; boundary=x; charset={charset}",
        )
        for charset in ("unicode_escape", "raw_unicode_escape", "punycode", "undefined", "utf-16", "no-such", "")
    ],
    (b"x" * 100_000, "multipart/form-data; boundary=" + "y" * 1000),
]


@pytest.fixture
async def client(database: str):
    """Somebody who holds every role, so that every form is reached."""
    cast = await gather(demo=True)
    for role in ("teacher", "counsellor", "care", "accountant", "marketing", "manager", "director"):
        await db.insert("account_role", account_id=cast.son.account, role=role, given_at=_now())
    await db.insert(
        "guardian",
        person_id=cast.son.person,
        student_id=cast.chi.student,
        household_id=1,
        relation="father",
        may_see=True,
        ground="a test",
        linked_at=_now(),
    )
    async with await browser_of(cast.son) as browser:
        browser.known = {"/children/": cast.chi.student, "/staff/students/": cast.minh.student}
        browser.known |= {"/staff/people/": cast.an.person, "/staff/accounts/": cast.an.account}
        yield browser


def _now():
    from portal import clock

    return clock.now()


def _path(client, path: str) -> str:
    identity = next((known for prefix, known in client.known.items() if path.startswith(prefix)), 1)
    return filled(path, identity)


async def test_every_field_bears_every_value(client):
    tried = 0
    for method, route in addresses():
        names = sorted(fields_of(route.endpoint))
        for name in names:
            for value in HOSTILE:
                value = value.encode("utf-8", "surrogatepass")
                others = {other: "1" for other in names if other != name}
                if method == "GET":
                    from urllib.parse import quote_from_bytes

                    answer = await client.get(f"{_path(client, route.path)}?{name}={quote_from_bytes(value)}")
                else:
                    answer = await client.post(_path(client, route.path), data={**others, name: value})
                assert answer.status_code < 500, (method, route.path, name, value[:40])
                tried += 1
    assert tried > 500


@pytest.mark.parametrize("number", range(len(BODIES)))
async def test_every_form_bears_every_body(client, number):
    content, kind = BODIES[number]
    for method, route in addresses():
        if method == "POST" and route.path != "/sign-out":
            answer = await client.post(_path(client, route.path), content=content, headers={"Content-Type": kind})
            assert answer.status_code < 500, (route.path, kind)


@pytest.mark.parametrize(
    "key", ["%E2%82%AC", "%C4%91", "%00", "a" * 5000, "%0d%0aSet-Cookie:%20a=b", ";", '"', "%2e%2e"]
)
@pytest.mark.parametrize("purpose", ["reset", "invitation"])
async def test_a_key_that_is_none_is_over(client, purpose, key):
    answer = await client.get(f"/{purpose}/{key}")
    assert answer.status_code in (404, 410)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Language": "*;q=" + "9" * 400},
        {"Accept-Language": "vi-" * 500},
        {"Cookie": 'look=";;=\\"; session'},
        {"Cookie": "look=xx.pink; flash=nothing; session=%00"},
        {"X-Request-Id": "<script>" * 20},
        {"User-Agent": "\xe9" * 3000},
        {"X-Forwarded-For": "not an address"},
        {"If-None-Match": '"' * 50},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_every_page_bears_odd_headers(client, headers):
    sent = {name: value.encode("latin-1") for name, value in headers.items()}
    for method, route in addresses():
        if method == "GET":
            answer = await client.get(_path(client, route.path), headers=sent)
            assert answer.status_code < 500, route.path
