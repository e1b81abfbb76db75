"""The page about the server, and the work that was given up."""

import datetime as dt
import json

import pytest

from portal import clock, db, jobs
from portal.oversight import checks, dead_jobs, facts
from portal.oversight.facts import Disk, Facts, Kind
from portal.scope import SYSTEM
from tests.cast import Cast, browser_of, said

GB = checks.GIGABYTE
HELD = "/reset/what-nobody-may-read"


async def a_dead_letter(number: int = 1, *, kind: str = "mail", days: float = 0, forgotten: bool = False) -> int:
    """A letter that was given up some days ago."""
    at = clock.now() - dt.timedelta(days=days)
    context = {"path": HELD, "name": "Lan"}
    letter = {"recipient": "lan@example.com", "template": "reset", "language": "vi", "context": context}
    return await db.insert(
        "job",
        kind=kind,
        payload=json.dumps(letter),
        due_at=at,
        attempts=8,
        dead_at=at,
        reason=f"SMTPConnectError: number {number} was refused",
        forgotten_at=at if forgotten else None,
    )


def well(**more) -> Facts:
    known = {"dialect": "sqlite", "database": 5_000_000, "kinds": [], "sent": 3, "kept": 0, "sessions": 2}
    return Facts(**(known | {"accounts": 1} | more))


def looked(known: Facts, **more) -> dict[str, tuple[str, str]]:
    fine = {"missing": [], "disks": [Disk(80 * GB, 100 * GB)], "post": checks.Post(True, False), "redis": "ok"}
    found = checks.look(known, **({**fine, "lag": 0.01} | more))
    return {str(check.what): (check.tone, str(check.said)) for check in found} | {"": (checks.worst(found), "")}


def test_a_house_without_trouble_is_well():
    found = looked(well())
    assert {tone for tone, _ in found.values()} == {"good"}
    assert found["Database"][1] == "SQLite answers, every migration is applied, 5 MB."
    assert found["Disk"][1] == "80 GB of 100 GB are free (80%)."


