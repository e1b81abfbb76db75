"""What becomes of every column when a person is erased: the one place that a new table is entered in.

Each column that could hold words (text, JSON, a day) is declared, or `tests/privacy/test_registry.py` fails. A table
says with `whose` which of its rows are about the person (a condition with a `?` for the person's id, as often as it
likes), and for each column what those rows hold afterwards:

- `gone()` puts a tombstone there: "" or what is given; `{name}`, `{code}` and `{login}` are made for the person;
- `mentions()` is text about anything: wherever it names the person (full name, email, phone, code, address), the name
  is taken out, in whosever row; with a value, rows of the person's own get that instead;
- `kept(why)` stays.

Where `deleted` is true the rows of the person are deleted. `special` columns are done in a module of their own.
"""

from dataclasses import dataclass
from typing import Final

KEEP: Final = object()
_OF_ACCOUNT = "account_id IN (SELECT id FROM account WHERE person_id = ?)"
_OF_STUDENT = "student_id IN (SELECT id FROM student WHERE person_id = ?)"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one column: `own` in rows of the person's own, `mentions` taken out of every row."""

    own: object = KEEP
    mentions: bool = False
    json: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What becomes of one table."""

    columns: dict[str, Fate]
    whose: str = ""
    deleted: bool = False


def gone(value: object = "") -> Fate:
    """A tombstone in the rows of the person's own."""
    return Fate(own=value)


def mentions(own: object = KEEP, *, json: bool = False) -> Fate:
    """Free text (or JSON that holds some): the person is taken out of it wherever they are named."""
    return Fate(own=own, mentions=True, json=json)


def kept(why: str) -> Fate:
    """It stays, and why it may."""
    return Fate(why=why)


def special(why: str) -> Fate:
    """Done by a module of its own, in the same transaction; `why` names it."""
    return Fate(why=why)


_CENTRES = "the centre's own, about nobody"
_CODE = "a word of ours, of a short list"
_HASH = "a hash of random bits"
_FIGURES = "counts only"
_LEARNING = "when somebody learned here: a count without a name"

