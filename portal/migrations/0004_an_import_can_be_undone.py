"""What an import changed, so that it can be taken back; where its run stands; what the other system last said."""

from portal.db.fields import Instant, Json, Number, Text
from portal.db.migrations import Ddl, StateOnly, ops
from portal.db.migrations import Migration as Base

# `state` keeps its words, because SQLite cannot change a CHECK: what a run does is said by `act` beside it.
RUNS = """
ALTER TABLE import_run ADD COLUMN act VARCHAR(8) NOT NULL DEFAULT 'import' CHECK (act IN ('check', 'import', 'undo'));
ALTER TABLE import_run ADD COLUMN options {json} NOT NULL DEFAULT '{}';
ALTER TABLE import_run ADD COLUMN preview {json} NOT NULL DEFAULT '[]';
ALTER TABLE import_run ADD COLUMN kept {json} NOT NULL DEFAULT '[]';
ALTER TABLE import_run ADD COLUMN cancel_asked_at {instant};
ALTER TABLE import_run ADD COLUMN cancelled_at {instant};
ALTER TABLE import_run ADD COLUMN written_at {instant};
ALTER TABLE import_run ADD COLUMN undone_at {instant};
ALTER TABLE import_run ADD COLUMN undone_by {bigint};
CREATE INDEX import_run_written ON import_run (written_at);
UPDATE import_run SET act = 'check' WHERE dry_run;
ALTER TABLE external_id ADD COLUMN modified_at {instant};
ALTER TABLE external_id ADD COLUMN gone_at {instant};
"""

JOURNAL = """
CREATE TABLE import_created (
    id {id},
    run_id {bigint} NOT NULL REFERENCES import_run (id),
    table_name VARCHAR(32) NOT NULL,
    first_id {bigint} NOT NULL,
    last_id {bigint} NOT NULL,
    digests {bytes},
    CHECK (first_id <= last_id),
    UNIQUE (run_id, table_name, first_id)
);
CREATE TABLE import_change (
    id {id},
    run_id {bigint} NOT NULL REFERENCES import_run (id),
    table_name VARCHAR(32) NOT NULL,
    record_id {bigint} NOT NULL,
    before TEXT NOT NULL,
    after VARCHAR(16) NOT NULL,
    UNIQUE (run_id, table_name, record_id)
);
CREATE INDEX import_change_record ON import_change (table_name, record_id);
"""


class Migration(Base):
    dependencies = [("models", "0003_identities_of_other_issuers")]

    operations = [
        Ddl(RUNS),
        Ddl(sqlite=JOURNAL.replace("{bytes}", "BLOB"), postgres=JOURNAL.replace("{bytes}", "BYTEA")),
        StateOnly(
            ops.AddField("ImportRun", "act", Text(default="import", max_length=8)),
            ops.AddField("ImportRun", "options", Json(default=dict)),
            ops.AddField("ImportRun", "preview", Json(default=list)),
            ops.AddField("ImportRun", "kept", Json(default=list)),
            ops.AddField("ImportRun", "cancel_asked_at", Instant(null=True)),
            ops.AddField("ImportRun", "cancelled_at", Instant(null=True)),
            ops.AddField("ImportRun", "written_at", Instant(null=True)),
            ops.AddField("ImportRun", "undone_at", Instant(null=True)),
            ops.AddField("ImportRun", "undone_by", Number(null=True)),
            ops.AddField("ExternalId", "modified_at", Instant(null=True)),
            ops.AddField("ExternalId", "gone_at", Instant(null=True)),
        ),
    ]
