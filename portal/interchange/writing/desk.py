"""One import at work: which records it knows from before, which are new, which have changed."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from portal import db
from portal.interchange.writing import bulk
from portal.interchange.writing.drafts import Draft, digest
from portal.interchange.writing.findings import Findings
from portal.scope import Scope

if TYPE_CHECKING:
    from portal.interchange.journal import Journal

D = TypeVar("D", bound=Draft)
Known = dict[str, tuple[int, str]]
"""By the other system's name for a record: our id of it, and the hash of what was last said; "" once it has left."""
Progress = Callable[[str, int, int], None]

_PAGE = 20_000


LEAVING = frozenset({"users", "guardians", "enrollments", "teachings", "classes", "lineItems", "results"})
"""The kinds whose records can leave; branches, programs, terms and categories stay, because others stand on them."""
FILE_OF = {"teachings": "enrollments"}


class Going(NamedTuple):
    """What has left: by file the names that are said to have, and whether who is merely missing leaves as well."""

    gone: Mapping[str, Collection[str]] = {}
    missing_too: bool = False


class Ledger(Generic[D]):
    """One kind of record. `ids` says under which id a key stands here, as soon as that is known.

    `leaving` are the keys that leave with this import; `back` those that had left and are named again.
    """

    def __init__(
        self,
        kind: str,
        known: Known,
        drafts: Sequence[D],
        said: bool,
        named: Collection[str],
        going: Going = Going(),
    ) -> None:
        self.kind = kind
        self.ids = {key: record_id for key, (record_id, _) in known.items()}
        self.standing = {key for key, (_, row_hash) in known.items() if row_hash}
        self.hashes: dict[str, str] = {}
        self.taken_over: set[str] = set()
        self.new: list[D] = []
        self.changed: list[D] = []
        for draft in drafts:
            before = known.get(draft.key)
            self.hashes[draft.key] = now = digest(draft)
            if before is None:
                self.new.append(draft)
            elif before[1] != now:
                self.changed.append(draft)
        self.same = len(drafts) - len(self.new) - len(self.changed)
        self.back = {draft.key for draft in self.changed if not known[draft.key][1]}
        self.leaving: list[str] = []
        self.unnamed = 0
        self.outlive = 0
        """How many of those who leave are still there to be read: the marks of whoever leaves."""
        gone = going.gone.get(FILE_OF.get(kind, kind), ())
        if said or gone:
            names = {*self.hashes, *named}
            missing = [key for key, (_, row_hash) in known.items() if key not in names and row_hash]
            if kind in LEAVING:
                self.leaving = [key for key in missing if key in gone or (said and going.missing_too)]
            self.unnamed = (len(missing) if said else sum(key in gone for key in missing)) - len(self.leaving)

    def take_over(self, draft: D, record_id: int) -> None:
        """Write the draft into a record that is there already, made here or under another key."""
        self.ids[draft.key] = record_id
        self.taken_over.add(draft.key)

    @property
    def written(self) -> list[D]:
        """The drafts that say something the database does not."""
        return self.new + self.changed

    @property
    def counts(self) -> dict[str, int]:
        return {
            **{"new": len(self.new), "changed": len(self.changed)},
            **{"same": self.same, "unnamed": self.unnamed + self.outlive},
            **({"leaving": leaving} if (leaving := len(self.leaving) - self.outlive) else {}),
        }


