"""Emails and phone numbers: one form each, whatever people type."""

import re

from portal.errors import Sentence, say
from portal.text import clean

# Deliberately loose: only a letter that arrives proves an address. No quoted local parts, no IP literals.
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,63}")
_MOBILE = re.compile(r"0[35789]\d{8}")
_LANDLINE = re.compile(r"02\d{8,9}")


def email(value: str) -> tuple[str, Sentence | None]:
    """The address in lower case, and what is wrong with it, if anything."""
    address = clean(value).casefold()
    if not address:
        return "", None
    if len(address) > 254 or not _EMAIL.fullmatch(address) or ".." in address:
        return address, say("This is not an email address. It looks like name@example.com.")
    return address, None


def phone(value: str) -> tuple[str, Sentence | None]:
    """The number in E.164 form, and what is wrong with it, if anything.

    Viet Nam's plan: mobiles are 0 and nine digits beginning 3, 5, 7, 8 or 9; landlines begin 02. A number that begins
    with another country's +code is kept as it is, 8 to 15 digits.
    """
    typed = clean(value)
    if not typed:
        return "", None
    digits = re.sub(r"[\s.\-()/]", "", typed)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if re.fullmatch(r"84\d{9,10}", digits):
        digits = "+" + digits
    national = "0" + digits[3:].lstrip("0") if digits.startswith("+84") else digits
    if national.isascii() and (_MOBILE.fullmatch(national) or _LANDLINE.fullmatch(national)):
        return "+84" + national[1:], None
    if digits.isascii() and re.fullmatch(r"\+(?!84)[1-9]\d{7,14}", digits):
        return digits, None
    return typed, say("This is not a phone number. A mobile number is like 0912 345 678.")


def shown_phone(number: str) -> str:
    """A number as it is read aloud: +84912345678 is written 0912 345 678."""
    if not number.startswith("+84"):
        return number
    national = "0" + number[3:]
    return f"{national[:4]} {national[4:7]} {national[7:]}"
