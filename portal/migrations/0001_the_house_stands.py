"""The first schema: the centre, people, access, files, jobs, letters, classes, marks, imports."""

from portal.db.fields import Day, Flag, Id, Instant, Json, LongText, Number, Ref, Text
from portal.db.migrations import Ddl, StateOnly, ops
from portal.db.migrations import Migration as Base

TABLES = """
CREATE TABLE centre (
    id {bigint} PRIMARY KEY CHECK (id = 1),
    name VARCHAR(120) NOT NULL,
    time_zone VARCHAR(64) NOT NULL,
    locale VARCHAR(8) NOT NULL CHECK (locale IN ('en', 'vi')),
    name_order VARCHAR(16) NOT NULL DEFAULT 'family_first' CHECK (name_order IN ('family_first', 'given_first')),
    currency VARCHAR(3) NOT NULL DEFAULT 'VND',
    epoch VARCHAR(32) NOT NULL,
    demo_loaded_at {instant}
);
CREATE TABLE branch (
    id {id},
    code VARCHAR(64) NOT NULL UNIQUE,
    name VARCHAR(120) NOT NULL,
    address VARCHAR(300) NOT NULL DEFAULT '',
    phone VARCHAR(20) NOT NULL DEFAULT '',
    closed_on {day}
);
CREATE TABLE term (
    id {id},
    name VARCHAR(120) NOT NULL,
    kind VARCHAR(16) NOT NULL CHECK (kind IN ('schoolYear', 'semester', 'term', 'gradingPeriod')),
    starts_on {day} NOT NULL,
    ends_on {day} NOT NULL,
    school_year {bigint},
    parent_id {bigint} REFERENCES term (id),
    CHECK (starts_on <= ends_on)
);
CREATE INDEX term_parent ON term (parent_id);
CREATE TABLE holiday (
    id {id},
    day {day} NOT NULL,
    name VARCHAR(120) NOT NULL,
    branch_id {bigint} REFERENCES branch (id)
);
CREATE INDEX holiday_branch ON holiday (branch_id);
CREATE UNIQUE INDEX holiday_once ON holiday (day, COALESCE(branch_id, 0));
CREATE TABLE person (
    id {id},
    branch_id {bigint} REFERENCES branch (id),
    family_name VARCHAR(80) NOT NULL,
    middle_name VARCHAR(80) NOT NULL DEFAULT '',
    given_name VARCHAR(80) NOT NULL,
    birth_date {day},
    sex VARCHAR(12) NOT NULL DEFAULT '' CHECK (sex IN ('', 'female', 'male', 'other', 'unspecified')),
    address VARCHAR(300) NOT NULL DEFAULT '',
    search_key VARCHAR(600) NOT NULL,
    contact_key VARCHAR(1000) NOT NULL DEFAULT '',
    sort_key VARCHAR(260) NOT NULL,
    made_at {instant} NOT NULL,
    made_by {bigint},
    changed_at {instant} NOT NULL,
    changed_by {bigint},
    CHECK (family_name <> '' OR given_name <> '')
);
CREATE INDEX person_branch ON person (branch_id);
CREATE INDEX person_sort ON person (sort_key, id);
CREATE TABLE email_address (
    id {id},
    person_id {bigint} NOT NULL REFERENCES person (id),
    address VARCHAR(254) NOT NULL,
    is_primary {flag} NOT NULL DEFAULT FALSE,
    opted_out_at {instant},
    invalid_at {instant},
    UNIQUE (person_id, address)
);
CREATE INDEX email_address_address ON email_address (address);
CREATE UNIQUE INDEX email_address_one_primary ON email_address (person_id) WHERE is_primary;
CREATE TABLE phone_number (
    id {id},
    person_id {bigint} NOT NULL REFERENCES person (id),
    number VARCHAR(20) NOT NULL,
    is_primary {flag} NOT NULL DEFAULT FALSE,
    UNIQUE (person_id, number)
);
CREATE INDEX phone_number_number ON phone_number (number);
CREATE UNIQUE INDEX phone_number_one_primary ON phone_number (person_id) WHERE is_primary;
CREATE TABLE household (
    id {id},
    branch_id {bigint} REFERENCES branch (id),
    made_at {instant} NOT NULL
);
CREATE INDEX household_branch ON household (branch_id);
CREATE TABLE student (
    id {id},
    person_id {bigint} NOT NULL UNIQUE REFERENCES person (id),
    branch_id {bigint} NOT NULL REFERENCES branch (id),
    code VARCHAR(64) NOT NULL UNIQUE,
    status VARCHAR(12) NOT NULL DEFAULT 'learning' CHECK (status IN ('learning', 'suspended', 'cancelled', 'finished')),
    assigned_to_id {bigint} REFERENCES person (id),
    made_at {instant} NOT NULL,
    made_by {bigint},
    changed_at {instant} NOT NULL,
    changed_by {bigint}
);
CREATE INDEX student_branch ON student (branch_id);
CREATE INDEX student_assigned ON student (assigned_to_id);
CREATE TABLE guardian (
    id {id},
    person_id {bigint} NOT NULL REFERENCES person (id),
    student_id {bigint} NOT NULL REFERENCES student (id),
    household_id {bigint} NOT NULL REFERENCES household (id),
    relation VARCHAR(16) NOT NULL,
    may_see {flag} NOT NULL DEFAULT FALSE,
    may_pay {flag} NOT NULL DEFAULT FALSE,
    is_told {flag} NOT NULL DEFAULT TRUE,
    restricted_at {instant},
    restricted_by {bigint},
    ground VARCHAR(300) NOT NULL,
    linked_at {instant} NOT NULL,
    linked_by {bigint},
    UNIQUE (person_id, student_id)
);
CREATE INDEX guardian_student ON guardian (student_id);
CREATE INDEX guardian_household ON guardian (household_id);
CREATE TABLE teacher (
    id {id},
    person_id {bigint} NOT NULL UNIQUE REFERENCES person (id),
    code VARCHAR(64) NOT NULL UNIQUE,
    left_on {day}
);
CREATE TABLE staff_member (
    id {id},
    person_id {bigint} NOT NULL UNIQUE REFERENCES person (id),
    code VARCHAR(64) NOT NULL UNIQUE,
    position VARCHAR(80) NOT NULL DEFAULT '',
    left_on {day}
);
CREATE TABLE works_at (
    id {id},
    person_id {bigint} NOT NULL REFERENCES person (id),
    branch_id {bigint} NOT NULL REFERENCES branch (id),
    UNIQUE (person_id, branch_id)
);
CREATE INDEX works_at_branch ON works_at (branch_id);
CREATE TABLE account (
    id {id},
    person_id {bigint} NOT NULL UNIQUE REFERENCES person (id),
    email VARCHAR(254) UNIQUE,
    phone VARCHAR(20) UNIQUE,
    password_hash VARCHAR(200),
    language VARCHAR(8) NOT NULL DEFAULT '' CHECK (language IN ('', 'en', 'vi')),
    theme VARCHAR(8) NOT NULL DEFAULT 'auto' CHECK (theme IN ('auto', 'light', 'dark')),
    disabled_at {instant},
    disabled_by {bigint},
    made_at {instant} NOT NULL,
    made_by {bigint},
    password_set_at {instant},
    CHECK (email IS NOT NULL OR phone IS NOT NULL)
);
CREATE TABLE account_role (
    id {id},
    account_id {bigint} NOT NULL REFERENCES account (id),
    role VARCHAR(16) NOT NULL CHECK (role IN ('teacher', 'counsellor', 'care', 'accountant', 'marketing', 'manager', 'director', 'administrator')),
    branch_id {bigint} REFERENCES branch (id),
    given_at {instant} NOT NULL,
    given_by {bigint}
);
CREATE INDEX account_role_account ON account_role (account_id);
CREATE INDEX account_role_branch ON account_role (branch_id);
CREATE UNIQUE INDEX account_role_once ON account_role (account_id, role, COALESCE(branch_id, 0));
CREATE TABLE session (
    id {id},
    account_id {bigint} NOT NULL REFERENCES account (id),
    token_hash VARCHAR(64) NOT NULL UNIQUE,
    made_at {instant} NOT NULL,
    seen_at {instant} NOT NULL,
    ended_at {instant},
    device VARCHAR(200) NOT NULL DEFAULT '',
    address VARCHAR(45) NOT NULL DEFAULT ''
);
CREATE INDEX session_account ON session (account_id);
CREATE TABLE secret_link (
    id {id},
    account_id {bigint} NOT NULL REFERENCES account (id),
    purpose VARCHAR(12) NOT NULL CHECK (purpose IN ('reset', 'invitation')),
    key_hash VARCHAR(64) NOT NULL UNIQUE,
    made_at {instant} NOT NULL,
    made_by {bigint},
    expires_at {instant} NOT NULL,
    used_at {instant}
);
CREATE INDEX secret_link_account ON secret_link (account_id);
CREATE TABLE known_device (
    id {id},
    account_id {bigint} NOT NULL REFERENCES account (id),
    token_hash VARCHAR(64) NOT NULL,
    seen_at {instant} NOT NULL,
    UNIQUE (account_id, token_hash)
);
CREATE TABLE sign_in_attempt (
    id {id},
    login_hash VARCHAR(64) NOT NULL,
    address VARCHAR(45) NOT NULL,
    at {instant} NOT NULL
);
CREATE INDEX sign_in_attempt_login ON sign_in_attempt (login_hash, at);
CREATE INDEX sign_in_attempt_address ON sign_in_attempt (address, at);
CREATE TABLE audit_entry (
    id {id},
    at {instant} NOT NULL,
    account_id {bigint},
    verb VARCHAR(48) NOT NULL,
    record VARCHAR(32) NOT NULL,
    record_id {bigint},
    changes {json} NOT NULL,
    request_id VARCHAR(32) NOT NULL DEFAULT ''
);
CREATE INDEX audit_entry_record ON audit_entry (record, record_id);
CREATE INDEX audit_entry_at ON audit_entry (at);
CREATE TABLE stored_file (
    id {id},
    sha256 VARCHAR(64) NOT NULL,
    size {bigint} NOT NULL CHECK (size >= 0),
    media_type VARCHAR(100) NOT NULL,
    name VARCHAR(200) NOT NULL,
    uploaded_at {instant} NOT NULL,
    uploaded_by {bigint},
    taken_by VARCHAR(32) NOT NULL DEFAULT '',
    taken_by_id {bigint}
);
CREATE INDEX stored_file_sha256 ON stored_file (sha256);
CREATE TABLE job (
    id {id},
    kind VARCHAR(32) NOT NULL,
    payload {json} NOT NULL,
    due_at {instant} NOT NULL,
    attempts {bigint} NOT NULL DEFAULT 0,
    claimed_until {instant},
    claimed_by VARCHAR(32) NOT NULL DEFAULT '',
    done_at {instant},
    dead_at {instant},
    reason VARCHAR(500) NOT NULL DEFAULT ''
);
CREATE INDEX job_due ON job (due_at, id) WHERE done_at IS NULL AND dead_at IS NULL;
CREATE TABLE letter (
    id {id},
    recipient VARCHAR(254) NOT NULL,
    subject VARCHAR(200) NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    language VARCHAR(8) NOT NULL,
    made_at {instant} NOT NULL,
    sent_at {instant}
);
CREATE TABLE program (
    id {id},
    code VARCHAR(64) NOT NULL UNIQUE,
    slug VARCHAR(80) NOT NULL UNIQUE,
    name VARCHAR(200) NOT NULL,
    summary VARCHAR(500) NOT NULL DEFAULT '',
    youngest {bigint},
    oldest {bigint},
    ordinal {bigint} NOT NULL DEFAULT 0
);
CREATE TABLE level (
    id {id},
    program_id {bigint} NOT NULL REFERENCES program (id),
    ordinal {bigint} NOT NULL,
    name VARCHAR(80) NOT NULL,
    cefr VARCHAR(4) NOT NULL DEFAULT '',
    UNIQUE (program_id, ordinal)
);
CREATE TABLE class (
    id {id},
    branch_id {bigint} NOT NULL REFERENCES branch (id),
    level_id {bigint} REFERENCES level (id),
    term_id {bigint} REFERENCES term (id),
    code VARCHAR(64) NOT NULL UNIQUE,
    name VARCHAR(200) NOT NULL,
    starts_on {day},
    ends_on {day},
    capacity {bigint} CHECK (capacity > 0),
    room VARCHAR(80) NOT NULL DEFAULT '',
    closed_at {instant},
    CHECK (starts_on <= ends_on)
);
CREATE INDEX class_branch ON class (branch_id);
CREATE INDEX class_level ON class (level_id);
CREATE INDEX class_term ON class (term_id);
CREATE TABLE class_teacher (
    id {id},
    class_id {bigint} NOT NULL REFERENCES class (id),
    person_id {bigint} NOT NULL REFERENCES person (id),
    is_lead {flag} NOT NULL DEFAULT TRUE,
    UNIQUE (class_id, person_id)
);
CREATE INDEX class_teacher_person ON class_teacher (person_id);
CREATE TABLE class_membership (
    id {id},
    class_id {bigint} NOT NULL REFERENCES class (id),
    student_id {bigint} NOT NULL REFERENCES student (id),
    since {day},
    until {day},
    CHECK (since <= until)
);
CREATE INDEX class_membership_class ON class_membership (class_id);
CREATE INDEX class_membership_student ON class_membership (student_id);
CREATE UNIQUE INDEX class_membership_once ON class_membership (class_id, student_id) WHERE until IS NULL;
CREATE TABLE weekly_slot (
    id {id},
    class_id {bigint} NOT NULL REFERENCES class (id),
    weekday {bigint} NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    starts_minute {bigint} NOT NULL CHECK (starts_minute >= 0),
    ends_minute {bigint} NOT NULL CHECK (ends_minute <= 1440),
    CHECK (starts_minute < ends_minute),
    UNIQUE (class_id, weekday, starts_minute)
);
CREATE TABLE lesson (
    id {id},
    class_id {bigint} NOT NULL REFERENCES class (id),
    teacher_id {bigint} REFERENCES person (id),
    starts_at {instant} NOT NULL,
    ends_at {instant} NOT NULL,
    cancelled_at {instant},
    CHECK (starts_at < ends_at)
);
CREATE INDEX lesson_class ON lesson (class_id, starts_at);
CREATE INDEX lesson_teacher ON lesson (teacher_id, starts_at);
CREATE INDEX lesson_starts ON lesson (starts_at);
CREATE TABLE category (
    id {id},
    class_id {bigint} NOT NULL REFERENCES class (id),
    name VARCHAR(120) NOT NULL,
    weight {bigint} NOT NULL DEFAULT 0 CHECK (weight >= 0),
    ordinal {bigint} NOT NULL DEFAULT 0
);
CREATE INDEX category_class ON category (class_id);
CREATE TABLE assessment (
    id {id},
    class_id {bigint} NOT NULL REFERENCES class (id),
    category_id {bigint} NOT NULL REFERENCES category (id),
    name VARCHAR(200) NOT NULL,
    description VARCHAR(1000) NOT NULL DEFAULT '',
    due_on {day},
    max_points {bigint} NOT NULL CHECK (max_points > 0),
    published_count {bigint} NOT NULL DEFAULT 0,
    published_points {bigint} NOT NULL DEFAULT 0
);
CREATE INDEX assessment_class ON assessment (class_id);
CREATE INDEX assessment_category ON assessment (category_id);
CREATE TABLE score (
    id {id},
    assessment_id {bigint} NOT NULL REFERENCES assessment (id),
    student_id {bigint} NOT NULL REFERENCES student (id),
    state VARCHAR(20) NOT NULL DEFAULT 'graded' CHECK (state IN ('graded', 'exempt', 'not_submitted', 'submitted', 'partially_graded')),
    points {bigint} CHECK (points >= 0),
    comment VARCHAR(1000) NOT NULL DEFAULT '',
    scored_on {day},
    published_at {instant},
    changed_at {instant} NOT NULL,
    changed_by {bigint},
    CHECK (state <> 'graded' OR points IS NOT NULL),
    UNIQUE (assessment_id, student_id)
);
CREATE INDEX score_student ON score (student_id);
CREATE TABLE import_run (
    id {id},
    kind VARCHAR(16) NOT NULL,
    file_id {bigint} REFERENCES stored_file (id),
    file_name VARCHAR(200) NOT NULL,
    dry_run {flag} NOT NULL DEFAULT FALSE,
    state VARCHAR(12) NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'refused', 'failed')),
    stage VARCHAR(40) NOT NULL DEFAULT '',
    done_rows {bigint} NOT NULL DEFAULT 0,
    total_rows {bigint} NOT NULL DEFAULT 0,
    counts {json} NOT NULL,
    problems {json} NOT NULL,
    made_at {instant} NOT NULL,
    made_by {bigint},
    ended_at {instant}
);
CREATE INDEX import_run_file ON import_run (file_id);
CREATE TABLE external_id (
    id {id},
    kind VARCHAR(16) NOT NULL,
    sourced_id VARCHAR(255) NOT NULL,
    record_id {bigint} NOT NULL,
    row_hash VARCHAR(32) NOT NULL,
    UNIQUE (kind, sourced_id)
);
CREATE INDEX external_id_record ON external_id (kind, record_id);
"""

