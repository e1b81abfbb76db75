"""From the records of a bundle to drafts of ours: all that can be decided without the database.

Runs in a thread. What breaks a rule of ours goes to the findings; what has no place here goes to the notes.
"""

from collections.abc import Iterable
from typing import Any

from portal.errors import Sentence, say
from portal.interchange.oneroster import Bundle
from portal.interchange.writing import draft_marks, draft_people, draft_places
from portal.interchange.writing.drafts import Drafts
from portal.interchange.writing.findings import Findings


def draft(bundle: Bundle, findings: Findings, notes: list[Sentence]) -> Drafts:
    """The drafts of everything in the bundle."""
    drafts = Drafts()
    draft_places.draft(bundle, drafts, findings, notes)
    draft_people.draft(bundle, drafts, findings, notes)
    draft_marks.draft(bundle, drafts, findings, notes)
    notes += _without_place(bundle)
    return drafts


def _without_place(bundle: Bundle) -> list[Sentence]:
    """A note for each file in which columns hold something that we read and do not store."""
    session = "gradingPeriodSourcedId" if bundle.version == "1.1" else "academicSessionSourcedId"
    files: Iterable[tuple[str, list[Any], dict[str, str]]] = (
        ("orgs", bundle.orgs, {"type": "type", "parent": "parentSourcedId"}),
        (
            "courses",
            bundle.courses,
            {"grades": "grades", "org": "orgSourcedId", "school_year": "schoolYearSourcedId", "subjects": "subjects"},
        ),
        (
            "classes",
            bundle.classes,
            {"grades": "grades", "type": "classType", "subjects": "subjects", "periods": "periods"},
        ),
        ("users", bundle.users, {"grades": "grades"}),
        ("roles", bundle.roles, {"begin": "beginDate"}),
        ("lineItems", bundle.line_items, {"assigned": "assignDate", "session": session}),
        (
            "results",
            bundle.results,
            {"in_progress": "inProgress", "incomplete": "incomplete", "late": "late", "missing": "missing"},
        ),
    )
    notes = []
    for file, records, columns in files:
        held = [column for name, column in columns.items() if any(getattr(record, name) for record in records)]
        if held:
            notes.append(
                say("{file}: not used here, so not stored: {columns}.", file=f"{file}.csv", columns=", ".join(held))
            )
    return notes
