"""Work that must happen after a commit, although the process may die."""

import asyncio
import datetime as dt

import pytest

from portal import clock, db, jobs
from portal.db.presence import Presence


@pytest.fixture(autouse=True)
def handlers(monkeypatch):
    """Handlers of this test only."""
    known: dict[str, jobs.Handler] = {}
    monkeypatch.setattr(jobs, "_handlers", known)
    return known


async def state() -> tuple[int, bool, bool, str]:
    attempts, done, dead, reason = await db.row("SELECT attempts, done_at, dead_at, reason FROM job")
    return attempts, done is not None, dead is not None, reason


async def test_a_job_runs_once_and_forgets_its_payload(database, handlers):
    seen = []
    jobs.handles("note")(_into(seen))
    async with db.transaction():
        await jobs.enqueue("note", {"key": "a secret"})
    assert await jobs.drain() == 1
    assert await jobs.drain() == 0
    assert seen == [{"key": "a secret"}]
    assert "a secret" not in str(await db.rows("SELECT payload FROM job"))


async def test_a_job_of_a_transaction_that_rolled_back_never_was(database, handlers):
    with pytest.raises(RuntimeError):
        async with db.transaction():
            await jobs.enqueue("note", {})
            raise RuntimeError
    assert await jobs.drain() == 0


async def test_a_job_is_not_run_before_its_time(database, handlers):
    seen = []
    jobs.handles("note")(_into(seen))
    async with db.transaction():
        await jobs.enqueue("note", {}, after=dt.timedelta(minutes=5))
    assert await jobs.drain() == 0
    with clock.moved(minutes=6):
        assert await jobs.drain() == 1


async def test_a_job_that_fails_is_tried_again_later_and_dies_with_its_reason(database, handlers):
    async def fail(payload):
        raise ValueError("no\0 such thing")

    jobs.handles("note")(fail)
    async with db.transaction():
        await jobs.enqueue("note", {})
    assert await jobs.drain() == 1
    assert await jobs.drain() == 0  # the pause
    assert await state() == (1, False, False, "ValueError: no such thing")
    for attempt in range(1, jobs.MAX_ATTEMPTS):
        with clock.moved(days=attempt):
            assert await jobs.drain() == 1
    assert await state() == (jobs.MAX_ATTEMPTS, False, True, "ValueError: no such thing")
    with clock.moved(days=365):
        assert await jobs.drain() == 0


async def test_a_job_that_fails_once_can_still_succeed(database, handlers):
    tries = []

    async def stumble(payload):
        tries.append(1)
        if len(tries) == 1:
            raise OSError("the post office is closed")

    jobs.handles("note")(stumble)
    async with db.transaction():
        await jobs.enqueue("note", {})
    await jobs.drain()
    with clock.moved(minutes=1):
        await jobs.drain()
    assert (await state())[:3] == (2, True, False)


async def test_a_job_whose_worker_died_is_taken_up_again(database, handlers):
    seen = []
    jobs.handles("note")(_into(seen))
    async with db.transaction():
        await jobs.enqueue("note", {})
    assert await jobs._claim("a worker that dies now") is not None
    assert await jobs.drain() == 0
    with clock.moved(seconds=jobs.LEASE.total_seconds() + 1):
        assert await jobs.drain() == 1


async def test_a_server_that_starts_alone_takes_up_at_once_what_its_predecessor_held(database, handlers):
    seen = []
    jobs.handles("note")(_into(seen))
    async with db.transaction():
        await jobs.enqueue("note", {})
    assert await jobs._claim("a process that dies now") is not None
    other = None
    if database == "sqlite":
        other = Presence(db.place().with_name(db.place().name + ".serving"))
        other.first()
        other.settle()
    assert await jobs.take_over() == 0  # another server may be at it, as always on PostgreSQL
    assert await jobs.drain() == 0
    if other is not None:
        other.leave()
        assert await jobs.take_over() == 1
        assert await jobs.drain() == 1


async def test_the_claim_of_a_long_job_is_renewed(database, handlers, monkeypatch):
    monkeypatch.setattr(jobs, "LEASE", dt.timedelta(seconds=0.3))
    runs = []

    async def long(payload):
        runs.append(1)
        await asyncio.sleep(1)

    jobs.handles("long")(long)
    async with db.transaction():
        await jobs.enqueue("long", {})
    await asyncio.gather(jobs.drain(), _after(0.7, jobs.drain))
    assert runs == [1]


async def test_a_worker_leaves_a_kind_to_others(database, handlers):
    seen = []
    jobs.handles("long")(_into(seen))
    async with db.transaction():
        await jobs.enqueue("long", {})
    assert not await jobs.run_one("a worker for letters", but="long")
    assert await jobs.run_one("the other worker")


