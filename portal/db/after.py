"""What happens after a commit, and what must happen although a task was cancelled."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
Call = Callable[[], Awaitable[None] | object]

_running: set[asyncio.Task[None]] = set()


async def run_all(calls: list[Call]) -> None:
    """Call them in order; each has its turn although an earlier one failed, then the failures are raised."""
    errors = []
    for call in calls:
        try:
            result = call()
            if isinstance(result, Awaitable):
                await result
        except Exception as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup("Several calls failed after the commit", errors)


def spawn(work: Coroutine[Any, Any, None], *, context: contextvars.Context | None = None) -> None:
    """Run in a task of its own, which `finished` waits for."""
    task = asyncio.get_running_loop().create_task(work, context=context)
    _running.add(task)
    task.add_done_callback(_running.discard)


async def finished() -> None:
    """Wait for everything that was spawned; its failures are the event loop's to report."""
    while _running:
        await asyncio.wait(_running)


async def settled(work: Coroutine[Any, Any, T]) -> T:
    """Wait for `work` to its end even if this task is cancelled; then raise its failure or the cancellation."""
    task = asyncio.get_running_loop().create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    result = task.result()
    if cancelled is not None:
        raise cancelled
    return result
