"""Which pages an import, or its undo, makes out of date."""

from collections.abc import Iterable, Mapping

from portal import versions
from portal.interchange.journal import Journal
from portal.interchange.writing import bulk

_EVERYBODY = frozenset({"branch", "term", "program", "level"})
"""What stands on every page."""

_SHOWN: Mapping[str, tuple[str, ...]] = {
    "class": ("SELECT 'class', id FROM class WHERE id IN ({ids})",),
    "category": ("SELECT 'class', class_id FROM category WHERE id IN ({ids})",),
    "assessment": ("SELECT 'class', class_id FROM assessment WHERE id IN ({ids})",),
    "class_teacher": (
        "SELECT 'class', class_id FROM class_teacher WHERE id IN ({ids})",
        "SELECT 'person', person_id FROM class_teacher WHERE id IN ({ids})",
    ),
    "class_membership": (
        "SELECT 'class', class_id FROM class_membership WHERE id IN ({ids})",
        "SELECT 'student', student_id FROM class_membership WHERE id IN ({ids})",
    ),
    "score": (
        "SELECT 'student', student_id FROM score WHERE id IN ({ids})",
        "SELECT 'class', a.class_id FROM score s JOIN assessment a ON a.id = s.assessment_id WHERE s.id IN ({ids})",
    ),
    "student": ("SELECT 'student', id FROM student WHERE id IN ({ids})",),
    "guardian": (
        "SELECT 'student', student_id FROM guardian WHERE id IN ({ids})",
        "SELECT 'person', person_id FROM guardian WHERE id IN ({ids})",
    ),
    "teacher": ("SELECT 'person', person_id FROM teacher WHERE id IN ({ids})",),
    "staff_member": ("SELECT 'person', person_id FROM staff_member WHERE id IN ({ids})",),
    "works_at": ("SELECT 'person', person_id FROM works_at WHERE id IN ({ids})",),
    "person": (
        "SELECT 'person', id FROM person WHERE id IN ({ids})",
        "SELECT 'student', id FROM student WHERE person_id IN ({ids})",
        "SELECT 'class', class_id FROM class_teacher WHERE person_id IN ({ids})",
    ),
}
_SOURCES = {"class": versions.class_, "student": versions.student, "person": versions.person}


async def sources(table: str, ids: Iterable[int]) -> set[str]:
    """What pages show of these rows, as they are now."""
    if table in _EVERYBODY:
        return {versions.CENTRE}
    wanted = list(ids)
    found: set[str] = set()
    for sql in _SHOWN.get(table, ()):
        found |= {_SOURCES[kind](record_id) for kind, record_id in await bulk.rows_of(sql, wanted)}
    return found


async def outdate(journal: Journal) -> None:
    """Outdate the pages that show what the import wrote; in its transaction, after `close`.

    A row that it moved or deleted was shown elsewhere before: what a row pointed at is outdated by `before` as well.
    """
    made = {table: journal.made(table) for table in journal.tables}
    touched = sum(last - first + 1 for ranges in made.values() for first, last in ranges)
    touched += sum(map(len, journal.changes.values()))
    if touched > versions.MANY:
        versions.bump(versions.CENTRE)
        return
    found: set[str] = set()
    for table, ranges in made.items():
        found |= await sources(table, [each for first, last in ranges for each in range(first, last + 1)])
    for table, changed in journal.changes.items():
        found |= await sources(table, changed)
        found |= await _pointed_at(journal, table)
    versions.bump(*sorted(found))


async def _pointed_at(journal: Journal, table: str) -> set[str]:
    """The students, classes and persons that changed rows belonged to before."""
    names = (await journal.of(table)).names
    rows = [before for before, _ in journal.changes[table].values()]
    found: set[str] = set()
    for column, source in (
        ("student_id", versions.student),
        ("class_id", versions.class_),
        ("person_id", versions.person),
    ):
        if column in names:
            at = names.index(column)
            found |= {source(row[at]) for row in rows}
    if "assessment_id" in names:
        at = names.index("assessment_id")
        classes = "SELECT DISTINCT class_id FROM assessment WHERE id IN ({ids})"
        found |= {versions.class_(each) for (each,) in await bulk.rows_of(classes, [row[at] for row in rows])}
    return found
