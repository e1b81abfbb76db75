"""Which column is what: guessed from its header, in Vietnamese or English, with or without diacritics.

A field is named as the form of a new student names it, so that what is wrong with it can be said beside its column.
A header says whose it is ("SĐT mẹ": the mother's) and what it is (a phone): both are read apart. Whoever else there is
becomes the first or second guardian in the order of the columns.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from portal.errors import Sentence, say
from portal.text import fold

STUDENTS, GUARDIANS, STAFF = "students", "guardians", "staff"
KINDS: dict[str, Sentence] = {
    STUDENTS: say("Students, with up to two guardians each"),
    GUARDIANS: say("Guardians of students who are here already"),
    STAFF: say("Staff"),
}

_NAME = {
    "full_name": say("Full name"),
    "family_name": say("Family name"),
    "family_middle": say("Family and middle name"),
    "middle_name": say("Middle name"),
    "given_name": say("Given name"),
}
_REACH = {"phone": say("Phone"), "email": say("Email")}
_FACTS = {"birth_date": say("Birth date"), "sex": say("Sex"), "address": say("Address")}
_FIRST = {
    "guardian_full_name": say("Guardian 1: full name"),
    "guardian_family_name": say("Guardian 1: family name"),
    "guardian_family_middle": say("Guardian 1: family and middle name"),
    "guardian_middle_name": say("Guardian 1: middle name"),
    "guardian_given_name": say("Guardian 1: given name"),
    "guardian_relation": say("Guardian 1: relation"),
    "guardian_phone": say("Guardian 1: phone"),
    "guardian_email": say("Guardian 1: email"),
}
_SECOND = {
    "guardian2_full_name": say("Guardian 2: full name"),
    "guardian2_family_name": say("Guardian 2: family name"),
    "guardian2_family_middle": say("Guardian 2: family and middle name"),
    "guardian2_middle_name": say("Guardian 2: middle name"),
    "guardian2_given_name": say("Guardian 2: given name"),
    "guardian2_relation": say("Guardian 2: relation"),
    "guardian2_phone": say("Guardian 2: phone"),
    "guardian2_email": say("Guardian 2: email"),
}
_STUDENT_CODE = say("Student code")
_BRANCH = {"branch": say("Branch")}

FIELDS: dict[str, dict[str, Sentence]] = {
    STUDENTS: {"code": _STUDENT_CODE, **_NAME, **_FACTS, **_REACH, **_BRANCH, **_FIRST, **_SECOND},
    GUARDIANS: {
        "student_code": _STUDENT_CODE,
        "code": say("Person code"),
        **_NAME,
        "relation": say("Relation"),
        **_REACH,
        "address": _FACTS["address"],
    },
    STAFF: {
        "code": say("Staff code"),
        **_NAME,
        **_FACTS,
        **_REACH,
        **_BRANCH,
        "position": say("Position"),
    },
}
"""What a column may be, by kind of sheet, in the order in which it is offered."""

# What a header may say, folded. The longest that fits wins.
_WORDS = {
    "full_name": "ho va ten|ho ten|ten day du|ho ten day du|full name|fullname|name|ho va ten khai sinh|display name",
    "family_name": "ho|family name|last name|lastname|surname",
    "family_middle": "ho dem|ho lot|ho va ten dem|ho va dem|ho ten dem|ho va chu lot|ho va ten lot|ho chu lot|ho va lot"
    "|family and middle name|family and middle names",
    "middle_name": "ten dem|dem|ten lot|chu lot|lot|middle name",
    "given_name": "ten|given name|first name|firstname|ten goi|ten rieng",
    "birth_date": "ngay sinh|ngay thang nam sinh|ngay thang sinh|sinh ngay|birth date|date of birth|dob|birthday"
    "|birthdate|ngay sinh dd mm yyyy",
    "sex": "gioi tinh|phai|sex|gender",
    "phone": "so dien thoai|sdt|dien thoai|dt|so dt|di dong|so di dong|dien thoai di dong|mobile|phone|phone number|tel"
    "|mobile phone|mobile number|telephone|cell|so dien thoai lien he|dien thoai lien he|sdt lien he|so lien lac|zalo",
    "email": "email|e mail|mail|gmail|thu dien tu|dia chi email|email address|e mail address",
    "address": "dia chi|address|noi o|cho o|dia chi nha|home address|dia chi lien he|noi o hien tai|dia chi thuong tru",
    "code": "ma|ma so|code|id|student id|student code|ma hoc vien|ma hoc sinh|ma hv|ma hs|ma nhan vien|ma nv|staff code"
    "|staff id|employee id|ma so hoc vien|ma so hoc sinh|ma nguoi|person code",
    "branch": "chi nhanh|co so|branch|campus|centre|center|trung tam",
    "relation": "quan he|moi quan he|relation|relationship|quan he voi hoc vien|quan he voi hoc sinh",
    "position": "chuc vu|chuc danh|vi tri|position|title|job title|cong viec",
}
_BASE = {phrase: field for field, phrases in _WORDS.items() for phrase in phrases.split("|")}
_GUARDIAN = {
    "mother": ("me", "ma", "mother", "mom", "mum"),
    "father": ("bo", "ba", "cha", "father", "dad"),
    "guardian": ("phu huynh", "ph", "parent", "guardian", "nguoi giam ho", "giam ho", "nguoi than", "nguoi bao ho"),
}
_OWN = ("hoc vien", "hoc sinh", "hs", "hv", "student", "pupil", "be", "con", "chau", "cua", "of", "the", "s")
_OF_STAFF = ("nhan vien", "giao vien", "gv", "nv", "staff", "employee", "teacher")
_STUDENT_CODES = frozenset(
    ["ma hoc vien", "ma hoc sinh", "ma hv", "ma hs", "student code", "student id", "ma so hoc vien", "ma so hoc sinh"]
)


class Guess(NamedTuple):
    """What a header says: of whom ("" is the row's own person), which field, and the relation, if it names one."""

    who: str
    field: str
    relation: str


class Columns(NamedTuple):
    """What each column is ("" is not read), and the relation that headers name for the two guardians."""

    fields: tuple[str, ...]
    relations: tuple[str, str]


def is_known(header: str) -> bool:
    """Whether a cell reads like the header of a column we know."""
    return bool(_guess(header)) and len(header) <= 60


def guess(headers: Sequence[str], kind: str) -> Columns:
    """What the columns seem to be; a field is given once, to the first column that says it."""
    guesses = [_guess(header) for header in headers]
    places: dict[str, int] = {}
    relations = ["", ""]
    for one in guesses:
        if one and one.who and one.who not in places and len(places) < 2:
            relations[len(places)] = one.relation
            places[one.who] = len(places)
    prefixes = {who: ("guardian_", "guardian2_")[place] for who, place in places.items()}
    wanted = [_field(header, one, kind, prefixes) for header, one in zip(headers, guesses, strict=True)]
    split = {name.rpartition("family")[0] for name in wanted if name.endswith(("family_name", "family_middle"))}
    taken: set[str] = set()
    given = []
    for header, name in zip(headers, wanted, strict=True):
        prefix = name.removesuffix("given_name")
        if name.endswith("given_name") and _phrase(header).split()[0:1] == ["ten"] and prefix not in split:
            name = f"{prefix}full_name"
        known = name in FIELDS[kind] and name not in taken
        given.append(name if known else "")
        taken.add(name)
    return Columns(tuple(given), (relations[0], relations[1]))


def signature(headers: Iterable[str]) -> str:
    """What the same spreadsheet has next time as well: its headers, folded."""
    folded = "\x1f".join(fold(header) for header in headers)
    return hashlib.blake2b(folded.encode(), digest_size=16).hexdigest()


def problems(fields: Sequence[str], kind: str, options: Mapping[str, str]) -> dict[str, Sentence]:
    """What is wrong with a match of columns, by the names of its form: `column_3`, or `columns` for all of them."""
    wrong: dict[str, Sentence] = {}
    seen: dict[str, int] = {}
    for place, field in enumerate(fields):
        if field and field not in FIELDS[kind]:
            wrong[f"column_{place}"] = say("Choose one of the list.")
        elif field and field in seen:
            wrong[f"column_{place}"] = say("Another column is this already. Choose it once.")
        seen.setdefault(field, place)
    if not _names(seen, ""):
        wrong["columns"] = say("Say which column holds the names: one full name, or family and given name.")
    elif kind == GUARDIANS and "student_code" not in seen:
        wrong["columns"] = say("Say which column holds the student's code: that is whose guardian it is.")
    return wrong


def _names(there: Mapping[str, int], prefix: str) -> bool:
    has = {name.removeprefix(prefix) for name in there if name.startswith(prefix)}
    return "full_name" in has or ("given_name" in has and bool(has & {"family_name", "family_middle"}))


def column_of(fields: Sequence[str], field: str) -> int | None:
    """The column in which a field of the form stands: a part of a name may stand in a column of several parts."""
    prefix = next((each for each in ("guardian2_", "guardian_") if field.startswith(each)), "")
    part = field.removeprefix(prefix)
    whole = {
        "family_name": ("family_middle", "full_name"),
        "middle_name": ("family_middle", "full_name"),
        "given_name": ("full_name",),
        "branch_id": ("branch",),
    }.get(part, ())
    for name in (field, *(prefix + other for other in whole)):
        if name in fields:
            return fields.index(name)
    return None


def _phrase(header: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", fold(header)).split())


def _guess(header: str) -> Guess | None:
    """What one header says, or None."""
    phrase = _phrase(header[:80])
    if not phrase:
        return None
    if phrase in _BASE:
        return Guess("", _BASE[phrase], "")
    words = f" {phrase} "
    who = relation = ""
    for kind, names in _GUARDIAN.items():
        for name in names:
            if f" {name} " in words and not who:
                words = words.replace(f" {name} ", " ", 1)
                who, relation = kind, "" if kind == "guardian" else kind
    number = re.search(r" ([12]) ", words)
    if number:
        words = words.replace(number[0], " ", 1)
        who = f"{who} {number[1]}" if who else ""
    for name in _OWN if who else (*_OWN, *_OF_STAFF):
        words = words.replace(f" {name} ", " ")
    rest = words.strip()
    if not rest and who:
        return Guess(who, "full_name", relation)
    field = _BASE.get(rest, "")
    if field in ("birth_date", "sex", "address", "branch", "code") and who:
        return None  # nothing of the kind is kept of a guardian
    return Guess(who, field, relation) if field else None


def _field(header: str, one: Guess | None, kind: str, prefixes: Mapping[str, str]) -> str:
    """The name of the field in a sheet of this kind."""
    if one is None:
        return ""
    phrase = _phrase(header)
    if kind == GUARDIANS:
        if phrase in _STUDENT_CODES:
            return "student_code"
        about_student = any(f" {word} " in f" {phrase} " for word in ("hoc vien", "hoc sinh", "student", "hv", "hs"))
        if one.field == "relation":
            return "relation"
        return "" if about_student else one.field
    if kind == STUDENTS and one.field == "relation" and not one.who:
        return "guardian_relation"
    if kind == STUDENTS and one.who:
        return prefixes.get(one.who, "\0") + one.field
    return "" if one.who else one.field
