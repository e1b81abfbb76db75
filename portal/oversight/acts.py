"""The record of who did what, searched and taken out: by who, what, on which record, when, and in which request.

Whoever may search it learns that something was done to a record; what exactly was changed of a person's own facts
(their grades, contacts, guardians) only who may see those everywhere (docs/access.md).
"""

import csv
import datetime as dt
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from portal import audit, db
from portal.errors import Invalid, Sentence, say
from portal.people import authors, persons
from portal.people.names import Name, shown
from portal.scope import Permission, Scope
from portal.text import clean, defused, fold
from portal.timetable import days

PAGE = 50
MOST = 10_000  # acts in one file
PRIVATE = frozenset({"person", "student", "guardian", "assessment"})
FIELDS = ("who", "act", "record", "number", "since", "until", "request", "before")


class Act(NamedTuple):
    """One act; `changes` is None where the reader may not know what was changed."""

    id: int
    at: dt.datetime
    who: Name | None
    verb: str
    record: str
    record_id: int | None
    changes: Sequence[tuple[str, str]] | None
    request_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """A page of acts, the latest first; `older` is what to ask `before` for the next one."""

    acts: Sequence[Act]
    older: int | None


class Words(NamedTuple):
    """The heads of the columns of a file, in the reader's language."""

    at: str
    who: str
    act: str
    record: str
    number: str
    changes: str
    request: str


async def search(scope: Scope, typed: Mapping[str, str], zone: str) -> Found:
    """A page of the acts that fit; raises `Invalid` beside `number`, `since`, `until` or `before`."""
    scope.require(Permission.SEE_AUDIT)
    where, args = _condition(typed, zone)
    acts = await _acts(scope, where, args, PAGE + 1)
    return Found(acts[:PAGE], acts[PAGE - 1].id if len(acts) > PAGE else None)


async def kinds(scope: Scope) -> tuple[list[str], list[str]]:
    """The verbs and the kinds of records that there are, for the lists to choose from."""
    scope.require(Permission.SEE_AUDIT)
    # One step of an index for each, instead of a walk through every act.
    return await _distinct("verb"), await _distinct("record")


async def take(scope: Scope, typed: Mapping[str, str], zone: str, words: Words, order: str) -> bytes:
    """The acts that fit as CSV, at most `MOST`; raises as `search` does. Taking them out is an act itself."""
    scope.require(Permission.EXPORT_AUDIT)
    where, args = _condition({**typed, "before": ""}, zone)
    async with db.transaction():
        acts = await _acts(scope, where, args, MOST)
        asked = {name: clean(value)[:100] for name, value in typed.items() if clean(value)}
        await audit.record(scope, "audit.export", "audit", None, {"count": len(acts), "asked": asked})
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(words)
    for act in acts:
        who = shown(*act.who, order) if act.who else ""
        changes = "; ".join(f"{name}: {value}" for name, value in act.changes or ())
        cells = (act.at.isoformat(), who, act.verb, act.record, str(act.record_id or ""), changes, act.request_id)
        writer.writerow([defused(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def _condition(typed: Mapping[str, str], zone: str) -> tuple[str, list[object]]:
    errors: dict[str, Sentence | None] = {}
    parts, args = ["1 = 1"], list[object]()
    for word in fold(typed.get("who", "")[:200]).split()[:8]:
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        parts.append(
            "e.account_id IN (SELECT a.id FROM account a JOIN person p ON p.id = a.person_id"
            " WHERE p.search_key LIKE ? ESCAPE '\\')"
        )
        args.append(pattern)
    for name, column in (("act", "verb"), ("record", "record"), ("request", "request_id")):
        if value := clean(typed.get(name, ""))[:100]:
            parts.append(f"e.{column} = ?")
            args.append(value)
    for name, column, sign in (("number", "record_id", "="), ("before", "id", "<")):
        if value := clean(typed.get(name, "")):
            if not (value.isascii() and value.isdigit() and len(value) <= 18):
                errors[name] = say("This is not a number.")
            else:
                parts.append(f"e.{column} {sign} ?")
                args.append(int(value))
    for name, sign, edge in (("since", ">=", days.begins), ("until", "<", days.ends)):
        day, errors[name] = persons.day(typed.get(name, ""))
        if day is not None and not dt.date(2000, 1, 1) <= day <= dt.date(2200, 1, 1):
            day, errors[name] = None, say("This is not a day. It looks like 31/12/2014.")
        if day is not None:
            parts.append(f"e.at {sign} ?")
            args.append(edge(day, zone))
    if any(errors.values()):
        raise Invalid({name: sentence for name, sentence in errors.items() if sentence})
    return " AND ".join(parts), args


async def _acts(scope: Scope, where: str, args: Sequence[object], most: int) -> list[Act]:
    found = await db.rows(
        "SELECT e.id, e.at, e.account_id, e.verb, e.record, e.record_id, e.changes, e.request_id FROM audit_entry e"
        f" WHERE {where} ORDER BY e.id DESC LIMIT ?",
        *args,
        most,
    )
    by = await authors.of_accounts(row[2] for row in found)
    everything = scope.branches_for(Permission.SEE_GRADES) is None
    return [
        Act(
            row[0],
            db.instant(row[1]),
            by.get(row[2]),
            row[3],
            row[4],
            row[5],
            _changes(row[6]) if everything or row[4] not in PRIVATE else None,
            row[7],
        )
        for row in found
    ]


def _changes(kept: Any) -> list[tuple[str, str]]:
    """What was changed, a line for each fact."""
    facts = json.loads(kept) if isinstance(kept, str) else kept
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in (facts or {}).items()
    ]


async def _distinct(column: str) -> list[str]:
    found: list[str] = []
    while len(found) < 200:
        following = await db.value(
            f"SELECT MIN({column}) FROM audit_entry WHERE {column} > ?", found[-1] if found else ""
        )
        if following is None:
            break
        found.append(following)
    return found
