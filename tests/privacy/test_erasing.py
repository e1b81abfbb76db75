"""Erasing: who may, what is asked, what is refused, on the page and behind it."""

import pytest

from portal import clock, db, jobs
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.people.names import shown
from portal.privacy import erasing
from portal.scope import Permission, Scope
from tests.cast import bind, browser_of, said


def scope_of(member, *permissions: Permission, roles: tuple[str, ...] = ()) -> Scope:
    return Scope(
        account_id=member.account,
        person_id=member.person,
        grants=dict.fromkeys(permissions or tuple(Permission)),
        roles=frozenset(roles),
    )


async def test_the_page_says_what_goes_and_what_stays_and_asks_for_the_name(cast):
    async with await browser_of(cast.quang) as director:
        page = said(await director.get(f"/staff/people/{cast.minh.person}/erasure"))
        assert "Trần Thị Lan (stays, with 1 other link)" in page
        assert "type the name: Nguyễn Hoàng Minh" in page
        data = {"ground": "asked", "typed_name": "Nguyễn Hoàng Mi"}
        answer = await director.post(f"/staff/people/{cast.minh.person}/erasure", data=data)
        assert answer.status_code == 422
        assert "Type the name exactly as it stands above." in said(answer)
        assert 'value="Nguyễn Hoàng Mi"' in answer.text
        assert await db.value("SELECT COUNT(*) FROM erasure") == 0
        data["typed_name"] = "Nguyen Hoang Minh"  # may be somebody else
        answer = await director.post(f"/staff/people/{cast.minh.person}/erasure", data=data)
        assert answer.status_code == 422
        data["typed_name"] = " nguyễn  hoàng minh "
        answer = await director.post(f"/staff/people/{cast.minh.person}/erasure", data=data)
        assert (answer.status_code, answer.headers["location"]) == (303, "/staff/people")
        for path in (
            f"people/{cast.minh.person}",
            f"students/{cast.minh.student}",
            f"people/{cast.minh.person}/erasure",
        ):
            assert (await director.get(f"/staff/{path}")).status_code == 404, path
        assert "Minh" not in said(await director.get("/staff/people?q=minh")).replace("Lê Minh Đức", "")
    async with await browser_of(cast.lan) as mother:
        assert (await mother.get(f"/children/{cast.minh.student}/grades")).status_code == 404
        assert "Nguyễn Mai Chi" in said(await mother.get("/home"))


async def test_the_page_warns_of_students_who_would_have_no_guardian(cast):
    await bind(cast, "an", "chi")
    async with await browser_of(cast.quang) as director:
        page = said(await director.get(f"/staff/people/{cast.lan.person}/erasure"))
        assert "Nobody would stand for Nguyễn Hoàng Minh any more." in page
        assert "No guardian left" not in said(await director.get(f"/staff/people/{cast.minh.person}/erasure"))
        await bind(cast, "an", "minh")
        assert "No guardian left" not in said(await director.get(f"/staff/people/{cast.lan.person}/erasure"))


async def test_who_is_erased_is_out_at_once(cast):
    async with await browser_of(cast.minh) as student:
        assert (await student.get("/home")).status_code == 200
        await erasing.erase(scope_of(cast.quang), cast.minh.person, "asked", typed_name="Nguyễn Hoàng Minh")
        assert (await student.get("/home")).status_code == 303
        answer = await student.post("/sign-in", data={"login": "minh@example.com", "password": "schoolyard"})
        assert answer.status_code == 422


async def test_nobody_erases_themselves_or_an_administrator_above_them(cast):
    with pytest.raises(Conflict, match="yourself"):
        await erasing.erase(scope_of(cast.quang), cast.quang.person, "asked", typed_name=shown("Đặng", "Đình", "Quang"))
    director = scope_of(cast.quang, Permission.ERASE_PEOPLE, Permission.SEE_PEOPLE, Permission.SEE_ACCOUNTS)
    with pytest.raises(Forbidden):
        await erasing.erase(director, cast.son.person, "asked", typed_name="Bùi Thái Sơn")
    with pytest.raises(Forbidden):
        await erasing.erase(director, cast.hoa.person, "asked", typed_name="Phạm Quỳnh Hoa")
    assert await db.value("SELECT COUNT(*) FROM person WHERE erased_at IS NOT NULL") == 0


