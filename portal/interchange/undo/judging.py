"""What of an import can be taken back: which rows stand as it left them, and which are needed by something newer.

A row that somebody changed since is left as it is. A row that the import made stays, besides, when something refers to
it that the import did not make (an account, a teacher's mark, a guardian whom staff linked), and so does whatever that
row refers to, and whatever belongs to it: a person keeps their contacts, a student who stays keeps the guardians.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from portal import db
from portal.db.schema import Table
from portal.interchange import journal
from portal.interchange.journal import Change, Range
from portal.interchange.writing import bulk

TABLE_OF = {
    "orgs": "branch",
    "academicSessions": "term",
    "courses": "program",
    "classes": "class",
    "users": "person",
    "demographics": "person",
    "guardians": "guardian",
    "enrollments": "class_membership",
    "teachings": "class_teacher",
    "categories": "category",
    "lineItems": "assessment",
    "results": "score",
}
"""Which records the kinds of `external_id` name."""

PARTS: Sequence[tuple[str, tuple[tuple[str, str], ...]]] = (
    ("email_address", (("person_id", "person"),)),
    ("phone_number", (("person_id", "person"),)),
    ("student", (("person_id", "person"),)),
    ("teacher", (("person_id", "person"),)),
    ("staff_member", (("person_id", "person"),)),
    ("works_at", (("person_id", "person"),)),
    ("guardian", (("person_id", "person"),)),
    ("guardian", (("student_id", "student"),)),
    ("level", (("program_id", "program"),)),
    ("class_membership", (("class_id", "class"), ("student_id", "student"))),
    ("class_teacher", (("class_id", "class"), ("person_id", "person"))),
)
"""What belongs to records that stay: to all of those in its line."""

LOOKS = (("reading", "person_id", "person"),)
"""Tables that only tell who looked at a record, with the column that names it: looking is not using."""
NOT_READ = frozenset({"import_created", "import_change", *(table for table, _, _ in LOOKS)})


class Reason(NamedTuple):
    """Why a row is not taken back: since (changed since), used (by rows of the table `what`), part (of a record that
    stays), gone (no longer there), taken (its code or place belongs to another now)."""

    code: str
    what: str = ""


SINCE, PART, GONE, TAKEN = Reason("since"), Reason("part"), Reason("gone"), Reason("taken")


@dataclass(slots=True)
class Verdict:
    """What is done with the rows of a run."""

    made: dict[str, list[Range]]
    stays: dict[str, dict[int, Reason]] = field(default_factory=lambda: defaultdict(dict))
    """Rows that the import made and that stay, with the reason."""
    restored: dict[str, dict[int, Change]] = field(default_factory=lambda: defaultdict(dict))
    left: dict[str, dict[int, Reason]] = field(default_factory=lambda: defaultdict(dict))
    """Rows that the import changed and that are left as they are, with the reason."""

    def removable(self, table: str) -> list[tuple[int, int]]:
        """The ranges of ids that the import made and that go, the last first."""
        found = []
        staying = sorted(self.stays.get(table, ()))
        for each in self.made.get(table, ()):
            first = each.first
            for record_id in staying:
                if first <= record_id <= each.last:
                    if record_id > first:
                        found.append((first, record_id - 1))
                    first = record_id + 1
            if first <= each.last:
                found.append((first, each.last))
        return found[::-1]


async def judge(run_id: int, tables: Mapping[str, Table]) -> Verdict:
    """Decide on every row of a run; `tables` is the schema, for what refers to what."""
    verdict = Verdict(await journal.made_by(run_id))
    written_at = db.instant(await db.value("SELECT written_at FROM import_run WHERE id = ?", run_id))
    for table, changes in (await journal.changed_by(run_id)).items():
        await _changed(verdict, table, changes)
    for table, ranges in verdict.made.items():
        for record_id in await _touched(table, ranges, written_at):
            verdict.stays[table][record_id] = SINCE
    await _needed(verdict, tables)
    await _names(verdict)
    return verdict


async def _changed(verdict: Verdict, table: str, changes: Mapping[int, Change]) -> None:
    of = await journal.columns(table)
    now = await journal.rows(table, of, changes)
    for record_id, change in changes.items():
        row = now.get(record_id)
        if not change.after:
            verdict.restored[table][record_id] = change
        elif row is None:
            verdict.left[table][record_id] = GONE
        elif of.digest(row).hex() != change.after:
            verdict.left[table][record_id] = SINCE
        else:
            verdict.restored[table][record_id] = change


async def _touched(table: str, ranges: Sequence[Range], written_at: object) -> list[int]:
    """The rows that somebody changed after the import made them."""
    if table in journal.OURS:
        return []
    found: list[int] = []
    of = await journal.columns(table)
    for each in ranges:
        if each.digests is None:
            sql = f'SELECT id FROM "{table}" WHERE id BETWEEN ? AND ? AND changed_at <> ?'
            found += [record_id for (record_id,) in await db.rows(sql, each.first, each.last, written_at)]
            continue
        for start in range(each.first, each.last + 1, bulk.PORTION):
            end = min(each.last, start + bulk.PORTION - 1)
            page = await db.rows(f'SELECT {of.listed} FROM "{table}" WHERE id BETWEEN ? AND ?', start, end)
            found += [row[0] for row in page if of.digest(journal.plain(row)) != each.digest(row[0])]
    return found


async def _needed(verdict: Verdict, tables: Mapping[str, Table]) -> None:
    """Let stay what is referred to by something that is not taken back, and what belongs to that."""
    for child, known in tables.items():
        if child in NOT_READ:
            continue
        for reference in known.references:
            if reference.table in verdict.made:
                await _referred(verdict, child, reference.column, reference.table)
    while True:
        before = sum(map(len, verdict.stays.values()))
        for child in list(verdict.stays):
            await _up(verdict, tables, child)
        for part, owners in PARTS:
            await _down(verdict, part, owners)
        if sum(map(len, verdict.stays.values())) == before:
            return


async def _referred(verdict: Verdict, child: str, column: str, parent: str) -> None:
    """Rows that the import did not make and that refer to rows which it made."""
    own = verdict.made.get(child, ())
    outside = "".join(" AND NOT (id BETWEEN ? AND ?)" for _ in own)
    limits = [limit for each in own for limit in (each.first, each.last)]
    back = {record_id for record_id, change in verdict.restored.get(child, {}).items() if column in change.before}
    for each in verdict.made[parent]:
        sql = f'SELECT id, {column} FROM "{child}" WHERE {column} BETWEEN ? AND ?{outside}'
        for record_id, target in await db.rows(sql, each.first, each.last, *limits):
            if record_id not in back:
                verdict.stays[parent].setdefault(target, Reason("used", child))


async def _up(verdict: Verdict, tables: Mapping[str, Table], child: str) -> None:
    """What a row that stays refers to stays as well."""
    for reference in tables[child].references:
        made = verdict.made.get(reference.table)
        if made is None:
            continue
        sql = f'SELECT DISTINCT {reference.column} FROM "{child}" WHERE id IN ({{ids}})'
        for (target,) in await bulk.rows_of(sql, list(verdict.stays[child])):
            if target is not None and _in(target, made):
                verdict.stays[reference.table].setdefault(target, PART)


async def _down(verdict: Verdict, part: str, owners: Sequence[tuple[str, str]]) -> None:
    """What belongs to records that stay, or were here before, stays when one of them was made here and stays."""
    made = verdict.made.get(part)
    staying = [(column, owner) for column, owner in owners if verdict.stays.get(owner)]
    if made is None or not staying:
        return
    column, owner = min(staying, key=lambda each: len(verdict.stays[each[1]]))
    listed = ", ".join(column for column, _ in owners)
    sql = f'SELECT id, {listed} FROM "{part}" WHERE {column} IN ({{ids}})'
    for record_id, *targets in await bulk.rows_of(sql, list(verdict.stays[owner])):
        if _in(record_id, made) and all(
            target in verdict.stays[table] or not _in(target, verdict.made.get(table, ()))
            for target, (_, table) in zip(targets, owners, strict=True)
        ):
            verdict.stays[part].setdefault(record_id, PART)


async def _names(verdict: Verdict) -> None:
    """The other system's names of records that stay are kept: its next file finds them, and makes nobody twice."""
    names = "external_id"
    for kind, table in TABLE_OF.items():
        sql = f"SELECT id FROM external_id WHERE kind = '{kind}' AND record_id IN ({{ids}})"
        for (name_id,) in await bulk.rows_of(sql, list(verdict.stays.get(table, ()))):
            if _in(name_id, verdict.made.get(names, ())):
                verdict.stays[names][name_id] = PART
        for (name_id,) in await bulk.rows_of(sql, list(verdict.left.get(table, ()))):
            if verdict.restored[names].pop(name_id, None) is not None:
                verdict.left[names][name_id] = PART


def _in(record_id: int, ranges: Iterable[Range]) -> bool:
    return any(each.first <= record_id <= each.last for each in ranges)
