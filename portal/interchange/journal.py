"""What an import run did to the database, row by row and compact, so that it can be taken back (decision 12).

A writer tells its journal of rows it made (`insert`, `created`, `growing`) and of rows that it is about to change or
delete (`changing`), whatever the kind of import; `close` compares and writes it all down, in the transaction of the
import. Rows made are kept as ranges of ids, rows changed as the values that were there before, in one text each.

Whether somebody changed a row since is told by a digest of how the import left it. Where a table stamps every change
(`STAMPED`), the stamp of the import says the same for nothing, so a first import of a whole city costs next to nothing.
"""

import asyncio
import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any, NamedTuple

from portal import db
from portal.db.values import stored
from portal.interchange.writing import bulk

STAMPED = frozenset({"person", "student", "score"})
"""Tables in which every verb sets `changed_at`."""
OURS = frozenset({"external_id"})
"""Tables that nobody writes but imports: their rows are never changed by somebody else."""
DERIVED = {"assessment": frozenset({"published_count", "published_points"})}
"""Columns that are counted from other rows: neither kept nor compared."""

_DIGEST = 8
_PORTION = 2_000

Row = tuple[Any, ...]


class Range(NamedTuple):
    """Rows that a run made: ids from `first` to `last`, and a digest of each, unless a stamp says as much."""

    first: int
    last: int
    digests: bytes | None

    def digest(self, record_id: int) -> bytes | None:
        """The digest of a row of the range."""
        at = (record_id - self.first) * _DIGEST
        return None if self.digests is None else self.digests[at : at + _DIGEST]


class Change(NamedTuple):
    """A row that a run changed: the values before, of the columns that differ, and a digest of the row after.

    Of a row that it deleted `before` holds all columns, and `after` is empty.
    """

    before: dict[str, Any]
    after: str


class Columns(NamedTuple):
    """The columns of a table that the journal keeps, and how a value of each is written again."""

    names: tuple[str, ...]
    types: tuple[str, ...]

    @property
    def listed(self) -> str:
        return ", ".join(f'"{name}"' for name in self.names)

    def digest(self, row: Row) -> bytes:
        """Eight bytes that are the same for the same row, on both databases."""
        return hashlib.blake2b(repr(row).encode(), digest_size=_DIGEST).digest()

    def written(self, name: str, value: Any) -> Any:
        """A kept value as an argument of a statement."""
        kind = self.types[self.names.index(name)]
        if value is None or db.dialect() == "sqlite":
            return value
        if kind.startswith("timestamp"):
            return dt.datetime.fromisoformat(value)
        if kind == "date":
            return dt.date.fromisoformat(value)
        return bool(value) if kind == "boolean" else value


async def columns(table: str) -> Columns:
    """The columns of a table, `id` first."""
    if db.dialect() == "sqlite":
        found = await db.rows("SELECT name, type FROM pragma_table_info(?)", table)
    else:
        found = await db.rows(
            "SELECT column_name::text, data_type::text FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position",
            table,
        )
    left_out = DERIVED.get(table, frozenset())
    kept = sorted((each for each in found if each[0] not in left_out), key=lambda each: each[0] != "id")
    return Columns(tuple(name for name, _ in kept), tuple(kind for _, kind in kept))


async def rows(table: str, of: Columns, ids: Iterable[int]) -> dict[int, Row]:
    """The rows with these ids as they are now, by id, their values plain."""
    sql = f'SELECT {of.listed} FROM "{table}" WHERE id IN ({{ids}})'
    return {row[0]: plain(row) for row in await bulk.rows_of(sql, ids)}


def plain(row: Sequence[Any]) -> Row:
    """The values of a row as JSON has them, the same from both databases."""
    return tuple(_plain(value) if type(value) in _TO_MEND else value for value in row)


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return stored(value)
    return value.isoformat() if isinstance(value, dt.date) else int(value)


_TO_MEND = frozenset({dt.datetime, dt.date, bool})


