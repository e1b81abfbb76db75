"""Spreadsheets that were sent, and how the columns of such a one were matched."""

from tortoise.fields import OnDelete

from portal.db.fields import Id, Instant, Json, Number, Ref, Text
from portal.db.migrations import Ddl, StateOnly, ops
from portal.db.migrations import Migration as Base

TABLES = """
CREATE TABLE sheet (
    id {id},
    kind VARCHAR(12) NOT NULL CHECK (kind IN ('students', 'guardians', 'staff')),
    file_id {bigint} NOT NULL REFERENCES stored_file (id) ON DELETE CASCADE,
    file_name VARCHAR(200) NOT NULL,
    number {bigint} NOT NULL DEFAULT 0,
    columns {json} NOT NULL,
    options {json} NOT NULL,
    run_id {bigint} REFERENCES import_run (id),
    made_at {instant} NOT NULL,
    made_by {bigint}
);
CREATE INDEX sheet_file ON sheet (file_id);
CREATE INDEX sheet_run ON sheet (run_id);
CREATE TABLE column_match (
    id {id},
    kind VARCHAR(12) NOT NULL,
    signature VARCHAR(32) NOT NULL,
    columns {json} NOT NULL,
    options {json} NOT NULL,
    used_at {instant} NOT NULL,
    used_by {bigint},
    UNIQUE (kind, signature)
);
"""


class Migration(Base):
    dependencies = [("models", "0005_consent_readers_and_erasure")]

    operations = [
        Ddl(TABLES),
        StateOnly(
            ops.CreateModel(
                name="Sheet",
                fields=[
                    ("id", Id()),
                    ("kind", Text(max_length=12)),
                    ("file", Ref("models.StoredFile", on_delete=OnDelete.CASCADE)),
                    ("file_name", Text(max_length=200)),
                    ("number", Number(default=0)),
                    ("columns", Json()),
                    ("options", Json()),
                    ("run", Ref("models.ImportRun", null=True)),
                    ("made_at", Instant()),
                    ("made_by", Number(null=True)),
                ],
                options={"table": "sheet", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="ColumnMatch",
                fields=[
                    ("id", Id()),
                    ("kind", Text(max_length=12)),
                    ("signature", Text(max_length=32)),
                    ("columns", Json()),
                    ("options", Json()),
                    ("used_at", Instant()),
                    ("used_by", Number(null=True)),
                ],
                options={"table": "column_match", "app": "models", "pk_attr": "id"},
            ),
        ),
    ]
