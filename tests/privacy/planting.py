"""A person planted through the front doors, wherever the house has room for words about them; and how to look for them.

The words are such that nothing else in the house could hold them by chance, and have diacritics, so that they can be
spelt in several ways.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from portal import db, jobs, mail
from portal.access import identities, provider_visits
from portal.access.identities import Vouched
from portal.gradebook import recording
from portal.people import guardians
from portal.privacy import consents, exports
from portal.providers import Provider
from portal.scope import SYSTEM, Permission, Scope
from portal.text import fold
from tests.cast import Cast, browser_of, visitor
from tests.interchange.builder import CENTRE, bundle, more

STUDENT = ("Xưngzổq", "Kệjwuf", "Vãxnhỏz")
GUARDIAN = ("Hưlzẻqt", "Phỡkxy", "Dũjbệwo")
PUPIL = ("Ngẫqzrơ", "Tvỷhkl", "Bỗxmạjq")
NAMED = {
    "student": (*STUDENT, "wjezp.mark@example.com", "0987651234", "87651234", "87651 234", "Ngõ Wjếxpq"),
    "guardian": (*GUARDIAN, "qhuzk.mark@example.com", "0976542345", "76542345", "654 2345"),
    "pupil": (*PUPIL, "zzqkv.mark@example.com", "0965433456", "65433456", "mk9zq-sourced", "r-mk9zq"),
}
PASSWORD = "three unrelated words"


def spellings(words: Iterable[str]) -> set[bytes]:
    """Every way in which a word may lie in a file."""
    found = set()
    for word in words:
        for form in (word, word.casefold(), word.upper(), fold(word), fold(word).upper(), fold(word).capitalize()):
            found |= {unicodedata.normalize(kind, form).encode() for kind in ("NFC", "NFD")}
            found.add(form.encode("utf-16-le"))
            found.add(form.encode("ascii", "backslashreplace"))
    return {form for form in found if form}


async def plant(cast: Cast) -> dict[str, int]:
    """Bring the three in and have everything happen to them; their ids as persons."""
    people = await _enter_by_hand(cast)
    people["pupil"] = await _import(cast)
    await _accounts(cast, people)
    for who in ("student", "pupil"):
        await _in_class(cast, people[who], NAMED[who])
    await _guardians(cast, people)
    await _agree_and_pack(cast, people)
    await wait_at_the_door(people)
    return people


async def _enter_by_hand(cast: Cast) -> dict[str, int]:
    family, middle, given = STUDENT
    fields = {
        **{"family_name": family, "middle_name": middle, "given_name": given, "birth_date": "2014-02-03"},
        **{"phone": "0987 651 234", "email": "Wjezp.Mark@example.com", "address": "77 Ngõ Wjếxpq, Hà Nội"},
        **{"guardian_relation": "mother", "guardian_family_name": GUARDIAN[0], "guardian_middle_name": GUARDIAN[1]},
        **{"guardian_given_name": GUARDIAN[2], "guardian_phone": "0976542345"},
        **{"guardian_email": "qhuzk.mark@example.com"},
        **{"branch_id": str(cast.north), "assigned_to": str(cast.duc.person)},
    }
    async with await browser_of(cast.duc) as counsellor:
        answer = await counsellor.post("/staff/people/new", data=fields)
    assert answer.status_code == 303, answer.text
    student = int(answer.headers["location"].rpartition("/")[2])
    child = await db.value("SELECT person_id FROM student WHERE id = ?", student)
    guardian = await db.value("SELECT person_id FROM guardian WHERE student_id = ?", student)
    return {"student": child, "guardian": guardian}


def roster(**changes: Any) -> bytes:
    """A bundle in which the pupil is a student with a mark and a comment about them, and another is compared."""
    family, middle, given = PUPIL
    user = {
        **{"sourcedId": "mk9zq-sourced", "username": "mk9zq", "givenName": given, "middleName": middle},
        **{"familyName": family, "email": "zzqkv.mark@example.com", "sms": "0965433456", "primaryOrgSourcedId": "O1"},
        "enabledUser": "true",
    }
    result = CENTRE["results"][0] | {
        **{"sourcedId": "r-mk9zq", "studentSourcedId": "mk9zq-sourced", "comment": f"{given} học rất chăm."},
    }
    files = {
        "users": [*CENTRE["users"], user],
        "roles": more("roles", sourcedId="R9", userSourcedId="mk9zq-sourced", role="student"),
        "enrollments": more("enrollments", sourcedId="N9", userSourcedId="mk9zq-sourced"),
        "demographics": [*CENTRE["demographics"], {"sourcedId": "mk9zq-sourced", "birthDate": "2013-04-05"}],
        "results": [*CENTRE["results"], result],
    }
    return bundle(**(files | changes))


async def send(cast: Cast, packed: bytes, name: str) -> int:
    """Upload a bundle and have it worked off; the run's id."""
    async with await browser_of(cast.son) as administrator:
        answer = await administrator.post("/staff/imports", files={"file": (name, packed, "application/zip")})
        assert answer.status_code == 303, answer.text
        await jobs.drain()
        run = int(answer.headers["location"].rpartition("/")[2])
        if await db.value("SELECT state FROM import_run WHERE id = ?", run) == "done":
            answer = await administrator.post(f"/staff/imports/{run}/import")
            assert answer.status_code == 303, answer.text
            await jobs.drain()
    return run


