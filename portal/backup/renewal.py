"""What a restored house does anew, in the restoring transaction and on the newest schema. One list for all rooms.

A backup is a moment of the past. What was ended, used or sent after that moment must not come to life again.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from portal import jobs
from portal.access import links, provider_visits, sessions
from portal.centre import centres
from portal.interchange import runs

HARMLESS = ("export", "retention", "sweep")
"""Jobs that nobody notices when they are done twice; every other kind is held."""
HELD = "Held by a restore: it waited when the backup was made, and may have been done since."


class Renewal(NamedTuple):
    """A step: what it is called in the report, and what does it (it may say how many it touched).

    `moving_too` is False for what is spared when the house only moves: the server was stopped before the backup, so
    nothing has happened since.
    """

    what: str
    do: Callable[[], Awaitable[Any]]
    moving_too: bool = True


RENEWALS = [
    Renewal("the database's epoch", centres.renew_epoch),
    Renewal("sessions ended", sessions.end_everybodys),
    Renewal("visits to identity providers ended", provider_visits.end_all),
    Renewal("invitations and password links ended", links.end_all, moving_too=False),
    Renewal("waiting jobs held", lambda: jobs.hold(HELD, but=HARMLESS), moving_too=False),
    Renewal("unfinished imports ended", runs.end_unfinished, moving_too=False),
]


async def renew(*, moving: bool) -> dict[str, int]:
    """Go through the list, in the caller's transaction; how many each step touched, where it counts."""
    touched: dict[str, int] = {}
    for renewal in RENEWALS:
        if renewal.moving_too or not moving:
            found = await renewal.do()
            if isinstance(found, int):
                touched[renewal.what] = found
    return touched