class Journal:
    """The journal of one import that is at work; `at` is the instant that it stamps on all it writes.

    Use it inside one transaction, the import's; without `run_id` it only counts and keeps nothing.
    """

    def __init__(self, run_id: int | None, at: dt.datetime) -> None:
        self.run_id = run_id
        self.at = at
        self._made: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._before: dict[str, dict[int, Row]] = defaultdict(dict)
        self._columns: dict[str, Columns] = {}
        self.changes: dict[str, dict[int, tuple[Row, Row | None]]] = {}
        """After `close`: by table and id the row before, and after unless it is gone; only rows that differ."""

    def created(self, table: str, ids: Iterable[int]) -> None:
        """Note rows that the import makes, before or after it does; one that it deleted and makes again has changed."""
        known = self._before.get(table)
        for first, last in _ranges(each for each in ids if each not in known) if known else _ranges(ids):
            self._made[table].append((first, last))

    @property
    def tables(self) -> list[str]:
        """The tables in which the import made rows."""
        return list(self._made)

    def made(self, table: str) -> list[tuple[int, int]]:
        """The ranges of ids that the import made in a table."""
        return _merged(self._made.get(table, []))

    async def insert(
        self,
        table: str,
        names: Sequence[str],
        values: Iterable[Sequence[Any]],
        total: int = 0,
        heard: bulk.Heard = bulk.unheard,
    ) -> None:
        """Insert rows and note them; ids are given to them unless `names` has "id"."""
        found = values if isinstance(values, list) else await asyncio.to_thread(list, values)
        if "id" in names:
            at = list(names).index("id")
            self.created(table, (row[at] for row in found))
        else:
            ids = await bulk.fresh_ids(table, len(found))
            self.created(table, ids)
            names = (*names, "id")
            found = [(*row, record_id) for row, record_id in zip(found, ids, strict=True)]
        await bulk.insert(table, names, found, total or len(found), heard)

    @asynccontextmanager
    async def growing(self, table: str) -> AsyncIterator[None]:
        """Note every row that comes into a table meanwhile; the table must be locked against other writers."""
        sql = f'SELECT COALESCE(MAX(id), 0) FROM "{table}"'
        before = await db.value(sql)
        yield
        after = await db.value(sql)
        if after > before:
            self._made[table].append((before + 1, after))

    async def changing(self, table: str, ids: Iterable[int]) -> None:
        """Keep rows as they are, before the import changes or deletes them; a row is kept once."""
        kept = self._before[table]
        there = _merged(self._made.get(table, []))
        missing = [each for each in dict.fromkeys(ids) if each not in kept and not _within(each, there)]
        if missing:
            kept.update(await rows(table, await self.of(table), missing))

    async def close(self) -> None:
        """Compare what was kept with what is there now, and write the journal down; before the commit."""
        for table, before in self._before.items():
            after = await rows(table, await self.of(table), before)
            differing = {each: (row, after.get(each)) for each, row in before.items() if after.get(each) != row}
            if differing:
                self.changes[table] = differing
        if self.run_id is None:
            return
        for table, changed in self.changes.items():
            of = await self.of(table)
            await bulk.insert(
                "import_change",
                ("run_id", "table_name", "record_id", "before", "after"),
                (
                    (self.run_id, table, each, _kept(of, before, now), of.digest(now).hex() if now else "")
                    for each, (before, now) in changed.items()
                ),
            )
        for table in self._made:
            for first, last in self.made(table):
                digests = await self._digests(table, first, last)
                await db.execute(
                    "INSERT INTO import_created (run_id, table_name, first_id, last_id, digests)"
                    " VALUES (?, ?, ?, ?, ?)",
                    *(self.run_id, table, first, last, digests),
                )

    async def _digests(self, table: str, first: int, last: int) -> bytes | None:
        if table in OURS:
            return None
        if table in STAMPED:
            others = f'SELECT 1 FROM "{table}" WHERE id BETWEEN ? AND ? AND changed_at <> ? LIMIT 1'
            if await db.row(others, first, last, self.at) is None:
                return None
        of = await self.of(table)
        found = bytearray(_DIGEST * (last - first + 1))
        for start in range(first, last + 1, _PORTION):
            page = await db.rows(
                f'SELECT {of.listed} FROM "{table}" WHERE id BETWEEN ? AND ?', start, min(last, start + _PORTION - 1)
            )
            for row in page:
                at = (row[0] - first) * _DIGEST
                found[at : at + _DIGEST] = of.digest(plain(row))
            await asyncio.sleep(0)
        return bytes(found)

    async def of(self, table: str) -> Columns:
        """The columns of a table that are kept."""
        if table not in self._columns:
            self._columns[table] = await columns(table)
        return self._columns[table]


async def made_by(run_id: int) -> dict[str, list[Range]]:
    """The rows that a run made, by table."""
    found: dict[str, list[Range]] = defaultdict(list)
    sql = "SELECT table_name, first_id, last_id, digests FROM import_created WHERE run_id = ? ORDER BY first_id"
    for table, first, last, digests in await db.rows(sql, run_id):
        found[table].append(Range(first, last, digests))
    return found


async def changed_by(run_id: int) -> dict[str, dict[int, Change]]:
    """The rows that a run changed or deleted, by table and id."""
    found: dict[str, dict[int, Change]] = defaultdict(dict)
    sql = "SELECT table_name, record_id, before, after FROM import_change WHERE run_id = ? ORDER BY id"
    for table, record_id, before, after in await db.rows(sql, run_id):
        found[table][record_id] = Change(json.loads(before), after)
    return found


async def forget_run(run_id: int) -> None:
    """Drop the journal of a run; in a transaction. What it did can no longer be taken back."""
    await db.execute("DELETE FROM import_created WHERE run_id = ?", run_id)
    await db.execute("DELETE FROM import_change WHERE run_id = ?", run_id)


async def forget(table: str, ids: Iterable[int]) -> None:
    """Forget what records were before imports changed them, and previews with names in them; in a transaction.

    For the erasure of a person: an undo then leaves these rows as they are.
    """
    source = iter(ids)
    while portion := list(islice(source, _PORTION)):
        await db.execute(
            f"DELETE FROM import_change WHERE table_name = ? AND record_id IN ({db.marks(len(portion))})",
            table,
            *portion,
        )
    await db.execute("UPDATE import_run SET preview = '[]', kept = '[]' WHERE ended_at IS NOT NULL")


def _kept(of: Columns, before: Row, after: Row | None) -> str:
    pairs = zip(of.names, before, strict=True)
    if after is None:
        return json.dumps(dict(pairs), ensure_ascii=False)
    return json.dumps(
        {name: value for (name, value), now in zip(pairs, after, strict=True) if value != now}, ensure_ascii=False
    )


def _ranges(ids: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Consecutive ids as their first and last."""
    first = last = None
    for each in ids:
        if last is not None and each == last + 1:
            last = each
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = each
    if first is not None and last is not None:
        yield first, last


def _merged(found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(found):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged


def _within(record_id: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(first <= record_id <= last for first, last in ranges)
