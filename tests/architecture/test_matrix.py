"""Every address, tried by everybody: `rights.OPENS`, written by hand from docs/access.md, says who gets in."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from starlette.routing import Route

from portal import clock, db, files
from portal.privacy import exports
from portal.scope import Scope
from portal.web.guard import all_routes
from tests.architecture.addresses import PAGE
from tests.architecture.rights import ANYBODY, CENTRE, OPENS
from tests.cast import Cast, add, app, bind, browser_of, enter, gather, visitor

ROLES = {
    "guardian": "lan",
    "student": "minh",
    "teacher": "hoa",
    "counsellor": "duc",
    "care": "vy",
    "accountant": "thu",
    "marketing": "nam",
    "manager": "mai",
    "director": "quang",
    "administrator": "son",
}
BOUND = [role for role in ROLES if role not in CENTRE]  # whose rights end at a branch, a class or a family
NOBODY = 10**15
STRANGERS = "Võ"  # the family name of each of them, which must not be told

Address = tuple[str, str]


@dataclass(frozen=True)
class Try:
    """A request that does something, when whoever may make it does: at an address, with ids and a valid body.

    `by` is somebody who may; "" for a pair of ids that do not belong together, which nobody may.
    """

    address: Address
    ids: dict[str, int]
    data: dict[str, Any] = field(default_factory=dict)
    by: str = ""

    @property
    def path(self) -> str:
        return filled(self.address[1], **self.ids)

    async def sent(self, client: AsyncClient) -> Response:
        if self.address[0] == "POST":
            return await client.post(self.path, data=self.data)
        return await client.get(self.path, params=self.data)


def addresses() -> list[tuple[str, Route]]:
    """Every route once for each of its methods; what is static belongs to nobody."""
    found = [route for route in all_routes(list(app().routes)) if not route.path.startswith("/static/")]
    return [(method, route) for route in found for method in sorted((route.methods or set()) - {"HEAD"})]


def served() -> list[Address]:
    return [(method, route.path) for method, route in addresses()]


def filled(path: str, identity: int = NOBODY, **ids: int) -> str:
    """The path with something in its places: the ids given by name, else `identity`."""
    with_ids = re.sub(r"\{(\w+):id\}", lambda place: str(ids.get(place[1], identity)), path)
    return re.sub(r"\{\w+\}", "some-key", with_ids)


@pytest.fixture
async def cast(database: str, tmp_path: Path) -> Cast:
    """The cast; Kim, who works in the other branch and was invited, Ngân, who works there without an account; and Bà,
    a relative in Cầu Giấy whom nobody has linked yet."""
    files.configure(tmp_path)
    cast = await gather(demo=True)
    await add(cast, "ba", "Phan Thị Bà")
    for key, name in (("kim", "Võ Ngọc Kim"), ("ngan", "Võ Thu Ngân")):
        member = await add(cast, key, name, branch=cast.south)
        await db.insert("works_at", person_id=member.person, branch_id=cast.south)
    await enter(cast, "kim")
    await db.execute("UPDATE account SET password_hash = NULL WHERE id = ?", cast.kim.account)
    return cast


async def link_of(child: int) -> int:
    return int(await db.value("SELECT MIN(id) FROM guardian WHERE student_id = ?", child))


async def grant_to(account: int, cast: Cast) -> int:
    """A role at Cầu Giấy, which its manager could take if she saw the account."""
    return await db.insert(
        "account_role", account_id=account, role="marketing", branch_id=cast.north, given_at=clock.now()
    )


async def identity_of(account: int) -> int:
    """An account at a provider that is linked to this one."""
    return await db.insert(
        "identity", account_id=account, issuer="https://login.example", subject=f"{account}", linked_at=clock.now()
    )


async def of_strangers(cast: Cast) -> list[Try]:
    """What is An's, Bảo's and Kim's, tried whole: with ids that exist and bodies that are valid."""
    student, guardian = cast.bao.student, await link_of(cast.bao.student)
    own_student, own_guardian = cast.minh.student, await link_of(cast.minh.student)
    kim, own = cast.kim.account, cast.duc.account
    session = await db.insert(
        "session", account_id=cast.an.account, token_hash="0" * 64, made_at=clock.now(), seen_at=clock.now()
    )
    grant, own_grant = await grant_to(kim, cast), await grant_to(own, cast)
    identity, own_identity = await identity_of(cast.an.account), await identity_of(own)
    link = {"relation": "grandparent", "ground": "Came with the father"}
    links, accounts = "/staff/students/{id:id}/guardians", "/staff/accounts/{id:id}"
    export = await exports.ask(
        Scope(account_id=cast.an.account, person_id=cast.an.person), cast.an.person, language="vi"
    )
    await exports.pack({"export": export})
    paper = {"kind": "privacy", "giver_id": str(cast.an.person), "agreed": "1", "note": "A letter of his"}
    tries = [
        Try(("GET", "/profile/privacy/exports/{id:id}"), {"id": export}, by="an"),
        Try(("GET", "/children/{id:id}/readers"), {"id": student}, by="an"),
        Try(("GET", "/staff/people/{id:id}/privacy"), {"id": cast.bao.person}, by="quang"),
        Try(("POST", "/staff/people/{id:id}/privacy/consents"), {"id": cast.bao.person}, paper, by="quang"),
        Try(("POST", "/staff/people/{id:id}/privacy/export"), {"id": cast.bao.person}, by="quang"),
        Try(("GET", "/staff/people/{id:id}/readers"), {"id": cast.bao.person}, by="quang"),
        Try(("POST", "/profile/sessions/{id:id}/end"), {"id": session}, by="an"),
        Try(("POST", "/profile/identities/{id:id}/end"), {"id": identity}, by="an"),
        Try(("GET", "/children/{id:id}/grades"), {"id": student}, by="an"),
        Try(("GET", "/staff/people/{id:id}"), {"id": cast.bao.person}, by="quang"),
        Try(("GET", "/staff/people/{id:id}"), {"id": cast.an.person}, by="quang"),
        Try(("GET", "/staff/people/{id:id}"), {"id": cast.kim.person}, by="quang"),
        Try(("GET", "/staff/students/{id:id}"), {"id": student}, by="quang"),
        Try(("GET", links), {"id": student}, by="quang"),
        Try(("GET", links), {"id": own_student}, {"person_id": str(cast.an.person)}, by="quang"),
        Try(("POST", links), {"id": student}, {"person_id": str(cast.ba.person), **link}, by="quang"),
        Try(("POST", links), {"id": own_student}, {"person_id": str(cast.an.person), **link}, by="quang"),
        Try(("GET", accounts), {"id": kim}, by="son"),
        Try(("GET", accounts), {"id": cast.an.account}, by="son"),
        Try(("GET", "/staff/accounts/new"), {}, {"person_id": str(cast.ngan.person)}, by="son"),
        Try(
            ("POST", "/staff/accounts/new"),
            {},
            {"person_id": str(cast.ngan.person), "login": "ngan@example.com"},
            by="son",
        ),
        Try(("POST", f"{accounts}/invitation"), {"id": kim}, by="son"),
        Try(("POST", f"{accounts}/roles"), {"id": kim}, {"role": "care", "branch_id": str(cast.north)}, by="son"),
        Try(("POST", f"{accounts}/roles/{{grant:id}}/end"), {"id": kim, "grant": grant}, by="son"),
        Try(("POST", f"{accounts}/roles/{{grant:id}}/end"), {"id": own, "grant": grant}),
        Try(("POST", f"{accounts}/roles/{{grant:id}}/end"), {"id": kim, "grant": own_grant}),
        Try(("POST", f"{accounts}/identities/{{identity:id}}/end"), {"id": own, "identity": own_identity}, by="son"),
        Try(("POST", f"{accounts}/identities/{{identity:id}}/end"), {"id": own, "identity": identity}),
        Try(("POST", f"{accounts}/identities/{{identity:id}}/end"), {"id": cast.an.account, "identity": own_identity}),
        Try(("POST", f"{accounts}/closing"), {"id": kim}, by="son"),
        Try(("POST", f"{accounts}/opening"), {"id": cast.an.account}, by="son"),
    ]
    tries += await _sheets(cast)
    for act, data in (("", {"may_see": "1", "ground": "Agreed"}), ("/restriction", {"ground": "A court's order"})):
        for end in ("", "/end") if act else ("",):
            address = ("POST", f"{links}/{{guardian:id}}{act}{end}")
            tries += [
                Try(address, {"id": student, "guardian": guardian}, data, by="quang"),
                Try(address, {"id": own_student, "guardian": guardian}, data),
                Try(address, {"id": student, "guardian": own_guardian}, data),
            ]
    return tries