# Names are found in the middle of a key too; SQLite reads its table through instead, which is quick enough (decision 4).
TRIGRAMS = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX person_search ON person USING gin (search_key gin_trgm_ops);
CREATE INDEX person_contact ON person USING gin (contact_key gin_trgm_ops);
"""


class Migration(Base):
    initial = True

    operations = [
        Ddl(TABLES),
        Ddl(sqlite=[], postgres=TRIGRAMS),
        StateOnly(
            ops.CreateModel(
                name="AuditEntry",
                fields=[
                    ("id", Id()),
                    ("at", Instant()),
                    ("account_id", Number(null=True)),
                    ("verb", Text(max_length=48)),
                    ("record", Text(max_length=32)),
                    ("record_id", Number(null=True)),
                    ("changes", Json()),
                    ("request_id", Text(default="", max_length=32)),
                ],
                options={"table": "audit_entry", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Branch",
                fields=[
                    ("id", Id()),
                    ("code", Text(max_length=64)),
                    ("name", Text(max_length=120)),
                    ("address", Text(default="", max_length=300)),
                    ("phone", Text(default="", max_length=20)),
                    ("closed_on", Day(null=True)),
                ],
                options={"table": "branch", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Centre",
                fields=[
                    ("id", Id()),
                    ("name", Text(max_length=120)),
                    ("time_zone", Text(max_length=64)),
                    ("locale", Text(max_length=8)),
                    ("name_order", Text(default="family_first", max_length=16)),
                    ("currency", Text(default="VND", max_length=3)),
                    ("epoch", Text(max_length=32)),
                    ("demo_loaded_at", Instant(null=True)),
                ],
                options={"table": "centre", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="ExternalId",
                fields=[
                    ("id", Id()),
                    ("kind", Text(max_length=16)),
                    ("sourced_id", Text(max_length=255)),
                    ("record_id", Number()),
                    ("row_hash", Text(max_length=32)),
                ],
                options={"table": "external_id", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Holiday",
                fields=[
                    ("id", Id()),
                    ("day", Day()),
                    ("name", Text(max_length=120)),
                    ("branch", Ref("models.Branch", null=True)),
                ],
                options={"table": "holiday", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Household",
                fields=[
                    ("id", Id()),
                    ("branch", Ref("models.Branch", null=True)),
                    ("made_at", Instant()),
                ],
                options={"table": "household", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Job",
                fields=[
                    ("id", Id()),
                    ("kind", Text(max_length=32)),
                    ("payload", Json()),
                    ("due_at", Instant()),
                    ("attempts", Number(default=0)),
                    ("claimed_until", Instant(null=True)),
                    ("claimed_by", Text(default="", max_length=32)),
                    ("done_at", Instant(null=True)),
                    ("dead_at", Instant(null=True)),
                    ("reason", Text(default="", max_length=500)),
                ],
                options={"table": "job", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Letter",
                fields=[
                    ("id", Id()),
                    ("recipient", Text(max_length=254)),
                    ("subject", Text(max_length=200)),
                    ("text", LongText()),
                    ("html", LongText()),
                    ("language", Text(max_length=8)),
                    ("made_at", Instant()),
                    ("sent_at", Instant(null=True)),
                ],
                options={"table": "letter", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Person",
                fields=[
                    ("id", Id()),
                    ("branch", Ref("models.Branch", null=True)),
                    ("family_name", Text(max_length=80)),
                    ("middle_name", Text(default="", max_length=80)),
                    ("given_name", Text(max_length=80)),
                    ("birth_date", Day(null=True)),
                    ("sex", Text(default="", max_length=12)),
                    ("address", Text(default="", max_length=300)),
                    ("search_key", Text(max_length=600)),
                    ("contact_key", Text(default="", max_length=1000)),
                    ("sort_key", Text(max_length=260)),
                    ("made_at", Instant()),
                    ("made_by", Number(null=True)),
                    ("changed_at", Instant()),
                    ("changed_by", Number(null=True)),
                ],
                options={"table": "person", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Account",
                fields=[
                    ("id", Id()),
                    ("person", Ref("models.Person")),
                    ("email", Text(null=True, max_length=254)),
                    ("phone", Text(null=True, max_length=20)),
                    ("password_hash", Text(null=True, max_length=200)),
                    ("language", Text(default="", max_length=8)),
                    ("theme", Text(default="auto", max_length=8)),
                    ("disabled_at", Instant(null=True)),
                    ("disabled_by", Number(null=True)),
                    ("made_at", Instant()),
                    ("made_by", Number(null=True)),
                    ("password_set_at", Instant(null=True)),
                ],
                options={"table": "account", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="AccountRole",
                fields=[
                    ("id", Id()),
                    ("account", Ref("models.Account")),
                    ("role", Text(max_length=16)),
                    ("branch", Ref("models.Branch", null=True)),
                    ("given_at", Instant()),
                    ("given_by", Number(null=True)),
                ],
                options={"table": "account_role", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="EmailAddress",
                fields=[
                    ("id", Id()),
                    ("person", Ref("models.Person")),
                    ("address", Text(max_length=254)),
                    ("is_primary", Flag(default=False)),
                    ("opted_out_at", Instant(null=True)),
                    ("invalid_at", Instant(null=True)),
                ],
                options={"table": "email_address", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="KnownDevice",
                fields=[
                    ("id", Id()),
                    ("account", Ref("models.Account")),
                    ("token_hash", Text(max_length=64)),
                    ("seen_at", Instant()),
                ],
                options={"table": "known_device", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="PhoneNumber",
                fields=[
                    ("id", Id()),
                    ("person", Ref("models.Person")),
                    ("number", Text(max_length=20)),
                    ("is_primary", Flag(default=False)),
                ],
                options={"table": "phone_number", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Program",
                fields=[
                    ("id", Id()),
                    ("code", Text(max_length=64)),
                    ("slug", Text(max_length=80)),
                    ("name", Text(max_length=200)),
                    ("summary", Text(default="", max_length=500)),
                    ("youngest", Number(null=True)),
                    ("oldest", Number(null=True)),
                    ("ordinal", Number(default=0)),
                ],
                options={"table": "program", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Level",
                fields=[
                    ("id", Id()),
                    ("program", Ref("models.Program")),
                    ("ordinal", Number()),
                    ("name", Text(max_length=80)),
                    ("cefr", Text(default="", max_length=4)),
                ],
                options={"table": "level", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="SecretLink",
                fields=[
                    ("id", Id()),
                    ("account", Ref("models.Account")),
                    ("purpose", Text(max_length=12)),
                    ("key_hash", Text(max_length=64)),
                    ("made_at", Instant()),
                    ("made_by", Number(null=True)),
                    ("expires_at", Instant()),
                    ("used_at", Instant(null=True)),
                ],
                options={"table": "secret_link", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Session",
                fields=[
                    ("id", Id()),
                    ("account", Ref("models.Account")),
                    ("token_hash", Text(max_length=64)),
                    ("made_at", Instant()),
                    ("seen_at", Instant()),
                    ("ended_at", Instant(null=True)),
                    ("device", Text(default="", max_length=200)),
                    ("address", Text(default="", max_length=45)),
                ],
                options={"table": "session", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="SignInAttempt",
                fields=[
                    ("id", Id()),
                    ("login_hash", Text(max_length=64)),
                    ("address", Text(max_length=45)),
                    ("at", Instant()),
                ],
                options={"table": "sign_in_attempt", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="StaffMember",
                fields=[
                    ("id", Id()),
                    ("person", Ref("models.Person")),
                    ("code", Text(max_length=64)),
                    ("position", Text(default="", max_length=80)),
                    ("left_on", Day(null=True)),
                ],
                options={"table": "staff_member", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="StoredFile",
                fields=[
                    ("id", Id()),
                    ("sha256", Text(max_length=64)),
                    ("size", Number()),
                    ("media_type", Text(max_length=100)),
                    ("name", Text(max_length=200)),
                    ("uploaded_at", Instant()),
                    ("uploaded_by", Number(null=True)),
                    ("taken_by", Text(default="", max_length=32)),
                    ("taken_by_id", Number(null=True)),
                ],
                options={"table": "stored_file", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="ImportRun",
                fields=[
                    ("id", Id()),
                    ("kind", Text(max_length=16)),
                    ("file", Ref("models.StoredFile", null=True)),
                    ("file_name", Text(max_length=200)),
                    ("dry_run", Flag(default=False)),
                    ("state", Text(default="waiting", max_length=12)),
                    ("stage", Text(default="", max_length=40)),
                    ("done_rows", Number(default=0)),
                    ("total_rows", Number(default=0)),
                    ("counts", Json()),
                    ("problems", Json()),
                    ("made_at", Instant()),
                    ("made_by", Number(null=True)),
                    ("ended_at", Instant(null=True)),
                ],
                options={"table": "import_run", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Student",
                fields=[
                    ("id", Id()),
                    ("person", Ref("models.Person")),
                    ("branch", Ref("models.Branch")),
                    ("code", Text(max_length=64)),
                    ("status", Text(default="learning", max_length=12)),
                    ("assigned_to", Ref("models.Person", null=True)),
                    ("made_at", Instant()),
                    ("made_by", Number(null=True)),
                    ("changed_at", Instant()),
                    ("changed_by", Number(null=True)),
                ],
                options={"table": "student", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Guardian",
                fields=[
                    ("id", Id()),
                    ("person", Ref("models.Person")),
                    ("student", Ref("models.Student")),
                    ("household", Ref("models.Household")),
                    ("relation", Text(max_length=16)),
                    ("may_see", Flag(default=False)),
                    ("may_pay", Flag(default=False)),
                    ("is_told", Flag(default=True)),
                    ("restricted_at", Instant(null=True)),
                    ("restricted_by", Number(null=True)),
                    ("ground", Text(max_length=300)),
                    ("linked_at", Instant()),
                    ("linked_by", Number(null=True)),
                ],
                options={"table": "guardian", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Teacher",
                fields=[
                    ("id", Id()),
                    ("person", Ref("models.Person")),
                    ("code", Text(max_length=64)),
                    ("left_on", Day(null=True)),
                ],
                options={"table": "teacher", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Term",
                fields=[
                    ("id", Id()),
                    ("name", Text(max_length=120)),
                    ("kind", Text(max_length=16)),
                    ("starts_on", Day()),
                    ("ends_on", Day()),
                    ("school_year", Number(null=True)),
                    ("parent", Ref("models.Term", null=True)),
                ],
                options={"table": "term", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Class",
                fields=[
                    ("id", Id()),
                    ("branch", Ref("models.Branch")),
                    ("level", Ref("models.Level", null=True)),
                    ("term", Ref("models.Term", null=True)),
                    ("code", Text(max_length=64)),
                    ("name", Text(max_length=200)),
                    ("starts_on", Day(null=True)),
                    ("ends_on", Day(null=True)),
                    ("capacity", Number(null=True)),
                    ("room", Text(default="", max_length=80)),
                    ("closed_at", Instant(null=True)),
                ],
                options={"table": "class", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Category",
                fields=[
                    ("id", Id()),
                    ("of_class", Ref("models.Class", source_field="class_id")),
                    ("name", Text(max_length=120)),
                    ("weight", Number(default=0)),
                    ("ordinal", Number(default=0)),
                ],
                options={"table": "category", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Assessment",
                fields=[
                    ("id", Id()),
                    ("of_class", Ref("models.Class", source_field="class_id")),
                    ("category", Ref("models.Category")),
                    ("name", Text(max_length=200)),
                    ("description", Text(default="", max_length=1000)),
                    ("due_on", Day(null=True)),
                    ("max_points", Number()),
                    ("published_count", Number(default=0)),
                    ("published_points", Number(default=0)),
                ],
                options={"table": "assessment", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="ClassMembership",
                fields=[
                    ("id", Id()),
                    ("of_class", Ref("models.Class", source_field="class_id")),
                    ("student", Ref("models.Student")),
                    ("since", Day(null=True)),
                    ("until", Day(null=True)),
                ],
                options={"table": "class_membership", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="ClassTeacher",
                fields=[
                    ("id", Id()),
                    ("of_class", Ref("models.Class", source_field="class_id")),
                    ("person", Ref("models.Person")),
                    ("is_lead", Flag(default=True)),
                ],
                options={"table": "class_teacher", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Lesson",
                fields=[
                    ("id", Id()),
                    ("of_class", Ref("models.Class", source_field="class_id")),
                    ("teacher", Ref("models.Person", null=True)),
                    ("starts_at", Instant()),
                    ("ends_at", Instant()),
                    ("cancelled_at", Instant(null=True)),
                ],
                options={"table": "lesson", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="Score",
                fields=[
                    ("id", Id()),
                    ("assessment", Ref("models.Assessment")),
                    ("student", Ref("models.Student")),
                    ("state", Text(default="graded", max_length=20)),
                    ("points", Number(null=True)),
                    ("comment", Text(default="", max_length=1000)),
                    ("scored_on", Day(null=True)),
                    ("published_at", Instant(null=True)),
                    ("changed_at", Instant()),
                    ("changed_by", Number(null=True)),
                ],
                options={"table": "score", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="WeeklySlot",
                fields=[
                    ("id", Id()),
                    ("of_class", Ref("models.Class", source_field="class_id")),
                    ("weekday", Number()),
                    ("starts_minute", Number()),
                    ("ends_minute", Number()),
                ],
                options={"table": "weekly_slot", "app": "models", "pk_attr": "id"},
            ),
            ops.CreateModel(
                name="WorksAt",
                fields=[
                    ("id", Id()),
                    ("person", Ref("models.Person")),
                    ("branch", Ref("models.Branch")),
                ],
                options={"table": "works_at", "app": "models", "pk_attr": "id"},
            ),
        ),
    ]
