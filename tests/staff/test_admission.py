"""Entering a new student by hand."""

import asyncio
import re
from html import unescape
from typing import Any

import pytest

from portal import clock, db
from tests.cast import Cast, browser_of, said, visitor

GROWN = {
    "family_name": "Ngô",
    "middle_name": "Hải",
    "given_name": "Yến",
    "birth_date": "1999-05-01",
    "phone": "0903 111 222",
    "email": "Yen@example.com",
}
CHILD = {
    "family_name": "Lý",
    "given_name": "Tí",
    "birth_date": "2016-05-01",
    "guardian_relation": "mother",
    "guardian_family_name": "Phan",
    "guardian_given_name": "Hạnh",
    "guardian_phone": "0903333444",
    "guardian_email": "hanh@example.com",
}


def belonging(cast: Cast) -> dict[str, str]:
    return {"branch_id": str(cast.north), "assigned_to": str(cast.duc.person)}


async def enter(cast: Cast, fields: dict[str, Any], **more: Any) -> Any:
    async with await browser_of(cast.duc) as browser:
        return await browser.post("/staff/people/new", data=belonging(cast) | fields | more)


async def students() -> int:
    return int(await db.value("SELECT COUNT(*) FROM student"))


async def test_a_grown_student_is_entered_with_what_the_guide_requires(cast: Cast) -> None:
    async with await browser_of(cast.duc) as browser:
        form = (await browser.get("/staff/people/new")).text
        assert f'<option value="{cast.north}" selected>Cầu Giấy' in form
        assert f'<option value="{cast.duc.person}" selected>Lê Minh Đức' in form
        assert "Thủ Đức" not in form
        answer = await browser.post("/staff/people/new", data=belonging(cast) | GROWN)
        assert answer.status_code == 303
        page = said(await browser.get(answer.headers["location"]))
    assert "Ngô Hải Yến" in page
    assert "HV00004 · Cầu Giấy" in page
    assert "0903 111 222" in page
    assert "yen@example.com" in page
    assert "Looked after by Lê Minh Đức" in page
    assert "Made a student" in page


async def test_a_minor_is_reached_through_the_guardian_entered_with_them(cast: Cast) -> None:
    answer = await enter(cast, CHILD)
    assert answer.status_code == 303
    async with await browser_of(cast.duc) as browser:
        page = said(await browser.get(answer.headers["location"]))
    assert "Phan Hạnh Mother" in page
    async with await browser_of(cast.vy) as browser:
        page = said(await browser.get(answer.headers["location"]))
    assert "Phan Hạnh Mother May see May pay Is told" in page
    assert "Ground: Entered together with the student." in page
    link = await db.row("SELECT may_see, may_pay, is_told, household_id FROM guardian ORDER BY id DESC LIMIT 1")
    assert link
    assert all(link)


