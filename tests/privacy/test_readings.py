"""Who looked at whose records: noted once an hour without holding up a page, told to families by role and day."""

import asyncio
import contextvars

import pytest

from portal import clock, db
from portal.db import after
from portal.errors import NotFound
from portal.privacy import readings
from portal.scope import Permission, Scope
from tests.cast import ZONE, browser_of, said

STAFF = {Permission.USE_STAFF_ROOM: None}


async def noted() -> list[tuple[int, str, int | None, str]]:
    await after.finished()
    found = await db.rows("SELECT account_id, role, person_id, page FROM reading ORDER BY id")
    return [tuple(row) for row in found]


async def test_a_page_of_a_person_is_noted_once_an_hour(cast):
    async with await browser_of(cast.mai) as manager:
        for _ in range(3):
            assert (await manager.get(f"/staff/students/{cast.minh.student}")).status_code == 200
        assert (await manager.get(f"/staff/people/{cast.minh.person}")).status_code == 200
        assert (await manager.get(f"/staff/students/{cast.minh.student}/guardians")).status_code == 200
        for query in ("minh", "chi", ""):
            await manager.get(f"/staff/people?q={query}")
        person = cast.minh.person
        one = (cast.mai.account, "manager")
        assert sorted(await noted(), key=str) == sorted(
            [(*one, person, "student"), (*one, person, "person"), (*one, person, "guardians"), (*one, None, "list")],
            key=str,
        )
        with clock.moved(hours=1):
            await manager.get(f"/staff/people/{cast.minh.person}")
        assert len(await noted()) == 5


async def test_what_was_not_shown_and_ones_own_page_are_not_noted(cast):
    async with await browser_of(cast.hoa) as teacher:
        assert (await teacher.get(f"/staff/people/{cast.bao.person}")).status_code == 404
        assert (await teacher.get(f"/staff/people/{cast.hoa.person}")).status_code == 200
    async with await browser_of(cast.lan) as mother:
        await mother.get(f"/children/{cast.minh.student}/grades")
    assert await noted() == []


async def test_a_hundred_at_once_write_one_row_each_and_another_process_no_second(cast):
    scope = Scope(account_id=cast.mai.account, person_id=cast.mai.person, grants=STAFF, roles=frozenset({"manager"}))
    for person in (cast.minh.person, cast.chi.person):
        for _ in range(100):
            readings.note(scope, "person", person)
    assert len(await noted()) == 2
    readings._known.clear()  # another process knows nothing of what this one has noted
    readings.note(scope, "person", cast.minh.person)
    assert len(await noted()) == 2


async def test_a_page_does_not_wait_for_whoever_writes(cast):
    async with await browser_of(cast.mai) as manager, db.transaction():
        await db.execute("UPDATE person SET address = address")
        apart = contextvars.Context()  # as a request of a server is: no part of this transaction
        page = asyncio.get_running_loop().create_task(manager.get(f"/staff/people/{cast.minh.person}"), context=apart)
        assert (await asyncio.wait_for(page, 20)).status_code == 200
    assert [row[3] for row in await noted()] == ["person"]


async def test_the_family_reads_roles_and_days_and_no_names(cast):
    async with await browser_of(cast.mai) as manager:
        await manager.get(f"/staff/students/{cast.minh.student}")
    await after.finished()
    async with await browser_of(cast.lan) as mother:
        page = said(await mother.get(f"/children/{cast.minh.student}/readers"))
        assert f"{clock.today(ZONE):%d/%m/%Y} · Branch manager the record with classes and grades" in page
        for word in ("Mai", "Trịnh"):
            assert word not in page.replace("Nguyễn Mai Chi", "").replace("Mai Chi", ""), word
        assert (await mother.get(f"/children/{cast.bao.student}/readers")).status_code == 404
        assert "Nobody, as far as it is kept." in said(await mother.get(f"/children/{cast.chi.student}/readers"))


async def test_who_answers_for_the_staff_reads_names(cast):
    async with await browser_of(cast.duc) as counsellor:
        await counsellor.get(f"/staff/people/{cast.lan.person}")
    await after.finished()
    async with await browser_of(cast.mai) as manager:
        page = said(await manager.get(f"/staff/people/{cast.lan.person}/readers"))
    assert "Lê Minh Đức Counsellor the person’s card" in page
    with pytest.raises(NotFound):
        await readings.of_person(
            Scope(account_id=1, person_id=1, grants={Permission.SEE_READERS: frozenset({cast.south})}), cast.lan.person
        )
