"""Erasing a person: names, contacts and words about them go, counts and marks stay (decision 14).

One transaction rewrites every table as `registry` says; what nobody can see any more is then swept out of the database
file itself by a job. It cannot be undone, so it asks for the name to be typed.
"""

import asyncio
import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from portal import audit, clock, db, files, jobs, versions
from portal.access import accounts, holders, sessions
from portal.centre import centres
from portal.errors import Conflict, Forbidden, Invalid, NotFound, Sentence, say
from portal.people import authors, names, persons, sight
from portal.privacy import bundles, subjects, traces
from portal.privacy.models import Erasure
from portal.privacy.registry import KEEP, TABLES
from portal.privacy.subjects import Subject
from portal.scope import Permission, Scope
from portal.text import clean
from portal.words import translated

GROUNDS = ("asked", "representative", "expired", "authority", "mistake")
ERASED = say("Erased person")
FORMER = say("Former staff")
_MISSING = say("Choose one of the list.")


class Stays(NamedTuple):
    """Somebody who stays when the person goes: a guardian or a child, and how many links of theirs remain.

    `alone`: a student who would have no guardian any more.
    """

    person_id: int
    family_name: str
    middle_name: str
    given_name: str
    others: int
    alone: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What erasing somebody would do: figures for the page that asks whether one is sure."""

    person: persons.Card
    contacts: int
    links: list[Stays]
    account: bool
    sessions: int
    letters: int
    comments: int
    marks: int
    classes: int
    taught: int
    exports: int
    hindrance: Sentence | None


async def preview(scope: Scope, person_id: int) -> Preview:
    """What would go and what would stay; raises `NotFound` for who is out of sight or gone already."""
    scope.require(Permission.ERASE_PEOPLE)
    card = await persons.find(scope, person_id)
    subject = await subjects.load(person_id)
    student = subject.student_id or 0
    found = await db.row(
        "SELECT (SELECT COUNT(*) FROM session s JOIN account a ON a.id = s.account_id WHERE a.person_id = ?),"
        f" (SELECT COUNT(*) FROM letter WHERE recipient IN ({db.marks(len(subject.emails))})),"
        " (SELECT COUNT(*) FROM score WHERE student_id = ? AND comment <> ''),"
        " (SELECT COUNT(*) FROM score WHERE student_id = ?),"
        " (SELECT COUNT(*) FROM class_membership WHERE student_id = ?),"
        " (SELECT COUNT(*) FROM class_teacher WHERE person_id = ?),"
        " (SELECT COUNT(*) FROM data_export WHERE person_id = ?)",
        *(person_id, *sorted(subject.emails), student, student, student, person_id, person_id),
    )
    assert found is not None
    hindrance = await _hindrance(scope, subject)
    return Preview(
        person=card,
        contacts=len(card.emails) + len(card.phones) if card.contacts_shown else len(subject.logins),
        links=await _who_stays(person_id, student),
        account=subject.account_id is not None,
        sessions=found[0],
        letters=found[1],
        comments=found[2],
        marks=found[3],
        classes=found[4],
        taught=found[5],
        exports=found[6],
        hindrance=hindrance.sentence if hindrance else None,
    )


async def erase(scope: Scope, person_id: int, ground: str, *, typed_name: str) -> dict[str, int]:
    """Erase a person; returns how many rows of each table were changed or deleted.

    Raises `NotFound` out of sight, `Invalid` beside `ground` or `typed_name`, `Conflict` for oneself, the last
    administrator, an import at work or a letter just leaving, `Forbidden` for an account the scope may not close.
    """
    scope.require(Permission.ERASE_PEOPLE)
    card = await persons.find(scope, person_id)
    errors = {}
    if ground not in GROUNDS:
        errors["ground"] = _MISSING
    if not _is_name(typed_name, card, (await centres.facts()).name_order):
        errors["typed_name"] = say("Type the name exactly as it stands above.")
    if errors:
        raise Invalid(errors)
    # Reading files takes longer than a transaction may; what comes meanwhile is looked for again inside.
    known = await bundles.stored()
    naming = set(await asyncio.to_thread(bundles.naming, await subjects.load(person_id), known))
    async with db.transaction():
        await db.row("SELECT id FROM centre FOR UPDATE")
        await _find(scope, person_id)
        subject = await subjects.load(person_id)
        hindrance = await _hindrance(scope, subject)
        if hindrance is not None:
            raise hindrance
        fresh = [upload for upload in await bundles.stored() if upload not in known]
        naming |= set(await asyncio.to_thread(bundles.naming, subject, fresh))
        return await _erase(scope, subject, ground, sorted(naming))


async def _erase(scope: Scope, subject: Subject, ground: str, naming: list[int]) -> dict[str, int]:
    secure = await _overwrite_what_goes()
    await _outdate(subject)
    counts: Counter[str] = Counter()
    async with audit.rewriting():
        counts.update(await traces.clear(subject))
        counts.update(await traces.clear_mentions(subject))
    counts["stored_file"] += await _drop_files(subject, naming)
    if subject.account_id is not None:
        await sessions.end_all(subject.account_id)
    counts.update(await _own_rows(subject))
    now = clock.now()
    await db.execute(
        "UPDATE person SET erased_at = ?, changed_at = ?, changed_by = ? WHERE id = ?",
        *(now, now, scope.account_id, subject.person_id),
    )
    await db.execute("UPDATE student SET changed_at = ? WHERE person_id = ?", now, subject.person_id)
    await db.execute(
        "UPDATE account SET disabled_at = COALESCE(disabled_at, ?), disabled_by = ? WHERE person_id = ?",
        *(now, scope.account_id, subject.person_id),
    )
    await _remember(scope, subject, ground, +counts)
    await secure.restore()
    return dict(+counts)


async def _remember(scope: Scope, subject: Subject, ground: str, counts: Counter[str]) -> None:
    """The record of the erasure, which names nobody, and the job that sweeps."""
    erasure = await db.insert(
        "erasure",
        person_id=subject.person_id,
        ground=ground,
        counts=_json(counts),
        made_at=clock.now(),
        made_by=scope.account_id,
    )
    changes = {"ground": ground, "counts": dict(counts)}
    await audit.record(scope, "person.erase", "person", subject.person_id, changes)
    await jobs.enqueue("sweep", {"erasure": erasure})


class Line(NamedTuple):
    """An erasure as the list tells it: by number, ground and how much, and whether the files were swept already."""

    person_id: int
    ground: str
    rows: int
    made_at: dt.datetime
    made_by: names.Name | None
    swept: bool


async def latest(scope: Scope) -> list[Line]:
    """The last erasures."""
    scope.require(Permission.SET_RETENTION)
    found = await Erasure.all().order_by("-id").limit(50)
    by = await authors.of_accounts(one.made_by for one in found)
    return [
        Line(
            one.person_id,  # type: ignore[attr-defined]
            one.ground,
            sum(one.counts.values()),
            one.made_at,
            by.get(one.made_by or 0),
            one.swept_at is not None,
        )
        for one in found
    ]


@jobs.handles("sweep")
async def sweep(payload: dict[str, Any]) -> None:
    """Make the erased unreadable in the database's own files; tried again while somebody still reads the old log."""
    await db.sweep(sorted(TABLES))
    await db.execute("UPDATE erasure SET swept_at = ? WHERE id = ?", clock.now(), payload["erasure"])
    if db.dialect() == "sqlite":
        await db.sweep(["erasure"])


