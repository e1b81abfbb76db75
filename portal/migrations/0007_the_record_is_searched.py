"""The record of acts is searched, and the database itself keeps it from being changed; dead jobs can be tried again.

`audit_unlocked` never holds a committed row: its key refers to an act that cannot exist, and that is checked at the
commit. So a row in it is seen by the transaction that wrote it and by no other (portal/audit).
"""

from portal.db.fields import Instant
from portal.db.migrations import Ddl, StateOnly, ops
from portal.db.migrations import Migration as Base

SEARCH = """
DROP INDEX audit_entry_at;
DROP INDEX audit_entry_record;
CREATE INDEX audit_entry_at ON audit_entry (at, id);
CREATE INDEX audit_entry_account ON audit_entry (account_id, at, id);
CREATE INDEX audit_entry_verb ON audit_entry (verb, at, id);
CREATE INDEX audit_entry_record ON audit_entry (record, record_id, at, id);
CREATE INDEX audit_entry_request ON audit_entry (request_id, at, id) WHERE request_id <> '';
"""
LOCK = """
CREATE TABLE audit_unlocked (
    id {bigint} PRIMARY KEY CHECK (id < 0) REFERENCES audit_entry (id) DEFERRABLE INITIALLY DEFERRED,
    older_than {instant}
);
"""
JOBS = """
ALTER TABLE job ADD COLUMN forgotten_at {instant};
ALTER TABLE job ADD COLUMN let_go_at {instant};
UPDATE job SET forgotten_at = dead_at WHERE dead_at IS NOT NULL;
CREATE INDEX job_dead ON job (dead_at, id) WHERE dead_at IS NOT NULL AND let_go_at IS NULL;
CREATE INDEX job_kept ON job (dead_at) WHERE dead_at IS NOT NULL AND forgotten_at IS NULL;
CREATE INDEX session_open ON session (seen_at) WHERE ended_at IS NULL;
CREATE INDEX letter_made ON letter (made_at);
"""

REFUSED = "the record of acts is not changed"

SQLITE = f"""
CREATE INDEX audit_entry_person ON audit_entry (CAST(json_extract(changes, '$.person') AS TEXT), at, id)
    WHERE length(json_extract(changes, '$.person')) < 20;
CREATE TRIGGER audit_entry_stays BEFORE UPDATE ON audit_entry
    WHEN OLD.id IS NOT NEW.id OR OLD.at IS NOT NEW.at OR OLD.account_id IS NOT NEW.account_id
        OR OLD.verb IS NOT NEW.verb OR OLD.record IS NOT NEW.record OR OLD.record_id IS NOT NEW.record_id
        OR OLD.request_id IS NOT NEW.request_id
        OR NOT EXISTS (SELECT 1 FROM audit_unlocked WHERE older_than IS NULL)
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END;
CREATE TRIGGER audit_entry_remains BEFORE DELETE ON audit_entry
    WHEN NOT EXISTS (SELECT 1 FROM audit_unlocked WHERE OLD.at < older_than)
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END;
CREATE TRIGGER audit_entry_once BEFORE INSERT ON audit_entry
    WHEN EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END;
"""
POSTGRES = f"""
CREATE INDEX audit_entry_person ON audit_entry ((changes ->> 'person'), at, id)
    WHERE length(changes ->> 'person') < 20;
CREATE FUNCTION audit_entry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.id, OLD.at, OLD.verb, OLD.record, OLD.request_id)
            = (NEW.id, NEW.at, NEW.verb, NEW.record, NEW.request_id)
        AND OLD.account_id IS NOT DISTINCT FROM NEW.account_id AND OLD.record_id IS NOT DISTINCT FROM NEW.record_id
        AND EXISTS (SELECT 1 FROM audit_unlocked WHERE older_than IS NULL)
    THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM audit_unlocked WHERE OLD.at < older_than) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_stays();
CREATE TRIGGER audit_entry_remains BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_stays();
"""


class Migration(Base):
    dependencies = [("models", "0006_columns_are_remembered")]

    operations = [
        Ddl(SEARCH),
        Ddl(LOCK),
        Ddl(sqlite=SQLITE, postgres=[POSTGRES]),
        Ddl(JOBS),
        StateOnly(
            ops.AddField("Job", "forgotten_at", Instant(null=True)),
            ops.AddField("Job", "let_go_at", Instant(null=True)),
        ),
    ]
