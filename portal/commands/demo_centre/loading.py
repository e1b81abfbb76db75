"""Writes the demo centre down, all of it or nothing."""

from collections.abc import Callable

from portal import audit, clock, db, versions
from portal.centre import centres
from portal.commands.demo_centre.rows import TABLES, Draft
from portal.gradebook import recording
from portal.scope import SYSTEM

PORTION = 5_000

Tell = Callable[[str, int, int], object]


async def load(draft: Draft, *, tell: Tell) -> None:
    """Write every row of the draft into the empty database, and add up the published marks."""
    total = sum(len(rows) for rows in draft.rows.values())
    done = 0
    async with db.transaction():
        for table in TABLES:
            if not draft.rows[table]:
                continue
            names = ", ".join(f'"{name}"' for name in draft.columns[table])
            sql = f'INSERT INTO "{table}" ({names}) VALUES ({db.marks(len(draft.columns[table]))})'
            for start in range(0, len(draft.rows[table]), PORTION):
                portion = draft.rows[table][start : start + PORTION]
                await db.execute_many(sql, portion)
                done += len(portion)
                tell("Writing the centre", done, total)
            await _continue_after(table, len(draft.rows[table]))
        await _add_up([row[0] for row in draft.rows["assessment"]], tell)
        versions.bump(versions.CENTRE)
        await audit.record(SYSTEM, "demo.load", "centre", 1, {"rows": total, "loaded_at": clock.now().isoformat()})
        db.on_commit(centres.forget)


async def _continue_after(table: str, last: int) -> None:
    """Let PostgreSQL give the next ids after ours; SQLite looks at the table itself."""
    if db.dialect() == "postgres" and table != "centre":
        await db.rows("SELECT setval(pg_get_serial_sequence(?, 'id'), ?)", f'"{table}"', last)


async def _add_up(assessments: list[int], tell: Tell) -> None:
    for start in range(0, len(assessments), 500):
        await recording.recount(assessments[start : start + 500])
        tell("Adding up the marks", min(start + 500, len(assessments)), len(assessments))
