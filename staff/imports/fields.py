"""The words of the preview of an import: for kinds of records and for their fields."""

from collections.abc import Mapping

from portal.errors import Sentence, say
from staff import words

TABLES: dict[str, Sentence] = words.TABLES | {
    "works_at": say("Places of work"),
    "email_address": say("Emails"),
    "phone_number": say("Phones"),
    "level": say("Levels"),
}

_TITLE = say("Title")
_CODE = say("Code")
_DESCRIPTION = say("Description")
_BEGINS, _ENDS = say("Begins"), say("Ends")

FIELDS: dict[str, Sentence] = {
    "family_name": say("Family name"),
    "middle_name": say("Middle name"),
    "given_name": say("Given name"),
    "birth_date": say("Birth date"),
    "sex": say("Sex"),
    "address": say("Address"),
    "code": _CODE,
    "name": _TITLE,
    "status": say("Status"),
    "position": say("Position"),
    "left_on": say("Left on"),
    "relation": say("Relation"),
    "may_see": say("May see the child's pages"),
    "number": say("Number"),
    "phone": say("Phone"),
    "closed_on": say("Closed on"),
    "closed_at": say("Closed on"),
    "withdrawn_at": say("Withdrawn on"),
    "starts_on": _BEGINS,
    "ends_on": _ENDS,
    "since": say("Since"),
    "until": say("Until"),
    "summary": _DESCRIPTION,
    "description": _DESCRIPTION,
    "room": say("Room"),
    "is_lead": say("Main teacher"),
    "weight": say("Weight"),
    "due_on": say("Due on"),
    "max_points": say("Highest mark"),
    "state": say("State"),
    "points": say("Mark"),
    "comment": say("Comment"),
    "scored_on": say("Marked on"),
    "person_id": say("Person"),
    "student_id": say("Student"),
    "assigned_to_id": say("Looked after by"),
    "branch_id": say("Branch"),
    "term_id": say("Term"),
    "parent_id": say("Part of"),
    "program_id": say("Program"),
    "level_id": say("Level"),
    "class_id": say("Class"),
    "category_id": say("Category of work"),
    "assessment_id": say("Assessment"),
}

CODES: dict[str, Mapping[str, Sentence]] = {
    "sex": words.SEXES,
    "status": words.STATUSES,
    "relation": words.RELATIONS,
    "state": {
        "graded": say("Marked"),
        "submitted": say("Handed in, not marked yet"),
        "not_submitted": say("Not handed in"),
        "exempt": say("Excused"),
    },
}


def code(field: str, value: str) -> Sentence | str:
    """A code in words; one without words as it is."""
    return CODES.get(field, {}).get(value, value)
