"""PORTAL_DATABASE_URL, read: which engine, and what it needs to find its database."""

from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

DEFAULT_URL = "sqlite:///var/portal.sqlite3"

_ENGINES = {
    "sqlite": "portal.db.sqlite_engine",
    "postgres": "portal.db.postgres_engine",
    "postgresql": "portal.db.postgres_engine",
}


class Address(NamedTuple):
    """Where a database is: the module of its engine and the arguments of that engine's client."""

    engine: str
    credentials: dict[str, Any]


def address(url: str) -> Address:
    """Where `url` points: `sqlite:///relative`, `sqlite:////absolute` or `postgres://user:password@host/name`.

    Raises ValueError with a sentence for the person who set PORTAL_DATABASE_URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in _ENGINES:
        raise ValueError(f"PORTAL_DATABASE_URL must start with sqlite:/// or postgres://, not {parts.scheme or url!r}")
    if parts.scheme == "sqlite":
        credentials: dict[str, Any] = {"file_path": str(_file(url))}
    elif not parts.path.strip("/"):
        raise ValueError("PORTAL_DATABASE_URL must name a database, as in postgres://user@host/schoolyard")
    else:
        credentials = {"dsn": url}
    return Address(_ENGINES[parts.scheme], credentials)


def _file(url: str) -> Path:
    parts = urlsplit(url)
    path = parts.path[1:]
    if parts.netloc or not path or parts.query:
        raise ValueError("PORTAL_DATABASE_URL must be sqlite:///folder/file (relative) or sqlite:////folder/file")
    return Path(path)
