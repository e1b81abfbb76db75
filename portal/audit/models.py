"""The table of acts."""

from tortoise.models import Model

from portal.db import fields


class AuditEntry(Model):
    """One act: who, when, what verb, on which record, and the values before and after."""

    id = fields.Id()
    at = fields.Instant()
    account_id = fields.Number(null=True)
    verb = fields.Text(48)
    record = fields.Text(32)
    record_id = fields.Number(null=True)
    changes = fields.Json()
    request_id = fields.Text(32, default="")

    class Meta:
        table = "audit_entry"