TABLES: dict[str, Table] = {
    "centre": Table(dict.fromkeys(("name", "time_zone", "locale", "name_order", "currency", "epoch"), kept(_CENTRES))),
    "branch": Table(dict.fromkeys(("code", "name", "address", "phone", "closed_on"), kept(_CENTRES))),
    "term": Table(dict.fromkeys(("name", "kind", "starts_on", "ends_on"), kept(_CENTRES))),
    "holiday": Table(dict.fromkeys(("day", "name"), kept(_CENTRES))),
    "program": Table(dict.fromkeys(("code", "slug", "name", "summary"), kept(_CENTRES))),
    "level": Table(dict.fromkeys(("name", "cefr"), kept(_CENTRES))),
    "person": Table(
        {
            "family_name": gone(),
            "middle_name": gone(),
            "given_name": gone("{name}"),
            "birth_date": gone(None),
            "sex": gone(),
            "address": gone(),
            "search_key": gone(),
            "contact_key": gone(),
            "sort_key": gone(),
        },
        "id = ?",
    ),
    "email_address": Table({"address": gone()}, "person_id = ?", deleted=True),
    "phone_number": Table({"number": gone()}, "person_id = ?", deleted=True),
    "household": Table({}),
    "student": Table({"code": gone("{code}"), "status": gone("cancelled")}, "person_id = ?"),
    "guardian": Table(
        {"relation": gone(), "ground": mentions()},
        "person_id = ? OR student_id IN (SELECT id FROM student WHERE person_id = ?)",
        deleted=True,
    ),
    "teacher": Table({"code": gone("{code}"), "left_on": kept(_LEARNING)}, "person_id = ?"),
    "staff_member": Table(
        {"code": gone("{code}"), "position": gone(), "left_on": kept(_LEARNING)},
        "person_id = ?",
    ),
    "works_at": Table({}, "person_id = ?", deleted=True),
    "account": Table(
        {
            "email": gone("{login}"),
            "phone": gone(None),
            "password_hash": gone(None),
            "language": gone(),
            "theme": gone("auto"),
        },
        "person_id = ?",
    ),
    "account_role": Table({"role": gone()}, _OF_ACCOUNT, deleted=True),
    "session": Table({"token_hash": kept(_HASH), "device": gone(), "address": gone()}, _OF_ACCOUNT),
    "secret_link": Table({"purpose": gone(), "key_hash": gone()}, _OF_ACCOUNT, deleted=True),
    "known_device": Table({"token_hash": gone()}, _OF_ACCOUNT, deleted=True),
    "identity": Table(dict.fromkeys(("issuer", "subject", "label"), gone()), _OF_ACCOUNT, deleted=True),
    "provider_visit": Table(
        dict.fromkeys(("state_hash", "browser_hash", "link_hash"), kept(_HASH))
        | dict.fromkeys(("provider", "purpose"), kept(_CODE))
        | {"after": mentions()},  # gone after ten minutes anyway
    ),
    "sign_in_attempt": Table(dict.fromkeys(("login_hash", "address"), special("traces: by the hash of the login"))),
    "audit_entry": Table(
        {
            "verb": kept(_CODE),
            "record": kept(_CODE),
            "changes": mentions(json=True),  # and traces: the words of acts on the person
            "request_id": kept("a random number"),
        }
    ),
    "audit_unlocked": Table({}),
    "stored_file": Table(
        {
            "sha256": special("bundles: a file that names the person is deleted"),
            "media_type": kept(_CODE),
            "name": mentions(),
            "taken_by": kept(_CODE),
        }
    ),
    "job": Table(
        {
            "kind": kept(_CODE),
            "payload": mentions(json=True),  # and traces: jobs about the person are dropped
            "claimed_by": kept("a random number"),
            "reason": mentions(),
        }
    ),
    "letter": Table(
        {
            "recipient": special("traces: letters to the person and about them"),
            "subject": mentions(),
            "text": mentions(),
            "html": mentions(),
            "language": kept(_CODE),
        }
    ),
    "class": Table(
        {
            **dict.fromkeys(("code", "starts_on", "ends_on"), kept(_CENTRES)),
            "name": mentions(),
            "room": kept(_CENTRES),
        }
    ),
    "class_teacher": Table({}),
    "class_membership": Table(dict.fromkeys(("since", "until"), kept(_LEARNING))),
    "weekly_slot": Table({}),
    "lesson": Table({}),
    "category": Table({"name": mentions()}),
    "assessment": Table({"name": mentions(), "description": mentions(), "due_on": kept(_CENTRES)}),
    "score": Table(
        {"state": kept(_CODE), "comment": mentions(""), "scored_on": kept("a mark without a name")}, _OF_STUDENT
    ),
    "import_run": Table(
        {
            "kind": kept(_CODE),
            "file_name": mentions(),
            "state": kept(_CODE),
            "stage": kept(_CODE),
            "counts": kept(_FIGURES),
            "problems": mentions(json=True),
            "act": kept(_CODE),
            "options": mentions(json=True),
            "preview": mentions(json=True),
            "kept": mentions(json=True),
        }
    ),
    "sheet": Table(
        {
            "kind": kept(_CODE),
            "file_name": mentions(),
            "columns": kept("names of our own fields"),
            "options": kept("ids and words of ours"),
        }
    ),
    "column_match": Table(
        {
            "kind": kept(_CODE),
            "signature": kept("a hash of headers"),
            "columns": kept("names of our own fields"),
            "options": kept("ids and words of ours"),
        }
    ),
    "import_created": Table({"table_name": kept(_CODE), "digests": kept("hashes of whole rows")}),
    "import_change": Table(
        {
            "table_name": kept(_CODE),
            "before": mentions(),  # and traces: what the person's own rows were before is forgotten
            "after": kept("a hash of the whole row"),
        }
    ),
    "external_id": Table(
        {
            "kind": kept(_CODE),
            "sourced_id": special("traces: deleted, and a hash of a user's kept in erased_key"),
            "row_hash": special("traces: deleted with it"),
        }
    ),
    "view_version": Table({"source": kept("ids only")}),
    "erasure": Table({"ground": kept(_CODE), "counts": kept(_FIGURES)}),
    "erased_key": Table({"key_hash": kept("so that no import brings the person back")}),
    "consent": Table(
        {
            **dict.fromkeys(("kind", "version", "language", "words_hash", "way", "withdrawn_way"), kept(_CODE)),
            "note": mentions(""),
        },
        "person_id = ? OR giver_id = ?",
    ),
    "consent_question": Table(dict.fromkeys(("kind", "version"), kept(_CODE))),
    "data_export": Table({"language": kept(_CODE)}, "person_id = ?", deleted=True),
    "reading": Table({"role": gone(), "page": gone()}, "person_id = ?", deleted=True),
    "retention": Table({"kind": kept(_CODE)}),
    "retention_day": Table({"day": kept(_CENTRES), "counts": kept(_FIGURES)}),
}

# Tables of the tools, which hold nothing of ours.
NOT_OURS = frozenset({"tortoise_migrations", "sqlite_sequence"})