async def _find(scope: Scope, person_id: int) -> None:
    seen = sight.persons(scope)
    if await db.row(f"SELECT 1 FROM person p WHERE p.id = ? AND {seen.sql}", person_id, *seen.args) is None:
        raise NotFound


async def _who_stays(person_id: int, student_id: int) -> list[Stays]:
    """The guardians of the student, or the children of the guardian: their links to this person go, they stay."""
    found = await db.rows(
        "SELECT p.id, p.family_name, p.middle_name, p.given_name,"
        " (SELECT COUNT(*) FROM guardian o WHERE o.person_id = p.id AND o.student_id <> ?), 0"
        " FROM guardian g JOIN person p ON p.id = g.person_id WHERE g.student_id = ?"
        " UNION ALL SELECT p.id, p.family_name, p.middle_name, p.given_name,"
        " (SELECT COUNT(*) FROM guardian o WHERE o.student_id = g.student_id AND o.person_id <> ?), 1"
        " FROM guardian g JOIN student s ON s.id = g.student_id JOIN person p ON p.id = s.person_id"
        " WHERE g.person_id = ?",
        *(student_id, student_id, person_id, person_id),
    )
    return [Stays._make((*row[:5], bool(row[5]) and not row[4])) for row in found]


async def _hindrance(scope: Scope, subject: Subject) -> Conflict | Forbidden | None:
    """Why this person may not be erased (by this scope, now), if there is a reason."""
    if subject.person_id == scope.person_id:
        return Conflict(say("You cannot erase yourself."))
    if await db.row("SELECT 1 FROM import_run WHERE state IN ('waiting', 'running') AND ended_at IS NULL LIMIT 1"):
        return Conflict(say("An import is at work. Erase the person when it has ended."))
    if subject.account_id is None:
        return None
    if await db.row("SELECT 1 FROM account_role WHERE account_id = ? LIMIT 1", subject.account_id):
        if not scope.may(Permission.EDIT_ACCOUNTS) or not accounts.may_keep(
            scope, await accounts.find(scope, subject.account_id)
        ):
            return Forbidden(say("Only an administrator erases somebody who has a role here."))
    if not await holders.administrators(but=subject.account_id):
        return Conflict(say("The centre needs at least one administrator."))
    return None


