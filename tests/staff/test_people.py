"""Finding people, and their cards."""

import datetime as dt

import pytest

from portal import clock, db
from portal.people import persons
from tests.cast import Cast, add, bind, browser_of, said


@pytest.mark.parametrize("q", ["minh", "Hoàng Minh", "hoang", "NGUYEN MINH", "HV00001"])
async def test_a_part_of_the_name_or_the_code_finds_a_student(cast: Cast, q: str) -> None:
    async with await browser_of(cast.duc) as browser:
        response = await browser.get("/staff/people", params={"q": q})
    assert response.status_code == 200
    assert "Nguyễn Hoàng Minh" in said(response)
    assert f'href="/staff/people/{cast.minh.person}"' in response.text
    assert f'href="/staff/students/{cast.minh.student}"' in response.text


@pytest.mark.parametrize("q", ["0912 345 678", "+84912345678", "0912", "lan@example.com"])
async def test_a_phone_or_email_finds_for_who_may_see_it_and_nobody_for_others(cast: Cast, q: str) -> None:
    async with await browser_of(cast.duc) as browser:
        page = said(await browser.get("/staff/people", params={"q": q}))
    assert "Trần Thị Lan" in page
    assert "0912 345 678" in page
    async with await browser_of(cast.hoa) as browser:
        assert "Nobody was found" in said(await browser.get("/staff/people", params={"q": q}))


async def test_another_branch_is_not_searched(cast: Cast) -> None:
    async with await browser_of(cast.duc) as browser:
        assert "Nobody was found for “Bao”." in said(await browser.get("/staff/people", params={"q": "Bao"}))
    async with await browser_of(cast.quang) as browser:
        assert "Võ Quốc Bảo" in said(await browser.get("/staff/people", params={"q": "Bao"}))


async def test_a_teacher_finds_the_students_of_their_classes_without_contacts(cast: Cast) -> None:
    async with await browser_of(cast.hoa) as browser:
        response = await browser.get("/staff/people")
    page = said(response)
    assert "Nguyễn Hoàng Minh" in page
    assert "Nguyễn Mai Chi" in page
    assert "Trần Thị Lan" not in page
    assert "Reached by" not in page


async def test_an_accountant_sees_how_payers_are_reached_and_nobody_else(cast: Cast) -> None:
    async with await browser_of(cast.thu) as browser:
        page = said(await browser.get("/staff/people"))
    assert "0912 345 678" in page
    assert "mai@example.com" not in page


@pytest.mark.parametrize(
    "only, there, absent",
    [
        ("students", "Nguyễn Mai Chi", "Trần Thị Lan"),
        ("guardians", "Trần Thị Lan", "Nguyễn Mai Chi"),
        ("teachers", "Phạm Quỳnh Hoa", "Lê Minh Đức"),
        ("staff", "Lê Minh Đức", "Phạm Quỳnh Hoa"),
    ],
)
async def test_a_chip_narrows_to_what_people_are_here(cast: Cast, only: str, there: str, absent: str) -> None:
    async with await browser_of(cast.mai) as browser:
        page = said(await browser.get("/staff/people", params={"only": only}))
    assert there in page
    assert absent not in page


async def test_who_types_gets_the_results_alone(cast: Cast) -> None:
    async with await browser_of(cast.duc) as browser:
        whole = await browser.get("/staff/people", params={"q": "chi"})
        part = await browser.get("/staff/people", params={"q": "chi"}, headers={"X-Fragment": "results"})
    assert part.text.lstrip().startswith('<div class="stack" data-results data-count="1 person">')
    assert "<html" not in part.text
    assert part.text.strip() in whole.text
    assert part.headers["vary"].startswith("X-Fragment")


async def test_a_long_list_is_shown_page_by_page(cast: Cast) -> None:
    for number in range(60):
        await add(cast, f"k{number}", f"Lý Thị K{number:02}")
    async with await browser_of(cast.duc) as browser:
        first = await browser.get("/staff/people", params={"q": "ly thi"})
        second = await browser.get("/staff/people", params={"q": "ly thi", "page": "2"})
        beyond = await browser.get("/staff/people", params={"q": "ly thi", "page": "9"})
    assert "Showing 1–50 of 60" in said(first)
    assert "q=ly+thi&amp;page=2" in first.text
    assert "Showing 51–60 of 60" in said(second)
    assert "q=ly+thi&amp;page=2" in beyond.text


@pytest.mark.parametrize(
    "query",
    [
        "?page=0",
        "?page=x",
        "?page=99999999999999999999",
        "?page=-1",
        "?q=a&q=b",
        "?page=1&page=2",
        "?q=" + "a" * 10_001,
    ],
)
async def test_a_query_that_cannot_be_is_refused(cast: Cast, query: str) -> None:
    async with await browser_of(cast.duc) as browser:
        assert (await browser.get("/staff/people" + query)).status_code == 422


