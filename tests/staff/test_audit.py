"""The record of acts: found by who, what, which and when; not changed, and not taken out unnoticed."""

import csv
import io

import pytest

from portal import audit, clock, db
from portal.access import scopes
from portal.scope import SYSTEM
from tests.cast import browser_of, said


@pytest.fixture
async def record(cast):
    """What Mai and the program did."""
    mai = await scopes.build(cast.mai.account, cast.mai.person)
    await db.execute_many(
        "INSERT INTO audit_entry (at, account_id, verb, record, record_id, changes) VALUES (?, ?, ?, ?, ?, '{}')",
        [(clock.now(), None, "job.try_again", "job", number) for number in range(60)],
    )
    facts = {"ground": "Family book shown", "note": "=1+1"}
    await audit.record(mai, "guardian.allow", "student", cast.minh.student, facts)
    await audit.record(mai, "role.give", "account", cast.duc.account, {"role": "teacher", "note": "=1+1"})
    return cast


async def test_an_act_is_found_by_each_of_its_facts(record):
    async with await browser_of(record.quang) as browser:
        for query in (
            "who=tuyet+mai",
            "act=role.give",
            "record=account",
            f"number={record.duc.account}&record=account",
        ):
            page = await browser.get(f"/staff/audit?{query}")
            assert page.status_code == 200
            assert "role.give" in said(page)
        today = clock.today("Asia/Ho_Chi_Minh")
        assert "role.give" in said(await browser.get(f"/staff/audit?since={today}&until={today}"))
        for query in ("who=lan", "act=person.add", f"until={today.replace(year=2001)}", "request=nothing"):
            assert "role teacher" not in said(await browser.get(f"/staff/audit?{query}"))


async def test_older_acts_are_a_page_away_and_every_page_costs_the_same(record):
    async with await browser_of(record.quang) as browser:
        with db.counting() as first:
            page = await browser.get("/staff/audit?record=job")
        assert page.text.count("job.try_again") >= 50
        older = page.text.split('href="/staff/audit?')[-1].split('"')[0].replace("&amp;", "&")
        assert "before=" in older
        with db.counting() as second:
            rest = await browser.get(f"/staff/audit?{older}")
        assert rest.status_code == 200
        assert said(rest).count("job 9") == 1
        assert len(second) == len(first)


async def test_what_was_changed_of_a_person_is_for_who_may_see_it(record):
    async with await browser_of(record.quang) as browser:
        assert "Family book shown" in said(await browser.get("/staff/audit?record=student"))
    async with await browser_of(record.son) as browser:
        page = said(await browser.get("/staff/audit?record=student"))
        assert "Family book shown" not in page
        assert "Not shown to your role." in page
        assert "role teacher" in said(await browser.get("/staff/audit?record=account"))


@pytest.mark.parametrize("query", ["number=x", "since=never", "until=2026-02-30", "before=-1", "since=0001-01-01"])
async def test_what_is_no_number_and_no_day_is_said_beside_its_field(record, query):
    async with await browser_of(record.quang) as browser:
        page = await browser.get(f"/staff/audit?{query}&who=mai")
    assert page.status_code == 422
    assert 'value="mai"' in page.text


async def test_taking_it_out_is_an_act_and_its_cells_are_no_formulas(record):
    async with await browser_of(record.son) as browser:
        answer = await browser.post("/staff/audit/file", data={"record": "account"})
    assert answer.status_code == 200
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert rows[1][2] == "role.give"
    assert not any(cell.startswith("=") for row in rows for cell in row)
    kept = await db.value("SELECT changes FROM audit_entry WHERE verb = 'audit.export'")
    assert '"count": 1' in str(kept) or '"count":1' in str(kept)
    async with await browser_of(record.quang) as browser:
        assert (await browser.post("/staff/audit/file", data={})).status_code == 403


async def test_nobody_below_the_whole_centre_searches_it(record):
    for name in ("mai", "hoa", "vy", "lan"):
        async with await browser_of(record.people[name]) as browser:
            assert (await browser.get("/staff/audit")).status_code == 403
    assert SYSTEM.signed_in is False
