"""Browsers that go to an identity provider and come back, step by step."""

import html
import os
import re

import httpx2

import asgi
from portal import clock, db
from portal.access import secrets
from portal.providers import Provider
from portal.settings import Settings
from tests.cast import ORIGIN, Member, said


class Centre:
    """The application with these providers in its settings."""

    def __init__(self, *providers: Provider, **settings: object) -> None:
        secret = os.environ.setdefault("PORTAL_SECRET", "of the tests, and of nothing else but them")
        given = {"secret": secret, "public_url": ORIGIN, "limits": False} | settings
        self.providers = providers
        self.app = asgi.build(Settings(oidc=providers, **given))

    def browser(self) -> "Browser":
        """One that nobody signed in with."""
        return Browser(self)

    async def browser_of(self, member: Member, *, minutes_ago: int = 0) -> "Browser":
        """One where somebody of the cast signed in with their password, so many minutes ago."""
        browser, token, now = Browser(self), secrets.new_token(), clock.now()
        with clock.moved(minutes=-minutes_ago):
            await db.insert(
                "session",
                account_id=member.account,
                token_hash=secrets.hashed(token),
                made_at=clock.now(),
                seen_at=now,
            )
        browser.hold(token)
        return browser


class Browser:
    """A browser: what it holds of the centre (`here`), and of the provider (`there`)."""

    def __init__(self, centre: Centre) -> None:
        transport = httpx2.ASGITransport(app=centre.app, raise_app_exceptions=True)
        headers = {"Origin": ORIGIN, "Accept-Language": "en"}
        self.here = httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)
        self.there = httpx2.AsyncClient(limits=httpx2.Limits(max_keepalive_connections=0))
        self.name = centre.providers[0].name

    def hold(self, token: str) -> None:
        """Hold the session of this token from now on, as after signing in."""
        self.here.cookies.set("session", token, domain="127.0.0.1", path="/")

    async def leave(self, path: str = "", **data: str) -> str:
        """Press a button that leads to the provider; the address the page leads to."""
        answer = await self.here.post(path or f"/sign-in/with/{self.name}", data=data)
        assert answer.status_code == 200, said(answer)
        found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', answer.text)
        assert found, said(answer)
        return html.unescape(found[1])

    async def visit(self, address: str, login: str = "") -> str:
        """What a person does there: says who they are (or, with "", no); the address they are sent back to.

        Whoever the provider still knows is not asked.
        """
        answer = await self.there.get(address)
        for _ in range(8):
            if answer.status_code not in (302, 303):
                break
            target = httpx2.URL(str(answer.url)).join(answer.headers["location"])
            if str(target).startswith(ORIGIN):
                return str(target)
            answer = await self.there.get(target)
            if answer.status_code == 200:
                form = {"login": login, "do": "enter"} if login else {"do": "refuse"}
                answer = await self.there.post(target, data=form)
        raise AssertionError(f"{answer.status_code} {answer.text[:500]}")

    async def come_back(self, address: str) -> httpx2.Response:
        """Open the address that the provider sends back to."""
        return await self.here.get(address)

    async def travel(self, login: str, path: str = "", **data: str) -> httpx2.Response:
        """All of it; what the centre answers in the end."""
        return await self.come_back(await self.visit(await self.leave(path, **data), login))


async def link(member: Member, issuer: str, subject: str) -> int:
    """An identity that is linked already."""
    return await db.insert("identity", account_id=member.account, issuer=issuer, subject=subject, linked_at=clock.now())


async def signed_in_as(browser: Browser) -> int | None:
    """The account of the browser's session, None when it has none."""
    token = browser.here.cookies.get("session") or ""
    found: int | None = await db.value(
        "SELECT account_id FROM session WHERE token_hash = ? AND ended_at IS NULL", secrets.hashed(token)
    )
    return found
