"""The people of the tests, and a browser for each of them.

Two branches. In Cầu Giấy: Lan with her children Minh and Chi, the class "Starters 1" that Hoa teaches them, Đức the
counsellor, Vy of customer care, Thu the accountant, Nam of marketing, Mai the manager. In Thủ Đức: An, father of Bảo,
another family. Quang the director and Sơn the administrator work everywhere. All passwords are `PASSWORD`.
"""

import datetime as dt
import os
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx2
from starlette.applications import Starlette

from portal import clock, db
from portal.access import secrets
from portal.centre import centres
from portal.people import contacts, names
from portal.privacy import wordings
from portal.scope import SYSTEM
from portal.settings import Settings

PASSWORD = "schoolyard"
ORIGIN = "http://127.0.0.1:8000"
ZONE = "Asia/Ho_Chi_Minh"


@dataclass(slots=True)
class Member:
    """Somebody of the cast: ids of what they are here."""

    name: str
    person: int
    email: str
    account: int = 0
    student: int = 0

    @property
    def family_name(self) -> str:
        return self.name.split()[0]


@dataclass(slots=True)
class Cast:
    """Everybody by given name, in plain letters; and where they meet."""

    north: int
    south: int
    starters: int = 0
    people: dict[str, Member] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Member:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None


STAFF = [
    ("hoa", "Phạm Quỳnh Hoa", "teacher"),
    ("duc", "Lê Minh Đức", "counsellor"),
    ("vy", "Đỗ Tường Vy", "care"),
    ("thu", "Vũ Thị Thu", "accountant"),
    ("nam", "Hồ Hoài Nam", "marketing"),
    ("mai", "Trịnh Tuyết Mai", "manager"),
    ("quang", "Đặng Đình Quang", "director"),
    ("son", "Bùi Thái Sơn", "administrator"),
]


async def gather(*, demo: bool = False) -> Cast:
    """Found the centre and bring everybody in, with accounts for all but Chi and Bảo."""
    async with db.transaction():
        await centres.found(SYSTEM, name="Sân Trường", time_zone=ZONE, locale="vi", demo=demo)
        north = await centres.add_branch(SYSTEM, code="CG", name="Cầu Giấy")
        south = await centres.add_branch(SYSTEM, code="TD", name="Thủ Đức")
        cast = Cast(north.id, south.id)
        await _families(cast)
        for key, name, role in STAFF:
            await _employ(cast, key, name, role)
        await _class(cast)
    return cast


async def _families(cast: Cast) -> None:
    await add(cast, "lan", "Trần Thị Lan", phone="0912345678")
    await add(cast, "minh", "Nguyễn Hoàng Minh", born=dt.date(2014, 3, 9), student="HV00001")
    await add(cast, "chi", "Nguyễn Mai Chi", born=dt.date(2017, 8, 21), student="HV00002")
    await add(cast, "an", "Võ Văn An", phone="0987654321", branch=cast.south)
    await add(cast, "bao", "Võ Quốc Bảo", born=dt.date(2015, 1, 2), student="HV00003", branch=cast.south)
    for parent, child in (("lan", "minh"), ("lan", "chi"), ("an", "bao")):
        await bind(cast, parent, child)
    for key in ("lan", "minh", "an"):
        await enter(cast, key)
        # They were asked before, so that signing in leads where it says.
        await db.insert(
            "consent_question",
            person_id=cast.people[key].person,
            kind=wordings.REQUIRED,
            version=wordings.CURRENT[wordings.REQUIRED],
            asked_at=clock.now(),
        )


async def add(
    cast: Cast,
    key: str,
    name: str,
    *,
    born: dt.date | None = None,
    phone: str = "",
    student: str = "",
    branch: int | None = None,
) -> Member:
    """Bring one more person in; a student when given a code. Their email is key@example.com, except for children."""
    family, *middle, given = name.split()
    where = branch or cast.north
    email = "" if born else f"{key}@example.com"
    number, _ = contacts.phone(phone)
    parts = (family, " ".join(middle), given)
    made = {"made_at": clock.now(), "changed_at": clock.now()}
    person = await db.insert(
        "person",
        branch_id=where,
        family_name=family,
        middle_name=parts[1],
        given_name=given,
        birth_date=born,
        search_key=names.search_key(*parts, [student]),
        contact_key=names.contact_key([email], [number]),
        sort_key=names.sort_key(*parts),
        **made,
    )
    if email:
        await db.insert("email_address", person_id=person, address=email, is_primary=True)
    if number:
        await db.insert("phone_number", person_id=person, number=number, is_primary=True)
    member = cast.people[key] = Member(name, person, email)
    if student:
        member.student = await db.insert("student", person_id=person, branch_id=where, code=student, **made)
    return member


