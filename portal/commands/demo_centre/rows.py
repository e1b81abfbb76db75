"""The demo centre on paper: rows for each table, with the ids they will have."""

import datetime as dt
import random
from typing import Any
from zoneinfo import ZoneInfo

# A table comes after those it refers to.
TABLES = (
    *("centre", "branch", "term", "holiday", "program", "level"),
    *("person", "email_address", "phone_number", "household", "student", "guardian"),
    *("teacher", "staff_member", "works_at", "account", "account_role"),
    *("class", "class_teacher", "class_membership", "weekly_slot", "lesson"),
    *("category", "assessment", "score"),
)


class Draft:
    """Rows waiting to be written, and what all parts of the generator need: the day, the zone, the dice."""

    def __init__(self, seed: int, today: dt.date, zone: str) -> None:
        self.today = today
        self.zone = ZoneInfo(zone)
        self.rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
        self.columns: dict[str, tuple[str, ...]] = {}
        self._seed = seed

    def dice(self, purpose: str) -> random.Random:
        """Dice of its own for each purpose, so that more marks do not change the names."""
        return random.Random(f"{self._seed} {purpose}")

    def add(self, table: str, **columns: Any) -> int:
        """Put a row down; its id. All rows of a table name the same columns in the same order."""
        names = self.columns.setdefault(table, ("id", *columns))
        if names[1:] != tuple(columns):
            raise ValueError(f"{table}: {', '.join(columns)} are not {', '.join(names[1:])}")
        rows = self.rows[table]
        rows.append((len(rows) + 1, *columns.values()))
        return len(rows)

    def next_id(self, table: str) -> int:
        """The id that the next row of the table gets."""
        return len(self.rows[table]) + 1

    def at(self, day: dt.date, minute: int) -> dt.datetime:
        """The instant of a local day and minute."""
        return dt.datetime.combine(day, dt.time(minute // 60, minute % 60), self.zone).astimezone(dt.UTC)


def shares(total: int, weights: list[float]) -> list[int]:
    """`total` split into whole parts like the weights, exactly."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [int(total * weight / whole) for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (parts[i] - total * weights[i] / whole, i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts
