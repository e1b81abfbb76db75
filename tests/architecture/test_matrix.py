"""Every address, tried by everybody: docs/access.md says who gets in."""

import re

import pytest
from starlette.routing import Route

from portal import db
from portal.scope import Permission
from portal.web.guard import PUBLIC, SIGNED_IN, all_routes, rights_of
from tests.architecture.test_access import agreed
from tests.cast import Cast, app, browser_of, gather, visitor

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


def addresses() -> list[tuple[str, Route]]:
    """Every route once for each of its methods."""
    served = [route for route in all_routes(list(app().routes)) if not route.path.startswith("/static/")]
    return [(method, route) for route in served for method in sorted((route.methods or set()) - {"HEAD"})]


def filled(path: str, identity: int = 10**15) -> str:
    """The path with something in its places: ids of nobody."""
    return re.sub(r"\{\w+\}", "some-key", re.sub(r"\{\w+:id\}", str(identity), path))


@pytest.fixture
async def cast(database: str) -> Cast:
    return await gather(demo=True)


async def test_who_is_signed_out_gets_public_pages_and_the_way_to_the_door(cast):
    async with visitor() as client:
        for method, route in addresses():
            answer = await client.request(method, filled(route.path))
            away = answer.headers.get("location", "").startswith("/sign-in?next=")
            assert away is (PUBLIC not in rights_of(route)), (method, route.path, answer.status_code)
            assert answer.status_code < 500


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_opens_what_the_page_says_and_nothing_else(cast, role):
    held = agreed()[role]
    async with await browser_of(cast.people[ROLES[role]]) as client:
        for method, route in addresses():
            if route.path == "/sign-out":
                continue  # it would end the session that the others need; tried in access/
            rights = rights_of(route)
            opens = bool({PUBLIC, SIGNED_IN} & set(rights)) or any(right.value in held for right in rights)
            answer = await client.request(method, filled(route.path))
            assert (answer.status_code != 403) is opens, (method, route.path, answer.status_code)
            assert answer.status_code < 500, (method, route.path)
            assert not answer.headers.get("location", "").startswith("/sign-in"), route.path


@pytest.mark.parametrize("role", ROLES)
async def test_an_id_of_nobody_is_not_found(cast, role):
    held = agreed()[role]
    async with await browser_of(cast.people[ROLES[role]]) as client:
        for method, route in addresses():
            if ":id}" in route.path and any(right.value in held for right in rights_of(route) if right in Permission):
                answer = await client.request(method, filled(route.path))
                assert answer.status_code in (404, 422), (method, route.path, answer.status_code)
                if method == "GET":
                    assert answer.status_code == 404, route.path


async def strangers(cast: Cast) -> dict[str, list[int]]:
    """For each kind of id in an address, the ids that belong to the other branch or another family."""
    run = await db.value("SELECT MAX(id) FROM import_run")
    return {
        "/children/": [cast.bao.student],
        "/staff/students/": [cast.bao.student],
        "/staff/people/": [cast.bao.person, cast.an.person],
        "/staff/accounts/": [cast.an.account],
        "/staff/imports/": [run] if run else [],
        "/profile/sessions/": [],
    }


@pytest.mark.parametrize(
    "role", ["guardian", "student", "teacher", "counsellor", "care", "accountant", "marketing", "manager"]
)
async def test_another_family_or_branch_is_not_found(cast, role):
    """An is of the other branch and the father of Bảo; nobody of Cầu Giấy finds either."""
    held = agreed()[role]
    known = await strangers(cast)
    async with await browser_of(cast.people[ROLES[role]]) as client:
        for method, route in addresses():
            kind = next((prefix for prefix in known if route.path.startswith(prefix) and ":id}" in route.path), None)
            if kind and any(right.value in held for right in rights_of(route) if right in Permission):
                for stranger in known[kind]:
                    answer = await client.request(method, filled(route.path, stranger))
                    assert answer.status_code in (404, 422), (method, route.path, answer.status_code)
                    assert "Võ" not in answer.text, route.path


async def test_every_kind_of_id_is_tried(cast):
    known = await strangers(cast)
    for _, route in addresses():
        assert ":id}" not in route.path or any(
            route.path.startswith(prefix) for prefix in [*known, "/staff/outbox/"]
        ), route.path


async def test_the_strangers_are_there_for_those_who_may_see_them(cast):
    """Otherwise the tests above could not fail."""
    async with await browser_of(cast.quang) as director, await browser_of(cast.an) as father:
        assert (await father.get(f"/children/{cast.bao.student}/grades")).status_code == 200
        for path in (
            f"/staff/students/{cast.bao.student}",
            f"/staff/people/{cast.an.person}",
            f"/staff/accounts/{cast.an.account}",
        ):
            assert (await director.get(path)).status_code == 200, path
