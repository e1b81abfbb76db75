"""Writing categories, assessments and scores."""

import asyncio
from collections.abc import Iterable, Sequence

from portal.gradebook import recording
from portal.interchange.writing import bulk, drafts
from portal.interchange.writing.desk import Desk, Ledger


async def categories(
    desk: Desk, found: Sequence[drafts.Category], said: bool, classes: Ledger[drafts.Class]
) -> Ledger[drafts.Category]:
    """Weighted categories, one for each class that uses them."""
    ledger = await desk.open("categories", found, said=said)
    new = await desk.number(ledger, "category")

    def values(each: drafts.Category) -> tuple[object, ...]:
        return classes.ids[each.of_class], each.name, each.weight, each.ordinal, ledger.ids[each.key]

    await desk.journal.insert("category", ("class_id", "name", "weight", "ordinal", "id"), map(values, new))
    await desk.journal.changing("category", (ledger.ids[each.key] for each in ledger.changed))
    await bulk.run(
        "UPDATE category SET class_id = ?, name = ?, weight = ?, ordinal = ? WHERE id = ?",
        map(values, ledger.changed),
    )
    return ledger


async def assessments(
    desk: Desk,
    found: Sequence[drafts.Assessment],
    said: bool,
    classes: Ledger[drafts.Class],
    of_category: Ledger[drafts.Category],
) -> Ledger[drafts.Assessment]:
    """Assessments with their most points."""
    ledger = await desk.open("lineItems", found, said=said)
    new = await desk.number(ledger, "assessment")

    def values(each: drafts.Assessment) -> tuple[object, ...]:
        return (
            *(classes.ids[each.of_class], of_category.ids[each.category], each.name, each.description),
            *(each.due_on, each.most, ledger.ids[each.key]),
        )

    columns = ("class_id", "category_id", "name", "description", "due_on", "max_points", "id")
    await desk.journal.insert("assessment", columns, map(values, new))
    await desk.journal.changing("assessment", (ledger.ids[each.key] for each in ledger.changed))
    await bulk.run(
        "UPDATE assessment SET class_id = ?, category_id = ?, name = ?, description = ?, due_on = ?, max_points = ?"
        " WHERE id = ?",
        map(values, ledger.changed),
    )
    return ledger


async def scores(
    desk: Desk,
    found: Sequence[drafts.Score],
    said: bool,
    of_assessment: Ledger[drafts.Assessment],
    people: Ledger[drafts.Person],
) -> None:
    """Scores, published at once; then the sums of the assessments that they touch."""
    ledger = await desk.open("results", found, said=said)
    if not ledger.written:
        return
    students = await desk.students()
    writer = _Scores(desk, ledger, of_assessment.ids, people.ids, students)
    fresh = {of_assessment.ids[each.key] for each in of_assessment.new}
    touched = {of_assessment.ids[each.assessment] for each in ledger.written}
    await writer.read(touched - fresh)
    await asyncio.to_thread(writer.sort)
    await writer.write()
    await recording.recount(sorted(touched | writer.left))


class _Scores:
    """A mark is its assessment's and its student's, whatever the sourcedId: that pair is there once."""

    def __init__(
        self,
        desk: Desk,
        ledger: Ledger[drafts.Score],
        assessments: dict[str, int],
        people: dict[str, int],
        students: dict[int, int],
    ) -> None:
        self.desk = desk
        self.ledger = ledger
        self._assessments = assessments
        self._people = people
        self._students = students
        self._place_of: dict[int, tuple[int, int]] = {}
        self._moving: set[int] = set()
        self._updates: list[drafts.Score] = []
        self._moved: list[drafts.Score] = []
        self.left: set[int] = set()

    async def read(self, touched: Iterable[int]) -> None:
        """The marks that may be in the way, and those that are to change."""
        sql = "SELECT id, assessment_id, student_id FROM score WHERE"
        changed = [self.ledger.ids[each.key] for each in self.ledger.changed]
        rows = await bulk.rows_of(f"{sql} assessment_id IN ({{ids}})", touched)
        rows += await bulk.rows_of(f"{sql} id IN ({{ids}})", changed)
        self._place_of = {record_id: (assessment, student) for record_id, assessment, student in rows}

    def sort(self) -> None:
        """What is updated where it is, what moves to another place, and what is new."""
        ids = self.ledger.ids
        for each in self.ledger.changed:
            if self._place_of.get(ids[each.key]) != self.place(each):
                self._moving.add(ids[each.key])
        there = {place: record for record, place in self._place_of.items() if record not in self._moving}
        self.left = {self._place_of[record][0] for record in self._moving if record in self._place_of}
        for each in self.ledger.written:
            record = there.get(self.place(each))
            if record is not None:
                if ids.get(each.key) != record:
                    self.ledger.take_over(each, record)
                self._updates.append(each)
            elif each.key in ids:
                self._moved.append(each)

    def place(self, each: drafts.Score) -> tuple[int, int]:
        return self._assessments[each.assessment], self._students[self._people[each.student]]

    async def write(self) -> None:
        new = await self.desk.number(self.ledger, "score")
        inserted = self._moved + new
        updated = (self.ledger.ids[each.key] for each in self._updates)
        await self.desk.journal.changing("score", [*self._moving, *updated])
        await bulk.run("DELETE FROM score WHERE id = ?", ((each,) for each in self._moving))
        await bulk.run(_UPDATE, map(self._values, self._updates), len(self._updates), self.desk.heard("results"))
        await self.desk.journal.insert(
            "score",
            _COLUMNS,
            ((*self._values(each), *self.place(each)) for each in inserted),
            len(inserted),
            self.desk.heard("results"),
        )

    def _values(self, each: drafts.Score) -> tuple[object, ...]:
        now, record = self.desk.now, self.ledger.ids[each.key]
        return each.state, each.points, each.comment, each.scored_on, now, now, self.desk.by, record


_COLUMNS = (
    *("state", "points", "comment", "scored_on", "published_at", "changed_at", "changed_by", "id"),
    *("assessment_id", "student_id"),
)
_UPDATE = (
    "UPDATE score SET state = ?, points = ?, comment = ?, scored_on = ?,"
    " published_at = COALESCE(published_at, ?), withdrawn_at = NULL, changed_at = ?, changed_by = ? WHERE id = ?"
)
