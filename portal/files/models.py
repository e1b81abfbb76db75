"""The table of uploads."""

from tortoise.models import Model

from portal.db import fields


class StoredFile(Model):
    """An upload: its bytes lie under `sha256`; it is its uploader's until a record takes it."""

    id = fields.Id()
    sha256 = fields.Text(64)
    size = fields.Number()
    media_type = fields.Text(100)
    name = fields.Text(200)
    uploaded_at = fields.Instant()
    uploaded_by = fields.Number(null=True)
    taken_by = fields.Text(32, default="")
    taken_by_id = fields.Number(null=True)

    class Meta:
        table = "stored_file"