async def _import(cast: Cast) -> int:
    run = await send(cast, roster(), f"{' '.join(PUPIL)}.zip")
    state, problems = (await db.rows("SELECT state, problems FROM import_run WHERE id = ?", run))[0]
    assert state == "done", problems
    odd = [
        *CENTRE["results"],
        CENTRE["results"][0] | {"sourcedId": "r-mk9zq", "score": f"{PUPIL[2]} tám", "scoreDate": "?"},
    ]
    await send(cast, roster(results=odd), "again.zip")
    assert await db.value("SELECT COUNT(*) FROM stored_file") == 2
    return int(
        await db.value("SELECT record_id FROM external_id WHERE sourced_id = 'mk9zq-sourced' AND kind = 'users'")
    )


async def _accounts(cast: Cast, people: dict[str, int]) -> None:
    """An account for each; the guardian comes in, others fail to, and ask for a new password."""
    logins = {"student": "0987651234", "guardian": "qhuzk.mark@example.com", "pupil": "zzqkv.mark@example.com"}
    async with await browser_of(cast.son) as administrator:
        for who, login in logins.items():
            data = {"person_id": str(people[who]), "login": login}
            answer = await administrator.post("/staff/accounts/new", data=data)
            assert answer.status_code == 303, answer.text
    await jobs.drain()
    text = await db.value("SELECT text FROM letter WHERE recipient = 'qhuzk.mark@example.com' ORDER BY id DESC LIMIT 1")
    key = re.search(r"/invitation/(\S+)", text)
    assert key
    async with visitor(**{"User-Agent": f"Phone of {fold(GUARDIAN[2])}"}) as browser:
        answer = await browser.post(f"/invitation/{key[1]}", data={"password": PASSWORD})
        assert answer.status_code == 303, answer.text
        for login in logins.values():
            await browser.post("/sign-in", data={"login": login, "password": "wrong"})
    async with visitor() as browser:
        await browser.post("/forgotten", data={"login": logins["guardian"]})
        await jobs.drain()
    await _elsewhere(people["guardian"])


async def _elsewhere(person: int) -> None:
    """An account at a provider, named as the person is, that opens theirs; and one more way there under way."""
    account, session = await db.row(
        "SELECT a.id, MAX(s.id) FROM account a JOIN session s ON s.account_id = a.id WHERE a.person_id = ?"
        " GROUP BY a.id",
        person,
    )
    vouched = Vouched(Provider("school", "School", "https://login.example", "us"), "qhuzk.mark@example.com", "")
    label = "qhuzk.mark@example.com"
    scope = Scope(account_id=account, person_id=person)
    await identities.link(scope, vouched._replace(label=label), session_id=session, begun_in=session)
    await provider_visits.begin("school", provider_visits.SIGN_IN, after=f"/staff/people?q={label}")


async def wait_at_the_door(people: dict[str, int]) -> None:
    """What is under way at the moment somebody is erased: a password link asked for, a letter about a child."""
    async with visitor() as browser:
        await browser.post("/forgotten", data={"login": "zzqkv.mark@example.com"})
    student = await db.value("SELECT id FROM student WHERE person_id = ?", people["student"])
    async with db.transaction():
        await mail.send("qhuzk.mark@example.com", "guardian_linked", "vi", name=GUARDIAN[2], student=STUDENT[2])
        await guardians.tell_others([(student, [people["guardian"]])])


