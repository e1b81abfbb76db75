"""Guardian links, decided in the staff room."""

import asyncio

import pytest

from portal import clock, db, jobs, mail
from portal.people import guardians
from portal.scope import SYSTEM
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


async def test_of_two_guardians_linked_at_once_neither_sees_and_the_first_is_told(cast: Cast) -> None:
    await db.execute("DELETE FROM guardian WHERE student_id = ?", cast.minh.student)
    ba = await add(cast, "ba", "Phan Thị Bà")
    async with await browser_of(cast.vy) as one, await browser_of(cast.mai) as other:
        data = {"relation": "mother", "ground": "Y"}
        await asyncio.gather(
            one.post(here(cast), data=data | {"person_id": ba.person}),
            other.post(here(cast), data=data | {"person_id": cast.lan.person}),
        )
    sees = await db.rows("SELECT may_see FROM guardian WHERE student_id = ?", cast.minh.student)
    assert [bool(row[0]) for row in sees] == [False, False]
    await jobs.drain()
    assert await db.value("SELECT COUNT(*) FROM letter") == 1


async def test_the_first_guardian_of_a_student_who_is_here_begins_without_sight_too(cast: Cast) -> None:
    await db.execute("DELETE FROM guardian WHERE student_id = ?", cast.minh.student)
    async with await browser_of(cast.vy) as browser:
        form = said(await browser.get(here(cast), params={"person_id": str(cast.lan.person)}))
        assert "what they may see you decide after that" in form
        data = {"person_id": cast.lan.person, "relation": "mother", "ground": "Family book shown"}
        assert (await browser.post(here(cast), data=data)).status_code == 303
        async with await browser_of(cast.lan) as mother:
            grades = f"/children/{cast.minh.student}/grades"
            assert (await mother.get(grades)).status_code == 404
            decision = {"may_see": "1", "ground": "Seen with the child"}
            assert (await browser.post(f"{here(cast)}/{await link_of(cast)}", data=decision)).status_code == 303
            assert (await mother.get(grades)).status_code == 200


async def linked(cast: Cast) -> int:
    """Link somebody new to Minh; the answer's status."""
    ba = await add(cast, "ba", "Phan Thị Bà")
    async with await browser_of(cast.vy) as browser:
        data = {"person_id": ba.person, "relation": "grandparent", "ground": "Came with the mother"}
        return (await browser.post(here(cast), data=data)).status_code


async def test_the_others_are_told_though_the_letter_fails_at_first(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise OSError("no letter today")

    with monkeypatch.context() as broken:
        broken.setattr(mail, "send", fails)
        assert await linked(cast) == 303
        assert await db.rows("SELECT kind FROM job") == [("guardian_linked",)]
        await jobs.drain()
    assert await db.value("SELECT COUNT(*) FROM letter") == 0
    with clock.moved(hours=1):
        await jobs.drain()
    assert await db.rows("SELECT recipient FROM letter") == [("lan@example.com",)]


async def test_a_link_that_is_rolled_back_tells_nobody(cast: Cast) -> None:
    ba = await add(cast, "ba", "Phan Thị Bà")
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await guardians.link(
                SYSTEM, person_id=ba.person, student_id=cast.minh.student, relation="other", ground="Y"
            )
            raise ZeroDivisionError
    assert await db.value("SELECT COUNT(*) FROM job") == 0


async def test_who_is_not_told_what_happens_hears_of_another_guardian_all_the_same(cast: Cast) -> None:
    await db.execute("UPDATE guardian SET is_told = ?", False)
    await linked(cast)
    await jobs.drain()
    assert await db.rows("SELECT recipient FROM letter") == [("lan@example.com",)]


async def test_a_guardian_who_cannot_be_written_to_is_named_in_the_history(cast: Cast) -> None:
    await db.execute("UPDATE email_address SET invalid_at = ? WHERE person_id = ?", clock.now(), cast.lan.person)
    await linked(cast)
    await jobs.drain()
    assert await db.value("SELECT COUNT(*) FROM letter") == 0
    async with await browser_of(cast.vy) as browser:
        page = said(await browser.get(f"/staff/students/{cast.minh.student}"))
    assert "Could not be told of another guardian: no email that works: Trần Thị Lan" in page


async def test_a_restricted_guardian_is_not_contacted(cast: Cast) -> None:
    await guardians.restrict(SYSTEM, cast.minh.student, await link_of(cast), ground="Court order 12/2026")
    await linked(cast)
    await jobs.drain()
    assert await db.value("SELECT COUNT(*) FROM letter") == 0
    assert await db.value("SELECT COUNT(*) FROM audit_entry WHERE verb = 'guardian.not_told'") == 0


async def test_a_restriction_is_lifted_once_and_never_where_there_is_none(cast: Cast) -> None:
    path = f"{here(cast)}/{await link_of(cast)}/restriction"
    async with await browser_of(cast.mai) as browser:
        refused = await browser.post(f"{path}/end", data={"ground": "Sent late"})
        assert refused.status_code == 409
        assert "This guardian is not restricted." in said(refused)
        assert await db.row("SELECT may_see, ground FROM guardian ORDER BY id LIMIT 1") == (True, "Family book shown")
        assert (await browser.post(path, data={"ground": "Court order 12/2026"})).status_code == 303
        again = await browser.post(path, data={"ground": "Sent twice"})
        assert again.status_code == 409
        assert "This guardian is restricted already." in said(again)
        assert await db.value("SELECT ground FROM guardian ORDER BY id LIMIT 1") == "Court order 12/2026"


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
