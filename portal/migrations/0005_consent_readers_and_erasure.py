"""Consent, who read what, and what was erased."""

from portal.db.fields import Day, Id, Instant, Json, Number, Ref, Text
from portal.db.migrations import Ddl, StateOnly, ops
from portal.db.migrations import Migration as Base

TABLES = """
ALTER TABLE person ADD COLUMN erased_at {instant};
CREATE TABLE erasure (
    id {id},
    person_id {bigint} NOT NULL UNIQUE REFERENCES person (id),
    ground VARCHAR(16) NOT NULL CHECK (ground IN ('asked', 'representative', 'expired', 'authority', 'mistake')),
    counts {json} NOT NULL,
    made_at {instant} NOT NULL,
    made_by {bigint},
    swept_at {instant}
);
CREATE TABLE erased_key (
    id {id},
    key_hash VARCHAR(64) NOT NULL UNIQUE,
    made_at {instant} NOT NULL
);
CREATE TABLE consent (
    id {id},
    person_id {bigint} NOT NULL REFERENCES person (id),
    kind VARCHAR(16) NOT NULL CHECK (kind IN ('privacy', 'publish', 'news')),
    giver_id {bigint} NOT NULL REFERENCES person (id),
    version VARCHAR(16) NOT NULL,
    language VARCHAR(8) NOT NULL,
    words_hash VARCHAR(64) NOT NULL,
    way VARCHAR(8) NOT NULL CHECK (way IN ('page', 'paper')),
    given_at {instant} NOT NULL,
    noted_by {bigint},
    note VARCHAR(300) NOT NULL DEFAULT '',
    withdrawn_at {instant},
    withdrawn_by {bigint},
    withdrawn_way VARCHAR(8) NOT NULL DEFAULT '' CHECK (withdrawn_way IN ('', 'page', 'paper'))
);
CREATE INDEX consent_person ON consent (person_id);
CREATE INDEX consent_giver ON consent (giver_id);
CREATE UNIQUE INDEX consent_standing ON consent (person_id, kind, giver_id) WHERE withdrawn_at IS NULL;
CREATE TABLE consent_question (
    id {id},
    person_id {bigint} NOT NULL REFERENCES person (id),
    kind VARCHAR(16) NOT NULL,
    version VARCHAR(16) NOT NULL,
    asked_at {instant} NOT NULL,
    UNIQUE (person_id, kind, version)
);
CREATE TABLE data_export (
    id {id},
    person_id {bigint} NOT NULL REFERENCES person (id),
    asked_by {bigint} NOT NULL,
    asked_at {instant} NOT NULL,
    language VARCHAR(8) NOT NULL,
    file_id {bigint} REFERENCES stored_file (id),
    made_at {instant},
    expires_at {instant},
    failed_at {instant}
);
CREATE INDEX data_export_person ON data_export (person_id);
CREATE INDEX data_export_asked_by ON data_export (asked_by);
CREATE INDEX data_export_file ON data_export (file_id);
CREATE TABLE reading (
    id {id},
    account_id {bigint} NOT NULL,
    role VARCHAR(16) NOT NULL,
    person_id {bigint} REFERENCES person (id),
    page VARCHAR(16) NOT NULL,
    at {instant} NOT NULL
);
CREATE INDEX reading_person ON reading (person_id, at);
CREATE INDEX reading_at ON reading (at);
CREATE UNIQUE INDEX reading_once ON reading (account_id, COALESCE(person_id, 0), page, at);
CREATE TABLE retention (
    id {id},
    kind VARCHAR(24) NOT NULL UNIQUE,
    days {bigint} NOT NULL CHECK (days > 0),
    changed_at {instant} NOT NULL,
    changed_by {bigint}
);
CREATE TABLE retention_day (
    id {id},
    day {day} NOT NULL UNIQUE,
    counts {json} NOT NULL,
    ended_at {instant}
);
"""


def _table(name: str, *fields: tuple[str, object]) -> ops.CreateModel:
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
    return ops.CreateModel(
        name=name, fields=[("id", Id()), *fields], options={"table": words, "app": "models", "pk_attr": "id"}
    )


class Migration(Base):
    dependencies = [("models", "0004_an_import_can_be_undone")]

    operations = [
        Ddl(TABLES),
        StateOnly(
            ops.AddField("Person", "erased_at", Instant(null=True)),
            _table(
                "Erasure",
                ("person", Ref("models.Person")),
                ("ground", Text(max_length=16)),
                ("counts", Json()),
                ("made_at", Instant()),
                ("made_by", Number(null=True)),
                ("swept_at", Instant(null=True)),
            ),
            _table("ErasedKey", ("key_hash", Text(max_length=64, unique=True)), ("made_at", Instant())),
            _table(
                "Consent",
                ("person", Ref("models.Person")),
                ("kind", Text(max_length=16)),
                ("giver", Ref("models.Person")),
                ("version", Text(max_length=16)),
                ("language", Text(max_length=8)),
                ("words_hash", Text(max_length=64)),
                ("way", Text(max_length=8)),
                ("given_at", Instant()),
                ("noted_by", Number(null=True)),
                ("note", Text(default="", max_length=300)),
                ("withdrawn_at", Instant(null=True)),
                ("withdrawn_by", Number(null=True)),
                ("withdrawn_way", Text(default="", max_length=8)),
            ),
            _table(
                "ConsentQuestion",
                ("person", Ref("models.Person")),
                ("kind", Text(max_length=16)),
                ("version", Text(max_length=16)),
                ("asked_at", Instant()),
            ),
            _table(
                "DataExport",
                ("person", Ref("models.Person")),
                ("asked_by", Number()),
                ("asked_at", Instant()),
                ("language", Text(max_length=8)),
                ("file", Ref("models.StoredFile", null=True)),
                ("made_at", Instant(null=True)),
                ("expires_at", Instant(null=True)),
                ("failed_at", Instant(null=True)),
            ),
            _table(
                "Reading",
                ("account_id", Number()),
                ("role", Text(max_length=16)),
                ("person", Ref("models.Person", null=True)),
                ("page", Text(max_length=16)),
                ("at", Instant()),
            ),
            _table(
                "Retention",
                ("kind", Text(max_length=24, unique=True)),
                ("days", Number()),
                ("changed_at", Instant()),
                ("changed_by", Number(null=True)),
            ),
            _table(
                "RetentionDay",
                ("day", Day(unique=True)),
                ("counts", Json()),
                ("ended_at", Instant(null=True)),
            ),
        ),
    ]
