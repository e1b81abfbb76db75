"""Tables of import and export."""

from tortoise.models import Model

from portal.db import fields


class ImportRun(Model):
    """One import: what was sent, how far it is, what came of it. State: waiting, running, done, refused, failed."""

    id = fields.Id()
    kind = fields.Text(16)
    file = fields.Ref("models.StoredFile", null=True)
    file_name = fields.Text(200)
    dry_run = fields.Flag(default=False)
    state = fields.Text(12, default="waiting")
    stage = fields.Text(40, default="")
    done_rows = fields.Number(default=0)
    total_rows = fields.Number(default=0)
    counts = fields.Json()
    problems = fields.Json()
    made_at = fields.Instant()
    made_by = fields.Number(null=True)
    ended_at = fields.Instant(null=True)

    class Meta:
        table = "import_run"


class ExternalId(Model):
    """The other system's name for one of our records, and a hash of the row as it last came."""

    id = fields.Id()
    kind = fields.Text(16)
    sourced_id = fields.Text(255)
    record_id = fields.Number()
    row_hash = fields.Text(32)

    class Meta:
        table = "external_id"
