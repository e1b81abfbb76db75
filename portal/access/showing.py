"""Whom a visitor of the demo may be: its named cast, all with one password that everybody may know."""

from typing import NamedTuple

from portal import db
from portal.access import secrets
from portal.errors import Sentence, say

PASSWORD = "schoolyard"
CAST: dict[str, Sentence] = {
    "lan@example.com": say("Mother of Minh and Chi"),
    "minh@example.com": say("Student"),
    "an@example.com": say("Father of Bảo"),
    "hoa@example.com": say("Teacher"),
    "duc@example.com": say("Counsellor"),
    "care@example.com": say("Customer care"),
    "accounts@example.com": say("Accountant"),
    "marketing@example.com": say("Marketing"),
    "mai@example.com": say("Branch manager"),
    "director@example.com": say("Director"),
    "admin@example.com": say("Administrator"),
}


_checked: dict[str, bool] = {}


class Role(NamedTuple):
    """Somebody of the cast with what they are."""

    login: str
    family_name: str
    middle_name: str
    given_name: str
    words: Sentence


async def is_known() -> bool:
    """Whether this is a demo where one of the cast still has the password that everybody may know."""
    if not await db.value("SELECT demo_loaded_at FROM centre"):
        return False
    kept = await db.rows(
        f"SELECT password_hash FROM account WHERE email IN ({db.marks(len(CAST))}) AND password_hash IS NOT NULL", *CAST
    )
    for (password_hash,) in kept:
        if await _opens(password_hash):
            return True
    return False


async def _opens(password_hash: str) -> bool:
    """Whether the known password is this one; checked once for each hash, for it takes its time on purpose."""
    if password_hash not in _checked:
        _checked[password_hash] = await secrets.verify_password(password_hash, PASSWORD)
    return _checked[password_hash]


async def cast() -> list[Role]:
    """Those of the cast whose account is open to the known password, families first."""
    found = await db.rows(
        "SELECT a.email, p.family_name, p.middle_name, p.given_name, a.password_hash FROM account a"
        f" JOIN person p ON p.id = a.person_id WHERE a.email IN ({db.marks(len(CAST))})"
        " AND a.disabled_at IS NULL AND a.password_hash IS NOT NULL",
        *CAST,
    )
    order = list(CAST)
    known = [row for row in found if await _opens(row[4])]
    return [Role._make((*row[:4], CAST[row[0]])) for row in sorted(known, key=lambda row: order.index(row[0]))]
