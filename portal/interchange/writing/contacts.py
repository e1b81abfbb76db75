"""The emails and phone numbers of the people who are written."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from portal.interchange.writing import bulk, drafts
from portal.people import names

if TYPE_CHECKING:
    from portal.interchange.journal import Journal


class Contact(NamedTuple):
    """A contact as it will stand."""

    value: str
    primary: bool


class Contacts:
    """One table of contacts: what is there, and what the bundle adds to it."""

    def __init__(self, table: str, column: str, wanted: Mapping[int, Sequence[str]]) -> None:
        self._table = table
        self._column = column
        self._wanted = wanted
        self._standing: dict[int, list[Contact]] = {}
        self._new: list[tuple[int, str, bool]] = []
        self._stepping_back: list[tuple[bool, int]] = []

    async def read(self, changed: Sequence[int]) -> None:
        """What people have already who were there before; then what is new for everybody."""
        sql = f"SELECT person_id, {self._column}, is_primary FROM {self._table} WHERE person_id IN ({{ids}})"
        for person_id, value, primary in await bulk.rows_of(sql, changed):
            self._standing.setdefault(person_id, []).append(Contact(value, bool(primary)))
        for person_id, values in self._wanted.items():
            self._add(person_id, values)

    def _add(self, person_id: int, values: Sequence[str]) -> None:
        standing = self._standing.setdefault(person_id, [])
        there = {each.value for each in standing}
        missing = [value for value in values if value not in there]
        # Only the bundle's best can become the primary one, and only when it is news: staff may have chosen another.
        leads = bool(missing) and missing[0] == values[0]
        if leads and standing:
            standing[:] = [Contact(each.value, False) for each in standing]
            self._stepping_back.append((False, person_id))
        for value in missing:
            primary = leads and value == values[0]
            standing.append(Contact(value, primary))
            self._new.append((person_id, value, primary))

    def of(self, person_id: int) -> list[str]:
        """The values in the order in which `people.persons` folds them: the primary one first."""
        standing = self._standing.get(person_id, ())
        return [each.value for each in sorted(standing, key=lambda each: (not each.primary, each.value))]

    async def write(self, journal: "Journal") -> None:
        """Insert what is new, after what was primary has stepped back."""
        of = f"SELECT id FROM {self._table} WHERE is_primary AND person_id IN ({{ids}})"
        stepping = await bulk.rows_of(of, [person_id for _, person_id in self._stepping_back])
        await journal.changing(self._table, (each for (each,) in stepping))
        sql = f"UPDATE {self._table} SET is_primary = ? WHERE person_id = ? AND is_primary"
        await bulk.run(sql, self._stepping_back)
        await journal.insert(self._table, ("person_id", self._column, "is_primary"), self._new)


class Reach:
    """How people are reached."""

    def __init__(self, ids: Mapping[str, int], found: Sequence[drafts.Person]) -> None:
        emails = {ids[each.key]: [each.email] for each in found if each.email}
        phones = {ids[each.key]: each.phones for each in found if each.phones}
        self._emails = Contacts("email_address", "address", emails)
        self._phones = Contacts("phone_number", "number", phones)

    async def read(self, changed: Iterable[int]) -> None:
        known = list(changed)
        await self._emails.read(known)
        await self._phones.read(known)

    def key(self, person_id: int) -> str:
        """The folded key that those who see contacts find the person by."""
        return names.contact_key(self._emails.of(person_id), self._phones.of(person_id))

    async def write(self, journal: "Journal") -> None:
        await self._emails.write(journal)
        await self._phones.write(journal)
