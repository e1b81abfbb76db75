"""How the domain says no.

    Refusal
    ├── NotFound    404  it does not exist, or it is not yours to see: nobody learns which
    ├── Forbidden   403  the page is there, the role for it is not
    ├── Conflict    409  somebody else was first
    ├── Gone        410  a link that was used, or whose time is over
    ├── TooLarge    413  more than the limit allows
    ├── Invalid     422  a sentence for each field that must be mended
    ├── Unanswered  424  a service of others that this needs did not answer, or not as it must
    └── TooMany     429  too often; carries the seconds to wait

A refusal carries `Sentence`s, not text: they are translated where they are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Sentence:
    """An English message and what fills its `{places}`; `str()` is the English."""

    msgid: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.msgid.format_map(self.params)


def say(msgid: str, /, **params: Any) -> Sentence:
    """A sentence to be translated later; `msgid` is what the catalogues are keyed by."""
    return Sentence(msgid, params)


class Refusal(Exception):
    """The root of every business "no"."""

    status = 400
    default = say("This cannot be done.")

    def __init__(self, sentence: Sentence | None = None) -> None:
        self.sentence = sentence or self.default
        super().__init__(str(self.sentence))


class NotFound(Refusal):
    """There is no such record, or it may not be seen."""

    status = 404
    default = say("There is no such page, or it is not yours to see.")


class Forbidden(Refusal):
    """The acting account lacks the right that the act needs."""

    status = 403
    default = say("Your role does not include this page.")


class Conflict(Refusal):
    """Another act came first."""

    status = 409
    default = say("Somebody else changed this at the same time. Load the page again and look.")


class Gone(Refusal):
    """A link that was used, withdrawn, or is past its time."""

    status = 410
    default = say("This link no longer works.")


class TooLarge(Refusal):
    """More was sent than the limit allows."""

    status = 413
    default = say("This is more than the limit allows.")


class Invalid(Refusal):
    """Values that break a rule: one sentence for each field, all of them at once."""

    status = 422
    default = say("Please mend what is marked.")

    def __init__(self, errors: Mapping[str, Sentence], sentence: Sentence | None = None) -> None:
        super().__init__(sentence)
        self.errors = dict(errors)


class Unanswered(Refusal):
    """What was asked needs a service of others, and that gave no answer, or a wrong one."""

    status = 424
    default = say("Another service that this needs did not answer. Please try again in a minute.")


class TooMany(Refusal):
    """Too many attempts; `retry_after` is in seconds."""

    status = 429
    default = say("Too many attempts. Wait a little and try again.")

    def __init__(self, retry_after: int, sentence: Sentence | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
