"""The settings of one installation, read from the environment (docs/guide/settings.md lists them)."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

from portal import providers
from portal.providers import Provider, is_near


class SettingError(ValueError):
    """A setting that cannot work; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that may differ between two installations; no default is unsafe outside loopback."""

    host: str = "127.0.0.1"
    port: int = 8000
    database_url: str = "sqlite:///var/portal.sqlite3"
    redis_url: str = ""
    secret: str = ""
    public_url: str = ""
    media: Path = Path("var/media")
    smtp_url: str = ""
    time_zone: str = "Asia/Ho_Chi_Minh"
    locale: str = "vi"
    limits: bool = True
    metrics_token: str = ""
    workers: int = 1
    oidc: tuple[Provider, ...] = ()

    @property
    def secure(self) -> bool:
        """Whether cookies may only travel over TLS."""
        return self.public_url.startswith("https://")

    @property
    def is_open(self) -> bool:
        """Whether other machines can reach the server, directly or through a proxy."""
        near = ("127.0.0.1", "::1", "localhost")
        return self.host not in near or urlsplit(self.public_url or "//localhost").hostname not in near

    @property
    def sender(self) -> str:
        """The address that letters come from."""
        host = urlsplit(self.public_url).hostname or "localhost"
        return f"no-reply@{host}"

    @property
    def origin(self) -> str:
        """Scheme, host and port that our own pages come from."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"


# Environment name -> field. HOST and PORT are bare because hosts of programs set them so.
VARIABLES = {"HOST": "host", "PORT": "port"} | {
    f"PORTAL_{name.upper()}": name for name in Settings.__dataclass_fields__ if name not in ("host", "port")
}


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that `environment` describes; raises `SettingError` naming what is wrong."""
    unknown = [name for name in environment if name.startswith("PORTAL_") and name not in VARIABLES]
    unknown = [name for name in unknown if not name.startswith("PORTAL_TEST_")]
    if unknown:
        raise SettingError(f"{unknown[0]} is not a setting. Known: {', '.join(VARIABLES)}")
    given = {VARIABLES[name]: text.strip() for name, text in environment.items() if name in VARIABLES}
    given = {name: text for name, text in given.items() if text}
    host = given.get("host", "127.0.0.1")
    port = _whole("PORT", given.get("port", "8000"), 1, 65535)
    settings = Settings(
        host=host,
        port=port,
        database_url=_url("PORTAL_DATABASE_URL", given.get("database_url", "sqlite:///var/portal.sqlite3"), _DATABASES),
        redis_url=_url("PORTAL_REDIS_URL", given.get("redis_url", ""), ("redis", "rediss", "unix")),
        secret=_secret(given.get("secret", ""), Path("var/secret")),
        public_url=_public_url(given.get("public_url", f"http://{_bracketed(host)}:{port}")),
        media=Path(given.get("media", "var/media")),
        smtp_url=_url("PORTAL_SMTP_URL", given.get("smtp_url", ""), ("smtp", "smtps")),
        time_zone=_one_of("PORTAL_TIME_ZONE", given.get("time_zone", "Asia/Ho_Chi_Minh"), available_timezones()),
        locale=_one_of("PORTAL_LOCALE", given.get("locale", "vi"), {"en", "vi"}),
        limits=_one_of("PORTAL_LIMITS", given.get("limits", "on"), {"on", "off"}) == "on",
        metrics_token=given.get("metrics_token", ""),
        workers=_whole("PORTAL_WORKERS", given.get("workers", "1"), 1, 64),
        oidc=_providers(given.get("oidc", "")),
    )
    if not settings.limits and settings.secure:
        raise SettingError("PORTAL_LIMITS=off is for benchmarks; it is refused with an https PORTAL_PUBLIC_URL")
    if settings.workers > 1 and not settings.redis_url:
        raise SettingError("PORTAL_WORKERS above 1 needs PORTAL_REDIS_URL: the workers tell each other through Redis")
    return settings


_DATABASES = ("sqlite", "postgres", "postgresql")


def _url(name: str, text: str, schemes: tuple[str, ...]) -> str:
    if text and _parts(name, text).scheme not in schemes:
        raise SettingError(f"{name} must start with {' or '.join(scheme + '://' for scheme in schemes)}")
    return text


def _parts(name: str, text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # refuses one that is no number, or too high
    except ValueError as error:
        raise SettingError(f"{name} is not an address: {error}") from error
    return parts


def _whole(name: str, text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise SettingError(f"{name} must be a whole number from {least} to {most}, not {text!r}")
    return int(text)


def _one_of(name: str, text: str, allowed: set[str]) -> str:
    if text not in allowed:
        known = ", ".join(sorted(allowed)) if len(allowed) < 10 else "a name like Asia/Ho_Chi_Minh"
        raise SettingError(f"{name} must be {known}, not {text!r}")
    return text


def _public_url(text: str) -> str:
    parts = _parts("PORTAL_PUBLIC_URL", text)
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in ("http", "https") or not parts.hostname or more:
        raise SettingError("PORTAL_PUBLIC_URL must be like https://school.example, without a path")
    if parts.scheme == "http" and not is_near(parts.hostname):
        raise SettingError("PORTAL_PUBLIC_URL must be https outside loopback and private addresses")
    # As browsers write an origin: lower case, the scheme's own port left out.
    port = "" if parts.port in (None, 443 if parts.scheme == "https" else 80) else f":{parts.port}"
    return f"{parts.scheme}://{_bracketed(parts.hostname)}{port}"


def _providers(text: str) -> tuple[Provider, ...]:
    try:
        return providers.read(text)
    except ValueError as error:
        raise SettingError(f"PORTAL_OIDC {error}") from error


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _secret(text: str, kept: Path) -> str:
    """The given secret, else one that is made once and kept in a file that only its owner can read."""
    if text:
        return _long_enough(text, "it")
    try:
        if not kept.exists():
            _make_secret(kept)
        return _long_enough(kept.read_text().strip(), f"{kept}, where it is kept,")
    except OSError as error:
        raise SettingError(f"PORTAL_SECRET is not set, and {kept} cannot be used instead: {error.strerror}") from error


def _make_secret(kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    draft = kept.with_suffix(f".{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    try:
        draft.write_text(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(draft, kept)  # two processes at once: the first one's secret stands
    finally:
        draft.unlink()


def _long_enough(text: str, what: str) -> str:
    if len(text) < 32:
        raise SettingError(f"PORTAL_SECRET must have at least 32 characters; {what} has {len(text)}")
    return text
