"""Taking an import back, and stopping one, on their pages."""

from pathlib import Path

import pytest

from portal import clock, db, files, jobs
from portal.interchange import runs
from portal.interchange.models import ImportRun
from portal.scope import SYSTEM
from tests.cast import Cast, browser_of, said
from tests.interchange.builder import bundle, row
from tests.staff.test_imports import send


@pytest.fixture(autouse=True)
def media(tmp_path: Path) -> None:
    files.configure(tmp_path)


async def imported(cast: Cast) -> int:
    """A bundle that was sent, checked and imported."""
    async with await browser_of(cast.son) as browser:
        answer = await send(browser, bundle())
        run_id = int(answer.headers["location"].rpartition("/")[2])
        await jobs.drain()
        assert "Checked, not imported yet" in said(await browser.get(f"/staff/imports/{run_id}"))
        assert (await browser.post(f"/staff/imports/{run_id}/import")).status_code == 303
        await jobs.drain()
    assert (await runs.find(SYSTEM, run_id)).stand == "done"
    return run_id


async def test_the_last_import_is_taken_back_by_typing_its_name(cast: Cast) -> None:
    before = await db.value("SELECT COUNT(*) FROM person")
    run_id = await imported(cast)
    assert await db.value("SELECT COUNT(*) FROM person") == before + 3
    at = f"/staff/imports/{run_id}"
    async with await browser_of(cast.son) as browser:
        assert f'href="{at}/undo"' in (await browser.get(at)).text
        asked = said(await browser.get(f"{at}/undo"))
        assert "Persons 3 0" in asked
        wrong = await browser.post(f"{at}/undo", data={"name": "spring.zip"})
        assert wrong.status_code == 422
        assert "This is not the name of the file." in said(wrong)
        assert 'value="spring.zip"' in wrong.text
        assert (await browser.post(f"{at}/undo", data={"name": "autumn.zip"})).status_code == 303
        await jobs.drain()
        done = said(await browser.get(at))
        assert "Taken back" in done
        assert (await browser.get(f"{at}/undo")).status_code == 409
    assert await db.value("SELECT COUNT(*) FROM person") == before
    verbs = [verb for (verb,) in await db.rows("SELECT verb FROM audit_entry WHERE verb LIKE 'import.%' ORDER BY id")]
    assert verbs == ["import.start", "import.go_on", "import.oneroster", "import.take_back", "import.undo"]


async def test_a_check_says_what_would_change_to_who_may_know_it_and_what_it_noticed_as_a_file(cast: Cast) -> None:
    await imported(cast)
    noticed = row("results", score="9.25", comment="=1+1" * 300)
    async with await browser_of(cast.son) as sender, await browser_of(cast.quang) as director:
        changed = bundle(users=row("users", 1, givenName="Minh Anh"), results=noticed)
        at = (await send(sender, changed, "changed.zip")).headers["location"]
        await jobs.drain()
        page, known = said(await sender.get(at)), said(await director.get(at))
        file = await director.get(f"{at}/problems")
    assert "Nguyễn Minh Anh Given name Minh Minh Anh" in page
    assert "Marks given: 1 changed The names and details of these are not shown to your role." in page
    assert "Nguyễn Minh Anh, Unit 1 Mark 8.5 9.25" in known
    assert file.content.startswith("\ufeffFile,Line,Column,Kind,What it is,Rows\r\n".encode())
    assert "results.csv,2,comment,Odd," in file.text


async def test_what_came_into_use_since_stays_and_is_named(cast: Cast) -> None:
    run_id = await imported(cast)
    lan = await db.value("SELECT record_id FROM external_id WHERE kind = 'users' AND sourced_id = 'lan'")
    await db.insert("account", person_id=lan, email="lan.new@example.com", made_at=clock.now())
    async with await browser_of(cast.son) as browser:
        await browser.post(f"/staff/imports/{run_id}/undo", data={"name": "autumn.zip"})
        await jobs.drain()
        page = said(await browser.get(f"/staff/imports/{run_id}"))
    assert "Trần Lan Persons In use since: Accounts" in page
    assert await db.value("SELECT COUNT(*) FROM person WHERE id = ?", lan) == 1
    assert await db.value("SELECT COUNT(*) FROM guardian WHERE person_id = ?", lan) == 1
    assert (
        await db.value(
            "SELECT COUNT(*) FROM score WHERE student_id IN (SELECT student_id FROM guardian WHERE person_id = ?)", lan
        )
        == 0
    )


async def test_a_run_that_waits_is_stopped_at_once_and_an_ended_one_is_not(cast: Cast) -> None:
    async with await browser_of(cast.son) as browser:
        at = (await send(browser, bundle())).headers["location"]
        assert f'action="{at}/stop"' in (await browser.get(at)).text
        assert (await browser.post(f"{at}/stop")).status_code == 303
        assert "Nothing of it was kept." in said(await browser.get(at))
        await jobs.drain()
        assert (await browser.post(f"{at}/stop")).status_code == 409
    assert (await ImportRun.get(id=int(at.rpartition("/")[2]))).cancelled_at is not None


@pytest.mark.parametrize("stage", ["users.csv", "users", "sourcedIds"])
async def test_a_run_at_work_stops_at_its_next_step_and_nothing_is_kept(
    cast: Cast, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await db.value("SELECT COUNT(*) FROM person")
    note = runs.note_progress

    def noted(run_id: int, at: str, done: int, total: int) -> None:
        if at == stage:
            runs.stop(run_id)
        note(run_id, at, done, total)

    monkeypatch.setattr(runs, "note_progress", noted)
    async with await browser_of(cast.son) as browser:
        at = (await send(browser, bundle())).headers["location"]
        await jobs.drain()
        assert "Stopped" in said(await browser.get(at))
    assert await db.value("SELECT COUNT(*) FROM person") == before


async def test_an_undo_that_is_stopped_leaves_the_import_as_it_was(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = await imported(cast)
    people = await db.value("SELECT COUNT(*) FROM person")
    note = runs.note_progress

    def noted(run_id: int, at: str, done: int, total: int) -> None:
        runs.stop(run_id)
        note(run_id, at, done, total)

    monkeypatch.setattr(runs, "note_progress", noted)
    async with await browser_of(cast.son) as browser:
        await browser.post(f"/staff/imports/{run_id}/undo", data={"name": "autumn.zip"})
        await jobs.drain()
    run = await runs.find(SYSTEM, run_id)
    assert (run.stand, run.undoable) == ("done", True)
    assert await db.value("SELECT COUNT(*) FROM person") == people