async def _in_class(cast: Cast, person: int, words: tuple[str, ...]) -> None:
    """In Hoa's class, with marks and comments; one comment on Minh names them, and so does the work itself."""
    name = " ".join(words[:3])
    student = await db.value("SELECT id FROM student WHERE person_id = ?", person)
    await db.insert("class_membership", class_id=cast.starters, student_id=student)
    category = await db.value("SELECT id FROM category WHERE class_id = ?", cast.starters)
    category = category or await db.insert("category", class_id=cast.starters, name="Quizzes", weight=1000)
    work = await db.insert(
        "assessment",
        **{"class_id": cast.starters, "category_id": category, "name": f"Presentation with {name}"},
        **{"description": f"Ask {fold(name).title()} ({words[3]})", "max_points": 10_000},
    )
    teacher = Scope(account_id=cast.hoa.account, person_id=cast.hoa.person, grants={Permission.SEE_OWN_CLASSES: None})
    for one, points, comment in (
        (student, 8_500, f"{words[2]} đọc to, rõ."),
        (cast.minh.student, 7_000, f"Làm cùng {name.upper()}, gọi {words[4]}."),
    ):
        await recording.record(teacher, assessment_id=work, student_id=one, points=points, comment=comment)
    await recording.publish(teacher, work)


async def _guardians(cast: Cast, people: dict[str, int]) -> None:
    """An becomes a second guardian: the first is written to, by the child's name; grounds tell the story."""
    student = await db.value("SELECT id FROM student WHERE person_id = ?", people["student"])
    link = await guardians.link(
        SYSTEM,
        **{"person_id": cast.an.person, "student_id": student, "relation": "relative"},
        ground=f"Chú của {STUDENT[2]}, do {' '.join(GUARDIAN)} đưa đến",
    )
    while await db.value("SELECT COUNT(*) FROM letter WHERE subject LIKE ?", f"%{STUDENT[2]}%") == 0:
        assert await jobs.run_one("test")
    await guardians.allow(
        SYSTEM, student, link.id, may_see=True, may_pay=False, is_told=True, ground=f"Mẹ {GUARDIAN[2]} đồng ý"
    )
    pupil = await db.value("SELECT id FROM student WHERE person_id = ?", people["pupil"])
    theirs = await guardians.link(
        SYSTEM, person_id=people["guardian"], student_id=pupil, relation="relative", ground=f"Dì {GUARDIAN[2]}"
    )
    await guardians.restrict(SYSTEM, pupil, theirs.id, ground=f"{' '.join(GUARDIAN)}: a court's order")


async def _agree_and_pack(cast: Cast, people: dict[str, int]) -> None:
    account = await db.value("SELECT id FROM account WHERE person_id = ?", people["guardian"])
    for who, person in people.items():
        await consents.note(
            SYSTEM,
            person,
            "publish",
            **{"giver": str(person), "note": f"Giấy có chữ ký của {NAMED[who][2]}", "agreed": True, "language": "vi"},
        )
    await exports.ask(Scope(account_id=account, person_id=people["guardian"]), people["guardian"], language="vi")
    for person in people.values():
        await exports.ask(
            Scope(account_id=cast.quang.account, person_id=cast.quang.person, grants=dict.fromkeys(Permission)),
            person,
            language="vi",
        )
    while await db.value("SELECT COUNT(*) FROM data_export WHERE file_id IS NULL AND failed_at IS NULL"):
        assert await jobs.run_one("test")


async def found(words: Iterable[str], media: Path) -> list[str]:
    """Where any of the words still is: in rows of any table, in the database's own files, in files on disk."""
    wanted = spellings(words)
    places = [f"row of {table}" for table, text in await _rows() if _holds(text, wanted)]
    for path in [*_database_files(), *(path for path in media.rglob("*") if path.is_file())]:
        content = path.read_bytes()
        places += [f"{path.name}: {form!r}" for form in wanted if form in content]
        places += [f"inside {path.name}" for text in unpacked(content) if _holds(text, wanted)]
    return places


def _holds(content: bytes, wanted: set[bytes]) -> bool:
    return any(form in content for form in wanted)


async def _rows() -> list[tuple[str, bytes]]:
    """Every row of every table as text, as a dump has it."""
    if db.dialect() == "sqlite":
        tables = [name for (name,) in await db.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        dumped = [(table, row) for table in tables for row in await db.rows(f'SELECT * FROM "{table}"')]
        return [(table, repr(row).encode()) for table, row in dumped]
    tables = [name for (name,) in await db.rows("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")]
    return [
        (table, text.encode()) for table in tables for (text,) in await db.rows(f'SELECT t::text FROM "{table}" AS t')
    ]


def _database_files() -> list[Path]:
    if db.dialect() == "postgres":
        return []
    path = Path(db.identity()._path)  # type: ignore[attr-defined]
    return [each for each in path.parent.glob(f"{path.name}*") if each.is_file()]


def unpacked(content: bytes) -> list[bytes]:
    """The files of a zip; of anything else none."""
    if not content.startswith(b"PK"):
        return []
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return [packed.read(name) for name in packed.namelist()]
