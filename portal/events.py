"""Facts announced by one room for the rooms above it.

A verb calls `announce(event)` inside its transaction; the listeners hear of it after the commit, in the order
of announcing, and never of what was rolled back. What must survive a crash is a job, not an event.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from portal import db

Event = TypeVar("Event")
_listeners: dict[type[Any], list[Callable[[Any], Awaitable[None]]]] = defaultdict(list)


def listen(kind: type[Event], listener: Callable[[Event], Awaitable[None]]) -> None:
    """Have `listener` called with every event of exactly this class, once a listener."""
    if listener not in _listeners[kind]:
        _listeners[kind].append(listener)


def announce(event: object) -> None:
    """Tell the listeners after the commit; at once when no transaction is open."""

    async def deliver() -> None:
        for listener in _listeners[type(event)]:
            await listener(event)

    db.on_commit(deliver)
