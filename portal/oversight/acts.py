"""The record of who did what, searched and taken out: by who, what, on which record, when, and in which request.

Whoever may search it learns that something was done, by whom and to whom; what exactly was changed, only who may know
that of such a record (`details`).
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
from portal.oversight import details, whom
from portal.oversight.whom import Key, Person
from portal.people import authors, persons
from portal.people.names import Name, shown
from portal.scope import Permission, Scope
from portal.text import clean, defused, fold
from portal.timetable import days

PAGE = 50
MOST = 10_000  # acts in one file
_PORTION = 1000  # acts whose people are asked for at once
FIELDS = ("who", "whom", "act", "record", "number", "since", "until", "request", "before")


class Change(NamedTuple):
    """One fact of an act: what it was before, if that was noted, and is now; or the person that it names."""

    field: str
    before: str | None
    now: str
    person: Person | None


class Act(NamedTuple):
    """One act; `whom` is the person behind the record, `changes` None where the reader may not know them."""

    id: int
    at: dt.datetime
    who: Name | None
    verb: str
    record: str
    record_id: int | None
    whom: Person | None
    changes: Sequence[Change] | None
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
    whom: str
    changes: str
    request: str


_BY = "e.account_id IN (SELECT a.id FROM account a JOIN person p ON p.id = a.person_id WHERE {like})"
# The record is the person, or theirs. That the changes name the person (as a guardian, mostly) is found by who may read
# them only: else the search would tell. Written as the indexes of migration 0007 are.
_RECORDS = (
    "e.record = 'person' AND e.record_id IN (SELECT p.id FROM person p WHERE {like})"
    " OR e.record = 'student' AND e.record_id IN"
    " (SELECT s.id FROM student s JOIN person p ON p.id = s.person_id WHERE {like})"
    " OR e.record = 'account' AND e.record_id IN"
    " (SELECT a.id FROM account a JOIN person p ON p.id = a.person_id WHERE {like})"
)
_NAMED = {
    "sqlite": " OR length(json_extract(e.changes, '$.person')) < 20"
    " AND CAST(json_extract(e.changes, '$.person') AS TEXT) IN",
    "postgres": " OR length(e.changes ->> 'person') < 20 AND (e.changes ->> 'person') IN",
}


async def search(scope: Scope, typed: Mapping[str, str], zone: str) -> Found:
    """A page of the acts that fit; raises `Invalid` beside `number`, `since`, `until` or `before`."""
    scope.require(Permission.SEE_AUDIT)
    where, args = _condition(scope, typed, zone)
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
    where, args = _condition(scope, {**typed, "before": ""}, zone)
    async with db.transaction():
        acts = await _acts(scope, where, args, MOST)
        asked = {name: clean(value)[:100] for name, value in typed.items() if clean(value)}
        await audit.record(scope, "audit.export", "audit", None, {"count": len(acts), "asked": asked})
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(words)
    for act in acts:
        who = shown(*act.who, order) if act.who else ""
        about = shown(*act.whom[1:], order) if act.whom else ""
        changes = "; ".join(_line(change, order) for change in act.changes or ())
        cells = (
            *(act.at.isoformat(), who, act.verb, act.record, str(act.record_id or ""), about),
            *(changes, act.request_id),
        )
        writer.writerow([defused(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def _about(scope: Scope) -> str:
    if not details.knows_people(scope):
        return f"({_RECORDS})"
    return f"({_RECORDS}{_NAMED[db.dialect()]} (SELECT CAST(p.id AS TEXT) FROM person p WHERE {{like}}))"


def _condition(scope: Scope, typed: Mapping[str, str], zone: str) -> tuple[str, list[object]]:
    errors: dict[str, Sentence | None] = {}
    parts, args = ["1 = 1"], list[object]()
    for name, sql in (("who", _BY), ("whom", _about(scope))):
        like, patterns = _matching(typed.get(name, ""))
        if patterns:
            parts.append(sql.format(like=like))
            args += patterns * sql.count("{like}")
    for name, column in (("act", "verb"), ("record", "record"), ("request", "request_id")):
        if value := clean(typed.get(name, ""))[:100]:
            # A request that is none ("") is not indexed, which SQLite wants to hear.
            parts.append(f"e.{column} = ? AND e.{column} <> ''")
            args.append(value)
    at_number = {
        "number": "e.record_id = ?",
        "before": "(e.at, e.id) < (SELECT b.at, b.id FROM audit_entry b WHERE b.id = ?)",
    }
    for name, sql in at_number.items():
        if value := clean(typed.get(name, "")):
            if not (value.isascii() and value.isdigit() and len(value) <= 18):
                errors[name] = say("This is not a number.")
            else:
                parts.append(sql)
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
        f" WHERE {where} ORDER BY e.at DESC, e.id DESC LIMIT ?",
        *args,
        most,
    )
    by = await authors.of_accounts(row[2] for row in found)
    acts: list[Act] = []
    for start in range(0, len(found), _PORTION):
        portion = [(*row[:6], _facts(row[6]), row[7]) for row in found[start : start + _PORTION]]
        people = await whom.named(key for row in portion for key in whom.keys(row[4], row[5], row[6]))
        acts += [_act(scope, row, by, people) for row in portion]
    return acts


def _act(scope: Scope, row: tuple[Any, ...], by: Mapping[int, Name], people: Mapping[Key, Person]) -> Act:
    act_id, at, account, verb, record, record_id, facts, request_id = row
    known = details.may_know(scope, verb, record)
    return Act(
        id=act_id,
        at=db.instant(at),
        who=by.get(account),
        verb=verb,
        record=record,
        record_id=record_id,
        whom=people.get((record, record_id)),
        changes=_changes(facts, people) if known else None,
        request_id=request_id,
    )


def _facts(kept: Any) -> dict[str, Any]:
    facts = json.loads(kept) if isinstance(kept, str) else kept
    return facts if isinstance(facts, dict) else {"": facts}


def _changes(facts: Mapping[str, Any], people: Mapping[Key, Person]) -> list[Change]:
    """A line for each fact. What was before and after is noted as a pair, by field or for the act as a whole."""
    changes = []
    for field, value in facts.items():
        if field == "before" and "after" in facts:
            changes.append(Change("", _written(value), _written(facts["after"]), None))
        elif field != "after" or "before" not in facts:
            pair = isinstance(value, list) and len(value) == 2
            before = _written(value[0]) if pair else None
            person = people.get((field, value)) if type(value) is int else None
            changes.append(Change(field, before, _written(value[1] if pair else value), person))
    return changes


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _line(change: Change, order: str) -> str:
    now = shown(*change.person[1:], order) if change.person else change.now
    words = now if change.before is None else f"{change.before} → {now}"
    return f"{change.field}: {words}" if change.field else words


def _matching(typed: str) -> tuple[str, list[str]]:
    """A condition on `person p` that every word of a name fulfils, and its arguments; none for no word."""
    words = fold(typed[:200]).split()[:8]
    escaped = (word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words)
    return " AND ".join(["p.search_key LIKE ? ESCAPE '\\'"] * len(words)), [f"%{word}%" for word in escaped]


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
