"""Lists of people to take along: those of a search, with what the scope may know of each, in the columns of an import.

Taking a list along is a right of its own and is written into the record with its size: a colleague must not be able to
leave with the whole database unnoticed. The families of the students whom it names read that it was taken
(`privacy.readings`). What is exported and sent back unchanged changes nothing.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

from portal import audit, db
from portal.errors import Invalid, Sentence, say
from portal.interchange.sheets import files
from portal.interchange.sheets.columns import FIELDS, GUARDIANS, STAFF, STUDENTS
from portal.interchange.sheets.files import FORMATS, Cell
from portal.interchange.sheets.here import PERSON_CODE
from portal.people import contacts, persons, sight
from portal.scope import Permission, Scope

PORTION = 1_000
KINDS = (STUDENTS, GUARDIANS, STAFF)
LONGEST_SECONDS = 600
_REACH = (Permission.SEE_CONTACTS, Permission.SEE_PAYER_CONTACTS, Permission.SEE_ACCOUNT_CONTACTS)
_NAMES = ("family_name", "middle_name", "given_name")
_OWN = ("phone", "email", "address")
_PARENT = ("family_name", "middle_name", "given_name", "relation", "phone", "email")
_FAMILY = tuple(f"{prefix}{part}" for prefix in ("guardian_", "guardian2_") for part in _PARENT)

_READ = (
    *("id", *_NAMES, "birth_date", "sex", "address", "reach"),
    *("student_id", "student_code", "staff_code", "position", "student_branch"),
)

Word = Callable[[Sentence], str]


class Taken(NamedTuple):
    """A list as a file, how many rows it has, what it is called, and the persons of the students whom it names."""

    file: BinaryIO
    rows: int
    name: str
    media_type: str
    students: Collection[int]


class Words(NamedTuple):
    """How a list writes what we keep as codes, in the reader's language."""

    say: Word
    relations: Mapping[str, Sentence]
    sexes: Mapping[str, Sentence]

    def relation(self, code: str) -> str:
        return self.say(self.relations[code]) if code in self.relations else ""

    def sex(self, code: str) -> str:
        return self.say(self.sexes[code]) if code in self.sexes else ""


async def take(scope: Scope, kind: str, query: str, form: str, words: Words) -> Taken:
    """The list of a search as a file. Raises `Invalid` beside `only` for no kind of people, `format` for no format."""
    scope.require(Permission.TAKE_LISTS)
    wrong = {}
    if kind not in KINDS:
        wrong["only"] = say("Choose students, guardians or staff: each has columns of its own.")
    if form not in FORMATS:
        wrong["format"] = say("Choose one of the list.")
    if wrong:
        raise Invalid(wrong)
    columns = _columns(scope, kind)
    header = [words.say(FIELDS[kind][name]) for name in columns]
    reader = _Reader(scope, kind, query, columns, words)
    counted = _Counted(_portions(reader))
    async with db.snapshot(seconds=LONGEST_SECONDS):
        file = await files.written(FORMATS[form], header, counted)
    try:
        async with db.transaction():
            facts = {"kind": kind, "query": query[: persons.LONGEST_QUERY], "format": form, "count": counted.count}
            await audit.record(scope, "people.export", "export", None, facts)
    except BaseException:
        file.close()
        raise
    return Taken(
        file, counted.count, f"{kind}.{FORMATS[form].ending}", FORMATS[form].media_type, frozenset(reader.students)
    )


class _Counted:
    """Portions on their way, their rows counted."""

    def __init__(self, portions: AsyncIterator[Sequence[Sequence[Cell]]]) -> None:
        self._portions = portions
        self.count = 0

    async def __aiter__(self) -> AsyncIterator[Sequence[Sequence[Cell]]]:
        async for rows in self._portions:
            self.count += len(rows)
            yield rows


