"""A real server in a process of its own: it keeps what it acknowledged, stops in order, says what it cannot do."""

import asyncio
import datetime as dt
import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from portal import clock, db
from tests.commands.conftest import Command
from tests.commands.server import PATIENCE, Server, free_port
from tests.commands.wires import Mailbox, Proxy

Start = Callable[..., Server]


@pytest.fixture
def demo(empty_url: str, command: Command, environment: dict[str, str]) -> dict[str, str]:
    """A small demo centre; gives the settings to serve it with."""
    settings = {"PORTAL_DATABASE_URL": empty_url}
    assert command("demo", "--students", "20", **settings).exit_code == 0
    return settings


@pytest.fixture
def small(command: Command) -> dict[str, str]:
    """A small demo centre on SQLite."""
    assert command("demo", "--students", "20").exit_code == 0
    return {}


def ask(url: str, sql: str, *args: Any) -> Any:
    """One cell of a database that a server may have open."""

    async def value() -> Any:
        await db.open(url)
        try:
            async with db.transaction():
                return await db.value(sql, *args) if sql.startswith("SELECT") else await db.execute(sql, *args)
        finally:
            await db.close()

    return asyncio.run(value())


def lines(server: Server) -> list[dict[str, Any]]:
    """The log of the server: every line of it is JSON."""
    return [json.loads(line) for line in server.told.splitlines() if line.startswith("{")]


def test_a_session_survives_a_server_that_is_killed(demo: dict[str, str], server: Start) -> None:
    first = server(**demo).ready()
    cookies = first.sign_in("lan@example.com")
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    second = server(**demo).ready()
    assert second.get("/home", cookies=cookies).status_code == 200


def test_a_stop_waits_for_the_letter_in_hand_and_sends_it_once(
    small: dict[str, str], environment: dict[str, str], server: Start
) -> None:
    url = environment["PORTAL_DATABASE_URL"]
    with Mailbox(seconds=1.5) as mailbox:
        ask(url, "UPDATE centre SET demo_loaded_at = NULL")  # from a demo nothing leaves
        context = {"name": "Lan", "path": "/invitation/key"}
        letter = {"recipient": "parent@school.vn", "template": "invitation", "language": "vi", "context": context}
        ask(
            url,
            "INSERT INTO job (kind, payload, due_at) VALUES (?, ?, ?)",
            "mail",
            json.dumps(letter),
            clock.now() - dt.timedelta(minutes=1),
        )
        running = server(PORTAL_SMTP_URL=mailbox.url).ready()
        assert mailbox.begun.wait(PATIENCE)
        begun = time.monotonic()
        assert running.stop() in (0, -signal.SIGTERM)
        assert time.monotonic() - begun < 8
    assert mailbox.taken == ["parent@school.vn"]
    assert ask(url, "SELECT COUNT(*) FROM job WHERE kind = 'mail' AND done_at IS NOT NULL") == 1


def test_a_stop_with_browsers_still_connected_takes_seconds(small: dict[str, str], server: Start) -> None:
    running = server().ready()
    with Proxy.held_open(running.port, many=5):
        begun = time.monotonic()
        assert running.stop() in (0, -signal.SIGTERM)
        assert time.monotonic() - begun < 8
    assert "Finished server process" in running.told


def test_health_tells_a_database_that_is_not_migrated(demo: dict[str, str], server: Start) -> None:
    running = server(**demo).ready()
    assert running.get("/readyz").json() == {"status": "ready", "database": "ok", "redis": "unused"}
    ask(demo["PORTAL_DATABASE_URL"], "UPDATE tortoise_migrations SET app = 'another'")
    try:
        answer = running.get("/readyz")
        assert (answer.status_code, answer.json()["database"]) == (503, "not migrated")
        assert running.get("/healthz").status_code == 200
    finally:  # this worker's next test has the same database on PostgreSQL
        ask(demo["PORTAL_DATABASE_URL"], "UPDATE tortoise_migrations SET app = 'models'")


def test_health_tells_a_database_that_is_gone_and_that_it_is_back(
    fresh_postgres: str, command: Command, server: Start
) -> None:
    with Proxy.to(fresh_postgres) as proxy:
        settings = {"PORTAL_DATABASE_URL": proxy.through(fresh_postgres)}
        assert command("demo", "--students", "20", **settings).exit_code == 0
        running = server(**settings).ready()
        assert running.get("/readyz").status_code == 200
        proxy.cut()
        answer = running.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "down")
        assert running.get("/healthz").status_code == 200
        assert running.get("/sign-in").status_code >= 500
        proxy.mend()
        assert running.get("/readyz").status_code == 200
        assert running.get("/sign-in").status_code == 200


def test_a_dead_redis_is_degraded_and_the_pages_go_on(small: dict[str, str], server: Start) -> None:
    running = server(PORTAL_REDIS_URL=f"redis://127.0.0.1:{free_port()}").ready()
    answer = running.get("/readyz")
    assert (answer.status_code, answer.json()["status"], answer.json()["redis"]) == (200, "degraded", "down")
    assert running.get("/sign-in").status_code == 200