async def test_the_last_administrator_stays(cast):
    other = scope_of(cast.quang, roles=("administrator",))
    with pytest.raises(Conflict, match="at least one administrator"):
        await erasing.erase(other, cast.son.person, "asked", typed_name="Bùi Thái Sơn")
    await db.insert("account_role", account_id=cast.quang.account, role="administrator", given_at=clock.now())
    await erasing.erase(other, cast.son.person, "asked", typed_name="Bùi Thái Sơn")
    assert await db.value("SELECT disabled_at FROM account WHERE id = ?", cast.son.account) is not None


async def test_a_right_and_sight_are_needed(cast):
    with pytest.raises(Forbidden):
        await erasing.erase(scope_of(cast.mai, Permission.SEE_PEOPLE), cast.an.person, "asked", typed_name="Võ Văn An")
    blind = scope_of(cast.quang, Permission.ERASE_PEOPLE)
    with pytest.raises(NotFound):
        await erasing.erase(blind, cast.an.person, "asked", typed_name="Võ Văn An")
    with pytest.raises(Invalid) as no:
        await erasing.erase(scope_of(cast.quang), cast.an.person, "because", typed_name="")
    assert set(no.value.errors) == {"ground", "typed_name"}


async def test_former_staff_stay_as_authors_without_a_name(cast):
    administrator = scope_of(cast.son, roles=("administrator",))
    await db.execute("UPDATE person SET made_by = ? WHERE id = ?", cast.duc.account, cast.chi.person)
    await erasing.erase(administrator, cast.duc.person, "expired", typed_name="Lê Minh Đức")
    async with await browser_of(cast.mai) as manager:
        page = said(await manager.get(f"/staff/people/{cast.chi.person}"))
    assert "Nhân viên cũ" in page  # in the language of the centre
    assert "Lê Minh Đức" not in page


async def test_nothing_is_erased_while_an_import_is_at_work(cast):
    await db.insert(
        "import_run",
        **{"kind": "oneroster", "file_name": "a.zip", "dry_run": False, "state": "running", "made_at": clock.now()},
        **{"counts": "{}", "problems": "[]", "options": "{}", "preview": "[]", "kept": "[]"},
    )
    with pytest.raises(Conflict, match="import is at work"):
        await erasing.erase(scope_of(cast.quang), cast.an.person, "asked", typed_name="Võ Văn An")
    async with await browser_of(cast.quang) as director:
        page = said(await director.get(f"/staff/people/{cast.an.person}/erasure"))
    assert "An import is at work." in page
    assert "To be sure" not in page


async def test_a_second_erasure_finds_nobody_and_the_sweep_bears_to_run_twice(cast):
    await erasing.erase(scope_of(cast.quang), cast.an.person, "asked", typed_name="Võ Văn An")
    with pytest.raises(NotFound):
        await erasing.erase(scope_of(cast.quang), cast.an.person, "asked", typed_name="Võ Văn An")
    await jobs.drain()
    await erasing.sweep({"erasure": await db.value("SELECT id FROM erasure")})
    assert await db.value("SELECT COUNT(*) FROM job WHERE dead_at IS NOT NULL") == 0


async def test_texts_of_others_keep_their_own_people(cast):
    """An's namesake in a longer name, and an address that only ends like his, are nobody's business of his."""
    work = await db.insert("category", class_id=cast.starters, name="x", weight=1)
    told = "Võ Văn Anh và man@example.com, Võ Văn An, an@example.com, 0987 654 321"
    work = await db.insert(
        "assessment", class_id=cast.starters, category_id=work, name="w", description=told, max_points=1
    )
    await erasing.erase(scope_of(cast.quang), cast.an.person, "asked", typed_name="Võ Văn An")
    kept = await db.value("SELECT description FROM assessment WHERE id = ?", work)
    assert kept == "Võ Văn Anh và man@example.com, …, …, …"
