"""Imports: sending a file, watching it, reading what came of it."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from portal import clock, db, files, jobs
from portal.errors import say
from portal.interchange import beside, orders, runs
from portal.interchange.runs import Problem
from tests.cast import Cast, browser_of, said
from tests.interchange import builder as centre


@pytest.fixture(autouse=True)
def media(tmp_path: Path) -> None:
    files.configure(tmp_path)


def bundle() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("manifest.csv"), "propertyName,value\n")
    return packed.getvalue()


async def send(browser: Any, content: bytes, name: str = "autumn.zip", **data: str) -> Any:
    return await browser.post("/staff/imports", data=data, files={"file": (name, content, "application/zip")})


async def sent(cast: Cast) -> int:
    """A run that waits for its job."""
    async with await browser_of(cast.son) as browser:
        answer = await send(browser, bundle())
    return int(answer.headers["location"].rpartition("/")[2])


async def test_a_file_is_kept_and_its_import_waits_as_a_job(cast: Cast) -> None:
    async with await browser_of(cast.son) as browser:
        assert "Nothing was imported yet." in said(await browser.get("/staff/imports"))
        answer = await send(browser, bundle(), "..\\..\\Autumn 2026.zip")
        assert answer.status_code == 303
        page = said(await browser.get(answer.headers["location"]))
        listed = said(await browser.get("/staff/imports"))
    assert "Import of Autumn 2026.zip" in page
    assert "Waits for its turn" in page
    assert "Autumn 2026.zip" in listed
    payload, kind = (await db.rows("SELECT payload, kind FROM job"))[0]
    assert kind == "import"
    assert json.loads(payload) == {"run": 1}
    sha256, taken = (await db.rows("SELECT sha256, taken_by FROM stored_file"))[0]
    assert files.path_of(sha256).read_bytes() == bundle()
    assert taken == "import_run"


@pytest.mark.parametrize("content, told", [(b"", "is empty"), (b"sourcedId,name\n", "cannot be used here")])
async def test_a_file_that_is_no_zip_is_refused_beside_its_field(cast: Cast, content: bytes, told: str) -> None:
    async with await browser_of(cast.son) as browser:
        answer = await send(browser, content)
    assert answer.status_code == 422
    assert told in said(answer)
    assert 'aria-invalid="true"' in answer.text
    assert await db.value("SELECT COUNT(*) FROM import_run") == 0


async def test_no_file_at_all_is_refused(cast: Cast) -> None:
    async with await browser_of(cast.son) as browser:
        nothing = await browser.post("/staff/imports")
        text = await browser.post("/staff/imports", data={"file": "autumn.zip"})
        two = await browser.post("/staff/imports", files=[("file", ("a.zip", bundle())), ("file", ("b.zip", bundle()))])
        unknown = await send(browser, bundle(), colour="red")
    assert nothing.status_code == text.status_code == unknown.status_code == 422
    assert "Choose a file." in said(nothing)
    assert 400 <= two.status_code < 500


async def test_a_file_above_the_limit_is_refused_and_one_above_the_form_limit_is_not(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await browser_of(cast.son) as browser:
        assert (await send(browser, bundle() + bytes(400_000))).status_code == 303
        monkeypatch.setattr(runs, "LARGEST", 300_000)
        answer = await send(browser, bundle() + bytes(400_000))
    assert answer.status_code == 413
    assert await db.value("SELECT COUNT(*) FROM import_run") == 1


async def test_a_director_reads_runs_and_sends_none(cast: Cast) -> None:
    run_id = await sent(cast)
    async with await browser_of(cast.quang) as browser:
        page = await browser.get("/staff/imports")
        assert page.status_code == 200
        assert 'type="file"' not in page.text
        assert (await browser.get(f"/staff/imports/{run_id}")).status_code == 200
        assert (await send(browser, bundle())).status_code == 403
    async with await browser_of(cast.duc) as browser:
        assert (await browser.get("/staff/imports")).status_code == 403
        assert (await browser.get(f"/staff/imports/{run_id}")).status_code == 403
    async with await browser_of(cast.mai) as browser:
        page = await browser.get("/staff/imports")
        assert page.status_code == 200
        assert 'type="file"' not in page.text
        assert "autumn" not in said(page)
        assert (await browser.get(f"/staff/imports/{run_id}")).status_code == 404
        assert (await send(browser, bundle())).status_code == 403


async def test_an_administrator_of_one_branch_imports_nothing_and_sees_no_run_of_others(cast: Cast) -> None:
    run_id = await sent(cast)
    await db.execute("UPDATE account_role SET role = 'administrator' WHERE account_id = ?", cast.mai.account)
    async with await browser_of(cast.mai) as browser:
        assert (await send(browser, bundle())).status_code == 403
        assert (await browser.get(f"/staff/imports/{run_id}")).status_code == 404
        assert "autumn" not in said(await browser.get("/staff/imports"))


async def test_progress_is_told_while_the_import_holds_the_only_writer(cast: Cast) -> None:
    run_id = await sent(cast)
    assert await runs.begin(run_id)
    async with await browser_of(cast.son) as browser, db.transaction():
        runs.note_progress(run_id, "users.csv", 340, 1250)
    async with await browser_of(cast.son) as browser:
        page = await browser.get(f"/staff/imports/{run_id}/progress", headers={"X-Fragment": "progress"})
    assert page.text.lstrip().startswith("<job-progress")
    assert 'value="340" max="1250"' in page.text
    assert "Reading users.csv" in said(page)
    assert "340 of 1,250; you may leave this page." in said(page)
    assert "data-done" not in page.text


async def test_who_watches_is_told_only_what_changed(cast: Cast) -> None:
    run_id = await sent(cast)
    async with await browser_of(cast.son) as browser:
        first = await browser.get(f"/staff/imports/{run_id}/progress")
        known = {"If-None-Match": first.headers["etag"]}
        assert (await browser.get(f"/staff/imports/{run_id}/progress", headers=known)).status_code == 304
        await runs.begin(run_id)
        runs.note_progress(run_id, "users", 1, 2)
        changed = await browser.get(f"/staff/imports/{run_id}/progress", headers=known)
    assert changed.status_code == 200
    assert "Writing: Persons" in said(changed)


async def test_a_finished_run_says_what_it_brought_and_what_was_odd(cast: Cast) -> None:
    run_id = await sent(cast)
    await runs.begin(run_id)
    counts = {"users": {"new": 28_785, "changed": 2, "same": 0, "unnamed": 1}, "results": {"new": 5}}
    odd = say("Only the first {longest} characters are stored; this has {length}.", longest=80, length=81)
    await runs.finish(run_id, "done", counts, [Problem("users.csv", 7, "givenName", odd, "warning", 3)])
    async with await browser_of(cast.son) as browser:
        response = await browser.get(f"/staff/imports/{run_id}")
    page = said(response)
    assert "data-done" in response.text
    assert "Persons 28,785 2 0 1" in page
    assert "users.csv, line 7" in page
    assert "Only the first 80 characters are stored; this has 81. (3 rows)" in page


async def test_a_refused_run_lists_its_mistakes_page_by_page_in_the_readers_language(cast: Cast) -> None:
    run_id = await sent(cast)
    await runs.begin(run_id)
    wrong = [Problem("users.csv", line, "email", say("Please fill this in."), "error") for line in range(2, 152)]
    await runs.finish(run_id, "refused", {}, wrong)
    await db.execute("UPDATE account SET language = 'vi' WHERE id = ?", cast.quang.account)
    async with await browser_of(cast.son) as browser, await browser_of(cast.quang) as vietnamese:
        first = await browser.get(f"/staff/imports/{run_id}")
        second = said(await browser.get(f"/staff/imports/{run_id}", params={"page": "2"}))
        other = said(await vietnamese.get(f"/staff/imports/{run_id}"))
        beyond = await browser.get(f"/staff/imports/{run_id}", params={"page": "999"})
    assert "150 mistakes are in the file" in said(first)
    assert "Showing 1–100 of 150" in said(first)
    assert f'href="/staff/imports/{run_id}?page=2"' in first.text
    assert "users.csv, line 151" in second
    assert "Please fill this in." not in other
    assert beyond.status_code == 200


async def test_a_run_that_ended_is_not_begun_again(cast: Cast) -> None:
    run_id = await sent(cast)
    assert await runs.begin(run_id)
    await runs.finish(run_id, "failed", {}, [])
    assert await runs.begin(run_id) is None
    assert await runs.begin(404) is None
    with pytest.raises(ValueError):
        await runs.finish(run_id, "tired", {}, [])


async def test_the_list_of_runs_is_shown_page_by_page(cast: Cast) -> None:
    run = {"kind": "oneroster", "state": "done", "counts": "{}", "problems": "[]", "made_at": clock.now()}
    for number in range(60):
        await db.insert("import_run", file_name=f"file {number}.zip", **run)
    async with await browser_of(cast.son) as browser:
        first = said(await browser.get("/staff/imports"))
        second = said(await browser.get("/staff/imports", params={"page": "2"}))
        assert (await browser.get("/staff/imports", params={"page": "x"})).status_code == 422
    assert "Showing 1–50 of 60" in first
    assert "file 59.zip" in first
    assert "file 0.zip" in second


async def test_a_run_that_is_not_there_is_not_found(cast: Cast) -> None:
    async with await browser_of(cast.son) as browser:
        assert (await browser.get("/staff/imports/77")).status_code == 404
        assert (await browser.get("/staff/imports/77/progress")).status_code == 404


async def test_who_is_missing_leaves_after_two_words_of_a_person(cast: Cast) -> None:
    teacher, post = centre.CENTRE["users"][2], centre.CENTRE["roles"][2]
    crowd = [teacher | {"sourcedId": f"t{number}", "username": f"t{number}"} for number in range(12)]
    jobs_of = [post | {"sourcedId": f"J{number}", "userSourcedId": f"t{number}"} for number in range(12)]
    whole = centre.bundle(users=[*centre.CENTRE["users"], *crowd], roles=[*centre.CENTRE["roles"], *jobs_of])
    async with await browser_of(cast.son) as browser:
        first = (await send(browser, whole)).headers["location"]
        await jobs.drain()
        assert "leave" not in said(await browser.get(first))
        await browser.post(f"{first}/import")
        await jobs.drain()
        run = (await send(browser, centre.bundle())).headers["location"]
        await jobs.drain()
        assert "12 records that earlier files brought are missing in this one." in said(await browser.get(run))
        assert (await browser.post(f"{run}/leaving", data={"leave": "1"})).status_code == 303
        await jobs.drain()
        assert "Persons: 12 of 15 would leave." in said(await browser.get(run))
        refused = await browser.post(f"{run}/import")
        assert refused.status_code == 422
        assert "So many leave only when you say here that you have looked at it." in said(refused)
        assert (await browser.post(f"{run}/import", data={"agreed": "1"})).status_code == 303
        await jobs.drain()
        assert "Everything in the file is here now." in said(await browser.get(run))
        assert (await browser.post(f"{run}/leaving", data={"leave": "1"})).status_code == 409
    assert await db.value("SELECT COUNT(*) FROM teacher WHERE left_on IS NOT NULL") == 12


async def test_an_import_from_the_command_line_is_told_of_while_it_holds_the_only_writer(cast: Cast) -> None:
    run_id = await sent(cast)
    async with await browser_of(cast.son) as browser:
        async with db.transaction(), beside.told(orders.unheard) as tell:
            tell("users", 340, 1250)
            listed = said(await browser.get("/staff/imports"))
            waiting = said(await browser.get(f"/staff/imports/{run_id}"))
        after = said(await browser.get("/staff/imports"))
    if db.dialect() == "sqlite":
        assert "An import from the command line is at work since" in waiting
        assert "Writing: Persons, 340 of 1,250." in listed
    assert "command line" not in after