def _is_name(typed: str, card: persons.Card, order: str) -> bool:
    """Whether it is the name as it is shown: every mark counts, for Hoà and Hoa are two people; capitals do not."""
    shown = names.shown(card.family_name, card.middle_name, card.given_name, order)
    return clean(typed).casefold() == clean(shown).casefold()


async def _outdate(subject: Subject) -> None:
    """What was made of the person before is out of date: their own pages, their family's, their classes'."""
    student = subject.student_id or 0
    family = await db.rows(
        "SELECT person_id FROM guardian WHERE student_id = ? UNION SELECT s.person_id FROM guardian g"
        " JOIN student s ON s.id = g.student_id WHERE g.person_id = ?",
        *(student, subject.person_id),
    )
    classes = await db.rows(
        "SELECT class_id FROM class_membership WHERE student_id = ? UNION SELECT class_id FROM class_teacher"
        " WHERE person_id = ?",
        *(student, subject.person_id),
    )
    versions.bump(versions.person(subject.person_id), *(versions.person(row[0]) for row in family))
    versions.bump(versions.student(student), *(versions.class_(row[0]) for row in classes))


async def _drop_files(subject: Subject, naming: list[int]) -> int:
    """Let go of what names the person: packed exports, uploads of theirs that no record took, imported files."""
    packed = await db.rows(
        "SELECT file_id FROM data_export WHERE person_id = ? AND file_id IS NOT NULL", subject.person_id
    )
    loose = await db.rows("SELECT id FROM stored_file WHERE taken_by = '' AND uploaded_by = ?", subject.account_id or 0)
    dropped = sorted({*naming, *(row[0] for row in [*packed, *loose])})
    if not dropped:
        return 0
    marks = db.marks(len(dropped))
    await db.execute(
        f"UPDATE import_run SET file_id = NULL, problems = '[]', preview = '[]' WHERE file_id IN ({marks})", *dropped
    )
    over = f"UPDATE data_export SET file_id = NULL, expires_at = ? WHERE file_id IN ({marks})"
    await db.execute(over, clock.now(), *dropped)
    await files.discard(dropped)
    return len(dropped)


async def _own_rows(subject: Subject) -> dict[str, int]:
    """Put the tombstones of the registry into the person's own rows."""
    locale = (await centres.facts()).locale
    words = {
        "name": translated(FORMER if subject.works else ERASED, locale),
        "code": f"erased-{subject.person_id}",
        "login": f"erased-{subject.person_id}@erased.invalid",
    }
    counts = {}
    for table, declared in TABLES.items():
        if not declared.whose:
            continue
        args = [subject.person_id] * declared.whose.count("?")
        own = {column: fate.own for column, fate in declared.columns.items() if fate.own is not KEEP}
        if declared.deleted:
            counts[table] = await db.execute(f'DELETE FROM "{table}" WHERE {declared.whose}', *args)
        elif own:
            values = [value.format(**words) if isinstance(value, str) else value for value in own.values()]
            sets = ", ".join(f'"{column}" = ?' for column in own)
            counts[table] = await db.execute(f'UPDATE "{table}" SET {sets} WHERE {declared.whose}', *values, *args)
    return counts


class _Overwriting(NamedTuple):
    """SQLite's way with what is deleted, as it was before."""

    before: int | None

    async def restore(self) -> None:
        if self.before is not None:
            await db.rows(f"PRAGMA secure_delete={self.before}")


async def _overwrite_what_goes() -> _Overwriting:
    """Have SQLite write zeros over what goes from here on, so that it is gone even if the sweep cannot run."""
    if db.dialect() == "postgres":
        return _Overwriting(None)
    before = int(await db.value("PRAGMA secure_delete"))
    await db.rows("PRAGMA secure_delete=ON")
    return _Overwriting(before)


def _json(counts: Counter[str]) -> str:
    return json.dumps(dict(counts))
