"""The person who is to be erased, as the traces of them are looked for."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from portal import db
from portal.people import contacts
from portal.people.names import Name
from portal.text import fold

SHORTEST = 5  # characters; a shorter word (a given name) is many people's, and taking it out would hurt their texts
GONE = "…"


@dataclass(frozen=True)
class Subject:
    """Who it is, and by which words texts name them."""

    person_id: int
    account_id: int | None
    student_id: int | None
    name: Name
    emails: frozenset[str]
    phones: frozenset[str]
    others: frozenset[str]
    circle: frozenset[str]
    sources: tuple[str, ...]
    works: bool
    former: tuple[Name, ...] = ()
    """What imports have called them before, the latest first."""

    @cached_property
    def logins(self) -> frozenset[str]:
        """What they sign in with, or could."""
        return self.emails | self.phones

    @property
    def names(self) -> tuple[Name, ...]:
        """What they are called, and were."""
        return (self.name, *self.former)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Everything that names them and hardly anybody else, in each spelling, the longest first."""
        names = {name for each in self.names for name in _orders(each)}
        dialled = {form for number in self.phones for form in _dialled(number)}
        known = names | set(self.emails) | dialled | set(self.others)
        spelt = {form for word in known for form in (word, word.casefold(), word.upper(), fold(word), _plain(word))}
        return tuple(sorted((word for word in spelt if len(word) >= SHORTEST), key=lambda word: (-len(word), word)))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """The words as wholes: "Lê An" is not in "Lê Anh", nor an@example.com in lan@example.com."""
        return re.compile("|".join(map(_whole, self.words)) or "(?!)", re.IGNORECASE)

    def without(self, text: str) -> str:
        """The text without the words that name the person."""
        return self._pattern.sub(GONE, text)

    def scrubbed(self, value: object) -> object:
        """The same of everything in a JSON document."""
        if isinstance(value, str):
            return self.without(value)
        if isinstance(value, list):
            return [self.scrubbed(each) for each in value]
        if isinstance(value, dict):
            return {self.without(key): self.scrubbed(each) for key, each in value.items()}
        return value

    def given_in(self, *texts: str) -> bool:
        """Whether a text of the person's own family calls them by the given name, as a word."""
        given = "|".join(sorted({re.escape(name.given_name) for name in self.names if name.given_name}))
        called = re.compile(rf"(?<!\w)(?:{given})(?!\w)" if given else "(?!)", re.IGNORECASE)
        return any(called.search(text) for text in texts)


async def load(person_id: int) -> Subject:
    """Everything by which the traces of a person are found."""
    found = await db.row(
        "SELECT p.family_name, p.middle_name, p.given_name, p.address, a.id, COALESCE(a.email, ''),"
        " COALESCE(a.phone, ''), s.id, COALESCE(s.code, ''), COALESCE(t.code, ''), COALESCE(m.code, ''),"
        " t.id IS NOT NULL OR m.id IS NOT NULL FROM person p LEFT JOIN account a ON a.person_id = p.id"
        " LEFT JOIN student s ON s.person_id = p.id LEFT JOIN teacher t ON t.person_id = p.id"
        " LEFT JOIN staff_member m ON m.person_id = p.id WHERE p.id = ?",
        person_id,
    )
    assert found is not None
    emails = await _column("SELECT address FROM email_address WHERE person_id = ?", person_id)
    phones = await _column("SELECT number FROM phone_number WHERE person_id = ?", person_id)
    sources = await _column(
        "SELECT sourced_id FROM external_id WHERE kind = 'users' AND record_id = ? ORDER BY sourced_id", person_id
    )
    circle = await _column(
        "SELECT e.address FROM email_address e JOIN guardian g ON g.person_id = e.person_id"
        " JOIN student s ON s.id = g.student_id WHERE s.person_id = ?"
        " UNION SELECT e.address FROM email_address e JOIN student s ON s.person_id = e.person_id"
        " JOIN guardian g ON g.student_id = s.id WHERE g.person_id = ?"
        " UNION SELECT a.email FROM account a JOIN guardian g ON g.person_id = a.person_id"
        " JOIN student s ON s.id = g.student_id WHERE s.person_id = ? AND a.email IS NOT NULL",
        person_id,
        person_id,
        person_id,
    )
    name = Name(*found[:3])
    return Subject(
        person_id=person_id,
        account_id=found[4],
        student_id=found[7],
        name=name,
        emails=frozenset(filter(None, [*emails, found[5]])),
        phones=frozenset(filter(None, [*phones, found[6]])),
        others=frozenset(filter(None, [_distinct(found[3]), *found[8:11]])),
        circle=frozenset(circle),
        sources=tuple(sources),
        works=bool(found[11]),
        former=await _former(person_id, name),
    )


async def _former(person_id: int, now: Name) -> tuple[Name, ...]:
    """The names before each import that changed one: the journal keeps the parts that were another."""
    found = await db.rows(
        "SELECT before FROM import_change WHERE table_name = 'person' AND record_id = ? ORDER BY id DESC", person_id
    )
    known = [now]
    for (before,) in found:
        kept = json.loads(before)
        known.append(known[-1]._replace(**{part: kept[part] for part in Name._fields if part in kept}))
    return tuple(name for name in dict.fromkeys(known) if name != now)


async def _column(sql: str, *args: int) -> list[str]:
    return [row[0] for row in await db.rows(sql, *args)]


def _orders(name: Name) -> Iterable[str]:
    """A name in both orders; one part alone is many people's."""
    for order in (name, tuple(reversed(name))):
        if sum(map(bool, order)) > 1:
            yield " ".join(part for part in order if part)


def _dialled(number: str) -> Iterable[str]:
    """A number as stored, as dialled, and as written."""
    yield number
    yield contacts.shown_phone(number)
    if number.startswith("+84"):
        yield "0" + number[3:]
        yield number[1:]


def _plain(word: str) -> str:
    """Without diacritics and with its capitals, as people type who have no Vietnamese keyboard."""
    parts = word.split(" ")
    return " ".join(fold(each).capitalize() if each[:1].isupper() else fold(each) for each in parts)


def _whole(word: str) -> str:
    before, after = (r"(?<![\w.+-])", r"(?!\.?\w)") if "@" in word else (r"(?<!\w)", r"(?!\w)")
    return f"{before}{re.escape(word)}{after}"


def _distinct(address: str) -> str:
    """A postal address, if it is one's own: "Hà Nội" is everybody's."""
    return address if len(address) >= 10 and any(char.isdigit() for char in address) else ""