def test_every_request_is_logged_with_the_id_it_was_answered_with(small: dict[str, str], server: Start) -> None:
    running = server().ready()
    identity = running.get("/sign-in?next=/home").headers["x-request-id"]
    chosen = running.get("/sign-in", headers={"X-Request-Id": "from-the-proxy-1"}).headers["x-request-id"]
    forged = running.get("/sign-in", headers={"X-Request-Id": 'x" , "level": "y'}).headers["x-request-id"]
    running.stop()
    logged = {line.get("request"): line for line in lines(running)}
    assert chosen == "from-the-proxy-1"
    assert {identity, chosen, forged} <= set(logged)
    assert logged[identity]["path"] == "/sign-in"
    assert logged[identity]["status"] == 200


def test_no_key_query_or_password_is_ever_logged(small: dict[str, str], server: Start) -> None:
    running = server().ready()
    running.get("/reset/KEY-OF-A-RESET?next=QUERY-TEXT")
    running.get("/invitation/KEY-OF-AN-INVITATION")
    running.get("/sign-in?next=/QUERY-TEXT")
    running.post("/sign-in", data={"login": "lan@example.com", "password": "PASSWORD-TYPED"})
    running.post("/forgotten", data={"login": "LOGIN-TYPED@example.com"})
    cookies = running.sign_in("lan@example.com")
    running.get("/home", cookies=cookies)
    running.stop()
    told = running.told
    assert "/reset/" in told
    for secret in ("KEY-OF", "QUERY-TEXT", "PASSWORD-TYPED", "LOGIN-TYPED", cookies["session"]):
        assert secret not in told


def test_several_workers_without_redis_are_refused_with_a_sentence(small: dict[str, str], server: Start) -> None:
    for refused in (server("serve", PORTAL_WORKERS="2"), server("serve", "--workers", "2")):
        assert refused.leave() == 1
        assert "PORTAL_REDIS_URL" in refused.told
        assert "Traceback" not in refused.told


def test_two_workers_with_redis_serve_and_stop_together(small: dict[str, str], server: Start, redis_url: str) -> None:
    running = server(PORTAL_WORKERS="2", PORTAL_REDIS_URL=redis_url).ready()
    assert running.get("/readyz").json()["redis"] == "ok"
    cookies = running.sign_in("lan@example.com")
    assert all(running.get("/home", cookies=cookies).status_code == 200 for _ in range(10))
    begun = time.monotonic()
    running.stop()
    assert time.monotonic() - begun < 15
    started = [line["message"] for line in lines(running) if "Started server process" in line["message"]]
    assert len(started) == 2


def test_a_port_that_is_taken_is_a_sentence(small: dict[str, str], server: Start) -> None:
    first = server().ready()
    second = server(PORT=str(first.port))
    assert second.leave() == 1
    assert f"PORT={first.port}" in second.told
    assert "Traceback" not in second.told


def test_a_database_that_is_not_migrated_or_empty_is_not_served(server: Start, command: Command) -> None:
    unmigrated = server()
    assert unmigrated.leave() == 1
    assert "portal migrate" in unmigrated.told
    assert command("migrate").exit_code == 0
    empty = server()
    assert empty.leave() == 1
    assert "portal init" in empty.told


def test_the_demo_opens_by_itself_and_a_second_time_too(server: Start) -> None:
    for _ in range(2):
        running = server("run").ready()
        assert "lan@example.com" in running.told
        assert "password: schoolyard" in running.told
        assert running.origin in running.told
        assert running.get("/home", cookies=running.sign_in("lan@example.com")).status_code == 200
        running.stop()


def metric(server: Server, name: str) -> list[float]:
    """The samples whose line begins so."""
    told = server.get("/metrics").text.splitlines()
    return [float(line.rpartition(" ")[2]) for line in told if line.startswith(name)]


def test_each_of_two_workers_counts_for_both(small: dict[str, str], server: Start, redis_url: str) -> None:
    running = server("serve", "--workers", "2", PORTAL_REDIS_URL=redis_url).ready()
    workers = "schoolyard_worker_start_time_seconds{"
    for _ in range(200):
        if len(metric(running, workers)) == 2:
            break
        time.sleep(0.1)
    assert len(metric(running, workers)) == 2
    for _ in range(40):
        assert running.get("/sign-in").status_code == 200
    counted = 'schoolyard_request_seconds_count{method="GET",route="/sign-in",status="2xx"}'
    for _ in range(10):  # whichever is asked
        assert metric(running, counted) == [40.0]
    pid = next(
        int(line.partition('pid="')[2].partition('"')[0])
        for line in running.get("/metrics").text.splitlines()
        if line.startswith(workers)
    )
    os.kill(pid, signal.SIGKILL)
    for _ in range(200):
        told = [line for line in running.get("/metrics").text.splitlines() if line.startswith(workers)]
        if len(told) == 2 and not any(f'pid="{pid}"' in line for line in told):
            break
        time.sleep(0.1)
    assert not any(f'pid="{pid}"' in line for line in told), told
    assert metric(running, counted) == [40.0]  # what a dead worker counted was counted
