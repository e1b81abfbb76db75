"""Whom an import must not bring back: the other system's names of erased people, as hashes only (decision 14).

The hash has no key of ours on purpose: a backup is restored without PORTAL_SECRET, and with another key whoever was
erased would come back with the next import, unnoticed. What it gives away is that some sourcedId was erased here, to
somebody who holds both that id and our database.
"""

import hashlib
from collections.abc import Iterable

from tortoise.models import Model

from portal import clock, db
from portal.db import fields
from portal.errors import say
from portal.interchange.writing.drafts import Drafts
from portal.interchange.writing.findings import Findings

_PORTION = 2_000


class ErasedKey(Model):
    """A hash of the name that another system has for somebody who was erased here."""

    id = fields.Id()
    key_hash = fields.Text(64, unique=True)
    made_at = fields.Instant()

    class Meta:
        table = "erased_key"


def hashed(source: str) -> str:
    """What is kept of a sourcedId."""
    return hashlib.sha256(f"user {source}".encode()).hexdigest()


async def remember(sources: Iterable[str]) -> None:
    """Keep the hashes of these names, in the caller's transaction."""
    await db.execute_many(
        "INSERT INTO erased_key (key_hash, made_at) VALUES (?, ?) ON CONFLICT (key_hash) DO NOTHING",
        [(hashed(source), clock.now()) for source in sources],
    )


async def leave_out(drafts: Drafts, findings: Findings) -> None:
    """Take erased people out of the drafts, and with them whatever says something of them; a warning for each."""
    gone = await _erased(each.key for each in drafts.people)
    if not gone:
        return
    findings.forget(_rows_of(gone, drafts))  # drafts are made of everybody: what is odd about a cell quotes it
    for key in sorted(gone):
        findings.warn("users", key, "sourcedId", say("This person was erased here, and is left out."))
    drafts.people = [each for each in drafts.people if each.key not in gone]
    drafts.births = [each for each in drafts.births if each.key not in gone]
    drafts.guardians = [each for each in drafts.guardians if not gone & {each.guardian, each.child}]
    drafts.memberships = [each for each in drafts.memberships if each.student not in gone]
    drafts.teachings = [each for each in drafts.teachings if each.person not in gone]
    drafts.scores = [each for each in drafts.scores if each.student not in gone]


def _rows_of(gone: set[str], drafts: Drafts) -> dict[str, set[str]]:
    """The keys of the rows about these people, by file."""
    learning = {each.key for each in drafts.memberships if each.student in gone}
    teaching = {each.key for each in drafts.teachings if each.person in gone}
    results = {each.key for each in drafts.scores if each.student in gone}
    return {"users": gone, "demographics": gone, "enrollments": learning | teaching, "results": results}


async def _erased(keys: Iterable[str]) -> set[str]:
    if await db.row("SELECT 1 FROM erased_key LIMIT 1") is None:
        return set()
    by_hash = {hashed(key): key for key in keys}
    found: set[str] = set()
    hashes = list(by_hash)
    for start in range(0, len(hashes), _PORTION):
        some = hashes[start : start + _PORTION]
        rows = await db.rows(f"SELECT key_hash FROM erased_key WHERE key_hash IN ({db.marks(len(some))})", *some)
        found |= {by_hash[key_hash] for (key_hash,) in rows}
    return found