class Desk:
    """What all writers need, and the ledgers they have opened."""

    def __init__(
        self, scope: Scope, findings: Findings, progress: Progress, journal: "Journal", going: Going = Going()
    ) -> None:
        self.going = going
        self.by = scope.account_id
        self.now = journal.at
        self.journal = journal
        self.findings = findings
        self.ledgers: list[Ledger[Draft]] = []
        self.counted: dict[str, dict[str, int]] = {}
        """What is counted besides the ledgers."""
        self._progress = progress
        self._students: dict[int, int] | None = None

    def heard(self, stage: str) -> bulk.Heard:
        """Where a writer tells how far it is."""
        return partial(self._progress, stage)

    async def lock(self) -> None:
        """Let one import write at a time, and nobody link guardians meanwhile (SQLite has one writer anyway)."""
        if db.dialect() == "postgres":
            await db.execute("LOCK TABLE external_id, guardian IN SHARE ROW EXCLUSIVE MODE")

    async def open(
        self, kind: str, drafts: Sequence[D], *, said: bool = True, named: Collection[str] = ()
    ) -> Ledger[D]:
        """Compare the drafts of a kind with what earlier imports brought.

        `said`: the bundle has the file, so what it does not name is unnamed. `named`: keys that the file names
        besides the drafts.
        """
        known = await self._known(kind)
        ledger = await asyncio.to_thread(Ledger, kind, known, drafts, said, named, self.going)
        self.ledgers.append(ledger)  # type: ignore[arg-type]
        return ledger

    async def number(self, ledger: Ledger[D], table: str) -> list[D]:
        """Give an id to each new record that has none yet; returns these records."""
        without = [draft for draft in ledger.new if draft.key not in ledger.ids]
        for draft, record_id in zip(without, await bulk.fresh_ids(table, len(without)), strict=True):
            ledger.ids[draft.key] = record_id
        return without

    async def students(self) -> dict[int, int]:
        """The student of each person who is one."""
        if self._students is None:
            self._students = dict(await db.rows("SELECT person_id, id FROM student"))
        return self._students

    async def settle(self) -> None:
        """Remember, for the next import, what each record was in this one."""
        async with self.journal.growing("external_id"):
            for ledger in self.ledgers:
                await self._settle(ledger)

    async def _settle(self, ledger: Ledger[Draft]) -> None:
        ids, hashes, kind = ledger.ids, ledger.hashes, ledger.kind
        await self.journal.changing("external_id", await self._changing(ledger))
        await bulk.run(
            "DELETE FROM external_id WHERE kind = ? AND record_id = ? AND sourced_id <> ?",
            ((kind, ids[key], key) for key in ledger.taken_over),
        )
        await bulk.insert(
            "external_id",
            ("kind", "sourced_id", "record_id", "row_hash"),
            ((kind, each.key, ids[each.key], hashes[each.key]) for each in ledger.new),
            len(ledger.new),
            self.heard("sourcedIds"),
        )
        await bulk.run(
            "UPDATE external_id SET record_id = ?, row_hash = ?, gone_at = NULL WHERE kind = ? AND sourced_id = ?",
            ((ids[each.key], hashes[each.key], kind, each.key) for each in ledger.changed),
        )
        await bulk.run(
            "UPDATE external_id SET gone_at = ? WHERE kind = ? AND sourced_id = ?",
            ((self.now, kind, key) for key in ledger.leaving),
        )

    async def _changing(self, ledger: Ledger[Draft]) -> list[int]:
        """The names of the other system that change or go, by their ids."""
        found: list[int] = []
        for column, wanted in (
            ("sourced_id", [*(each.key for each in ledger.changed), *ledger.leaving]),
            ("record_id", [ledger.ids[key] for key in ledger.taken_over]),
        ):
            sql = f"SELECT id FROM external_id WHERE kind = '{ledger.kind}' AND {column} IN ({{ids}})"
            found += [each for (each,) in await bulk.rows_of(sql, wanted)]
        return found

    async def _known(self, kind: str) -> Known:
        known: Known = {}
        last = ""
        while True:
            page = await db.rows(
                "SELECT sourced_id, record_id, CASE WHEN gone_at IS NULL THEN row_hash ELSE '' END"
                f" FROM external_id WHERE kind = ? AND sourced_id > ? ORDER BY sourced_id LIMIT {_PAGE}",
                kind,
                last,
            )
            known.update((key, (record_id, row_hash)) for key, record_id, row_hash in page)
            if len(page) < _PAGE:
                return known
            last = page[-1][0]
            await asyncio.sleep(0)
