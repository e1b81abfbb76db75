"""One cell: from its text to its value.

Each reader takes the text, trimmed and not empty, and gives the value with a sentence when it had to be
lenient, or raises `Wrong`. What is lenient is so because only one meaning is possible (`TRUE`, `Scheduled`,
`2022/2023`); `1/05/2023` and `8,5` have two and are wrong.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from portal.errors import Sentence, say
from portal.interchange.oneroster.problems import shown
from portal.text import clean

Outcome = tuple[Any, Sentence | None]

LONGEST_ID = 255

_id = re.compile(r"[0-9A-Za-z./_@-]+", re.ASCII)
_day = re.compile(r"(\d{4})-(\d\d)-(\d\d)(T00:00(?::00(?:\.0+)?)?Z)?", re.ASCII)
_years = re.compile(r"(\d{4})(?:\s*[-/–]\s*(\d{4}|\d\d))?", re.ASCII)
_number = re.compile(r"[+-]?\d{1,12}(\.\d{1,9})?", re.ASCII)
_ranks = {"primary": "primary", "secondary": "secondary"}
_email = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+", re.ASCII)


class Wrong(Exception):
    """The text is no value of its kind; carries the sentence."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def source_id(text: str) -> str:
    """A sourcedId as it is, or `Wrong`: it is compared letter by letter, so nothing is mended."""
    if len(text) > LONGEST_ID:
        raise Wrong(
            say(
                "A sourcedId has at most {longest} characters; this has {length}.",
                longest=LONGEST_ID,
                length=len(text),
            )
        )
    if not _id.fullmatch(text):
        raise Wrong(say('"{value}" is not a sourcedId: only 0-9 a-z A-Z . - _ / @ may stand in it.', value=shown(text)))
    return text


def day(text: str) -> Outcome:
    """A calendar day; an instant at midnight UTC is taken for its day."""
    found = _day.fullmatch(text)
    if not found:
        raise Wrong(say('"{value}" is not a date; write it as 2026-09-01.', value=shown(text)))
    try:
        value = dt.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise Wrong(say('"{value}" is not a day of the calendar.', value=shown(text))) from None
    if found[4]:
        return value, say('A time stands after the date ("{value}"); only the day is read.', value=text)
    return value, None


def flag(text: str) -> Outcome:
    """true or false."""
    value = {"true": True, "false": False}.get(text.lower())
    if value is None:
        raise Wrong(say('"{value}" is neither true nor false.', value=shown(text)))
    if text not in ("true", "false"):
        return value, say('"{value}" is read as "{word}".', value=text, word=text.lower())
    return value, None


def rank(text: str) -> Outcome:
    """A roleType: whether it is the primary role at its org."""
    outcome, lenient = word(text, _ranks, False)
    return outcome == "primary", lenient


def year(text: str) -> Outcome:
    """A school year by the year in which it ends."""
    found = _years.fullmatch(text)
    if not found:
        raise Wrong(say('"{value}" is not a school year; write the year in which it ends, 2026.', value=shown(text)))
    first, second = found[1], found[2]
    if not second:
        return int(first), None
    last = int(first[:2] + second) if len(second) == 2 else int(second)
    if last - int(first) != 1:
        raise Wrong(say('"{value}" is not a school year; write the year in which it ends, 2026.', value=shown(text)))
    return last, say('The school year "{value}" is read as {year}, the year in which it ends.', value=text, year=last)


def number(text: str) -> Outcome:
    """A decimal number with a point, within what a gradebook can hold."""
    if not _number.fullmatch(text):
        raise Wrong(say('"{value}" is not a number; write it with a decimal point, as 8.5.', value=shown(text)))
    return Decimal(text), None


def email(text: str) -> Outcome:
    """An address that could be written to, or "" with a sentence."""
    if len(text) > 254 or not _email.fullmatch(text):
        return "", say('"{value}" is not an email address and is not read.', value=shown(text))
    return text, None


def line(text: str) -> Outcome:
    """A text on one line."""
    if text.isascii() and text.isprintable():
        return text, None
    return clean(text), None


def paragraph(text: str) -> Outcome:
    """A text that may have several lines."""
    if text.isascii() and text.isprintable():
        return text, None
    whole = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = (char for char in whole if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs"))
    return "".join(kept).strip(), None


def texts(text: str) -> Outcome:
    """Texts between commas, without empty ones."""
    return tuple(part for part in (clean(part) for part in text.split(",")) if part), None


def word(text: str, words: Mapping[str, str], extensible: bool) -> Outcome:
    """A word of a vocabulary. `words` maps what is written to what is meant; "" means: nothing we know."""
    if text in words and words[text] == text:
        return text, None
    meant = words.get(text)
    if meant is None:
        folded = text.casefold()
        meant = next((means for written, means in words.items() if written.casefold() == folded), None)
    if meant is None and extensible and text.startswith("ext:"):
        meant = ""
    if meant is None:
        allowed = ", ".join(sorted({written for written, means in words.items() if written == means}))
        raise Wrong(say('"{value}" is not one of: {words}.', value=shown(text), words=allowed))
    if not meant:
        return "", say('"{value}" has no counterpart here and is not read.', value=shown(text))
    return meant, say('"{value}" is read as "{word}".', value=text, word=meant)


PLAIN: dict[str, Callable[[str], Outcome]] = {
    "day": day,
    "flag": flag,
    "rank": rank,
    "year": year,
    "number": number,
    "email": email,
    "line": line,
    "paragraph": paragraph,
    "texts": texts,
}
"""The kinds of column that need nothing but the cell."""