def _columns(scope: Scope, kind: str) -> list[str]:
    """The columns of a list: contacts for who may see any, guardians for who may know of them."""
    own = _OWN if any(scope.may(right) for right in _REACH) else ()
    knows = any(scope.may(right) for right in (Permission.SEE_CONTACTS, Permission.LINK_GUARDIANS))
    if kind == STUDENTS:
        reach = ("phone", "email")
        family = [name for name in _FAMILY if own or not name.endswith(reach)] if knows else []
        return ["code", *_NAMES, "birth_date", "sex", *own, "branch", *family]
    if kind == GUARDIANS:
        return [*(["student_code"] if knows else []), "code", *_NAMES, *(["relation"] if knows else []), *own]
    return ["code", *_NAMES, "birth_date", "sex", *own, "branch", "position"]


async def _portions(reader: "_Reader") -> AsyncIterator[Sequence[Sequence[Cell]]]:
    """The rows of the list, a thousand people at a time, in the order in which they were entered."""
    last = 0
    while True:
        people = await reader.people(last)
        if people:
            yield await reader.rows(people)
        if len(people) < PORTION:
            return
        last = people[-1]["id"]


class _Reader:
    """Reads people and what belongs to them, in few statements for each portion; remembers which are students."""

    def __init__(self, scope: Scope, kind: str, query: str, columns: Sequence[str], words: Words) -> None:
        self.students: set[int] = set()
        self._kind = kind
        self._columns = columns
        self._words = words
        self._where, self._args = persons.matching(scope, query, kind)
        self._reach = sight.contacts(scope)
        self._links = sight.guardian_links(scope)

    async def people(self, after: int) -> list[dict[str, Any]]:
        """The next portion: facts, codes, and whether contacts may be seen."""
        found = await db.rows(
            "SELECT p.id, p.family_name, p.middle_name, p.given_name, p.birth_date, p.sex, p.address,"
            f" CASE WHEN {self._reach.sql} THEN 1 ELSE 0 END, COALESCE(s.id, 0), COALESCE(s.code, ''),"
            " COALESCE(m.code, ''), COALESCE(m.position, ''), COALESCE(sb.name, '')"
            " FROM person p LEFT JOIN student s ON s.person_id = p.id LEFT JOIN branch sb ON sb.id = s.branch_id"
            " LEFT JOIN staff_member m ON m.person_id = p.id"
            f" WHERE {self._where} AND p.id > ? ORDER BY p.id LIMIT {PORTION}",
            *self._reach.args,
            *self._args,
            after,
        )
        return [dict(zip(_READ, row, strict=True)) for row in found]

    async def rows(self, people: Sequence[dict[str, Any]]) -> list[list[Cell]]:
        """The rows of a portion."""
        reached = await self._reached([each["id"] for each in people if each["reach"]])
        self.students.update(each["id"] for each in people if each["student_id"])
        if self._kind == STUDENTS:
            more = await self._families([each["student_id"] for each in people])
            dressed = [self._student(each, reached, more.get(each["student_id"], [])) for each in people]
        elif self._kind == GUARDIANS:
            wards = await self._wards([each["id"] for each in people])
            dressed = [
                self._guardian(each, reached, ward) for each in people for ward in wards.get(each["id"], [("", "")])
            ]
        else:
            branches = await self._branches([each["id"] for each in people])
            dressed = [self._staff(each, reached, branches.get(each["id"], "")) for each in people]
        return [[one.get(name, "") for name in self._columns] for one in dressed]

    def _own(self, each: Mapping[str, Any], reached: Mapping[int, tuple[str, str]]) -> dict[str, Cell]:
        phone, email = reached.get(each["id"], ("", ""))
        return {
            **{name: each[name] for name in _NAMES},
            "birth_date": db.day(each["birth_date"]) if each["birth_date"] else None,
            "sex": self._words.sex(each["sex"]),
            "phone": phone,
            "email": email,
            "address": each["address"] if each["reach"] else "",
        }

    def _student(
        self, each: Mapping[str, Any], reached: Mapping[int, tuple[str, str]], family: Sequence[Mapping[str, str]]
    ) -> dict[str, Cell]:
        dressed = self._own(each, reached) | {"code": each["student_code"], "branch": each["student_branch"]}
        for prefix, parent in zip(("guardian_", "guardian2_"), family, strict=False):
            dressed |= {f"{prefix}{name}": value for name, value in parent.items()}
        return dressed

    def _guardian(
        self, each: Mapping[str, Any], reached: Mapping[int, tuple[str, str]], ward: tuple[str, str]
    ) -> dict[str, Cell]:
        known: dict[str, Cell] = {"student_code": ward[0], "relation": self._words.relation(ward[1])}
        return self._own(each, reached) | known | {"code": f"{PERSON_CODE}{each['id']}"}

    def _staff(self, each: Mapping[str, Any], reached: Mapping[int, tuple[str, str]], branch: str) -> dict[str, Cell]:
        return self._own(each, reached) | {
            "code": each["staff_code"],
            "position": each["position"],
            "branch": branch,
        }

    async def _reached(self, people: Sequence[int]) -> dict[int, tuple[str, str]]:
        """The primary phone and email of people whose contacts may be seen."""
        if not people:
            return {}
        marks = db.marks(len(people))
        phones = dict(
            await db.rows(
                f"SELECT person_id, number FROM phone_number WHERE is_primary AND person_id IN ({marks})", *people
            )
        )
        emails = dict(
            await db.rows(
                f"SELECT person_id, address FROM email_address WHERE is_primary AND person_id IN ({marks})", *people
            )
        )
        return {each: (contacts.shown_phone(phones.get(each, "")), emails.get(each, "")) for each in people}

    async def _families(self, students: Sequence[int]) -> dict[int, list[dict[str, str]]]:
        """The first two guardians of students, where they may be known."""
        found = await db.rows(
            "SELECT g.student_id, p.id, p.family_name, p.middle_name, p.given_name, g.relation,"
            f" CASE WHEN {self._reach.sql} THEN 1 ELSE 0 END FROM guardian g JOIN person p ON p.id = g.person_id"
            f" JOIN student s ON s.id = g.student_id WHERE s.id IN ({db.marks(len(students))}) AND {self._links.sql}"
            " ORDER BY g.student_id, g.id",
            *self._reach.args,
            *students,
            *self._links.args,
        )
        reached = await self._reached(list(dict.fromkeys(row[1] for row in found if row[6])))
        families: dict[int, list[dict[str, str]]] = defaultdict(list)
        for student_id, person_id, *name, relation, _ in found:
            if len(families[student_id]) < 2:
                phone, email = reached.get(person_id, ("", ""))
                told = (*name, self._words.relation(relation), phone, email)
                families[student_id].append(dict(zip(_PARENT, told, strict=True)))
        return families

    async def _wards(self, people: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
        """The code of each child of guardians and what they are to it, where that may be known."""
        found = await db.rows(
            "SELECT g.person_id, s.code, g.relation, s.person_id FROM guardian g JOIN student s ON s.id = g.student_id"
            f" WHERE g.person_id IN ({db.marks(len(people))}) AND {self._links.sql} ORDER BY g.person_id, g.id",
            *people,
            *self._links.args,
        )
        wards: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for person_id, code, relation, child in found:
            wards[person_id].append((code, relation))
            self.students.add(child)
        return wards

    async def _branches(self, people: Sequence[int]) -> dict[int, str]:
        """The first branch, by name, at which people work."""
        found = await db.rows(
            "SELECT w.person_id, MIN(b.name) FROM works_at w JOIN branch b ON b.id = w.branch_id"
            f" WHERE w.person_id IN ({db.marks(len(people))}) GROUP BY w.person_id",
            *people,
        )
        return dict(found)
