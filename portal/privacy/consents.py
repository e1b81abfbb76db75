"""Consents: who agreed to what about whom, in which words; given, withdrawn, asked for once a version.

Who must agree (Viet Nam's personal data law, in force since 1 January 2026): an adult for themselves; for a minor a
representative, that is a guardian who may see the child and is not restricted; and before anything of a child is
published, the child too from seven years on. A child may always say so for themselves besides.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal import audit, clock, db
from portal.errors import Conflict, Forbidden, Invalid, NotFound, say
from portal.people import persons, sight
from portal.privacy import wordings
from portal.privacy.models import Consent
from portal.scope import Permission, Scope
from portal.text import clean, problem

CHILD_IS_ASKED_FROM = 7  # years
_CHOOSE = say("Choose one of the list.")
_REPRESENTATIVE = (
    "SELECT 1 FROM guardian g JOIN student s ON s.id = g.student_id"
    " WHERE g.person_id = ? AND s.person_id = ? AND g.may_see AND g.restricted_at IS NULL"
)


class Given(NamedTuple):
    """A consent as it stands or stood."""

    id: int
    kind: str
    giver_id: int
    family_name: str
    middle_name: str
    given_name: str
    version: str
    way: str
    given_at: dt.datetime
    note: str
    withdrawn_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """One kind of consent about one person: what is there, and whether it is enough."""

    kind: str
    needed: tuple[str, ...]
    standing: Sequence[Given]
    history: Sequence[Given]
    agreed: bool
    older: bool
    own: Given | None


class Giver(NamedTuple):
    """Somebody who can agree about a person; `relation` is "" for the person themself."""

    person_id: int
    family_name: str
    middle_name: str
    given_name: str
    relation: str


class Concern(NamedTuple):
    """Somebody whom the reader may agree for: themselves or a child."""

    person_id: int
    family_name: str
    middle_name: str
    given_name: str
    is_self: bool


def needed(kind: str, birth_date: dt.date | None, today: dt.date) -> tuple[str, ...]:
    """Who must agree: "self", "representative", or both."""
    if kind == "news" or not persons.is_minor(birth_date, today):
        return ("self",)
    assert birth_date is not None
    seventh = birth_date.year + CHILD_IS_ASKED_FROM, birth_date.month, birth_date.day
    asked = kind == "publish" and (today.year, today.month, today.day) >= seventh
    return ("representative", "self") if asked else ("representative",)


async def concerns(scope: Scope) -> list[Concern]:
    """Whom the reader may agree for: themselves, and each child they may see."""
    children = sight.among("s.id", scope.children)
    found = await db.rows(
        "SELECT p.id, p.family_name, p.middle_name, p.given_name FROM person p"
        " LEFT JOIN student s ON s.person_id = p.id"
        f" WHERE p.id = ? OR {children.sql} ORDER BY CASE WHEN p.id = ? THEN 0 ELSE 1 END, p.birth_date, p.id",
        scope.person_id or 0,
        *children.args,
        scope.person_id or 0,
    )
    return [Concern._make((*row, row[0] == scope.person_id)) for row in found]


async def of_person(scope: Scope, person_id: int, today: dt.date) -> list[Standing]:
    """The consents about a person by kind, for their family and for staff who may note them.

    Raises `NotFound` for a person who is neither the reader nor their child, and out of the staff's sight.
    """
    birth_date = await _concerned(scope, person_id)
    by_kind: dict[str, list[Given]] = {kind: [] for kind in wordings.KINDS}
    for given in await _all(person_id):
        by_kind[given.kind].append(given)
    return [_standing(scope, person_id, kind, birth_date, today, by_kind[kind]) for kind in wordings.KINDS]


def _standing(
    scope: Scope, person_id: int, kind: str, birth_date: dt.date | None, today: dt.date, given: Sequence[Given]
) -> Standing:
    standing = [each for each in given if each.withdrawn_at is None]
    valid = [each for each in standing if each.version == wordings.CURRENT[kind]]
    who = needed(kind, birth_date, today)
    by_self = any(each.giver_id == person_id for each in valid)
    by_other = any(each.giver_id != person_id for each in valid)
    agreed = ("self" not in who or by_self) and ("representative" not in who or by_other)
    own = next((each for each in standing if each.giver_id == scope.person_id), None)
    older = len(valid) < len(standing)
    return Standing(kind, who, standing, [each for each in given if each.withdrawn_at], agreed, older, own)


async def give(scope: Scope, person_id: int, kind: str, *, version: str, language: str) -> None:
    """Agree on a page, for oneself or one's child, to the words that were shown (`version`).

    An older consent of the same giver is replaced. Raises `NotFound` for anybody else, `Invalid` beside `kind`, and
    `Conflict` when the words have changed since the page was opened.
    """
    _known(kind)
    await _mine(scope, person_id)
    if version != wordings.CURRENT[kind]:
        raise Conflict(say("These words have changed. Read the new ones first."))
    async with db.transaction():
        await _write(scope, person_id, kind, scope.person_id or 0, language=language, way="page")


async def withdraw(scope: Scope, person_id: int, kind: str) -> None:
    """Take back what one agreed to on a page; raises `NotFound`. Taking back twice does no harm."""
    _known(kind)
    await _mine(scope, person_id)
    async with db.transaction():
        await _end(scope, person_id, kind, scope.person_id or 0, way="page")


async def note(scope: Scope, person_id: int, kind: str, *, giver: str, note: str, agreed: bool, language: str) -> None:
    """Note what came on paper: that `giver` (a person's id) agreed, or took it back.

    Raises `NotFound` for a person out of sight, `Invalid` beside `kind`, `giver_id` or `note`.
    """
    scope.require(Permission.NOTE_CONSENT)
    text = clean(note)
    errors = {"note": problem(text, longest=300, required=True)}
    givers = {str(one.person_id): one.person_id for one in await givers_of(scope, person_id)}
    if giver not in givers:
        errors["giver_id"] = _CHOOSE
    if kind not in wordings.KINDS:
        errors["kind"] = _CHOOSE
    wrong = {name: sentence for name, sentence in errors.items() if sentence}
    if wrong:
        raise Invalid(wrong)
    async with db.transaction():
        if agreed:
            await _write(scope, person_id, kind, givers[giver], language=language, way="paper", note=text)
        else:
            await _end(scope, person_id, kind, givers[giver], way="paper")


async def givers_of(scope: Scope, person_id: int) -> list[Giver]:
    """Who can agree about a person: they themselves, and their guardians who are not restricted.

    For who notes consents in a branch of the person; raises `NotFound` out of it.
    """
    await _noted_there(scope, person_id)
    found = await db.rows(
        "SELECT p.id, p.family_name, p.middle_name, p.given_name, COALESCE(g.relation, '') FROM person p"
        " LEFT JOIN (guardian g JOIN student s ON s.id = g.student_id AND s.person_id = ?) ON g.person_id = p.id"
        " AND g.may_see AND g.restricted_at IS NULL WHERE p.id = ? OR g.id IS NOT NULL"
        " ORDER BY CASE WHEN p.id = ? THEN 1 ELSE 0 END, p.sort_key, p.id LIMIT 50",
        *(person_id, person_id, person_id),
    )
    return [Giver._make(row) for row in found]


async def to_ask(scope: Scope, today: dt.date) -> Sequence[Concern]:
    """For whom the required words in their present version are still to be put before the reader: once each.

    Of the family only; staff agree to their work elsewhere. Nothing waits for the answer.
    """
    if scope.person_id is None or not scope.may(Permission.SEE_FAMILY_PAGES):
        return []
    kind, version = wordings.REQUIRED, wordings.CURRENT[wordings.REQUIRED]
    asked = await db.row(
        "SELECT 1 FROM consent_question WHERE person_id = ? AND kind = ? AND version = ?",
        *(scope.person_id, kind, version),
    )
    if asked is not None:
        return []
    answered = {
        row[0]
        for row in await db.rows(
            "SELECT person_id FROM consent WHERE giver_id = ? AND kind = ? AND version = ?",
            *(scope.person_id, kind, version),
        )
    }
    open_still = [each for each in await concerns(scope) if each.person_id not in answered]
    return [each for each in open_still if await _must(each, today)]


async def asked(scope: Scope) -> None:
    """Note that the required words were put before the reader, whatever they answered."""
    await db.execute(
        "INSERT INTO consent_question (person_id, kind, version, asked_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (person_id, kind, version) DO NOTHING",
        *(scope.person_id, wordings.REQUIRED, wordings.CURRENT[wordings.REQUIRED], clock.now()),
    )


async def _must(concern: Concern, today: dt.date) -> bool:
    birth_date = await db.value("SELECT birth_date FROM person WHERE id = ?", concern.person_id)
    who = needed(wordings.REQUIRED, db.day(birth_date) if birth_date else None, today)
    return ("self" if concern.is_self else "representative") in who


async def _concerned(scope: Scope, person_id: int) -> dt.date | None:
    """The birth date of a person whose consents the scope may know; raises `NotFound`."""
    if person_id not in {each.person_id for each in await concerns(scope)}:
        await _noted_there(scope, person_id)
    birth_date = await db.value("SELECT birth_date FROM person WHERE id = ?", person_id)
    return db.day(birth_date) if birth_date else None


async def may_note(scope: Scope, person_id: int) -> bool:
    """Whether the scope notes consents about this person: in its branches."""
    return await sight.reaches(scope, Permission.NOTE_CONSENT, person_id)


async def _noted_there(scope: Scope, person_id: int) -> None:
    if not await may_note(scope, person_id):
        raise NotFound


async def _mine(scope: Scope, person_id: int) -> None:
    """Refuse to speak for anybody but oneself and one's children."""
    if scope.person_id is None or person_id == scope.person_id:
        if scope.person_id is None:
            raise Forbidden
        return
    if await db.row(_REPRESENTATIVE, scope.person_id, person_id) is None:
        raise NotFound


def _known(kind: str) -> None:
    if kind not in wordings.KINDS:
        raise Invalid({"kind": _CHOOSE})


async def _write(
    scope: Scope, person_id: int, kind: str, giver_id: int, *, language: str, way: str, note: str = ""
) -> None:
    await db.row("SELECT id FROM person WHERE id = ? FOR NO KEY UPDATE", person_id)
    words = wordings.current(kind, language)
    standing = await Consent.get_or_none(person_id=person_id, kind=kind, giver_id=giver_id, withdrawn_at=None)
    if standing is not None and standing.version == words.version:
        return
    if standing is not None:
        await _end(scope, person_id, kind, giver_id, way=way)
    await Consent.create(
        person_id=person_id,
        kind=kind,
        giver_id=giver_id,
        version=words.version,
        language=words.language,
        words_hash=words.digest,
        way=way,
        given_at=clock.now(),
        noted_by=None if way == "page" else scope.account_id,
        note=note,
    )
    changes = {"kind": kind, "version": words.version, "giver": giver_id, "way": way}
    await audit.record(scope, "consent.give", "person", person_id, changes)


async def _end(scope: Scope, person_id: int, kind: str, giver_id: int, *, way: str) -> None:
    ended = await Consent.filter(person_id=person_id, kind=kind, giver_id=giver_id, withdrawn_at=None).update(
        withdrawn_at=clock.now(), withdrawn_by=scope.account_id, withdrawn_way=way
    )
    if ended:
        changes = {"kind": kind, "giver": giver_id, "way": way}
        await audit.record(scope, "consent.withdraw", "person", person_id, changes)


async def _all(person_id: int) -> list[Given]:
    found = await db.rows(
        "SELECT c.id, c.kind, c.giver_id, p.family_name, p.middle_name, p.given_name, c.version, c.way, c.given_at,"
        " c.note, c.withdrawn_at FROM consent c JOIN person p ON p.id = c.giver_id WHERE c.person_id = ?"
        " ORDER BY c.id DESC LIMIT 200",
        person_id,
    )
    return [
        Given._make((*row[:8], db.instant(row[8]), row[9], db.instant(row[10]) if row[10] else None)) for row in found
    ]
