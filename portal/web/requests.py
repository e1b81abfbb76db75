"""Who asks: the session behind the cookie, its scope, the language and theme of the answer."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from babel import negotiate_locale
from starlette.datastructures import State
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from portal.access import scopes, sessions
from portal.centre import centres
from portal.scope import ANYONE
from portal.settings import Settings
from portal.words import LANGUAGES

LOOK_COOKIE = "look"
DEVICE_COOKIE = "device"
YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Look:
    """Language and theme as they were chosen on this browser, for people who are not signed in."""

    language: str
    theme: str

    @classmethod
    def from_cookie(cls, value: str) -> "Look":
        language, _, theme = value.partition(".")
        return cls(language if language in LANGUAGES else "", theme if theme in ("light", "dark") else "auto")


def settings_of(connection: HTTPConnection) -> Settings:
    """The settings the application was built with."""
    settings: Settings = connection.app.state.settings
    return settings


def session_cookie(settings: Settings) -> str:
    """The name of the session cookie; the prefix makes browsers insist on TLS and on this very host."""
    return "__Host-session" if settings.secure else "session"


def _visit_cookie(settings: Settings) -> str:
    # With the prefix: a neighbour under the same domain could set it otherwise, and have its own sign-in end here.
    return "__Host-away" if settings.secure else "away"


async def identify(request: Request) -> None:
    """Fill `request.state`: signed_in, scope, language, theme, centre. Two statements, none for visitors."""
    state: State = request.state
    state.signed_in, state.scope = None, ANYONE
    token = request.cookies.get(session_cookie(settings_of(request)), "")
    if token:
        state.signed_in = await sessions.load(token)
        if state.signed_in is not None:
            state.scope = await scopes.build(state.signed_in.account_id, state.signed_in.person_id)
    state.centre = state.signed_in.centre if state.signed_in else await centres.facts()
    choose_look(request)


def choose_look(request: Request) -> None:
    """The account's choice, else this browser's, else what it asks for, else the centre's."""
    state: State = request.state
    signed_in: sessions.SignedIn | None = getattr(state, "signed_in", None)
    look = Look.from_cookie(request.cookies.get(LOOK_COOKIE, ""))
    chosen = signed_in.language if signed_in else look.language
    centre = getattr(state, "centre", centres.UNFOUNDED)
    state.language = chosen or _asked_for(request) or centre.locale
    state.theme = signed_in.theme if signed_in else look.theme


def keep_session(request: Request, response: Response, token: str, device: str) -> None:
    """Set the cookies of a fresh sign-in."""
    settings = settings_of(request)
    lifetime = int(sessions.LIFETIME.total_seconds())
    _set(response, settings, session_cookie(settings), token, lifetime)
    _set(response, settings, DEVICE_COOKIE, device, YEAR)


def drop_session(request: Request, response: Response) -> None:
    """Forget the session cookie and have the browser forget the pages it kept."""
    settings = settings_of(request)
    response.delete_cookie(session_cookie(settings), path="/", secure=settings.secure, httponly=True, samesite="lax")
    response.headers["Clear-Site-Data"] = '"cache"'


def keep_look(request: Request, response: Response, look: Look) -> None:
    """Remember language and theme on this browser."""
    _set(response, settings_of(request), LOOK_COOKIE, f"{look.language}.{look.theme}", YEAR)


def set_flash(request: Request, response: Response, key: str) -> None:
    """Have the next page say one of the known sentences."""
    _set(response, settings_of(request), "flash", key, 60)


def visit_key(request: Request) -> str:
    """What this browser holds while it is away at identity providers, "" for nothing."""
    return request.cookies.get(_visit_cookie(settings_of(request)), "")


def keep_visit(request: Request, response: Response, key: str, lifetime: int) -> None:
    """Have the browser hold the key of its visits to identity providers, for `lifetime` seconds."""
    settings = settings_of(request)
    _set(response, settings, _visit_cookie(settings), key, lifetime)


async def note_visit(request: Request) -> None:
    """Write down that the session was used, when the page's own reads are over.

    The page does not wait for another writer (on SQLite a long import holds the only one): the next visit is noted.
    """
    signed_in: sessions.SignedIn | None = request.state.signed_in
    if signed_in is not None:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.25):
                await sessions.seen(signed_in)


def address_of(request: Request) -> str:
    """The peer's address, as uvicorn understands it behind a trusted proxy."""
    return request.client.host if request.client else ""


def _asked_for(request: Request) -> str | None:
    wanted = [part.split(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")[:10]]
    return negotiate_locale([tag for tag in wanted if tag], list(LANGUAGES), sep="-")


def _set(response: Response, settings: Settings, name: str, value: str, lifetime: int) -> None:
    response.set_cookie(name, value, max_age=lifetime, path="/", secure=settings.secure, httponly=True, samesite="lax")
