"""Guardian links, decided in the staff room."""

import asyncio

import pytest

from portal import db, jobs
from tests.cast import Cast, add, browser_of, said


async def link_of(cast: Cast) -> int:
    """Lan's link to Minh."""
    return int(
        await db.value(
            "SELECT id FROM guardian WHERE student_id = ? AND person_id = ?", cast.minh.student, cast.lan.person
        )
    )


def here(cast: Cast) -> str:
    return f"/staff/students/{cast.minh.student}/guardians"


async def test_a_guardian_is_found_chosen_and_linked_without_sight_and_the_others_are_told(cast: Cast) -> None:
    ba = await add(cast, "ba", "Phan Thị Bà", phone="0905555666")
    async with await browser_of(cast.vy) as browser:
        found = await browser.get(here(cast), params={"q": "phan ba"})
        assert f"?person_id={ba.person}#link" in found.text
        form = said(await browser.get(here(cast), params={"person_id": str(ba.person)}))
        assert "You link Phan Thị Bà." in form
        assert "They begin without sight" in form
        data = {"person_id": ba.person, "relation": "grandparent", "ground": "Came with the mother"}
        answer = await browser.post(here(cast), data=data)
        assert answer.status_code == 303
        page = said(await browser.get(answer.headers["location"]))
    assert "Linked." in page
    assert "Phan Thị Bà · Grandparent Does not see Does not pay Is told" in page
    await jobs.drain()
    letter = await db.row("SELECT recipient, text FROM letter")
    assert letter
    assert letter[0] == "lan@example.com"
    assert "Bà" not in letter[1]


async def test_what_a_guardian_may_is_changed_with_a_ground(cast: Cast) -> None:
    link = await link_of(cast)
    async with await browser_of(cast.vy) as browser:
        answer = await browser.post(f"{here(cast)}/{link}", data={"is_told": "1", "ground": "Agreed by both"})
        assert answer.status_code == 303
        page = said(await browser.get(here(cast)))
        assert "Does not see Does not pay Is told" in page
        record = said(await browser.get(f"/staff/students/{cast.minh.student}"))
    assert "Changed what a guardian may see and do: Trần Thị Lan" in record
    assert "Ground: Agreed by both" in record
    async with await browser_of(cast.lan) as browser:
        assert (await browser.get(f"/children/{cast.minh.student}/grades")).status_code == 404


async def test_a_restriction_closes_the_childs_pages_at_once_and_can_be_lifted(cast: Cast) -> None:
    link = await link_of(cast)
    async with await browser_of(cast.mai) as staff, await browser_of(cast.lan) as mother:
        grades = f"/children/{cast.minh.student}/grades"
        assert (await mother.get(grades)).status_code == 200
        order = {"ground": "Court order 12/2026"}
        assert (await staff.post(f"{here(cast)}/{link}/restriction", data=order)).status_code == 303
        assert (await mother.get(grades)).status_code == 404
        assert "Restricted since" in said(await staff.get(here(cast)))
        assert (await staff.post(f"{here(cast)}/{link}/restriction/end", data=order)).status_code == 303
        assert "Does not see" in said(await staff.get(here(cast)))
        assert (await mother.get(grades)).status_code == 404


@pytest.mark.parametrize("act", ["", "/restriction", "/restriction/end"])
async def test_no_decision_without_a_ground(cast: Cast, act: str) -> None:
    link = await link_of(cast)
    async with await browser_of(cast.vy) as browser:
        answer = await browser.post(f"{here(cast)}/{link}{act}", data={"ground": " "})
        long = await browser.post(f"{here(cast)}/{link}{act}", data={"ground": "x" * 301})
    assert answer.status_code == long.status_code == 422
    assert "Please fill this in." in said(answer)
    assert await db.value("SELECT COUNT(*) FROM guardian WHERE restricted_at IS NOT NULL") == 0
    assert await db.value("SELECT COUNT(*) FROM guardian WHERE may_see") == 3


async def test_a_failed_form_keeps_what_was_typed_and_leads_to_its_field(cast: Cast) -> None:
    ba = await add(cast, "ba", "Phan Thị Bà")
    async with await browser_of(cast.vy) as browser:
        answer = await browser.post(here(cast), data={"person_id": ba.person, "relation": "x", "ground": "Y"})
    assert answer.status_code == 422
    assert 'href="#field-relation"' in answer.text
    assert 'id="field-relation"' in answer.text
    assert 'value="Y"' in answer.text
    assert answer.text.count('id="field-ground"') == 1


@pytest.mark.parametrize("person_id", ["", "x", "9" * 25])
async def test_nobody_is_not_linked(cast: Cast, person_id: str) -> None:
    async with await browser_of(cast.vy) as browser:
        data = {"person_id": person_id, "relation": "mother", "ground": "Y"}
        assert (await browser.post(here(cast), data=data)).status_code == 422


async def test_a_link_that_is_there_or_to_oneself_is_refused(cast: Cast) -> None:
    async with await browser_of(cast.vy) as browser:
        data = {"person_id": cast.lan.person, "relation": "mother", "ground": "Y"}
        assert (await browser.post(here(cast), data=data)).status_code == 409
        own = await browser.post(here(cast), data=data | {"person_id": cast.minh.person})
    assert own.status_code == 422
    assert "Nobody is their own guardian." in said(own)


async def test_of_two_first_guardians_at_once_only_one_may_see(cast: Cast) -> None:
    await db.execute("DELETE FROM guardian WHERE student_id = ?", cast.minh.student)
    ba = await add(cast, "ba", "Phan Thị Bà")
    async with await browser_of(cast.vy) as one, await browser_of(cast.mai) as other:
        data = {"relation": "mother", "ground": "Y"}
        await asyncio.gather(
            one.post(here(cast), data=data | {"person_id": ba.person}),
            other.post(here(cast), data=data | {"person_id": cast.lan.person}),
        )
    sees = await db.rows("SELECT may_see FROM guardian WHERE student_id = ?", cast.minh.student)
    assert sorted(bool(row[0]) for row in sees) == [False, True]


async def test_strangers_and_links_of_others_are_not_found(cast: Cast) -> None:
    link = await link_of(cast)
    async with await browser_of(cast.vy) as browser:
        data = {"person_id": cast.an.person, "relation": "father", "ground": "Y"}
        assert (await browser.post(here(cast), data=data)).status_code == 404
        assert (await browser.get(here(cast), params={"person_id": str(cast.an.person)})).status_code == 404
        assert (await browser.get(f"/staff/students/{cast.bao.student}/guardians")).status_code == 404
        elsewhere = f"/staff/students/{cast.chi.student}/guardians/{link}"
        assert (await browser.post(elsewhere, data={"ground": "Y"})).status_code == 404
        assert (await browser.post(f"{elsewhere}/restriction", data={"ground": "Y"})).status_code == 404


async def test_only_who_decides_on_links_does(cast: Cast) -> None:
    for reader in (cast.duc, cast.hoa, cast.thu, cast.son, cast.lan):
        async with await browser_of(reader) as browser:
            assert (await browser.get(here(cast))).status_code == 403
            assert (await browser.post(here(cast))).status_code == 403
