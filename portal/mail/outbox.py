"""The letters of a demo centre, to be read instead of sent. In a real one nobody reads them: they hold secret links."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal import db
from portal.errors import NotFound
from portal.scope import Permission, Scope

PAGE = 50
COUNTED = 1000
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_DEMO = "EXISTS (SELECT 1 FROM centre WHERE demo_loaded_at IS NOT NULL)"


class Line(NamedTuple):
    """A letter in the list."""

    id: int
    recipient: str
    subject: str
    made_at: dt.datetime
    left: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of letters; `total` stops counting at `COUNTED` + 1."""

    letters: Sequence[Line]
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A letter with its text and the links in it; both are empty when it has left the house."""

    id: int
    recipient: str
    subject: str
    language: str
    text: str
    links: Sequence[str]
    made_at: dt.datetime
    left: bool


async def listed(scope: Scope, *, page: int = 1) -> Page:
    """The letters, the latest first; raises `NotFound` unless this is a demo."""
    scope.require(Permission.READ_OUTBOX)
    page = min(max(page, 1), COUNTED // PAGE)
    total = await db.value(f"SELECT COUNT(*) FROM (SELECT 1 FROM letter WHERE {_DEMO} LIMIT {COUNTED + 1}) AS counted")
    if not total and await db.row(f"SELECT 1 WHERE {_DEMO}") is None:
        raise NotFound
    found = await db.rows(
        "SELECT id, recipient, subject, made_at, sent_at IS NOT NULL FROM letter ORDER BY id DESC LIMIT ? OFFSET ?",
        PAGE,
        (page - 1) * PAGE,
    )
    return Page([Line._make((*row[:3], db.instant(row[3]), bool(row[4]))) for row in found], total, page)


async def find(scope: Scope, letter_id: int) -> Reading:
    """A letter; raises `NotFound` when there is none, or this is no demo."""
    scope.require(Permission.READ_OUTBOX)
    found = await db.row(
        f"SELECT recipient, subject, language, text, made_at, sent_at IS NOT NULL FROM letter WHERE id = ? AND {_DEMO}",
        letter_id,
    )
    if found is None:
        raise NotFound
    return Reading(
        id=letter_id,
        recipient=found[0],
        subject=found[1],
        language=found[2],
        text=found[3],
        links=list(dict.fromkeys(_LINK.findall(found[3]))),
        made_at=db.instant(found[4]),
        left=bool(found[5]),
    )
