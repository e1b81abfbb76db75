"""Text as people write it: cleaned once, and folded so that it can be found without diacritics."""

import re
import unicodedata

from portal.errors import Sentence, say

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?", re.ASCII)


def clean(value: str) -> str:
    """NFC, without control characters, runs of blanks made one, trimmed."""
    kept = unicodedata.normalize("NFC", value)
    if not kept.isprintable():  # what is printable, as nearly everything is, holds none of these
        kept = "".join(
            " " if char in "\t\n\r" else char
            for char in kept
            if char in "\t\n\r" or unicodedata.category(char) not in ("Cc", "Cs")
        )
    return " ".join(kept.split())


def fold(value: str) -> str:
    """The search key of a text: lower case, no diacritics, đ as d ("Nguyễn Đức" -> "nguyen duc")."""
    lowered = unicodedata.normalize("NFD", clean(value).casefold().replace("đ", "d"))
    return "".join(char for char in lowered if not unicodedata.combining(char))


def slug(value: str) -> str:
    """A text as part of an address: folded, words joined by hyphens."""
    return "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in fold(value)).split())


def problem(value: str, *, longest: int, required: bool) -> Sentence | None:
    """What is wrong with a cleaned one-line text, if anything."""
    if required and not value:
        return say("Please fill this in.")
    if len(value) > longest:
        return say("At most {longest} characters; this has {length}.", longest=longest, length=len(value))
    return None


_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def defused(cell: str) -> str:
    """A text as a cell of an exported table: an apostrophe marks as text what a spreadsheet would take for a formula.

    Blanks before it do not help a formula, nor does its full-width twin; a number with a sign stays one. After OWASP,
    "CSV injection". Quoting of separators and quotes is the writer's (the csv module's) own.
    """
    bare = cell.lstrip(" \u00a0\u3000\ufeff\u200b")
    if not bare.startswith(_STARTS_A_FORMULA) or _NUMBER.fullmatch(cell):
        return cell
    return "'" + cell
