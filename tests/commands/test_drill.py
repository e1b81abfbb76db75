"""The drill: real servers, real writers, backups made meanwhile, processes killed half-way."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from portal import clock, db
from tests.backup import filled
from tests.commands.conftest import Command
from tests.commands.server import PATIENCE, ROOT, Server
from tests.commands.test_backup import ask, counts, done, manifest, refused, target

__all__ = ["target"]  # a fixture

Start = Callable[..., Server]


@contextmanager
def writing(server: Server) -> Iterator[list[int]]:
    """Browsers that sign in and out as fast as they can: each writes a session, an act and a device."""
    stop, signed_in = threading.Event(), [0, 0]

    def work(number: int) -> None:
        while not stop.is_set():
            server.sign_in("mai@example.com")
            signed_in[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        while not all(signed_in):
            time.sleep(0.01)
        yield signed_in
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)


def test_a_house_is_kept_while_it_works_and_stands_again_elsewhere(
    empty_url: str,
    target: dict[str, str],
    server: Start,
    command: Command,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    media = Path(environment["PORTAL_MEDIA"])
    house = asyncio.run(filled.fill(empty_url, media, demo=True))
    asyncio.run(lengthen(empty_url))
    live, file = {"PORTAL_DATABASE_URL": empty_url, "PORTAL_LIMITS": "off"}, tmp_path / "kept.zip"
    first = server(**live).ready()
    lan = first.sign_in("lan@example.com")
    grades = f"/children/{house.people.minh.student}/grades"
    assert first.get(grades, cookies=lan).status_code == 200

    with writing(first) as signed_in:
        before = sum(signed_in)
        ended = run("backup", str(file), environment | live)
        during = sum(signed_in) - before
    assert ended.returncode == 0, ended.stderr
    assert during > 0, "nobody wrote while the backup was made"

    kept = manifest(file)["tables"]
    place = list(kept["audit_entry"]["columns"]).index("verb")
    acts = sum(act[place] == "sign_in" for act in lines(file, "audit_entry"))
    assert acts >= before
    assert acts + 1 == kept["session"]["rows"] == kept["known_device"]["rows"], "it is not from one moment"

    done(command("restore", str(file), **target))
    restored = counts(target["PORTAL_DATABASE_URL"])
    for name, table in kept.items():
        more = 1 if name == "audit_entry" else 0
        fewer = table["rows"] if name == "known_device" else 0
        assert restored[name] == table["rows"] + more - fewer, name
    assert filled.uploads(Path(target["PORTAL_MEDIA"])) == filled.uploads(media)

    second = server(**target).ready()
    assert second.get(grades, cookies=lan).status_code == 303
    lan = second.sign_in("lan@example.com")
    page = second.get(grades, cookies=lan)
    assert page.status_code == 200
    assert "Nguyễn Hoàng Minh" in page.text
    assert ask(target["PORTAL_DATABASE_URL"], "SELECT epoch FROM centre") != [(house.epoch,)]
    assert first.get(grades, cookies=first.sign_in("lan@example.com")).status_code == 200


async def lengthen(url: str) -> None:
    """Put many letters between the tables that a sign-in writes, so that a backup is a while on its way."""
    await db.open(url)
    try:
        letter = ("lan@example.com", "Thư", "", "", "vi", clock.now())
        sql = "INSERT INTO letter (recipient, subject, text, html, language, made_at) VALUES (?, ?, ?, ?, ?, ?)"
        await db.execute_many(sql, [letter] * 60_000)
    finally:
        await db.close()


def lines(file: Path, table: str) -> list[list[Any]]:
    with zipfile.ZipFile(file) as kept:
        return [json.loads(line) for line in kept.read(f"tables/{table}.jsonl").splitlines()]


def run(*arguments: Any) -> "subprocess.CompletedProcess[str]":
    *words, settings = arguments
    return subprocess.run(
        [sys.executable, "-m", "portal", *words],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 4,
        check=False,
    )


def struck(
    how: signal.Signals, stage: str, *words: str, settings: dict[str, str], file: Path | None = None
) -> tuple[int, str]:
    """Send a command a signal when it tells of a stage; its status and what it said.

    A command that was done with its `file` before the signal reached it is sent another one, with the file gone.
    """
    for _ in range(5):
        status, said = _struck(how, stage, *words, settings=settings)
        if status or file is None or not file.exists():
            break
        file.unlink()
    return status, said


def _struck(how: signal.Signals, stage: str, *words: str, settings: dict[str, str]) -> tuple[int, str]:
    with subprocess.Popen(
        [sys.executable, "-m", "portal", *words],
        cwd=ROOT,
        env=os.environ | settings,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if stage in line:
                process.send_signal(how)
                break
        said += process.stderr.read()
        return process.wait(PATIENCE), said


@pytest.fixture
def large(empty_url: str, command: Command) -> dict[str, str]:
    """The settings of a demo centre that takes a while to be written."""
    settings = {"PORTAL_DATABASE_URL": empty_url}
    done(command("demo", "--students", "400", "--marks", "20000", **settings))
    return settings


def test_a_backup_that_is_struck_down_leaves_no_file(
    large: dict[str, str], command: Command, environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    file = folder / "kept.zip"
    words, settings = ("backup", str(file)), environment | large
    for stage in ("Writing the tables", "Reading the backup"):
        for how in (signal.SIGTERM, signal.SIGINT):
            status, said = struck(how, stage, *words, settings=settings, file=file)
            assert (status, "Traceback" in said) == (1, False), said
            assert "Nothing was left behind" in said
            assert not list(folder.iterdir())
        assert struck(signal.SIGKILL, stage, *words, settings=settings, file=file)[0] == -signal.SIGKILL
        assert not file.exists()
        assert all(path.name.endswith(".draft") and path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
        for draft in folder.iterdir():
            draft.unlink()
    done(command(*words, **large))


def test_a_restore_that_is_struck_down_leaves_an_empty_house(
    empty_url: str, target: dict[str, str], command: Command, environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "kept.zip"
    house = {"PORTAL_DATABASE_URL": empty_url}
    done(command("demo", "--students", "400", "--marks", "20000", **house))
    done(command("backup", str(file), **house))
    for stage in ("Reading the backup", "Writing the tables", "Proving the tables"):
        for how in (signal.SIGKILL, signal.SIGTERM):
            status, said = struck(how, stage, "restore", str(file), settings=environment | target)
            assert status == (-signal.SIGKILL if how == signal.SIGKILL else 1), said
            assert sum(counts(target["PORTAL_DATABASE_URL"]).values()) == 0
    done(command("restore", str(file), **target))
    restored = counts(target["PORTAL_DATABASE_URL"])
    assert restored["score"] == manifest(file)["tables"]["score"]["rows"] > 10_000
    assert "holds rows" in refused(command("restore", str(file), **target))