async def _sheets(cast: Cast) -> list[Try]:
    """Spreadsheets and imports of Sơn, who sees the whole centre: none of them is for a manager of one branch."""
    file = await db.insert(
        "stored_file",
        **{"sha256": await _kept(b"Ho ten,Ngay sinh\nLe Thi Mot,1/2/2000\n"), "size": 40, "media_type": "text/plain"},
        **{"name": "a.csv", "uploaded_at": clock.now()},
    )
    match = {"kind": "students", "number": 0, "columns": ["full_name", "birth_date"], "relations": ["", ""]}
    options = json.dumps({**match, "branch_id": cast.north, "assigned_to": cast.son.person, "decisions": {}})
    by = {"file_id": file, "file_name": "a.csv", "made_at": clock.now(), "made_by": cast.son.account}
    run = {"kind": "people", "act": "check", "state": "done", "counts": "{}", "problems": "[]", "options": options}
    runs = [await db.insert("import_run", **run, **by, ended_at=clock.now()) for _ in range(5)]
    last = await db.insert("import_run", **run, **by, ended_at=clock.now(), written_at=clock.now())
    at_work = {**run, "state": "waiting"}
    waiting = await db.insert("import_run", **at_work, **by)
    sheets = [await db.insert("sheet", kind="students", columns="[]", options="{}", **by) for _ in range(2)]
    told = {"column": ["full_name", "birth_date"], "sheet": "1"}
    told |= {"branch_id": str(cast.north), "assigned_to": str(cast.son.person)}
    return [
        Try(("GET", "/staff/imports/people/{id:id}"), {"id": sheets[0]}, by="son"),
        Try(("POST", "/staff/imports/people/{id:id}"), {"id": sheets[1]}, told, by="son"),
        Try(("GET", "/staff/imports/{id:id}"), {"id": runs[0]}, by="son"),
        Try(("GET", "/staff/imports/{id:id}/progress"), {"id": runs[1]}, by="son"),
        Try(("GET", "/staff/imports/{id:id}/problems"), {"id": runs[1]}, by="son"),
        Try(("POST", "/staff/imports/{id:id}/import"), {"id": runs[2]}, by="son"),
        Try(("POST", "/staff/imports/{id:id}/decisions"), {"id": runs[3]}, {"all_person": "new"}, by="son"),
        Try(("GET", "/staff/imports/{id:id}/mistakes"), {"id": runs[4]}, by="son"),
        Try(("POST", "/staff/imports/{id:id}/stop"), {"id": waiting}, by="son"),
        Try(("GET", "/staff/imports/{id:id}/undo"), {"id": last}, by="son"),
        Try(("POST", "/staff/imports/{id:id}/undo"), {"id": last}, {"name": "a.csv"}, by="son"),
    ]


