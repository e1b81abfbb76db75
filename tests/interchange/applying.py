"""What the tests of loading share: load a bundle, look at everything that is stored."""

import hashlib
from typing import Any

from portal import clock, db, files
from portal.interchange.loading import Outcome, load
from portal.scope import SYSTEM

NOT_COMPARED = (
    *("audit_entry", "import_run", "import_created", "import_change", "view_version", "stored_file"),
    *("tortoise_migrations", "sqlite_sequence"),
)


async def loaded(packed: bytes, *, dry_run: bool = False, **how: Any) -> Outcome:
    """Load a bundle that must be accepted."""
    outcome = await load(SYSTEM, packed, dry_run=dry_run, **how)
    assert not outcome.refused, [str(problem) for problem in outcome.problems]
    return outcome


async def kept(packed: bytes) -> int:
    """Keep a bundle as an upload is kept, so that changes can be laid over it; the file's id."""
    sha256 = hashlib.sha256(packed).hexdigest()
    place = files.path_of(sha256)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(packed)
    facts = {"sha256": sha256, "size": len(packed), "media_type": "application/zip", "name": "bundle.zip"}
    return await db.insert("stored_file", **facts, uploaded_at=clock.now())


async def turned_away(packed: bytes) -> list[str]:
    """Load a bundle that must be refused; its errors."""
    outcome = await load(SYSTEM, packed, dry_run=False)
    assert outcome.refused
    assert outcome.counts == {}
    return [str(problem) for problem in outcome.problems if problem.severity == "error"]


def warnings(outcome: Outcome) -> list[str]:
    """The warnings of an outcome, with their places."""
    return [str(problem) for problem in outcome.problems if problem.severity == "warning"]


def notes(outcome: Outcome) -> list[str]:
    """The notes of an outcome."""
    return [str(note) for note in outcome.notes]


async def rows(sql: str, *args: Any) -> list[tuple[Any, ...]]:
    """Rows with days as they are written, the same on both databases."""
    found = await db.rows(sql, *args)
    return [tuple(str(cell) if hasattr(cell, "isoformat") else cell for cell in row) for row in found]


async def dump() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but for the acts, the runs with their journals, and the versions of pages."""
    if db.dialect() == "sqlite":
        tables = await db.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    else:
        tables = await db.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return {
        name: await db.rows(f'SELECT * FROM "{name}" ORDER BY id') for (name,) in tables if name not in NOT_COMPARED
    }


async def is_empty() -> bool:
    """Whether no table holds anything."""
    return not any((await dump()).values())
