"""Accounts signed in by other identity providers, and the browsers that are away at one."""

from portal.db.fields import Id, Instant, Number, Ref, Text
from portal.db.migrations import Ddl, StateOnly, ops
from portal.db.migrations import Migration as Base

TABLES = """
CREATE TABLE identity (
    id {id},
    account_id {bigint} NOT NULL REFERENCES account (id),
    issuer VARCHAR(300) NOT NULL,
    subject VARCHAR(255) NOT NULL,
    label VARCHAR(254) NOT NULL DEFAULT '',
    linked_at {instant} NOT NULL,
    linked_by {bigint},
    used_at {instant},
    UNIQUE (issuer, subject)
);
CREATE INDEX identity_account ON identity (account_id);
CREATE TABLE provider_visit (
    id {id},
    state_hash VARCHAR(64) NOT NULL UNIQUE,
    browser_hash VARCHAR(64) NOT NULL,
    provider VARCHAR(32) NOT NULL,
    purpose VARCHAR(12) NOT NULL CHECK (purpose IN ('sign_in', 'link', 'invitation')),
    session_id {bigint},
    link_hash VARCHAR(64) NOT NULL DEFAULT '',
    after VARCHAR(2000) NOT NULL DEFAULT '',
    begun_at {instant} NOT NULL,
    ended_at {instant}
);
CREATE INDEX provider_visit_browser ON provider_visit (browser_hash);
CREATE INDEX provider_visit_begun ON provider_visit (begun_at);
"""


class Migration(Base):
    dependencies = [("models", "0002_views_have_versions")]

    operations = [
        Ddl(TABLES),
        StateOnly(
            ops.CreateModel(
                name="Identity",
                fields=[
                    ("id", Id()),
                    ("account", Ref("models.Account")),
                    ("issuer", Text(max_length=300)),
                    ("subject", Text(max_length=255)),
                    ("label", Text(default="", max_length=254)),
                    ("linked_at", Instant()),
                    ("linked_by", Number(null=True)),
                    ("used_at", Instant(null=True)),
                ],
                options={"table": "identity", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="ProviderVisit",
                fields=[
                    ("id", Id()),
                    ("state_hash", Text(max_length=64)),
                    ("browser_hash", Text(max_length=64)),
                    ("provider", Text(max_length=32)),
                    ("purpose", Text(max_length=12)),
                    ("session_id", Number(null=True)),
                    ("link_hash", Text(default="", max_length=64)),
                    ("after", Text(default="", max_length=2000)),
                    ("begun_at", Instant()),
                    ("ended_at", Instant(null=True)),
                ],
                options={"table": "provider_visit", "app": "models", "pk_attr": "id"},
            ),
        ),
    ]
