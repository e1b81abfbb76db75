"""The words that people agree to: a text for each kind, version and language, never changed once it was shown.

A version lies in `words/<kind>-<version>.<language>.txt`. A change of meaning is a new version with new files and a new
line here; `HASHES` holds what each file's text must be, so that nobody mends an old one without noticing.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from portal.words import LANGUAGES

FOLDER = Path(__file__).parent / "words"
KINDS = ("privacy", "publish", "news")
REQUIRED = "privacy"
CURRENT = {"privacy": "2026-11", "publish": "2026-11", "news": "2026-11"}
HASHES = {
    "news-2026-11.en": "a34c290026bdaa771d5bb11875ca28dc469129d26b5d1c6e0300a9191fb0deaf",
    "news-2026-11.vi": "a6036fc39dcddb723c6f5ae26edd693cd9bc10102486e41615127ae3325489a8",
    "privacy-2026-11.en": "bbc56d1cfb2f5b8039ef3017d5cb10045503cfcaa600fe3038d5bba5445d0eb9",
    "privacy-2026-11.vi": "e3f9552885def10b7d0e1c75f54d41520c1f2daafedc11ca19df37afefc4b845",
    "publish-2026-11.en": "4cf168859a5c4d10edd7e53469bb2e4f3df3208f6831575c382a54fec4a0c634",
    "publish-2026-11.vi": "742f2ef7457ac3eb07e540ee9ebfaa61a64d3d9d856a8967f2e5550c1e4f5c0f",
}


class Wording(NamedTuple):
    """One text: its paragraphs, and the hash that a consent keeps of it."""

    kind: str
    version: str
    language: str
    paragraphs: tuple[str, ...]
    digest: str


@cache
def wording(kind: str, version: str, language: str) -> Wording:
    """The words of a version in a language (English when there is none of them); raises KeyError for no version."""
    language = language if language in LANGUAGES else "en"
    name = f"{kind}-{version}.{language}"
    if name not in HASHES:
        raise KeyError(name)
    text = (FOLDER / f"{name}.txt").read_text("utf-8")
    paragraphs = tuple(" ".join(each.split()) for each in text.split("\n\n") if each.strip())
    return Wording(kind, version, language, paragraphs, hashlib.sha256(text.encode()).hexdigest())


def current(kind: str, language: str) -> Wording:
    """The words that are asked for now."""
    return wording(kind, CURRENT[kind], language)
