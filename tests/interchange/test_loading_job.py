"""The job of an import run: how it ends is written down, and it bears to run twice."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from portal import clock, db, files, jobs
from portal.interchange import orders, runs, working
from portal.interchange.models import ImportRun
from portal.people import persons
from portal.scope import SYSTEM
from tests.interchange.applying import dump, kept, rows
from tests.interchange.builder import bundle, row

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def media(tmp_path: Path) -> Path:
    files.configure(tmp_path / "media")
    return tmp_path / "media"


async def sent(packed: bytes, *, dry_run: bool = False, by: int | None = None) -> int:
    """A run as an upload leaves it, with its job; the run's id."""
    run = await ImportRun.create(
        **{"kind": "oneroster", "file_id": await kept(packed), "file_name": "bundle.zip", "made_by": by},
        act="check" if dry_run else "import",
        **{"counts": {}, "problems": [], "made_at": clock.now()},
    )
    async with db.transaction():
        await jobs.enqueue("import", {"run": run.id})
    return run.id


async def ended(run_id: int) -> runs.Run:
    await jobs.drain()
    return await runs.find(SYSTEM, run_id)


async def administrator() -> int:
    person = await persons.add(SYSTEM, family_name="Bùi", given_name="Sơn")
    account = await db.insert(
        "account", person_id=person.id, email="son@example.com", language="vi", theme="auto", made_at=clock.now()
    )
    await db.insert("account_role", account_id=account, role="administrator", given_at=clock.now())
    return account


async def test_a_run_is_done_with_its_counts_and_notes() -> None:
    run = await ended(await sent(bundle()))
    assert (run.state, run.counts["users"]["new"]) == ("done", 3)
    assert run.ended_at is not None
    assert "users.csv: passwords are never read or stored (password)." in [
        str(each.sentence) for each in run.problems if each.severity == "note"
    ]
    assert await rows("SELECT COUNT(*) FROM person") == [(3,)]


async def test_a_dry_run_changes_nothing() -> None:
    run = await ended(await sent(bundle(), dry_run=True))
    assert (run.state, run.counts["users"]["new"]) == ("done", 3)
    assert await rows("SELECT COUNT(*) FROM person") == [(0,)]


async def test_a_refused_bundle_is_a_finished_job() -> None:
    run = await ended(await sent(bundle(results=row("results", score="11"))))
    assert (run.state, run.counts, run.how_many("error")) == ("refused", {}, 1)
    (problem,) = [each for each in run.problems if each.severity == "error"]
    assert (problem.file, problem.line, problem.column) == ("results.csv", 2, "score")
    assert await rows("SELECT attempts, done_at IS NULL, dead_at IS NULL FROM job") == [(1, False, True)]


async def test_a_problem_of_the_whole_file_stands_under_the_name_it_was_sent_by() -> None:
    run = await ended(await sent(b"PK\3\4 and no zip"))
    assert (run.state, [each.file for each in run.problems]) == ("refused", ["bundle.zip"])


async def test_a_file_that_is_gone_is_said(media: Path) -> None:
    run_id = await sent(bundle())
    for file in media.rglob("*"):
        if file.is_file():
            file.unlink()
    run = await ended(run_id)
    assert run.state == "failed"
    assert [str(each.sentence) for each in run.problems] == ["The file that was sent is no longer there."]


async def test_whatever_it_dies_of_is_a_failed_run_and_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("no room\0left")

    monkeypatch.setitem(orders.kinds, "oneroster", orders.Kind(broken, ()))
    run = await ended(await sent(bundle()))
    assert run.state == "failed"
    assert [str(each.sentence) for each in run.problems] == ["The import broke off: RuntimeError: no roomleft"]
    assert await rows("SELECT attempts, done_at IS NULL FROM job") == [(1, False)]


async def test_a_job_that_runs_twice_does_no_harm() -> None:
    run_id = await sent(bundle())
    first = await ended(run_id)
    before = await dump()
    await working.work_off({"run": run_id})
    assert await runs.find(SYSTEM, run_id) == first
    assert await dump() == before


async def test_a_run_whose_process_died_is_loaded_again() -> None:
    run_id = await sent(bundle())
    assert await runs.begin(run_id)
    run = await ended(run_id)
    assert (run.state, run.counts["users"]["new"]) == ("done", 3)


async def test_the_server_knows_the_job() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "import asgi; from portal import jobs; print('import' in jobs._handlers)"),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PORTAL_SECRET": "of the tests, and of nothing else but them"},
    )
    told, _ = await process.communicate()
    assert told == b"True\n"


async def test_a_run_that_is_not_there_is_no_matter() -> None:
    await working.work_off({"run": 77})


async def test_the_act_is_of_who_began_it() -> None:
    account = await administrator()
    run = await ended(await sent(bundle(), by=account))
    assert run.state == "done"
    assert await rows("SELECT account_id FROM audit_entry WHERE verb = 'import.oneroster'") == [(account,)]
    assert await rows("SELECT DISTINCT made_by FROM student") == [(account,)]


@pytest.mark.parametrize("taken", ["DELETE FROM account_role", "UPDATE account SET disabled_at = made_at"])
async def test_a_right_that_was_taken_back_meanwhile_is_gone(taken: str) -> None:
    run_id = await sent(bundle(), by=await administrator())
    await db.execute(taken)
    run = await ended(run_id)
    assert run.state == "failed"
    assert await rows("SELECT COUNT(*) FROM student") == [(0,)]
