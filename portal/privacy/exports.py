"""Exports: a person's data packed into a zip, for themselves or, by staff, to be handed to them.

A job packs it. Only the account that asked may fetch it, for seven days (a setting of retention); then it is deleted.
"""

import asyncio
import datetime as dt
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

from portal import audit, clock, db, files, jobs
from portal.access import roles, scopes
from portal.centre import centres
from portal.errors import Conflict, Forbidden, Gone, NotFound, say
from portal.people import names, sight
from portal.privacy import gathering, reading_out, retention
from portal.privacy.models import DataExport
from portal.scope import Permission, Scope
from portal.text import slug
from portal.words import translated

LARGEST = 200_000_000
GIVEN_UP_AFTER = dt.timedelta(days=1)  # `jobs` has tried for less than eight hours
_DATA = say("data")
AT_ONCE = 3  # exports of one account that wait or lie there; somebody who presses often gets no more


class Line(NamedTuple):
    """An export in the list of whoever asked for it: state is waiting, ready, failed or over."""

    id: int
    state: str
    asked_at: dt.datetime
    expires_at: dt.datetime | None
    size: int


class Download(NamedTuple):
    """A packed file, to be sent as an attachment."""

    path: Path
    name: str


async def ask(scope: Scope, person_id: int, *, language: str) -> int:
    """Have a person's data packed: one's own, or with the right to, that of somebody in reach.

    Returns the export's id. Raises `NotFound` out of reach, `Forbidden` for whoever stands above the scope, `Conflict`
    while enough of them wait or lie there.
    """
    async with db.transaction():
        await _reach(scope, person_id)
        await db.row("SELECT id FROM account WHERE id = ? FOR NO KEY UPDATE", scope.account_id or 0)
        lying = await db.value(
            "SELECT COUNT(*) FROM data_export WHERE asked_by = ? AND person_id = ? AND failed_at IS NULL"
            " AND (expires_at > ? OR (expires_at IS NULL AND asked_at > ?))",
            *(scope.account_id or 0, person_id, clock.now(), clock.now() - GIVEN_UP_AFTER),
        )
        if lying >= AT_ONCE:
            raise Conflict(say("This was packed already. Take the file that is here."))
        export = await db.insert(
            "data_export",
            person_id=person_id,
            asked_by=scope.account_id,
            asked_at=clock.now(),
            language=language,
        )
        await audit.record(scope, "person.export", "person", person_id, {"export": export})
        await jobs.enqueue("export", {"export": export})
    return export


async def listed(scope: Scope, person_id: int) -> list[Line]:
    """The exports of a person that this account has asked for, the latest first."""
    found = await db.rows(
        "SELECT e.id, e.asked_at, e.made_at, e.failed_at, e.expires_at, COALESCE(f.size, 0) FROM data_export e"
        " LEFT JOIN stored_file f ON f.id = e.file_id WHERE e.asked_by = ? AND e.person_id = ?"
        " ORDER BY e.id DESC LIMIT 20",
        *(scope.account_id or 0, person_id),
    )
    return [
        Line(row[0], _state(row), db.instant(row[1]), db.instant(row[4]) if row[4] else None, row[5]) for row in found
    ]


async def fetch(scope: Scope, export_id: int) -> Download:
    """The packed file; raises `NotFound` for all but who asked and still may have it, `Gone` when it has expired."""
    found = await db.row(
        "SELECT f.sha256, e.language, e.expires_at, e.person_id, p.family_name, p.middle_name, p.given_name"
        " FROM data_export e JOIN stored_file f ON f.id = e.file_id JOIN person p ON p.id = e.person_id"
        " WHERE e.id = ? AND e.asked_by = ?",
        *(export_id, scope.account_id or 0),
    )
    if found is None or not await may(scope, found[3]):
        raise NotFound
    path = files.path_of(found[0])
    if db.instant(found[2]) <= clock.now() or not path.is_file():
        raise Gone(say("This file has expired. Ask for a new one."))
    name = names.shown(found[4], found[5], found[6], (await centres.facts()).name_order)
    return Download(path, f"{slug(f'{translated(_DATA, found[1])} {name}')}.zip")