async def _kept(content: bytes) -> str:
    """Keep a file as an upload would; its hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    files.path_of(sha256).parent.mkdir(parents=True, exist_ok=True)
    files.path_of(sha256).write_bytes(content)
    return sha256


def test_the_table_names_every_address_and_no_other():
    assert set(OPENS) - {("GET", "/static/{path:path}")} == set(served())
    lines = [re.match(r"\| (\w+) \| `([^`]+)` \|", line) for line in PAGE.read_text().splitlines()]
    assert set(OPENS) == {line.groups() for line in lines if line}


def test_the_table_knows_every_role():
    assert frozenset(ROLES) | {"visitor"} == ANYBODY


async def test_who_is_signed_out_gets_public_pages_and_the_way_to_the_door(cast):
    async with visitor() as client:
        for method, path in served():
            answer = await client.request(method, filled(path))
            away = answer.headers.get("location", "").startswith("/sign-in?next=")
            assert away is ("visitor" not in OPENS[method, path]), (method, path, answer.status_code)
            assert answer.status_code < 500


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_opens_what_the_table_says_and_nothing_else(cast, role):
    async with await browser_of(cast.people[ROLES[role]]) as client:
        for method, path in served():
            if path == "/sign-out":
                continue  # it would end the session that the others need; tried in access/
            answer = await client.request(method, filled(path))
            assert (answer.status_code != 403) is (role in OPENS[method, path]), (method, path, answer.status_code)
            assert answer.status_code < 500, (method, path)
            assert not answer.headers.get("location", "").startswith("/sign-in"), path


@pytest.mark.parametrize("role", ROLES)
async def test_an_id_of_nobody_is_not_found(cast, role):
    bodies = {one.address: one.data for one in await of_strangers(cast)}
    async with await browser_of(cast.people[ROLES[role]]) as client:
        for address, opens in OPENS.items():
            if ":id}" in address[1] and role in opens:
                one = Try(address, {}, bodies.get(address, {}))
                answer = await one.sent(client)
                assert answer.status_code == 404, (*address, answer.status_code)


@pytest.mark.parametrize("role", BOUND)
async def test_another_family_or_branch_is_not_found(cast, role):
    """An is of the other branch and the father of Bảo, Kim works there; nobody of Cầu Giấy finds them or theirs."""
    tries = await of_strangers(cast)
    # Closed by whoever tries: what they closed themselves they could open again, if they saw it.
    member = cast.people[ROLES[role]]
    await db.execute(
        "UPDATE account SET disabled_at = ?, disabled_by = ? WHERE id = ?", clock.now(), member.account, cast.an.account
    )
    async with await browser_of(member) as client:
        for one in tries:
            if role in OPENS[one.address]:
                answer = await one.sent(client)
                assert answer.status_code == 404, (one.address, one.ids, answer.status_code)
                assert STRANGERS not in answer.text, one.address


async def test_every_address_with_an_id_is_tried_with_a_strangers(cast):
    """But those that only open to who sees the whole centre."""
    tried = {one.address for one in await of_strangers(cast)}
    assert tried >= {address for address, opens in OPENS.items() if ":id}" in address[1] and opens - CENTRE}


async def test_what_is_tried_with_a_strangers_id_does_something_for_who_may(cast):
    """Otherwise the test above could not fail: a body that is refused anyway hides that nobody looked whose it is."""
    for one in [one for one in await of_strangers(cast) if one.by]:
        async with await browser_of(cast.people[one.by]) as client:
            answer = await one.sent(client)
        assert answer.status_code == (303 if one.address[0] == "POST" else 200), (one.address, answer.status_code)


async def test_pairs_that_do_not_belong_together_are_found_by_nobody(cast):
    tries = [one for one in await of_strangers(cast) if not one.by]
    assert {one.address for one in tries} >= {address for address in OPENS if address[1].count(":id}") > 1}
    async with await browser_of(cast.quang) as director, await browser_of(cast.son) as administrator:
        for one in tries:
            client = director if "director" in OPENS[one.address] else administrator
            assert (await one.sent(client)).status_code == 404, (one.address, one.ids)


async def test_a_guardian_without_sight_does_not_find_the_child(cast):
    """The family of the child is not enough; the link has to say it."""
    await bind(cast, "an", "minh", may_see=False)
    async with await browser_of(cast.an) as father:
        assert (await father.get(f"/children/{cast.minh.student}/grades")).status_code == 404
        assert (await father.get(f"/children/{cast.bao.student}/grades")).status_code == 200