async def one_dead(handlers) -> list[dict[str, str]]:
    """A dead job; what its handler is given from now on, when it does not fail any more."""

    async def fail(payload):
        raise ValueError

    handlers["note"] = fail
    async with db.transaction():
        await jobs.enqueue("note", {"path": "/reset/a-key"})
    for attempt in range(jobs.MAX_ATTEMPTS):
        with clock.moved(days=attempt - jobs.MAX_ATTEMPTS + 1):
            await db.execute("UPDATE job SET due_at = ?", clock.now())
            await jobs.drain()
    assert (await state())[2]
    seen = []
    handlers["note"] = _into(seen)
    return seen


async def kept() -> str:
    return str(await db.rows("SELECT payload FROM job"))


async def test_a_dead_job_that_is_tried_again_has_all_its_attempts(database, handlers):
    seen = await one_dead(handlers)
    async with db.transaction():
        assert await jobs.revive(1) == "note"
    assert (await state())[:3] == (0, False, False)
    assert await jobs.drain() == 1
    assert seen == [{"path": "/reset/a-key"}]
    assert "a-key" not in await kept()
    async with db.transaction():
        assert await jobs.revive(1) is None
        assert await jobs.let_go(1) is None


async def test_a_dead_job_that_is_let_go_forgets_its_payload_and_stays_dead(database, handlers):
    await one_dead(handlers)
    async with db.transaction():
        assert await jobs.let_go(1) == "note"
    assert "a-key" not in await kept()
    async with db.transaction():
        assert await jobs.revive(1) is None
        assert await jobs.let_go(1) is None
    assert await jobs.drain() == 0


async def test_a_dead_job_forgets_its_payload_in_time(database, handlers):
    await one_dead(handlers)
    assert await jobs.forget() == 0
    assert "a-key" in await kept()
    with clock.moved(seconds=jobs.KEPT.total_seconds() + 60):
        assert await jobs.forget() == 1
        assert await jobs.forget() == 0
    assert "a-key" not in await kept()
    async with db.transaction():
        assert await jobs.revive(1) is None
        assert await jobs.let_go(1) == "note"


async def test_the_worker_forgets_what_is_old(database, handlers):
    await one_dead(handlers)
    with clock.moved(seconds=jobs.KEPT.total_seconds() + 60):
        stopping = asyncio.Event()
        worker = asyncio.create_task(jobs.work(stopping))
        for _ in range(250):
            if "a-key" not in await kept():
                break
            await asyncio.sleep(0.02)
        assert "a-key" not in await kept()
        stopping.set()
        await asyncio.wait_for(worker, 5)


async def test_whoever_watches_hears_how_each_run_ended(database, handlers, monkeypatch):
    heard = []
    monkeypatch.setattr(jobs, "_watchers", [])
    jobs.watch(lambda kind, outcome, seconds: heard.append((kind, outcome, seconds >= 0)))
    await one_dead(handlers)
    failures = [("note", "failed", True)] * (jobs.MAX_ATTEMPTS - 1)
    assert heard == [*failures, ("note", "dead", True)]
    async with db.transaction():
        await jobs.revive(1)
    await jobs.drain()
    assert heard[-1] == ("note", "done", True)


async def test_the_worker_outlives_a_database_that_does_not_answer(database, handlers, monkeypatch):
    seen = asyncio.Event()

    async def note(payload):
        seen.set()

    jobs.handles("note")(note)
    monkeypatch.setattr(jobs, "TROUBLED_SECONDS", 0.05)
    reach, troubles = jobs._claim, []

    async def away(*args):
        if len(troubles) < 3:
            troubles.append(1)
            raise db.OperationalError("the server closed the connection")
        return await reach(*args)

    monkeypatch.setattr(jobs, "_claim", away)
    stopping = asyncio.Event()
    worker = asyncio.create_task(jobs.work(stopping))
    async with db.transaction():
        await jobs.enqueue("note", {})
    await asyncio.wait_for(seen.wait(), 5)
    assert len(troubles) == 3
    stopping.set()
    await asyncio.wait_for(worker, 5)


async def test_two_workers_never_run_one_job(database, handlers):
    seen = []
    jobs.handles("note")(_into(seen))
    async with db.transaction():
        for number in range(20):
            await jobs.enqueue("note", {"n": number})
    await asyncio.gather(*[jobs.drain() for _ in range(4)])
    assert sorted(payload["n"] for payload in seen) == list(range(20))


async def test_the_worker_wakes_at_once_and_stops_when_told(database, handlers):
    seen = asyncio.Event()

    async def note(payload):
        seen.set()

    jobs.handles("note")(note)
    stopping = asyncio.Event()
    worker = asyncio.create_task(jobs.work(stopping))
    await asyncio.sleep(0.05)
    async with db.transaction():
        await jobs.enqueue("note", {})
    await asyncio.wait_for(seen.wait(), 5)
    stopping.set()
    await asyncio.wait_for(worker, 5)


async def test_one_kind_has_one_handler(database, handlers):
    jobs.handles("note")(_into([]))
    with pytest.raises(ValueError, match="two handlers"):
        jobs.handles("note")(_into([]))


async def _after(seconds, call):
    await asyncio.sleep(seconds)
    return await call()


def _into(seen):
    async def note(payload):
        await asyncio.sleep(0)
        seen.append(payload)

    return note
