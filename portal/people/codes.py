"""Codes that the centre gives itself: two letters and five digits, counted up."""

from collections.abc import Collection


def following(prefix: str, highest: int, count: int, taken: Collection[str] = ()) -> list[str]:
    """The next `count` codes after number `highest`, without those that are taken."""
    found: list[str] = []
    number = highest
    while len(found) < count:
        number += 1
        code = f"{prefix}{number:05}"
        if code not in taken:
            found.append(code)
    return found
