"""Cells as people type them: days, sexes, relations, phones that lost their zero, names in one column.

Each function gives the value as the form would send it, so that the domain judges it by the same rules, and what was
done to it, if anything, to be said in the preview.
"""

import datetime as dt
import re

from portal import clock
from portal.people import names
from portal.text import fold

_SEXES = {
    "female": "nu|female|f|gai|nu gioi|girl|woman",
    "male": "nam|male|m|trai|nam gioi|boy|man",
    "other": "khac|other|gioi tinh khac",
}
_RELATIONS = {
    "mother": "me|ma|mother|mom|mum|me de|me ruot",
    "father": "bo|ba|cha|father|dad|bo ruot|bo de",
    "grandparent": "ong|ba noi|ba ngoai|ong noi|ong ngoai|ong ba|grandparent|grandmother|grandfather",
    "sibling": "anh|chi|em|anh trai|chi gai|anh chi|anh chi em|sibling|brother|sister|brother or sister"
    "|anh chi em ruot",
    "guardian": "nguoi giam ho|giam ho|guardian|legal guardian|phu huynh|parent",
    "relative": "ho hang|nguoi than|relative|co|di|chu|bac|cau|mo|thim|aunt|uncle",
    "other": "khac|other|nguoi khac|somebody else",
}
_BY_SEX = {word: code for code, words in _SEXES.items() for word in words.split("|")}
_BY_RELATION = {word: code for code, words in _RELATIONS.items() for word in words.split("|")}
_DAY_FIRST = re.compile(r"(\d{1,2})\s*[/.\-\s]\s*(\d{1,2})\s*[/.\-\s]\s*(\d{4}|\d{2})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{1,2})", re.ASCII)
_HOURS = re.compile(r"[T\s]+\d{1,2}:\d{2}(:\d{2})?(\.\d+)?\s*([AaPp][Mm]|SA|CH)?$")
_SERIAL = re.compile(r"\d{5}(\.0+)?", re.ASCII)
_LAST_SERIAL = 73_050  # in 2099; of five digits the first is 10000, in 1927

DAY_FIRST = "day_first"
SERIAL = "serial"
ZERO = "zero"


def day(cell: str, *, since_1904: bool = False) -> tuple[str, str]:
    """A day as the form sends it (2014-03-09), and `DAY_FIRST` when it could be another, `SERIAL` for a bare number.

    What is no day comes back as it is, for the rule to refuse.
    """
    text = _HOURS.sub("", cell.strip())
    found = _YEAR_FIRST.fullmatch(text)
    if found:
        return _made(*map(int, found.groups())) or cell, ""
    found = _DAY_FIRST.fullmatch(text)
    if found:
        first, second, year = found.groups()
        made = _made(_full_year(year), int(second), int(first))
        either = int(first) <= 12 and int(second) <= 12 and first.lstrip("0") != second.lstrip("0")
        return made or cell, DAY_FIRST if made and either else ""
    if _SERIAL.fullmatch(text) and int(float(text)) <= _LAST_SERIAL:
        start = dt.date(1904, 1, 1) if since_1904 else dt.date(1899, 12, 30)
        return (start + dt.timedelta(days=int(float(text)))).isoformat(), SERIAL
    return cell, ""


def _full_year(digits: str) -> int:
    """Two digits are a year that has been: born in 14 is 2014, in 87 is 1987."""
    if len(digits) == 4:
        return int(digits)
    this = clock.now().year
    year = this - this % 100 + int(digits)
    return year if year <= this else year - 100


def _made(year: int, month: int, of_month: int) -> str:
    try:
        return dt.date(year, month, of_month).isoformat()
    except ValueError:
        return ""


def sex(cell: str) -> str:
    """The form's code, or the cell as it is."""
    return _BY_SEX.get(fold(cell), cell)


def relation(cell: str) -> str:
    """The form's code, or the cell as it is. "Bà" is a grandmother; "ba" without its tone is a father."""
    if cell.strip().casefold() in ("bà", "ông bà", "ông/bà"):
        return "grandparent"
    return _BY_RELATION.get(fold(cell.replace("/", " ")), cell)


def phone(cell: str) -> tuple[str, str]:
    """The number, and `ZERO` when a spreadsheet had taken its first zero for nothing."""
    digits = re.sub(r"[\s.\-()'’]", "", re.sub(r"\.0+$", "", cell.strip()))
    if re.fullmatch(r"[35789]\d{8}|2\d{9}", digits, re.ASCII):
        return "0" + digits, ZERO
    return (digits if digits.isdigit() else cell).removeprefix("'"), ""


def parted(full: str, order: str) -> tuple[str, str, str]:
    """Family, middle and given name of a full name in the centre's order."""
    words = full.split()
    if len(words) < 2:
        return ("", "", full) if words else ("", "", "")
    middle = " ".join(words[1:-1])
    return (words[0], middle, words[-1]) if order == names.FAMILY_FIRST else (words[-1], middle, words[0])
