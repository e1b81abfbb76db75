"""Loading as a whole: all or nothing, again and again, two at once, broken off."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from portal import clock, db
from portal.errors import Conflict, Forbidden
from portal.interchange import loading, orders, writing
from portal.interchange.loading import load
from portal.interchange.writing import bulk, marks
from portal.scope import ANYONE, SYSTEM, Permission, Scope
from tests.interchange.applying import dump, is_empty, loaded, notes, rows
from tests.interchange.builder import CENTRE, bundle, more, row

pytestmark = pytest.mark.usefixtures("database")

HOUSE = Path(__file__).parents[2]


async def test_a_second_import_of_the_same_bundle_changes_nothing() -> None:
    first = await loaded(bundle())
    before = await dump()
    with clock.moved(days=1):
        second = await loaded(bundle())
    assert await dump() == before
    assert {kind: sums["new"] for kind, sums in first.counts.items()} == {
        kind: sums["same"] for kind, sums in second.counts.items()
    }
    assert {sums["new"] + sums["changed"] + sums["unnamed"] for sums in second.counts.values()} == {0}


@pytest.mark.parametrize("version", ["1.1", "1.2", "SDS 2.1"])
async def test_every_version_is_loaded_and_loaded_again(version: str) -> None:
    await loaded(bundle(version))
    before = await dump()
    assert await rows(
        "SELECT p.given_name, c.code FROM class_membership m JOIN student s ON s.id = m.student_id"
        " JOIN person p ON p.id = s.person_id JOIN class c ON c.id = m.class_id"
    ) == [("Minh", "E1")]
    assert await rows("SELECT p.given_name FROM guardian g JOIN person p ON p.id = g.person_id") == [("Lan",)]
    await loaded(bundle(version))
    assert await dump() == before


async def test_the_counts_are_by_kind() -> None:
    outcome = await loaded(bundle())
    assert {kind: sums["new"] for kind, sums in outcome.counts.items()} == {
        **{"orgs": 1, "academicSessions": 2, "courses": 1, "classes": 1, "users": 3, "demographics": 1},
        **{"guardians": 1, "enrollments": 1, "teachings": 1, "categories": 1, "lineItems": 1, "results": 1},
    }


async def test_only_what_changed_is_written() -> None:
    await loaded(bundle())
    before = await dump()
    outcome = await loaded(bundle(users=row("users", 2, givenName="Hoà")))
    assert outcome.counts["users"] == {"new": 0, "changed": 1, "same": 2, "unnamed": 0}
    after = await dump()
    assert {table for table in after if after[table] != before[table]} == {"person", "external_id"}


async def test_what_staff_changed_stays_until_the_bundle_changes_it() -> None:
    await loaded(bundle())
    await db.execute("UPDATE class SET name = ?, capacity = ?", "Ours", 12)
    await loaded(bundle())
    assert await rows("SELECT name, capacity FROM class") == [("Ours", 12)]
    await loaded(bundle(classes=row("classes", title="Theirs")))
    assert await rows("SELECT name, capacity FROM class") == [("Theirs", 12)]


async def test_what_is_no_longer_named_is_counted_and_left() -> None:
    await loaded(
        bundle(
            results=more("results", sourcedId="S2", lineItemSourcedId="L2"), lineItems=more("lineItems", sourcedId="L2")
        )
    )
    outcome = await loaded(bundle())
    assert outcome.counts["lineItems"] == {"new": 0, "changed": 0, "same": 1, "unnamed": 1}
    assert await rows("SELECT COUNT(*) FROM score") == [(2,)]
    said = "lineItems: 1 that an earlier import brought are not named any more; they are left as they are."
    assert said in notes(outcome)


async def test_of_an_absent_file_nothing_is_said() -> None:
    await loaded(bundle())
    outcome = await loaded(bundle(results=None, lineItems=None, categories=None, demographics=None))
    assert not any(sums["unnamed"] for sums in outcome.counts.values())


async def test_what_comes_back_is_known_again() -> None:
    await loaded(bundle())
    await loaded(bundle(results=None, users=CENTRE["users"]))
    outcome = await loaded(bundle())
    assert outcome.counts["results"]["same"] == 1


async def test_a_dry_run_counts_everything_and_keeps_nothing() -> None:
    dry = await loaded(bundle(), dry_run=True)
    assert await is_empty()
    assert await rows("SELECT COUNT(*) FROM audit_entry") == [(0,)]
    assert dry.counts == (await loaded(bundle())).counts


async def test_an_import_is_one_act() -> None:
    outcome = await loaded(bundle())
    ((verb, changes),) = await db.rows("SELECT verb, changes FROM audit_entry")
    assert verb == "import.oneroster"
    assert str(outcome.counts["users"]["new"]) in str(changes)


async def test_without_the_right_nothing_is_read() -> None:
    for scope in (ANYONE, Scope(grants={Permission.SEE_IMPORTS: None})):
        with pytest.raises(Forbidden):
            await load(scope, b"", dry_run=True)


async def test_the_right_in_one_branch_is_not_enough() -> None:
    with pytest.raises(Forbidden):
        await load(Scope(grants={Permission.IMPORT_DATA: frozenset({1})}), bundle(), dry_run=False)


async def test_an_error_in_the_last_file_leaves_nothing() -> None:
    outcome = await load(SYSTEM, bundle(results=row("results", score="11")), dry_run=False)
    assert (outcome.refused, outcome.errors) == (True, 1)
    assert await is_empty()


async def test_a_failure_of_the_last_statement_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(writing.Desk, "settle", broken)
    with pytest.raises(RuntimeError):
        await load(SYSTEM, bundle(), dry_run=False)
    assert await is_empty()


async def test_an_import_that_is_broken_off_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = asyncio.Event()

    async def stuck(*_: Any) -> None:
        reached.set()
        await asyncio.sleep(3600)

    monkeypatch.setattr(marks.recording, "recount", stuck)
    task = asyncio.create_task(load(SYSTEM, bundle(), dry_run=False))
    await asyncio.wait_for(reached.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    monkeypatch.undo()
    assert await is_empty()
    await loaded(bundle())


async def test_a_process_that_is_killed_in_the_middle_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    packed = tmp_path / "bundle.zip"
    packed.write_bytes(bundle())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _STUCK, database_url, packed), stdout=asyncio.subprocess.PIPE, cwd=HOUSE
    )
    assert process.stdout
    assert await process.stdout.readline() == b"written\n"
    process.kill()
    await process.wait()
    assert await is_empty()
    await loaded(bundle())


_STUCK = """
import asyncio, sys
from pathlib import Path
from portal import db
from portal.interchange import loading, orders, writing
from portal.scope import SYSTEM

