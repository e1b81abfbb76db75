"""Where a person is found outside of their own rows: acts, letters, jobs, attempts, names in other systems."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from portal import clock, db
from portal.access import secrets
from portal.errors import Conflict, say
from portal.interchange import erased, journal
from portal.privacy.registry import TABLES
from portal.privacy.subjects import GONE, Subject

_PORTION = 500
# Whose names in another system go with a person, by the kind that they have in `external_id`.
_NAMED = {
    "users": "person",
    "demographics": "person",
    "guardians": "guardian",
    "enrollments": "class_membership",
    "teachings": "class_teacher",
    "results": "score",
}


async def clear(subject: Subject) -> dict[str, int]:
    """Take the person out of everything that is not theirs by a key, in the caller's transaction; rows by table.

    Comes before the person's own rows are touched: it finds its way by them.
    """
    return {
        "job": await _jobs(subject),
        "letter": await _letters(subject),
        "audit_entry": await _acts(subject),
        "sign_in_attempt": await _attempts(subject),
        "import_change": await _before_imports(subject),
        "external_id": await _names_elsewhere(subject),
    }


async def clear_mentions(subject: Subject) -> dict[str, int]:
    """Take the person's names and contacts out of every text that mentions them; rows by table."""
    counts: dict[str, int] = {}
    for table, declared in TABLES.items():
        for column, fate in declared.columns.items():
            if fate.mentions:
                changed = await _scrub(subject, table, column, is_json=fate.json)
                counts[table] = counts.get(table, 0) + changed
    return counts


async def _scrub(subject: Subject, table: str, column: str, *, is_json: bool) -> int:
    changed = 0
    for identity, text in await _holding(subject, table, column):
        if is_json:
            held = json.loads(text)
            scrubbed = subject.scrubbed(held)
            if scrubbed != held:
                await _write_json(table, column, identity, scrubbed)
                changed += 1
        elif (without := subject.without(text)) != text:
            await db.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE id = ?', without, identity)
            changed += 1
    return changed


async def _holding(subject: Subject, table: str, column: str) -> list[tuple[int, str]]:
    """The rows whose text holds one of the words; the database looks, in each spelling, and we judge."""
    found: dict[int, str] = {}
    words = [_pattern(word) for word in subject.words]
    for start in range(0, len(words), 50):
        some = words[start : start + 50]
        holds = " OR ".join([f"CAST(\"{column}\" AS TEXT) LIKE ? ESCAPE '\\'"] * len(some))
        found |= dict(await db.rows(f'SELECT id, CAST("{column}" AS TEXT) FROM "{table}" WHERE {holds}', *some))
    return sorted(found.items())