@pytest.mark.parametrize(
    ("more", "what", "tone"),
    [
        ({"missing": ["0009_x"]}, "Database", "danger"),
        ({"disks": [Disk(80 * GB, 100 * GB), Disk(GB // 4, 100 * GB)]}, "Disk", "danger"),
        ({"disks": [Disk(GB, 100 * GB)]}, "Disk", "attention"),
        ({"disks": [Disk(15 * GB, 400 * GB)]}, "Disk", "attention"),
        ({"post": checks.Post(False, False)}, "Letters", "attention"),
        ({"redis": "down"}, "Redis", "attention"),
        ({"lag": 0.7}, "Haste", "attention"),
        ({"lag": 3.0}, "Haste", "danger"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_each_trouble_is_told(more, what, tone):
    found = looked(well(), **more)
    assert found[what][0] == found[""][0] == tone
    assert looked(well())[what][0] == "good"


@pytest.mark.parametrize(("oldest", "tone"), [(200, "good"), (400, "attention"), (4000, "danger")])
def test_work_that_waits_is_told(oldest, tone):
    found = looked(well(kinds=[Kind("import", 1, 0, 0, 0, oldest)]))
    assert found["Work behind the pages"][0] == tone


def test_a_large_disk_may_be_nearly_full_and_a_demo_needs_no_mail_server():
    assert looked(well(), disks=[Disk(200 * GB, 4000 * GB)])["Disk"][0] == "good"
    assert looked(well(), post=checks.Post(False, True))["Letters"][0] == "good"
    assert "Redis" not in looked(well(), redis="unused")


def test_letters_that_failed_are_worse_than_other_work_that_did():
    assert looked(well(kinds=[Kind("mail", 0, 0, 0, 2, 0)]))["Letters"][0] == "danger"
    imports = looked(well(kinds=[Kind("import", 0, 0, 0, 2, 0)]))
    assert (imports["Letters"][0], imports["Failed for good"][0]) == ("good", "attention")


async def test_the_facts_are_those_of_the_database(cast: Cast):
    await a_dead_letter()
    await a_dead_letter(kind="import")
    for minutes in (-10, 10):
        due = clock.now() + dt.timedelta(minutes=minutes)
        await db.insert("job", kind="mail", payload="{}", due_at=due)
    claimed = clock.now() + dt.timedelta(minutes=5)
    await db.insert("job", kind="mail", payload="{}", due_at=clock.now(), claimed_until=claimed)
    with db.counting() as statements:
        known = await facts.gather(SYSTEM)
    assert len(statements) <= 6
    mail_jobs = known.of("mail")
    assert mail_jobs[1:5] == (1, 1, 1, 1)
    assert 599 < mail_jobs.oldest < 700
    assert (known.dead, known.due, known.of("unheard of").due) == (2, 1, 0)


async def test_the_page_tells_how_the_house_does(cast: Cast):
    await a_dead_letter()
    async with await browser_of(cast.son) as browser:
        await browser.get("/staff/people")
        with db.counting() as statements:
            answer = await browser.get("/staff/house")
        page = said(answer)
    assert answer.status_code == 200
    assert "Something needs you now." in page
    assert "Letters not sent: 1." in page
    assert "GET /staff/people" in page
    assert HELD not in answer.text
    assert len(statements) <= 12, statements


async def test_dead_work_is_listed_in_pages_with_its_reason_and_never_what_it_holds(cast: Cast):
    for number in range(60):
        await a_dead_letter(number, days=number / 100)
    await a_dead_letter(99, days=30, forgotten=True)
    async with await browser_of(cast.son) as browser:
        with db.counting() as statements:
            first = await browser.get("/staff/house/jobs")
        second = await browser.get("/staff/house/jobs?page=2")
        beyond = await browser.get("/staff/house/jobs?page=9")
    assert "number 0 was refused" in said(first)
    assert "number 99 was refused" not in said(first)
    assert "Showing 1–50 of 61" in said(first)
    assert "number 99 was refused" in said(second)
    assert "What it held is forgotten." in said(second)
    assert "Try all again: Letter (60)" in said(first)
    assert "There is nothing on this page." in said(beyond)
    assert HELD not in first.text + second.text
    assert "lan@example.com" not in first.text
    assert len(statements) <= 9, statements


async def test_a_letter_is_tried_again_and_leaves_with_the_decision_on_record(cast: Cast):
    dead, other = await a_dead_letter(), await a_dead_letter(2)
    async with await browser_of(cast.son) as browser:
        answer = await browser.post(f"/staff/house/jobs/{dead}/attempt")
        assert answer.status_code == 303
        assert "It is tried again at once." in said(await browser.get(answer.headers["location"]))
        assert (await browser.post(f"/staff/house/jobs/{dead}/attempt")).status_code == 404
    assert await jobs.drain() == 1
    assert await db.rows("SELECT recipient FROM letter") == [("lan@example.com",)]
    assert await acts() == [(cast.son.account, "job.try_again", "job", dead)]
    assert await db.value("SELECT dead_at IS NOT NULL FROM job WHERE id = ?", other)


async def test_all_letters_are_tried_again_and_no_other_work(cast: Cast):
    for number in range(3):
        await a_dead_letter(number)
    await a_dead_letter(kind="import")
    await a_dead_letter(forgotten=True)
    async with await browser_of(cast.son) as browser:
        assert (await browser.post("/staff/house/jobs/attempts", data={"kind": "mail"})).status_code == 303
        assert (await browser.post("/staff/house/jobs/attempts", data={"kind": "mail"})).status_code == 404
    assert await jobs.drain() == 3
    assert (await dead_jobs.listed(SYSTEM)).total == 2
    assert await acts() == [(cast.son.account, "job.try_again", "job", None)]


async def test_what_is_let_go_is_forgotten_and_that_is_on_record(cast: Cast):
    dead = await a_dead_letter()
    async with await browser_of(cast.son) as browser:
        assert (await browser.post(f"/staff/house/jobs/{dead}/end")).status_code == 303
        assert (await browser.post(f"/staff/house/jobs/{dead}/end")).status_code == 404
        assert "Nothing was given up." in said(await browser.get("/staff/house/jobs"))
    assert HELD not in str(await db.rows("SELECT payload FROM job"))
    assert await acts() == [(cast.son.account, "job.let_go", "job", dead)]


async def test_what_is_forgotten_cannot_be_tried_again(cast: Cast):
    dead = await a_dead_letter(forgotten=True)
    async with await browser_of(cast.son) as browser:
        refused = await browser.post(f"/staff/house/jobs/{dead}/attempt")
        assert refused.status_code == 409
        assert "It can only be let go." in said(refused)
        assert (await browser.post(f"/staff/house/jobs/{dead}/end")).status_code == 303


async def test_nobody_but_an_administrator_watches_or_decides(cast: Cast):
    dead = await a_dead_letter()
    for member in (cast.quang, cast.mai, cast.hoa, cast.lan):
        async with await browser_of(member) as browser:
            for path in ("/staff/house", "/staff/house/jobs"):
                assert (await browser.get(path)).status_code == 403
            for path in (f"{dead}/attempt", f"{dead}/end", "attempts"):
                assert (await browser.post(f"/staff/house/jobs/{path}", data={"kind": "mail"})).status_code == 403
            assert 'href="/staff/house"' not in (await browser.get("/staff")).text
    assert (await dead_jobs.listed(SYSTEM)).total == 1


async def acts() -> list[tuple[int, str, str, int | None]]:
    return await db.rows("SELECT account_id, verb, record, record_id FROM audit_entry WHERE record = 'job' ORDER BY id")