async def test_a_form_that_met_a_long_import_comes_back_as_it_was_typed_but_for_passwords(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's only writer is held: nobody waits without end. (PostgreSQL has a writer for each.)"""
    if db.dialect() == "postgres":
        return
    monkeypatch.setattr("portal.db.session.PATIENCE", 0.1)
    typed = belonging(cast) | GROWN | {"address": '1 "Hàng Bạc"'}
    holding, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with db.transaction():
            holding.set()
            await done.wait()

    async with await browser_of(cast.duc) as browser, visitor() as stranger:
        writer = asyncio.create_task(hold())
        await holding.wait()
        async with asyncio.timeout(5):
            answer = await browser.post("/staff/people/new", data=typed)
            signing = await stranger.post("/sign-in", data={"login": "lan@example.com", "password": "schoolyard"})
        done.set()
        await writer
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert "Nothing was saved" in said(answer)
        assert '<input type="hidden" name="address" value="1 &#34;Hàng Bạc&#34;">' in answer.text
        assert await students() == 3
        assert signing.status_code == 503
        assert "lan@example.com" not in signing.text
        assert 'value="schoolyard"' not in signing.text
        assert "your browser keeps what you typed" in said(signing)
        again = re.findall(r'<input type="hidden" name="(\w+)" value="(.*?)">', answer.text)
        assert typed.items() <= {name: unescape(value) for name, value in again}.items()
        assert (await browser.post("/staff/people/new", data=typed)).status_code == 303


async def test_what_is_missing_is_said_beside_every_field_at_once(cast: Cast) -> None:
    async with await browser_of(cast.duc) as browser:
        answer = await browser.post("/staff/people/new", data={"guardian_email": "hanh@", "middle_name": "Bé"})
    page = said(answer)
    assert answer.status_code == 422
    assert 'value="Bé"' in answer.text
    for field in ("family_name", "given_name", "phone", "email", "branch_id", "assigned_to", "guardian_relation"):
        assert f'id="field-{field}-error"' in answer.text, field
    for field in ("guardian_family_name", "guardian_given_name", "guardian_phone", "guardian_email"):
        assert f'id="field-{field}-error"' in answer.text, field
    assert "This is not an email address." in page
    assert await students() == 3


@pytest.mark.parametrize(
    "change, field",
    [
        ({"birth_date": "2016-02-30"}, "birth_date"),
        ({"birth_date": "1850-01-01"}, "birth_date"),
        ({"birth_date": "2999-01-01"}, "birth_date"),
        ({"sex": "unicorn"}, "sex"),
        ({"family_name": "x" * 81}, "family_name"),
        ({"address": "x" * 301}, "address"),
        ({"phone": "12"}, "phone"),
        ({"phone": ""}, "phone"),
        ({"branch_id": "2"}, "branch_id"),
        ({"branch_id": "9" * 30}, "branch_id"),
        ({"assigned_to": "999"}, "assigned_to"),
        ({"guardian_id": "999", "guardian_relation": "mother"}, "guardian_id"),
        ({"guardian_id": "9" * 30, "guardian_relation": "mother"}, "guardian_id"),
    ],
)
async def test_a_value_that_breaks_a_rule_is_refused_and_nothing_is_half_written(
    cast: Cast, change: dict[str, str], field: str
) -> None:
    people = await db.value("SELECT COUNT(*) FROM person")
    answer = await enter(cast, GROWN, **change)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert await db.value("SELECT COUNT(*) FROM person") == people


async def test_a_grown_student_is_not_reached_through_a_guardian(cast: Cast) -> None:
    answer = await enter(cast, CHILD, birth_date="1999-05-01")
    assert answer.status_code == 422
    assert 'id="field-phone-error"' in answer.text
    alone = await enter(cast, GROWN, birth_date="05/05/2015", phone="", email="")
    marked = set(re.findall(r'id="field-(\w+)-error"', alone.text))
    assert marked == {"guardian_phone", "guardian_email"}
    unreadable = await enter(cast, CHILD, birth_date="31/02/2014")
    assert set(re.findall(r'id="field-(\w+)-error"', unreadable.text)) == {"birth_date"}
    unknown = await enter(cast, CHILD, birth_date="")
    assert "or, for a minor, the guardian's." in said(unknown)


async def test_a_form_sent_twice_makes_one_student(cast: Cast) -> None:
    first, second = await asyncio.gather(enter(cast, CHILD), enter(cast, CHILD))
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert await students() == 4
    with clock.moved(minutes=11):
        later = await enter(cast, CHILD)
    assert later.status_code == 422


async def test_two_counsellors_at_once_get_two_codes(cast: Cast) -> None:
    async with await browser_of(cast.duc) as his, await browser_of(cast.vy) as hers:
        answers = await asyncio.gather(
            his.post("/staff/people/new", data=belonging(cast) | GROWN),
            hers.post("/staff/people/new", data=belonging(cast) | CHILD),
        )
    assert [answer.status_code for answer in answers] == [303, 303]
    assert await db.value("SELECT COUNT(DISTINCT code) FROM student") == 5


async def test_who_looks_known_is_shown_before_and_entered_only_when_confirmed(cast: Cast) -> None:
    twin = CHILD | {"family_name": "Nguyen", "middle_name": "Hoang", "given_name": "Minh", "birth_date": "09/03/2014"}
    answer = await enter(cast, twin)
    assert answer.status_code == 422
    assert "looks like this already" in said(answer)
    assert f'href="/staff/people/{cast.minh.person}"' in answer.text
    assert 'value="Phan"' in answer.text
    assert await students() == 3
    assert (await enter(cast, twin, confirmed="1")).status_code == 303
    assert await students() == 4


async def test_the_guardian_of_a_sibling_is_taken_from_who_is_here(cast: Cast) -> None:
    sibling = CHILD | {"guardian_phone": "0912345678"}
    asked = await enter(cast, sibling)
    assert asked.status_code == 422
    assert f'name="guardian_id" type="radio" value="{cast.lan.person}"' in asked.text
    people = await db.value("SELECT COUNT(*) FROM person")
    answer = await enter(cast, sibling, guardian_id=str(cast.lan.person))
    assert answer.status_code == 303
    assert await db.value("SELECT COUNT(*) FROM person") == people + 1
    households = await db.rows("SELECT DISTINCT household_id FROM guardian WHERE person_id = ?", cast.lan.person)
    assert len(households) == 1
    async with await browser_of(cast.lan) as browser:
        assert "Tí" in said(await browser.get("/home"))


async def test_a_guardian_who_looks_known_is_not_waved_through(cast: Cast) -> None:
    sibling = CHILD | {"guardian_phone": "0912345678"}
    asked = await enter(cast, sibling, confirmed="1")
    assert asked.status_code == 422
    assert "one of those who are here" in said(asked)
    assert "checked" not in asked.text.split('name="guardian_id"')[1].split(">")[0]
    assert await students() == 3
    assert (await enter(cast, sibling, confirmed="1", guardian_id="new")).status_code == 303
    assert await students() == 4


async def test_people_of_another_branch_are_never_hinted_at(cast: Cast) -> None:
    bao = GROWN | {"family_name": "Võ", "middle_name": "Quốc", "given_name": "Bảo", "birth_date": "2015-01-02"}
    answer = await enter(cast, bao, phone="0987654321")
    assert answer.status_code == 303
    refused = await enter(cast, CHILD, guardian_id=str(cast.an.person))
    assert refused.status_code == 422
    assert "Văn An" not in refused.text


async def test_only_who_may_enter_people_does(cast: Cast) -> None:
    for reader in (cast.hoa, cast.thu, cast.nam, cast.son, cast.lan):
        async with await browser_of(reader) as browser:
            assert (await browser.get("/staff/people/new")).status_code == 403
            assert (await browser.post("/staff/people/new", data=GROWN)).status_code == 403
    async with await browser_of(cast.quang) as browser:
        page = await browser.get("/staff/people/new")
    assert page.status_code == 200
    assert "Thủ Đức" in page.text
