"""The words for kinds of work."""

from portal.errors import Sentence, say

JOBS: dict[str, Sentence] = {
    "mail": say("Letter"),
    "import": say("Import"),
    "password_reset": say("Link for a new password"),
    "guardian_linked": say("News of a new guardian"),
    "export": say("Copy of a person’s data"),
    "sweep": say("Erasing what is left in files"),
    "retention": say("Deleting what is old"),
}


def job(kind: str) -> Sentence:
    """A kind of work in words; one without words by its own name."""
    return JOBS.get(kind) or Sentence("{kind}", {"kind": kind})
