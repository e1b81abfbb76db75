"""Writes the demo centre down, all of it or nothing."""

from collections.abc import Callable

from portal import audit, clock, db, versions
from portal.centre import centres
from portal.commands.demo_centre.rows import TABLES, Draft
from portal.gradebook import recording
from portal.privacy import wordings
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
        await _agree()
        await audit.record(SYSTEM, "demo.load", "centre", 1, {"rows": total, "loaded_at": clock.now().isoformat()})
        db.on_commit(centres.forget)


async def _continue_after(table: str, last: int) -> None:
    """Let PostgreSQL give the next ids after ours; SQLite looks at the table itself."""
    if db.dialect() == "postgres" and table != "centre":
        await db.rows("SELECT setval(pg_get_serial_sequence(?, 'id'), ?)", f'"{table}"', last)


async def _agree() -> None:
    """The guardians with an account were asked for themselves and their children when they came, and agreed."""
    kind, version = wordings.REQUIRED, wordings.CURRENT[wordings.REQUIRED]
    words = wordings.wording(kind, version, "vi")
    given = (kind, version, "vi", words.digest)
    await db.execute(
        "INSERT INTO consent (person_id, giver_id, kind, version, language, words_hash, way, given_at)"
        " SELECT a.person_id, a.person_id, ?, ?, ?, ?, 'page', a.made_at FROM account a WHERE EXISTS"
        " (SELECT 1 FROM guardian g WHERE g.person_id = a.person_id)",
        *given,
    )
    await db.execute(
        "INSERT INTO consent (person_id, giver_id, kind, version, language, words_hash, way, given_at)"
        " SELECT s.person_id, g.person_id, ?, ?, ?, ?, 'page', a.made_at FROM guardian g"
        " JOIN student s ON s.id = g.student_id JOIN account a ON a.person_id = g.person_id"
        " WHERE g.may_see AND g.restricted_at IS NULL",
        *given,
    )


async def _add_up(assessments: list[int], tell: Tell) -> None:
    for start in range(0, len(assessments), 500):
        await recording.recount(assessments[start : start + 500])
        tell("Adding up the marks", min(start + 500, len(assessments)), len(assessments))
