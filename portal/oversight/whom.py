"""The people that acts are about: behind the record that was acted on, and behind the numbers among its changes."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from portal import db

Key = tuple[str, int]  # a kind of record and its number

_NAME = "p.id, p.family_name, p.middle_name, p.given_name FROM"
_BEHIND = {
    "person": f"SELECT 'person', p.id, {_NAME} person p WHERE p.id",
    "student": f"SELECT 'student', s.id, {_NAME} student s JOIN person p ON p.id = s.person_id WHERE s.id",
    "account": f"SELECT 'account', a.id, {_NAME} account a JOIN person p ON p.id = a.person_id WHERE a.id",
    "guardian": f"SELECT 'guardian', g.id, {_NAME} guardian g JOIN person p ON p.id = g.person_id WHERE g.id",
}


class Person(NamedTuple):
    """Somebody by name, with the number of their card."""

    id: int
    family_name: str
    middle_name: str
    given_name: str


def keys(record: str, record_id: int | None, changes: Mapping[str, Any]) -> set[Key]:
    """Whom an act names."""
    named = {(kind, changes[kind]) for kind in _BEHIND if type(changes.get(kind)) is int}
    return named | ({(record, record_id)} if record in _BEHIND and record_id is not None else set())


async def named(asked: Iterable[Key]) -> dict[Key, Person]:
    """Who they are, in one statement. The caller has made sure that the names may be known."""
    wanted: dict[str, list[int]] = {}
    for kind, identity in sorted(set(asked)):
        wanted.setdefault(kind, []).append(identity)
    if not wanted:
        return {}
    sql = " UNION ALL ".join(f"{_BEHIND[kind]} IN ({db.marks(len(ids))})" for kind, ids in wanted.items())
    found = await db.rows(sql, *(identity for ids in wanted.values() for identity in ids))
    return {(row[0], row[1]): Person._make(row[2:]) for row in found}
