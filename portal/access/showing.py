"""Whom a visitor of the demo may be: its named cast, all with one password that everybody may know."""

from typing import NamedTuple

from portal import db
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


class Role(NamedTuple):
    """Somebody of the cast with what they are."""

    login: str
    family_name: str
    middle_name: str
    given_name: str
    words: Sentence


async def cast() -> list[Role]:
    """Those of the cast who have an open account here, families first."""
    found = await db.rows(
        "SELECT a.email, p.family_name, p.middle_name, p.given_name FROM account a JOIN person p ON p.id = a.person_id"
        f" WHERE a.email IN ({db.marks(len(CAST))}) AND a.disabled_at IS NULL",
        *CAST,
    )
    order = list(CAST)
    return [Role._make((*row, CAST[row[0]])) for row in sorted(found, key=lambda row: order.index(row[0]))]
