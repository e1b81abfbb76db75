"""How long things are kept: a number of days for each kind, chosen by the administrator, and the job that deletes.

Once a day the worker deletes what is older, in portions of bounded size, each in a transaction of its own. Running
twice does no more than running once; each day leaves one row that says how much went, and one act in the record.
"""

import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from portal import audit, clock, db, files, jobs
from portal.centre import centres
from portal.errors import Invalid, Sentence, say
from portal.privacy.models import Retention, RetentionDay
from portal.scope import SYSTEM, Permission, Scope

PORTION = 500
EVERY = dt.timedelta(hours=24)
_WHOLE = say("A whole number of days from {least} to {most}.", least=0, most=0)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record: for how many days it is kept if nobody says otherwise, and between which bounds one may say.

    `old` is a condition on its rows with one `?` for the moment before which they go.
    """

    name: str
    words: Sentence
    why: Sentence
    days: int
    least: int
    most: int
    table: str
    old: str


_TOLD = "(file_id IS NOT NULL OR CAST(problems AS TEXT) <> '[]' OR CAST(preview AS TEXT) <> '[]')"

KINDS = (
    Kind(
        "attempts",
        say("Failed sign-ins"),
        say("Counted by account and address, to slow down guessing."),
        *(1, 1, 30, "sign_in_attempt", "at < ?"),
    ),
    Kind(
        "sessions",
        say("Ended sessions"),
        say("Device and address of where somebody was signed in."),
        # Nobody's open session: what was not seen for thirty days is over (sessions.LIFETIME).
        *(90, 30, 1095, "session", "COALESCE(ended_at, seen_at) < ? AND (ended_at IS NOT NULL OR seen_at < ?)"),
    ),
    Kind(
        "devices",
        say("Known devices"),
        say("Browsers that signed in before and are spared the delays; a stranger's guesses cannot lock them out."),
        *(365, 30, 1095, "known_device", "seen_at < ?"),
    ),
    Kind(
        "links",
        say("Used and expired links"),
        say("Hashes of invitations and password links that no longer work."),
        *(30, 1, 365, "secret_link", "COALESCE(used_at, expires_at) < ? AND (used_at IS NOT NULL OR expires_at < ?)"),
    ),
    Kind(
        "letters",
        say("Letters sent"),
        say("To whom, when, and under which subject."),
        *(365, 7, 3650, "letter", "made_at < ?"),
    ),
    Kind(
        "jobs",
        say("Work done in the background"),
        say("What was done, or given up with its reason; no longer what it was about."),
        *(30, 7, 365, "job", "COALESCE(done_at, dead_at) < ?"),
    ),
    Kind(
        "imports",
        say("Files of imports"),
        say("The file that was sent and its list of problems; the figures of the import stay."),
        *(
            90,
            1,
            1095,
            "import_run",
            "ended_at < ? AND (file_id IS NOT NULL OR CAST(problems AS TEXT) <> '[]' OR CAST(preview AS TEXT) <> '[]')",
        ),
    ),
    Kind(
        "exports",
        say("Data packed for somebody"),
        say("The download of what we hold about a person."),
        *(7, 1, 30, "data_export", "COALESCE(expires_at, failed_at) < ?"),
    ),
    Kind(
        "readings",
        say("Who looked at whose records"),
        say("What families read under “Who looked at it”."),
        *(365, 30, 3650, "reading", "at < ?"),
    ),
    Kind(
        "acts",
        say("The record of acts"),
        say("Who did what, and when: the proof of every decision."),
        *(1825, 365, 7300, "audit_entry", "at < ?"),
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}


class Chosen(NamedTuple):
    """A kind with the days that hold for it now."""

    kind: Kind
    days: int
    is_default: bool


class Run(NamedTuple):
    """What went on a day, by kind."""

    day: dt.date
    counts: Mapping[str, int]


async def chosen(scope: Scope) -> list[Chosen]:
    """Every kind with its days."""
    scope.require(Permission.SET_RETENTION)
    return await _chosen()


async def latest(scope: Scope) -> list[Run]:
    """What went on the last days."""
    scope.require(Permission.SET_RETENTION)
    found = await RetentionDay.exclude(ended_at=None).order_by("-day").limit(10)
    return [Run(one.day, one.counts) for one in found]


async def choose(scope: Scope, typed: Mapping[str, str]) -> None:
    """Say for how many days each kind is kept; raises `Invalid` beside each that is out of its bounds."""
    scope.require(Permission.SET_RETENTION)
    days: dict[str, int] = {}
    errors: dict[str, Sentence] = {}
    for kind in KINDS:
        text = typed.get(kind.name, "").strip()
        if text.isascii() and text.isdigit() and len(text) <= 6 and kind.least <= int(text) <= kind.most:
            days[kind.name] = int(text)
        else:
            errors[kind.name] = say(_WHOLE.msgid, least=kind.least, most=kind.most)
    if errors:
        raise Invalid(errors)
    async with db.transaction():
        before = {one.kind.name: one.days for one in await _chosen()}
        changed = {name: value for name, value in days.items() if before[name] != value}
        for name, value in sorted(changed.items()):
            await db.execute(
                "INSERT INTO retention (kind, days, changed_at, changed_by) VALUES (?, ?, ?, ?) ON CONFLICT (kind)"
                " DO UPDATE SET days = excluded.days, changed_at = excluded.changed_at,"
                " changed_by = excluded.changed_by",
                *(name, value, clock.now(), scope.account_id),
            )
        if changed:
            changes = {name: [before[name], value] for name, value in changed.items()}
            await audit.record(scope, "retention.choose", "centre", 1, changes)


async def days_for(name: str) -> int:
    """For how many days a kind is kept."""
    return next(one.days for one in await _chosen() if one.kind.name == name)


async def schedule() -> None:
    """Have the worker begin, unless it waits for its day already; called when the house opens.

    It asks before it writes: a house must open although an import from the command line holds SQLite's only writer.
    """
    waiting = "SELECT 1 FROM job WHERE kind = 'retention' AND done_at IS NULL AND dead_at IS NULL LIMIT 1"
    if await db.row(waiting) is not None:
        return
    async with db.transaction():
        centre = await db.row("SELECT id FROM centre FOR UPDATE")
        if centre is not None and await db.row(waiting) is None:
            await jobs.enqueue("retention", {})


@jobs.handles("retention")
async def work_off(payload: dict[str, Any]) -> None:
    """Delete what is over today, and have oneself called again tomorrow."""
    await run()
    async with db.transaction():
        await db.row("SELECT id FROM centre FOR UPDATE")
        later = "SELECT 1 FROM job WHERE kind = 'retention' AND due_at > ? AND done_at IS NULL AND dead_at IS NULL"
        if await db.row(later, clock.now()) is None:
            await jobs.enqueue("retention", {}, after=EVERY)


async def run() -> dict[str, int]:
    """Delete everything whose time is over; how much went, by kind."""
    now, zone = clock.now(), (await centres.facts()).time_zone
    counts: Counter[str] = Counter()
    for one in await _chosen():
        cut = now - dt.timedelta(days=one.days)
        if one.kind.name == "exports":
            cut = now  # their days are in `expires_at` already
        counts[one.kind.name] = await _portions(one.kind, cut)
    counts["left_over"] = await files.sweep()
    await _write_down(clock.today(zone), +counts)
    return dict(+counts)


async def _portions(kind: Kind, cut: dt.datetime) -> int:
    remove = _REMOVING.get(kind.name, _delete)
    total = 0
    while True:
        async with db.transaction():
            args = [cut] * kind.old.count("?")
            ids = [
                row[0]
                for row in await db.rows(
                    f'SELECT id FROM "{kind.table}" WHERE {kind.old} ORDER BY id LIMIT {PORTION}', *args
                )
            ]
            if ids:
                await remove(kind, ids, cut)
        total += len(ids)
        if len(ids) < PORTION:
            return total


async def _delete(kind: Kind, ids: list[int], cut: dt.datetime) -> None:
    await db.execute(f'DELETE FROM "{kind.table}" WHERE id IN ({db.marks(len(ids))})', *ids)


async def _forget_files(kind: Kind, ids: list[int], cut: dt.datetime) -> None:
    """The file and the problems of an import; the run stays with its figures."""
    marks = db.marks(len(ids))
    held = await db.rows(f"SELECT file_id FROM import_run WHERE id IN ({marks}) AND file_id IS NOT NULL", *ids)
    emptied = "file_id = NULL, problems = '[]', preview = '[]', kept = '[]'"
    await db.execute(f"UPDATE import_run SET {emptied} WHERE id IN ({marks})", *ids)
    await files.discard([row[0] for row in held])


async def _drop_exports(kind: Kind, ids: list[int], cut: dt.datetime) -> None:
    marks = db.marks(len(ids))
    held = await db.rows(f"SELECT file_id FROM data_export WHERE id IN ({marks}) AND file_id IS NOT NULL", *ids)
    await _delete(kind, ids, cut)
    await files.discard([row[0] for row in held])


async def _forget_acts(kind: Kind, ids: list[int], cut: dt.datetime) -> None:
    async with audit.forgetting(cut):
        await _delete(kind, ids, cut)


_REMOVING: dict[str, Callable[[Kind, list[int], dt.datetime], Awaitable[None]]] = {
    "imports": _forget_files,
    "exports": _drop_exports,
    "acts": _forget_acts,
}


async def _write_down(day: dt.date, counts: Counter[str]) -> None:
    """One row a day, and one act in the record, however often the job ran that day."""
    async with db.transaction():
        await db.row("SELECT id FROM centre FOR UPDATE")
        before = await RetentionDay.get_or_none(day=day)
        if before is None:
            await RetentionDay.create(day=day, counts=dict(counts), ended_at=clock.now())
            await audit.record(SYSTEM, "retention.delete", "centre", 1, {"counts": dict(counts)})
        else:
            total = dict(Counter(before.counts) + counts)
            await RetentionDay.filter(id=before.id).update(counts=total, ended_at=clock.now())


async def _chosen() -> list[Chosen]:
    kept = {one.kind: one.days for one in await Retention.all()}
    return [
        Chosen(kind, min(max(kept.get(kind.name, kind.days), kind.least), kind.most), kind.name not in kept)
        for kind in KINDS
    ]