async def bind(cast: Cast, parent: str, child: str, *, may_see: bool = True) -> int:
    """Make one the guardian of the other, in a household of the guardian's own."""
    guardian = cast.people[parent].person
    known = await db.value("SELECT MIN(household_id) FROM guardian WHERE person_id = ?", guardian)
    return await db.insert(
        "guardian",
        person_id=guardian,
        student_id=cast.people[child].student,
        household_id=known or await db.insert("household", branch_id=cast.north, made_at=clock.now()),
        relation="mother" if parent == "lan" else "father",
        may_see=may_see,
        may_pay=True,
        is_told=True,
        ground="Family book shown",
        linked_at=clock.now(),
    )


async def enter(cast: Cast, key: str, role: str = "", branch: int | None = None) -> Member:
    """Give somebody an account, and a role there if one is named."""
    member = cast.people[key]
    member.account = await db.insert(
        "account",
        person_id=member.person,
        email=member.email or f"{key}@example.com",
        password_hash=password_hash(),
        language="en",
        theme="auto",
        made_at=clock.now(),
    )
    if role:
        await db.insert("account_role", account_id=member.account, role=role, branch_id=branch, given_at=clock.now())
    return member


async def _employ(cast: Cast, key: str, name: str, role: str) -> None:
    member = await add(cast, key, name)
    kind, code = ("teacher", "GV") if role == "teacher" else ("staff_member", "NV")
    await db.insert(kind, person_id=member.person, code=f"{code}{member.person:03}")
    await db.insert("works_at", person_id=member.person, branch_id=cast.north)
    everywhere = role in ("director", "administrator")
    await enter(cast, key, role, None if everywhere else cast.north)


async def _class(cast: Cast) -> None:
    today = clock.today(ZONE)
    program = await db.insert("program", code="EN", slug="english", name="English")
    level = await db.insert("level", program_id=program, ordinal=1, name="Starters 1")
    cast.starters = await db.insert(
        "class",
        branch_id=cast.north,
        level_id=level,
        code="ST1",
        name="Starters 1, evening",
        room="201",
        starts_on=today - dt.timedelta(days=60),
        ends_on=today + dt.timedelta(days=60),
    )
    await db.insert("class_teacher", class_id=cast.starters, person_id=cast.hoa.person)
    for child in (cast.minh, cast.chi):
        await db.insert("class_membership", class_id=cast.starters, student_id=child.student)


@cache
def password_hash() -> str:
    """Reckoned once for all tests: it takes tens of milliseconds on purpose."""
    return secrets._hasher.hash(PASSWORD)


@cache
def app() -> Starlette:
    """The application as it is served, without its lifespan: the `database` fixture opens and closes."""
    os.environ.setdefault("PORTAL_SECRET", "of the tests, and of nothing else but them")
    import asgi

    return asgi.build(Settings(secret=os.environ["PORTAL_SECRET"], public_url=ORIGIN, limits=False))


def visitor(**headers: str) -> httpx2.AsyncClient:
    """A browser that is not signed in; it follows no redirect."""
    transport = httpx2.ASGITransport(app=app(), raise_app_exceptions=True)
    return httpx2.AsyncClient(
        transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN, "Accept-Language": "en", **headers}
    )


async def browser_of(member: Member, **headers: str) -> httpx2.AsyncClient:
    """A browser signed in as somebody of the cast: the session is written, the door not knocked at."""
    token = secrets.new_token()
    now = clock.now()
    await db.insert("session", account_id=member.account, token_hash=secrets.hashed(token), made_at=now, seen_at=now)
    client = visitor(**headers)
    client.cookies.set("session", token)
    return client


def said(response: Any) -> str:
    """What the page says, as one line of text without markup."""
    import html
    import re

    text = re.sub(r"<(script|style)\b.*?</\1>|<svg\b.*?</svg>|<[^>]+>", " ", response.text, flags=re.S)
    return " ".join(html.unescape(text).split())


def full_name(member: Member) -> str:
    """The name as the centre writes it: family name first."""
    family, *middle, given = member.name.split()
    return names.shown(family, " ".join(middle), given)
