"""Who did what: one row an act, written in the act's own transaction, never changed afterwards."""

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


async def of_record(record: str, record_id: int, limit: int = 50) -> list[tuple[Any, ...]]:
    """The latest acts on a record: instant, account, verb, changes as JSON text."""
    return await db.rows(
        "SELECT at, account_id, verb, changes FROM audit_entry WHERE record = ? AND record_id = ?"
        " ORDER BY id DESC LIMIT ?",
        record,
        record_id,
        limit,
    )
