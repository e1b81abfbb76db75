"""Recording and publishing marks."""

from collections.abc import Sequence

from portal import audit, clock, db, versions
from portal.errors import Invalid, NotFound, say
from portal.gradebook.models import Assessment, Score
from portal.scope import Permission, Scope
from portal.text import clean

COUNTED = "('graded', 'partially_graded')"


async def record(scope: Scope, *, assessment_id: int, student_id: int, points: int | None, comment: str = "") -> None:
    """Record a draft mark in thousandths of a point, or take it back with None; a published one stays published.

    Raises `NotFound` for an assessment outside the teacher's classes or a student outside the class, `Invalid` beside
    `points` when they are below zero or above the most.
    """
    async with db.transaction():
        most = await _most_points(scope, assessment_id, student_id)
        if points is not None and not 0 <= points <= most:
            raise Invalid({"points": say("From 0 to {most}.", most=most / 1000)})
        state = "graded" if points is not None else "not_submitted"
        score_id, before_points, class_id = await _score(assessment_id, student_id)
        await Score.filter(id=score_id).update(
            points=points,
            state=state,
            comment=clean(comment),
            withdrawn_at=None,
            changed_at=clock.now(),
            changed_by=scope.account_id,
        )
        await recount([assessment_id])
        if class_id is not None:
            versions.bump(versions.student(student_id), versions.class_(class_id))
        changes = {"student": student_id, "before": before_points, "after": points}
        await audit.record(scope, "score.record", "assessment", assessment_id, changes)


async def publish(scope: Scope, assessment_id: int) -> int:
    """Publish every draft of an assessment; returns how many. Raises `NotFound` outside the teacher's classes."""
    async with db.transaction():
        await _most_points(scope, assessment_id, None)
        class_id = await db.value("SELECT class_id FROM assessment WHERE id = ?", assessment_id)
        now, drafts = clock.now(), Score.filter(assessment_id=assessment_id, published_at=None, withdrawn_at=None)
        published = await drafts.update(published_at=now, changed_at=now, changed_by=scope.account_id)
        if published:  # whoever publishes work that another system has withdrawn wants it to be read
            await Assessment.filter(id=assessment_id).update(withdrawn_at=None)
        await recount([assessment_id])
        versions.bump(versions.class_(class_id))
        await audit.record(scope, "assessment.publish", "assessment", assessment_id, {"marks": published})
    return published


async def recount(assessment_ids: Sequence[int]) -> None:
    """Bring the published count and sum of assessments up to date, in the caller's transaction.

    Whoever counts holds the assessments until the commit, so the next one counts what this one has written: a lone
    UPDATE would wait for its row and then add up what was there before it waited. They are taken in the order of
    their ids, and always after the scores, so that nobody waits in a circle.
    """
    ordered = sorted(assessment_ids)
    for start in range(0, len(ordered), 500):
        some = ordered[start : start + 500]
        held = f"SELECT id FROM assessment WHERE id IN ({db.marks(len(some))}) ORDER BY id FOR NO KEY UPDATE"
        await db.rows(held, *some)
        published = (
            "FROM score s WHERE s.assessment_id = assessment.id"
            f" AND s.published_at IS NOT NULL AND s.state IN {COUNTED}"
        )
        await db.execute(
            f"UPDATE assessment SET published_count = (SELECT COUNT(*) {published}),"
            f" published_points = (SELECT COALESCE(SUM(s.points), 0) {published}) WHERE id IN ({db.marks(len(some))})",
            *some,
        )


async def _score(assessment_id: int, student_id: int) -> tuple[int, int | None, int | None]:
    """The id and the points of a student's mark, made if there is none, held until the commit; if families can read it,
    the class, whose mean it is in."""
    await db.execute(
        "INSERT INTO score (assessment_id, student_id, state, changed_at) VALUES (?, ?, 'not_submitted', ?)"
        " ON CONFLICT (assessment_id, student_id) DO NOTHING",
        assessment_id,
        student_id,
        clock.now(),
    )
    found = await db.row(
        "SELECT s.id, s.points, CASE WHEN s.published_at IS NOT NULL THEN"
        " (SELECT a.class_id FROM assessment a WHERE a.id = s.assessment_id) END"
        " FROM score s WHERE s.assessment_id = ? AND s.student_id = ? FOR NO KEY UPDATE",
        assessment_id,
        student_id,
    )
    assert found is not None
    return found[0], found[1], found[2]


async def _most_points(scope: Scope, assessment_id: int, student_id: int | None) -> int:
    scope.require(Permission.SEE_OWN_CLASSES)
    sql = (
        "SELECT a.max_points FROM assessment a JOIN class_teacher t ON t.class_id = a.class_id"
        " WHERE a.id = ? AND t.person_id = ?"
    )
    args: list[int | None] = [assessment_id, scope.person_id]
    if student_id is not None:
        sql += " AND EXISTS (SELECT 1 FROM class_membership m WHERE m.class_id = a.class_id AND m.student_id = ?)"
        args.append(student_id)
    most = await db.value(sql, *args)
    if most is None:
        raise NotFound
    return int(most)
