"""Identity providers, as the settings name them: who else may say that somebody is who they are."""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

KEYS = ("name", "label", "issuer", "client_id", "client_secret")
OPTIONAL = frozenset({"label", "client_secret"})
LONGEST = {"name": 32, "label": 40, "issuer": 300, "client_id": 300, "client_secret": 500}


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of OpenID Connect: `name` stands in addresses, `label` on its button."""

    name: str
    label: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)

    @property
    def near(self) -> bool:
        """Whether it is spoken to without TLS, on this machine or a private network."""
        return self.issuer.startswith("http://")


def is_near(host: str) -> bool:
    """Whether a host is this machine or of a private network, where plain http may be spoken."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_private


def read(text: str) -> tuple[Provider, ...]:
    """The providers of a JSON list of objects; raises ValueError with a sentence that says which one is wrong, and how.

    No sentence repeats a secret.
    """
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no JSON: {error}") from error
    if not isinstance(found, list):
        raise ValueError('must be a JSON list: [{"name": "google", "issuer": "https://...", ...}]')
    made = tuple(_provider(number, entry) for number, entry in enumerate(found, 1))
    for what in ("name", "issuer"):
        values = [getattr(provider, what) for provider in made]
        if len(set(values)) < len(values):
            raise ValueError(f"names the same {what} twice")
    return made


def _provider(number: int, entry: Any) -> Provider:
    if not isinstance(entry, dict):
        raise ValueError(f"has no object as its entry {number}")
    where = f"entry {number}"
    strange = [key for key in entry if key not in KEYS]
    if strange:
        raise ValueError(f"{where} has {strange[0]!r}; known are {', '.join(KEYS)}")
    given = {key: _text(where, key, entry) for key in KEYS}
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", given["name"]):
        raise ValueError(f"{where}: the name stands in addresses, so it is of a-z, 0-9 and -, not {given['name']!r}")
    _check_issuer(where, given["issuer"])
    return Provider(**given | {"label": given["label"] or given["name"].capitalize()})


def _text(where: str, key: str, entry: Mapping[str, Any]) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"{where}: {key} must be a text")
    value = value.strip()
    if not value and key not in OPTIONAL:
        raise ValueError(f"{where} has no {key}")
    if key != "label" and not value.isascii():
        raise ValueError(f"{where}: {key} has letters that no provider gives")
    if len(value) > LONGEST[key]:
        raise ValueError(f"{where}: {key} has more than {LONGEST[key]} characters")
    return value


def _check_issuer(where: str, issuer: str) -> None:
    try:
        parts = urlsplit(issuer)
        _ = parts.port  # refuses one that is no number, or too high
    except ValueError as error:
        raise ValueError(f"{where}: the issuer is not an address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError(f"{where}: the issuer must be like https://login.example/realm, not {issuer!r}")
    if parts.scheme == "http" and not is_near(parts.hostname):
        raise ValueError(f"{where}: the issuer must be https outside loopback and private addresses")
