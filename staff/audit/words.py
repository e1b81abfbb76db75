"""The words of the record of acts: what was done, and to which kind of record. A test compares them with the code."""

from portal.errors import Sentence, say
from portal.privacy import codes

VERBS = codes.VERBS

RECORDS: dict[str, Sentence] = {
    "account": say("Account"),
    "assessment": say("Assessment"),
    "audit": say("Record of acts"),
    "branch": say("Branch"),
    "centre": say("Centre"),
    "export": say("List"),
    "import": say("Import"),
    "import_run": say("Run of an import"),
    "job": say("Work behind the pages"),
    "person": say("Person"),
    "session": say("Session"),
    "student": say("Student"),
}

FIELDS: dict[str, Sentence] = {
    "account": say("Account"),
    "asked": say("Asked for"),
    "attempts": say("Attempts"),
    "branch": say("Branch"),
    "by": say("Way in"),
    "count": say("How many"),
    "counts": say("Counts"),
    "ground": say("Ground"),
    "guardian": say("Guardian"),
    "kind": say("Kind"),
    "person": say("Person"),
    "query": say("Asked for"),
    "role": say("Role"),
    "student": say("Student"),
}


def told(words_of: dict[str, Sentence], code: str) -> Sentence:
    """A code in words; one without words as it is."""
    return words_of.get(code) or Sentence("{code}", {"code": code})