async def stuck(desk):
    await settle(desk)
    print("written", flush=True)
    await asyncio.sleep(3600)

async def main(url, packed):
    await db.open(url)
    await loading.load(SYSTEM, Path(packed), dry_run=False)

settle, writing.Desk.settle = writing.Desk.settle, stuck
asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_imports_at_once_are_one_after_the_other() -> None:
    first, second = await asyncio.gather(*(load(SYSTEM, bundle(), dry_run=False) for _ in range(2)))
    assert not first.refused
    assert not second.refused
    assert sorted(outcome.counts["users"]["new"] for outcome in (first, second)) == [0, 3]
    once = await dump()
    assert len(once["person"]) == 3
    assert len(once["score"]) == 1


async def test_two_different_imports_at_once_are_both_right() -> None:
    other = bundle(results=row("results", score="4"))
    await asyncio.gather(*(load(SYSTEM, packed, dry_run=False) for packed in (bundle(), other)))
    assert await rows("SELECT COUNT(*), SUM(points) FROM score") in ([(1, 8500)], [(1, 4000)])
    ((points,),) = await rows("SELECT points FROM score")
    assert await rows("SELECT published_count, published_points FROM assessment") == [(1, points)]


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_record_that_somebody_else_wrote_meanwhile_is_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh_ids = bulk.fresh_ids

    async def meanwhile(table: str, count: int) -> list[int]:
        if table == "branch":
            async with _elsewhere():
                await db.insert("branch", code="O1", name="Ours")
        return await fresh_ids(table, count)

    monkeypatch.setattr(bulk, "fresh_ids", meanwhile)
    with pytest.raises(Conflict):
        await load(SYSTEM, bundle(), dry_run=False)
    assert await rows("SELECT name FROM branch") == [("Ours",)]


@asynccontextmanager
async def _elsewhere() -> AsyncIterator[None]:
    """Outside of the transaction of this task, as another task would be."""
    from portal.db import session

    token = session._held.set(None)
    try:
        yield
    finally:
        session._held.reset(token)


async def test_progress_names_what_is_read_and_what_is_written() -> None:
    heard: list[tuple[str, int, int]] = []
    await load(SYSTEM, bundle(), dry_run=False, progress=lambda *news: heard.append(news))
    stages = [stage for stage, _, _ in heard]
    assert "users.csv" in stages
    assert stages.index("users.csv") < stages.index("users") < stages.index("results")
    assert all(0 < done <= total for _, done, total in heard)


async def test_no_statement_is_run_for_a_row() -> None:
    """Ten times the people need as many statements."""

    async def statements(count: int) -> int:
        users = [{**CENTRE["users"][1], "sourcedId": f"s{n}", "username": f"s{n}"} for n in range(count)]
        roles = [{**CENTRE["roles"][1], "sourcedId": f"Q{n}", "userSourcedId": f"s{n}"} for n in range(count)]
        both = {"users": [*CENTRE["users"], *users], "roles": [*CENTRE["roles"], *roles]}
        with db.counting() as counted:
            await load(SYSTEM, bundle(**both), dry_run=True)
        return len(counted)

    assert await statements(20) == await statements(200)


async def test_problems_of_the_reader_and_of_the_database_are_in_the_order_of_the_files() -> None:
    reading = loading.oneroster.read(bundle(users=row("users", 0, givenName="")))
    outcome = loading._outcome(reading, writing.Findings(), orders.Written({}, []))
    assert [problem.line for problem in outcome.problems] == sorted(problem.line or 0 for problem in outcome.problems)
    assert (outcome.refused, outcome.errors, outcome.more) == (True, 1, 0)
