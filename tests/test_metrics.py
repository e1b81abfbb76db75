"""`/metrics`: who may read it, and whether what it says is so."""

import asyncio
import datetime as dt
import time
from functools import cache
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

import asgi
from portal import clock, db, jobs, mail
from portal.settings import Settings
from portal.web import metrics
from portal.web.recent import BOUNDS, Recent
from tests.cast import browser_of, gather

TOKEN = "a token that only the watcher knows"


@cache
def served(token: str = "") -> Starlette:
    return asgi.build(Settings(secret="of these tests, and of nothing else at all", metrics_token=token, limits=False))


async def ask(
    app: Starlette, *, peer: str = "127.0.0.1", host: str = "127.0.0.1:8000", **headers: str
) -> httpx2.Response:
    """Ask from `peer`, through what uvicorn puts before the application (which trusts a proxy on this machine)."""
    transport = httpx2.ASGITransport(app=ProxyHeadersMiddleware(app, "127.0.0.1"), client=(peer, 5000))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.get("/metrics", headers={"Host": host, **named})


async def numbers(app: Starlette) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, in the order of their names."""
    answer = await ask(app)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1"])
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000"])
async def test_it_opens_to_this_machine(database, peer, host):
    assert (await ask(served(), peer=peer, host=host)).status_code == 200
    assert (await ask(served(TOKEN), peer=peer, host=host)).status_code == 200


@pytest.mark.parametrize("peer", ["10.0.0.5", "203.0.113.9", "fe80::1", "", "testclient"])
async def test_it_is_not_there_for_other_machines(database, peer):
    refused = await ask(served(), peer=peer)
    assert refused.status_code == 404
    assert "schoolyard_" not in refused.text
    assert (await ask(served(TOKEN), peer=peer)).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "127.0.0.1"},
        {"X_Forwarded_For": "203.0.113.9"},
        {"X_Forwarded_For": ""},
        {"X_Forwarded_Proto": "https"},
        {"x_forwarded_host": "school.example"},
        {"X_Forwarded": "for=127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X_Real_IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"True_Client_IP": "127.0.0.1"},
        {"CF_Connecting_IP": "127.0.0.1"},
    ],
    ids=lambda headers: " ".join(*headers.items()),
)
async def test_a_proxy_on_this_machine_does_not_open_it_for_its_visitors(database, headers):
    assert (await ask(served(), **headers)).status_code == 404
    assert (await ask(served(), peer="203.0.113.9", **headers)).status_code == 404
    answer = await ask(served(TOKEN), Authorization=f"Bearer {TOKEN}", **headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["school.example", "school.example:8000", "127.0.0.1.evil.example", "[", ""])
async def test_another_name_for_this_machine_does_not_open_it(database, host):
    assert (await ask(served(), host=host)).status_code == 404


async def test_the_token_opens_it_from_anywhere(database):
    app = served(TOKEN)
    for scheme in ("Bearer", "bearer"):
        assert (await ask(app, peer="10.0.0.5", host="x", Authorization=f"{scheme} {TOKEN}")).status_code == 200


@pytest.mark.parametrize(
    "sent",
    ["", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer \xe9"],
)
async def test_another_token_does_not(database, sent):
    answer = await ask(served(TOKEN), peer="10.0.0.5", Authorization=sent.encode("latin-1"))
    assert answer.status_code == 404


async def test_without_a_token_set_no_token_opens_it(database):
    for sent in ("Bearer ", "Bearer", "Bearer x"):
        assert (await ask(served(), peer="10.0.0.5", Authorization=sent)).status_code == 404


async def test_a_request_is_counted_by_its_route_and_never_by_what_was_asked_for(database):
    cast = await gather()
    app = served()
    before = await numbers(app)
    async with await browser_of(cast.mai) as browser:
        for path in (f"/staff/people/{cast.minh.person}", "/staff/people/99999", "/nowhere/at-all", "/wp-login.php"):
            await browser.get(path)
        await browser.request("BREW", "/coffee")
    after = await numbers(app)

    def grew(*sample: str) -> float:
        return after.get(sample, 0) - before.get(sample, 0)

    count = "schoolyard_request_seconds_count"
    assert grew(count, "GET", "/staff/people/{id:id}", "2xx") == 1
    assert grew(count, "GET", "/staff/people/{id:id}", "4xx") == 1
    assert grew(count, "GET", "none", "4xx") == 2
    assert grew(count, "other", "none", "4xx") == 1
    statements = grew("schoolyard_sql_statements_total", "/staff/people/{id:id}")
    assert 6 < statements < 40
    assert 0 < grew("schoolyard_sql_seconds_total", "/staff/people/{id:id}") < 10
    assert "people/99999" not in (await ask(app)).text
    assert "coffee" not in (await ask(app)).text
    assert "BREW" not in (await ask(app)).text


async def test_statements_are_counted_as_the_driver_saw_them(database):
    cast = await gather()
    scope = {"method": "GET", "route": type("Route", (), {"path": f"/of-this-test-on-{database}"})}
    spent = db.Spent()
    token = db.spending.set(spent)
    with db.counting() as statements:
        async with db.transaction():
            await db.execute("UPDATE account SET theme = 'dark' WHERE id = ?", cast.mai.account)
            await db.rows("SELECT id FROM person")
        await db.peek("SELECT 1")
    db.spending.reset(token)
    assert spent.statements == len(statements) == 3
    assert spent.seconds > 0
    metrics.request(scope, 200, 0.003, spent)
    assert (await numbers(served()))["schoolyard_sql_statements_total", f"/of-this-test-on-{database}"] == 3


async def test_jobs_and_letters_are_told_by_where_they_stand(database, monkeypatch):
    await gather()
    app = served()
    async with db.transaction():
        for _ in range(3):
            await mail.send("lan@example.com", "reset", "en", name="Lan", path="/reset/key")
    await db.execute("UPDATE job SET due_at = ? WHERE id = 1", _ago(120))
    await db.execute("UPDATE job SET dead_at = due_at WHERE id = 2")
    told = await numbers(app)
    assert told["schoolyard_jobs", "mail", "due"] == 2
    assert told["schoolyard_jobs", "mail", "dead"] == 1
    assert told["schoolyard_jobs", "import", "due"] == 0
    assert 119 < told["schoolyard_jobs_oldest_seconds", "mail"] < 200
    assert told["schoolyard_letters", "waiting"] == 2
    assert told["schoolyard_letters", "failed"] == 1
    runs = told.get(("schoolyard_job_runs_total", "mail", "done"), 0)
    monkeypatch.setattr(jobs, "_watchers", [metrics.ran])
    await jobs.drain()
    told = await numbers(app)
    assert told["schoolyard_jobs", "mail", "due"] == 0
    assert told["schoolyard_letters", "kept_last_day"] == 2
    assert told["schoolyard_job_runs_total", "mail", "done"] == runs + 2


async def test_sessions_and_who_was_seen_are_told(database):
    cast = await gather()
    app = served()
    async with await browser_of(cast.mai), await browser_of(cast.mai), await browser_of(cast.an):
        await db.execute("UPDATE session SET seen_at = ? WHERE account_id = ?", _ago(1000), cast.an.account)
        told = await numbers(app)
    assert told["schoolyard_sessions",] == 3
    assert told["schoolyard_accounts_seen",] == 1
    assert told["schoolyard_database_bytes",] > 100_000
    assert told["schoolyard_database_up",] == 1


async def test_it_answers_when_the_database_does_not(database_url, tmp_path: Path):
    app = served()
    await db.open(f"sqlite:///{tmp_path}/empty.sqlite3")
    try:
        told = await numbers(app)
    finally:
        await db.close()
    assert told["schoolyard_database_up",] == 0
    assert ("schoolyard_sessions",) not in told


async def test_the_heart_beats_and_stops(database):
    stopping = asyncio.Event()
    beating = asyncio.create_task(metrics.heartbeat(stopping))
    await asyncio.sleep(0.1)
    stopping.set()
    await asyncio.wait_for(beating, 3)
    told = await numbers(served())
    assert told["schoolyard_worker_memory_bytes",] > 10_000_000
    assert told["schoolyard_worker_cpu_seconds",] > 0
    assert metrics.loop_lag() >= 0


def test_the_last_hour_is_remembered_and_no_longer():
    recent = Recent()
    for second in range(7200):
        recent.note(second, "GET", "/a", 0.003, 4)
    recent.note(7199, "GET", "/slow", 2.0, 10)
    assert recent.a_minute(7199)[-1] == 60
    assert sum(recent.a_minute(7199)) == 59 * 60
    slow, fast = recent.pages(7199)
    assert (slow.route, slow.requests, slow.statements) == ("/slow", 1, 10)
    assert 2.0 <= slow.p99 < 2.0 * 1.21
    assert fast.requests == 3600
    assert 0.003 <= fast.median == fast.p99 < 0.003 * 1.21
    assert recent.pages(7199 + 3600) == []
    assert sum(recent.a_minute(7199 + 7200)) == 0


def test_a_percentile_is_not_that_of_another():
    recent = Recent()
    for number in range(100):
        recent.note(30, "GET", "/a", 1.0 if number >= 98 else 0.01, 0)
    page = recent.pages(30)[0]
    assert page.median < 0.013
    assert page.p99 > 0.99
    recent.note(30, "GET", "/b", 10_000, 0)
    assert recent.pages(30)[0].p99 == BOUNDS[-1]


def test_counting_a_request_costs_microseconds():
    """A generous limit on CPU time: what it really costs stands in docs/guide/watching.md."""
    scope = {"method": "GET", "route": type("Route", (), {"path": "/of-this-test"})}
    spent = db.Spent()
    spent.statements, spent.seconds = 3, 0.001
    begun = time.process_time()
    for _ in range(10_000):
        metrics.request(scope, 200, 0.003, spent)
    assert (time.process_time() - begun) / 10_000 < 100e-6


def _ago(seconds: float) -> dt.datetime:
    return clock.now() - dt.timedelta(seconds=seconds)