@jobs.handles("export")
async def pack(payload: dict[str, Any]) -> None:
    """Pack an export; one whose person was erased meanwhile, or that is packed already, is let be."""
    export = await DataExport.get_or_none(id=payload["export"], made_at=None, failed_at=None)
    if export is None:
        return
    person_id: int = export.person_id  # type: ignore[attr-defined]
    scope = await _scope_of(export.asked_by)
    if scope is None or not await may(scope, person_id):
        await DataExport.filter(id=export.id).update(failed_at=clock.now())
        return
    centre, begun = await centres.facts(), clock.now()
    async with db.snapshot(seconds=120):
        held = await gathering.gather(
            person_id,
            order=centre.name_order,
            zone=centre.time_zone,
            today=clock.today(centre.time_zone),
            for_others=None if person_id == scope.person_id else await _seen_by(scope),
        )
    title = reading_out.title(centre.name, held["person"]["name"], export.language)
    packed = await asyncio.to_thread(_zip, held, title, export.language, centre.time_zone)
    file = await files.receive(scope, _once(packed), "data.zip", largest=LARGEST, only=("application/zip",))
    days = await retention.days_for("exports")
    async with db.transaction():
        await db.row("SELECT id FROM centre FOR UPDATE")  # erasing holds it too
        if await db.row("SELECT 1 FROM erasure WHERE made_at >= ? LIMIT 1", begun):
            await files.discard([file.id])  # it may name who has just been erased
            await jobs.enqueue("export", payload)
            return
        await files.take(file, "data_export", export.id)
        await DataExport.filter(id=export.id).update(
            file_id=file.id, made_at=clock.now(), expires_at=clock.now() + dt.timedelta(days=days)
        )


async def _reach(scope: Scope, person_id: int) -> None:
    if await may(scope, person_id):
        return
    if await sight.reaches(scope, Permission.EXPORT_PEOPLE, person_id):
        raise Forbidden(say("This person has a role above yours. They pack their own data on their profile."))
    raise NotFound


async def may(scope: Scope, person_id: int) -> bool:
    """Whether the scope may have this person's data: one's own, or with the right to, in its branches.

    Never that of somebody whose role is above one's own, as with their account.
    """
    if scope.person_id is not None and person_id == scope.person_id:
        return True
    return await sight.reaches(scope, Permission.EXPORT_PEOPLE, person_id) and not await _is_above(scope, person_id)


async def _is_above(scope: Scope, person_id: int) -> bool:
    held = await db.rows(
        "SELECT r.role FROM account_role r JOIN account a ON a.id = r.account_id WHERE a.person_id = ?", person_id
    )
    return roles.rank(role for (role,) in held) > roles.rank(scope.roles)


async def _seen_by(scope: Scope) -> list[int]:
    """The students whose grades whoever packs may see: a family's child of another branch is not theirs to hand out."""
    seen = sight.grades(scope)
    return [row[0] for row in await db.rows(f"SELECT s.id FROM student s WHERE {seen.sql}", *seen.args)]


async def _scope_of(account_id: int) -> Scope | None:
    """Who asked, with the rights they have now."""
    found = await db.row("SELECT id, person_id FROM account WHERE id = ? AND disabled_at IS NULL", account_id)
    return await scopes.build(*found) if found else None


def _state(row: tuple[Any, ...]) -> str:
    if row[3]:
        return "failed"
    if row[2] is None:  # its job has been given up by then, with the reason on the server's page
        return "waiting" if clock.now() - db.instant(row[1]) < GIVEN_UP_AFTER else "failed"
    return "ready" if db.instant(row[4]) > clock.now() else "over"


def _zip(held: gathering.Facts, title: str, language: str, zone: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.txt", reading_out.text(held, title, language, zone))
        archive.writestr("data.json", json.dumps(held, ensure_ascii=False, indent=2, default=_plain))
    return packed.getvalue()


def _plain(value: Any) -> str:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no form in JSON")


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
