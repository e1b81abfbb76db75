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
            assert "Role: teacher" in said(page)
        today = clock.today("Asia/Ho_Chi_Minh")
        assert "Role: teacher" in said(await browser.get(f"/staff/audit?since={today}&until={today}"))
        for query in ("who=lan", "act=person.add", f"until={today.replace(year=2001)}", "request=nothing"):
            assert "Role: teacher" not in said(await browser.get(f"/staff/audit?{query}"))


async def test_older_acts_are_a_page_away_and_every_page_costs_the_same(record):
    async with await browser_of(record.quang) as browser:
        with db.counting() as first:
            page = await browser.get("/staff/audit?record=job")
        assert said(page).count("Work behind the pages") > 50
        older = page.text.split('href="/staff/audit?')[-1].split('"')[0].replace("&amp;", "&")
        assert "before=" in older
        with db.counting() as second:
            rest = await browser.get(f"/staff/audit?{older}")
        assert rest.status_code == 200
        assert said(rest).count("Work behind the pages 9") == 1
        assert len(second) == len(first)


async def test_what_was_changed_of_a_person_is_for_who_may_see_it(record):
    async with await browser_of(record.quang) as browser:
        page = await browser.get("/staff/audit?record=student")
    assert "Ground: Family book shown" in said(page)
    assert f'<a href="/staff/students/{record.minh.student}">Nguyễn Hoàng Minh</a>' in page.text
    async with await browser_of(record.son) as browser:
        page = said(await browser.get("/staff/audit?record=student"))
        assert "Family book shown" not in page
        assert "Not shown to your role." in page
        assert "Role: teacher" in said(await browser.get("/staff/audit?record=account"))


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


async def test_what_was_done_to_somebody_is_found_by_their_name(record):
    mai = await scopes.build(record.mai.account, record.mai.person)
    await audit.record(mai, "guardian.link", "student", record.chi.student, {"person": record.an.person, "ground": "g"})
    await audit.record(mai, "person.add", "person", record.an.person)
    async with await browser_of(record.quang) as browser:
        assert said(await browser.get("/staff/audit?whom=hoang+minh")).count("Changed what a guardian may") == 2
        assert "Role given" in said(await browser.get("/staff/audit?whom=le+minh+duc&act=role.give"))
        page = said(await browser.get("/staff/audit?whom=van+an"))
        assert "Nguyễn Mai Chi" in page
        assert "Person: Võ Văn An" in page
        assert "Nothing like this was done." in said(await browser.get("/staff/audit?whom=nobody"))
    async with await browser_of(record.son) as browser:
        page = said(await browser.get("/staff/audit?whom=van+an"))
        assert "Võ Văn An" in page
        assert "Chi" not in page  # who is guardian of whom is not the administrator's to know, by searching neither


async def test_what_was_before_stands_beside_what_is_now(record):
    quang = await scopes.build(record.quang.account, record.quang.person)
    facts = {"student": record.chi.student, "before": None, "after": 8500}
    await audit.record(quang, "score.record", "assessment", 5, facts)
    await audit.record(quang, "retention.choose", "centre", 1, {"letters": [30, 60]})
    async with await browser_of(record.quang) as browser:
        page = said(await browser.get("/staff/audit?who=quang"))
        assert "Student: Nguyễn Mai Chi" in page
        assert "– → 8500" in page
        assert "letters: 30 → 60" in page
    async with await browser_of(record.son) as browser:
        page = said(await browser.get("/staff/audit?who=quang"))
        assert "8500" not in page
        assert "Nguyễn Mai Chi" not in page
        assert "letters: 30 → 60" in page


async def test_with_whom_somebody_signs_in_elsewhere_is_told_to_nobody(record):
    lan = await scopes.build(record.lan.account, record.lan.person)
    await audit.record(lan, "identity.link", "account", record.lan.account, {"issuer": "https://issuer.example"})
    for member in (record.quang, record.son):
        async with await browser_of(member) as browser:
            page = said(await browser.get("/staff/audit?act=identity.link"))
            assert "Account elsewhere linked" in page
            assert "issuer.example" not in page


async def test_a_kind_of_record_that_nobody_named_is_closed(record):
    quang = await scopes.build(record.quang.account, record.quang.person)
    await audit.record(quang, "invoice.cancel", "invoice", 1, {"reason": "a hidden one"})
    async with await browser_of(record.quang) as browser:
        assert "a hidden one" in said(await browser.get("/staff/audit?act=invoice.cancel"))
    async with await browser_of(record.son) as browser:
        assert "a hidden one" not in said(await browser.get("/staff/audit?act=invoice.cancel"))
        taken = await browser.post("/staff/audit/file", data={"act": "invoice.cancel"})
        assert b"invoice.cancel" in taken.content
        assert b"hidden" not in taken.content


async def test_every_page_costs_a_few_statements_however_much_there_is(record):
    facts = [(clock.now(), "person.add", "person", record.an.person, "{}")] * 3000
    await db.execute_many(
        "INSERT INTO audit_entry (at, verb, record, record_id, changes) VALUES (?, ?, ?, ?, ?)", facts
    )
    async with await browser_of(record.son) as browser:
        with db.counting() as statements:
            assert (await browser.get("/staff/audit?record=person")).status_code == 200
        listing = [sql for sql in statements if "MIN(verb)" in sql or "MIN(record)" in sql]
        assert len(statements) - len(listing) <= 7, statements
        with db.counting() as statements:
            await browser.post("/staff/audit/file", data={"record": "person"})
        assert len(statements) <= 14, statements


async def test_nobody_below_the_whole_centre_searches_it(record):
    for name in ("mai", "hoa", "vy", "lan"):
        async with await browser_of(record.people[name]) as browser:
            assert (await browser.get("/staff/audit")).status_code == 403
    assert SYSTEM.signed_in is False
