"""Tables of import and export."""

from tortoise.fields import OnDelete
from tortoise.models import Model

from portal.db import fields


class ImportRun(Model):
    """One import: what was sent, how far it is, what came of it.

    `act` is what is done with it: check, import, undo; `state` is how far that is: waiting, running, done, refused,
    failed. `written_at` is the instant on every row that it wrote; without it nothing can be taken back.
    """

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
    act = fields.Text(8, default="import")
    options = fields.Json(default=dict)
    preview = fields.Json(default=list)
    kept = fields.Json(default=list)
    cancel_asked_at = fields.Instant(null=True)
    cancelled_at = fields.Instant(null=True)
    written_at = fields.Instant(null=True)
    undone_at = fields.Instant(null=True)
    undone_by = fields.Number(null=True)

    class Meta:
        table = "import_run"


class ExternalId(Model):
    """The other system's name for one of our records, and a hash of the row as it last came.

    `modified_at`: when the other system changed it last, where it said so. `gone_at`: since when it is not there.
    """

    id = fields.Id()
    kind = fields.Text(16)
    sourced_id = fields.Text(255)
    record_id = fields.Number()
    row_hash = fields.Text(32)
    modified_at = fields.Instant(null=True)
    gone_at = fields.Instant(null=True)

    class Meta:
        table = "external_id"


class Sheet(Model):
    """A spreadsheet that was sent: which of its sheets is meant, what its columns are, and the run it became.

    It goes with its file, which erasure and retention delete.
    """

    id = fields.Id()
    kind = fields.Text(12)
    file = fields.Ref("models.StoredFile", on_delete=OnDelete.CASCADE)
    file_name = fields.Text(200)
    number = fields.Number(default=0)
    columns = fields.Json()
    options = fields.Json()
    run = fields.Ref("models.ImportRun", null=True)
    made_at = fields.Instant()
    made_by = fields.Number(null=True)

    class Meta:
        table = "sheet"


class ColumnMatch(Model):
    """How the columns of sheets with these headers were matched when it was last done."""

    id = fields.Id()
    kind = fields.Text(12)
    signature = fields.Text(32)
    columns = fields.Json()
    options = fields.Json()
    used_at = fields.Instant()
    used_by = fields.Number(null=True)

    class Meta:
        table = "column_match"