@pytest.mark.parametrize(
    "q", ["%", "_", "\\", "'", "\u0301", "\x00", "%00", "가" * 6000, "a " * 4000, "((", "<script>", "%F0%28%8C%28"]
)
async def test_no_query_breaks_the_search(cast: Cast, q: str) -> None:
    async with await browser_of(cast.duc) as browser:
        response = await browser.get("/staff/people", params={"q": q})
    assert response.status_code == 200
    assert "<script>" not in response.text


async def test_a_card_shows_contacts_only_to_who_may_see_them(cast: Cast) -> None:
    async with await browser_of(cast.duc) as browser:
        page = said(await browser.get(f"/staff/people/{cast.lan.person}"))
    assert "0912 345 678" in page
    assert "lan@example.com" in page
    assert "Guardian of" in page
    assert "Nguyễn Hoàng Minh" in page
    async with await browser_of(cast.hoa) as browser:
        page = said(await browser.get(f"/staff/people/{cast.minh.person}"))
    assert "not shown to your role" in page


async def test_a_card_marks_what_is_missing(cast: Cast) -> None:
    dung = await add(cast, "dung", "Mã Thị Dung", student="HV00077")
    async with await browser_of(cast.duc) as browser:
        grown = said(await browser.get(f"/staff/people/{dung.person}"))
        minor = said(await browser.get(f"/staff/people/{cast.minh.person}"))
    assert "Birth date missing" in grown
    assert "Phone missing" in grown
    assert "a minor: see the guardians" in minor


async def test_a_card_leads_to_the_account_for_who_may_see_accounts(cast: Cast) -> None:
    there = f'href="/staff/accounts/{cast.duc.account}"'
    async with await browser_of(cast.son) as browser:
        assert there in (await browser.get(f"/staff/people/{cast.duc.person}")).text
        response = await browser.get(f"/staff/people/{cast.chi.person}")
        assert f"/staff/accounts/new?person_id={cast.chi.person}" in response.text
    async with await browser_of(cast.vy) as browser:
        assert there not in (await browser.get(f"/staff/people/{cast.duc.person}")).text


async def test_a_stranger_and_nobody_are_both_not_found(cast: Cast) -> None:
    async with await browser_of(cast.quang) as browser:
        assert (await browser.get(f"/staff/people/{cast.an.person}")).status_code == 200
    async with await browser_of(cast.duc) as browser:
        assert (await browser.get(f"/staff/people/{cast.an.person}")).status_code == 404
        assert (await browser.get("/staff/people/999999999999999999")).status_code == 404
        assert (await browser.get("/staff/people/9999999999999999999")).status_code == 404
        assert (await browser.get("/staff/people/0")).status_code == 404
    async with await browser_of(cast.hoa) as browser:
        assert (await browser.get(f"/staff/people/{cast.lan.person}")).status_code == 404


async def test_a_family_does_not_search(cast: Cast) -> None:
    async with await browser_of(cast.lan) as browser:
        assert (await browser.get("/staff/people")).status_code == 403
        assert (await browser.get(f"/staff/people/{cast.lan.person}")).status_code == 403


def test_nobody_is_taken_for_a_child_after_the_eighteenth_birthday() -> None:
    born = dt.date(2008, 2, 29)
    assert persons.is_minor(born, dt.date(2026, 2, 28))
    assert not persons.is_minor(born, dt.date(2026, 3, 1))
    assert not persons.is_minor(None, dt.date(2026, 3, 1))


async def test_a_search_asks_few_questions_whatever_it_finds(cast: Cast) -> None:
    async with await browser_of(cast.duc) as browser:
        with db.counting() as asked:
            await browser.get("/staff/people")
    assert len(asked) <= 6, asked
    assert clock.now()


async def test_a_guardian_who_lives_elsewhere_is_known_where_their_child_learns(cast: Cast) -> None:
    """An's home is the other branch, where Bảo learns; a second child of his comes to this one."""
    await add(cast, "my", "Võ Ngọc My", born=dt.date(2018, 5, 6), student="HV00009")
    link = await bind(cast, "an", "my")
    async with await browser_of(cast.vy) as care, await browser_of(cast.thu) as accountant:
        card = said(await care.get(f"/staff/people/{cast.an.person}"))
        assert "an@example.com" in card
        assert "Võ Ngọc My" in card
        assert "Võ Quốc Bảo" not in card
        assert "Võ Văn An" in said(await care.get("/staff/people", params={"q": "an@example.com"}))
        assert "an@example.com" in said(await accountant.get(f"/staff/people/{cast.an.person}"))
        await db.execute("UPDATE guardian SET may_pay = ? WHERE id = ?", False, link)
        assert "an@example.com" not in said(await accountant.get(f"/staff/people/{cast.an.person}"))
