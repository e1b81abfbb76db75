"""Names as the centre writes them, and the keys they are found and sorted by."""

from collections.abc import Iterable
from typing import NamedTuple

from portal.text import fold

FAMILY_FIRST = "family_first"
GIVEN_FIRST = "given_first"


class Name(NamedTuple):
    """The three parts of a person's name."""

    family_name: str
    middle_name: str
    given_name: str


def shown(family: str, middle: str, given: str, order: str = FAMILY_FIRST) -> str:
    """The full name in the centre's order: "Nguyễn Văn An", or "An Văn Nguyễn"."""
    parts = (family, middle, given) if order == FAMILY_FIRST else (given, middle, family)
    return " ".join(part for part in parts if part)


def initials(family: str, given: str) -> str:
    """Two letters for an avatar: the family name's first and the given name's first."""
    return "".join(part[0] for part in (family, given) if part).upper() or "?"


def sort_key(family: str, middle: str, given: str) -> str:
    """Vietnamese lists are sorted by given name, then family name, then middle name."""
    return fold(f"{given} {family} {middle}")[:260]


def search_key(family: str, middle: str, given: str, codes: Iterable[str] = ()) -> str:
    """What a person is found by: the name in both orders and codes, folded. Begins with a blank, as every word does."""
    words = [family, middle, given, family, given, *codes]
    return f" {fold(' '.join(word for word in words if word))}"[:600]


def contact_key(emails: Iterable[str], phones: Iterable[str]) -> str:
    """What those who may see contacts find a person by as well: emails, phones as stored and as dialled."""
    dialled = [form for phone in phones for form in (phone, "0" + phone[3:] if phone.startswith("+84") else phone)]
    return f" {fold(' '.join([*emails, *dialled]))}"[:1000]
