"""Who did what: one row an act, written in the act's own transaction, never changed afterwards."""

from contextvars import ContextVar
from typing import Any

from portal import clock
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
