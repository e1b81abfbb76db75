"""Who did what: one row an act, written in the act's own transaction, never changed afterwards.

The database itself refuses every UPDATE and DELETE of an act (migration 0007), with two exceptions, each for the length
of a block: `rewriting` lets what an act *changed* be rewritten, to erase a person; `forgetting` lets acts older than a
moment be deleted. Who did what to which record, and when, nothing can change.
"""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

from portal import clock, db
from portal.audit.models import AuditEntry
from portal.scope import Scope

# The request an act belongs to, for the log and the audit alike; set by the web, empty in commands.
request_id: ContextVar[str] = ContextVar("request_id", default="")


async def record(
    scope: Scope, verb: str, record: str, record_id: int | None, changes: dict[str, Any] | None = None
) -> None:
    """Write that `scope` did `verb` to a record; `changes` holds what was before and after, never a secret."""
    await AuditEntry.create(
        at=clock.now(),
        account_id=scope.account_id,
        verb=verb,
        record=record,
        record_id=record_id,
        changes=changes or {},
        request_id=request_id.get(),
    )


@asynccontextmanager
async def rewriting() -> AsyncIterator[None]:
    """A block that may `UPDATE audit_entry SET changes = ...`, and nothing else of an act: for erasing a person.

    It joins the caller's transaction, or is one. Other transactions stay refused meanwhile; two such blocks at once
    wait for each other. Outside of it an UPDATE is an `IntegrityError`.
    """
    async with _unlocked(None):
        yield


@asynccontextmanager
async def forgetting(older_than: dt.datetime) -> AsyncIterator[None]:
    """A block that may `DELETE FROM audit_entry WHERE at < ?` of acts older than the moment, for retention."""
    async with _unlocked(older_than):
        yield


@asynccontextmanager
async def _unlocked(older_than: dt.datetime | None) -> AsyncIterator[None]:
    async with db.transaction():
        await db.execute("INSERT INTO audit_unlocked (id, older_than) VALUES (-1, ?)", older_than)
        yield
        await db.execute("DELETE FROM audit_unlocked WHERE id = -1")
