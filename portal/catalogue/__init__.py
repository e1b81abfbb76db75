"""What the centre teaches: programs and their ordered levels."""

from typing import NamedTuple

from portal import db


class Offer(NamedTuple):
    """A program as visitors see it, with the names of its levels in order."""

    id: int
    slug: str
    name: str
    summary: str
    youngest: int | None
    oldest: int | None
    levels: tuple[str, ...]


async def offers() -> list[Offer]:
    """All programs in the centre's order."""
    programs = await db.rows("SELECT id, slug, name, summary, youngest, oldest FROM program ORDER BY ordinal, name, id")
    levels: dict[int, list[str]] = {}
    for program_id, name in await db.rows("SELECT program_id, name FROM level ORDER BY program_id, ordinal"):
        levels.setdefault(program_id, []).append(name)
    return [Offer._make((*row, tuple(levels.get(row[0], ())))) for row in programs]
