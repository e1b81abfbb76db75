"""The words for kinds of work."""

from portal.errors import Sentence, say

JOBS: dict[str, Sentence] = {
    "mail": say("Letter"),
    "import": say("Import"),
}


def job(kind: str) -> Sentence:
    """A kind of work in words; one without words by its own name."""
    return JOBS.get(kind) or Sentence("{kind}", {"kind": kind})