def _pattern(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


async def _write_json(table: str, column: str, identity: int, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    await db.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE id = ?', text, identity)


async def _acts(subject: Subject) -> int:
    """The words in the acts on the person and on their links; who did what and when stays."""
    persons = [("person", subject.person_id), ("student", subject.student_id), ("account", subject.account_id)]
    own = [(record, identity) for record, identity in persons if identity is not None]
    wards = await _column("SELECT student_id FROM guardian WHERE person_id = ?", subject.person_id)
    links = set(await _column("SELECT id FROM guardian WHERE person_id = ?", subject.person_id))
    changed = 0
    for record, identity in [*own, *(("student", ward) for ward in wards)]:
        rows = await db.rows(
            "SELECT id, CAST(changes AS TEXT) FROM audit_entry WHERE record = ? AND record_id = ?", record, identity
        )
        for entry, text in rows:
            changes = json.loads(text)
            theirs = changes.get("person") == subject.person_id or changes.get("guardian") in links
            if theirs or (record, identity) in own:
                emptied = _without_words(changes)
                if emptied != changes:
                    await _write_json("audit_entry", "changes", entry, emptied)
                    changed += 1
    return changed


def _without_words(value: Any) -> Any:
    """A JSON document with every text emptied; ids, figures, yes and no stay."""
    if isinstance(value, str):
        return ""
    if isinstance(value, list):
        return [_without_words(each) for each in value]
    if isinstance(value, dict):
        return {key: _without_words(each) for key, each in value.items()}
    return value


async def _letters(subject: Subject) -> int:
    """Letters to the person, whole; letters to the family that call the person by name, but for who received them."""
    changed = 0
    for address in sorted(subject.emails):
        changed += await db.execute(
            "UPDATE letter SET recipient = ?, subject = ?, text = ?, html = ? WHERE recipient = ?",
            *([GONE] * 4),
            address,
        )
    for address in sorted(subject.circle - subject.emails):
        rows = await db.rows("SELECT id, subject, text, html FROM letter WHERE recipient = ?", address)
        for identity, *texts in rows:
            if subject.given_in(*texts):
                sql = "UPDATE letter SET subject = ?, text = ?, html = ? WHERE id = ?"
                changed += await db.execute(sql, GONE, GONE, GONE, identity)
    return changed


async def _jobs(subject: Subject) -> int:
    """Drop what still waits to be done to or about the person; raises `Conflict` for a letter that is just leaving."""
    dropped = 0
    last = 0
    while True:
        page = await db.rows(
            "SELECT id, kind, CAST(payload AS TEXT), claimed_until FROM job"
            f" WHERE done_at IS NULL AND id > ? ORDER BY id LIMIT {_PORTION}",
            last,
        )
        for identity, kind, text, claimed in page:
            if _concerns(subject, json.loads(text)):
                if claimed is not None and db.instant(claimed) > clock.now() and kind == "mail":
                    raise Conflict(say("A letter to this person is just leaving. Try again in a minute."))
                dropped += await db.execute("DELETE FROM job WHERE id = ?", identity)
        if len(page) < _PORTION:
            return dropped
        last = page[-1][0]


def _concerns(subject: Subject, payload: dict[str, Any]) -> bool:
    texts = list(_texts(payload))
    if any(text.casefold() in subject.logins for text in texts):
        return True
    return any(text in subject.circle for text in texts) and subject.given_in(*texts)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


async def _attempts(subject: Subject) -> int:
    keys = [key for login in subject.logins for key in (login, f"reset {login}")]
    if subject.account_id is not None:
        keys.append(f"change {subject.account_id}")
    hashes = sorted(secrets.keyed(key) for key in keys)
    return await db.execute(f"DELETE FROM sign_in_attempt WHERE login_hash IN ({db.marks(len(hashes))})", *hashes)


async def _before_imports(subject: Subject) -> int:
    """What their rows were before imports changed or deleted them: an undo leaves these as they are."""
    person, student = subject.person_id, subject.student_id or 0
    theirs = await _records(person, student)
    for table in ("email_address", "phone_number", "teacher", "staff_member"):
        theirs[table] = set(await _column(f'SELECT id FROM "{table}" WHERE person_id = ?', person))
    # Rows that an import deleted are there no more; the journal has all their columns.
    for column, identity in (("person_id", person), ("student_id", student)):
        for end in (",", "}"):
            sql = "SELECT table_name, record_id FROM import_change WHERE before LIKE ?"
            for table, record in await db.rows(sql, f'%"{column}": {identity}{end}%'):
                theirs.setdefault(table, set()).add(record)
    theirs["external_id"] = await _names_of(theirs)
    count = "SELECT COUNT(*) FROM import_change"
    before = int(await db.value(count))
    for table, ids in theirs.items():
        await journal.forget(table, sorted(ids))
    return before - int(await db.value(count))


async def _records(person: int, student: int) -> dict[str, set[int]]:
    """The records of theirs that another system may have a name for, by table."""
    return {
        "person": {person},
        "student": {student},
        "guardian": set(
            await _column("SELECT id FROM guardian WHERE person_id = ? OR student_id = ?", person, student)
        ),
        "class_membership": set(await _column("SELECT id FROM class_membership WHERE student_id = ?", student)),
        "class_teacher": set(await _column("SELECT id FROM class_teacher WHERE person_id = ?", person)),
        "score": set(await _column("SELECT id FROM score WHERE student_id = ?", student)),
    }


async def _names_of(theirs: dict[str, set[int]]) -> set[int]:
    """The names elsewhere of these records: those there are, and those that an import has deleted, by the journal."""
    named: set[int] = set()
    for kind, table in _NAMED.items():
        for some in _portions(sorted(theirs[table])):
            sql = f"SELECT id FROM external_id WHERE kind = ? AND record_id IN ({db.marks(len(some))})"
            named |= {row[0] for row in await db.rows(sql, kind, *some)}
    last = 0
    while True:
        page = await db.rows(
            "SELECT id, record_id, before FROM import_change WHERE table_name = 'external_id' AND after = ''"
            f" AND id > ? ORDER BY id LIMIT {_PORTION}",
            last,
        )
        for _, name, before in page:
            kept = json.loads(before)
            if kept["record_id"] in theirs.get(_NAMED.get(kept["kind"], ""), ()):
                named.add(name)
        if len(page) < _PORTION:
            return named
        last = page[-1][0]


async def _names_elsewhere(subject: Subject) -> int:
    """What other systems call the person and their records; of the person's own name there a hash is kept."""
    await erased.remember(subject.sources)
    theirs = await _records(subject.person_id, subject.student_id or 0)
    deleted = 0
    for kind, table in _NAMED.items():
        for some in _portions(sorted(theirs[table])):
            deleted += await db.execute(
                f"DELETE FROM external_id WHERE kind = ? AND record_id IN ({db.marks(len(some))})", kind, *some
            )
    return deleted


def _portions(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + 2_000] for start in range(0, len(ids), 2_000))


async def _column(sql: str, *args: int) -> list[int]:
    return [row[0] for row in await db.rows(sql, *args)]
