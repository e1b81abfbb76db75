"""A house in one file and a house from it, between both databases; what must not come to life again does not."""

import asyncio
import json
import resource
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from portal import db, files
from portal.db import schema
from portal.db.migrations import migrate
from tests.backup import filled
from tests.commands.conftest import SECRET, Command
from tests.commands.server import ROOT

RENEWED = {"centre", "session", "known_device", "secret_link", "job", "import_run", "audit_entry"}


@pytest.fixture
def media(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def house(empty_url: str, media: Path) -> filled.House:
    """A full house at `empty_url`, with its uploads in `media`."""
    return asyncio.run(filled.fill(empty_url, media))


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Settings of a house that does not stand yet, on either database."""
    url = f"sqlite:///{tmp_path}/target.sqlite3"
    if request.param == "postgres":
        url = request.getfixturevalue("fresh_postgres")
    return {"PORTAL_DATABASE_URL": url, "PORTAL_MEDIA": str(tmp_path / "target")}


@pytest.fixture
def at(empty_url: str) -> dict[str, str]:
    """Settings of the house that is kept."""
    return {"PORTAL_DATABASE_URL": empty_url}


def ask(url: str, sql: str, *args: Any) -> list[tuple[Any, ...]]:
    """Rows of a database; a write is made."""

    async def rows() -> list[tuple[Any, ...]]:
        await db.open(url)
        try:
            return await db.rows(sql, *args)
        finally:
            await db.close()

    return asyncio.run(rows())


def counts(url: str) -> dict[str, int]:
    """How many rows each table holds; nothing where there are no tables."""

    async def counted() -> dict[str, int]:
        await db.open(url)
        try:
            return {table: await db.value(f'SELECT COUNT(*) FROM "{table}"') for table in await schema.tables()}
        finally:
            await db.close()

    return asyncio.run(counted())


def manifest(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zipfile.ZipFile(file).read("manifest.json"))
    return found


def done(result: Any) -> str:
    assert result.exit_code == 0, result.output
    return str(result.output)


def refused(result: Any) -> str:
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    return str(result.output)


def test_what_is_restored_is_what_was_kept(
    house: filled.House, at: dict[str, str], target: dict[str, str], command: Command, media: Path, tmp_path: Path
) -> None:
    """From each database into each: the same rows by their hashes, the same uploads byte for byte."""
    kept, again = tmp_path / "kept.zip", tmp_path / "again.zip"
    told = done(command("backup", str(kept), **at))
    assert manifest(kept)["files"]["number"] == len(filled.UPLOADS)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert done(command("restore", "--check", "--expect", told.split()[-1], str(kept)))
    before = counts(at["PORTAL_DATABASE_URL"])
    assert f"{sum(table['rows'] for table in manifest(kept)['tables'].values()):,} rows" in told

    done(command("restore", str(kept), **target))

    done(command("backup", str(again), **target))
    first, second = manifest(kept)["tables"], manifest(again)["tables"]
    assert first.keys() == second.keys() == before.keys() - {"tortoise_migrations"}
    assert first["person"]["rows"] == 13
    for name in first.keys() - RENEWED:
        assert second[name] == first[name], name
        assert before[name] == first[name]["rows"], name
    assert filled.uploads(Path(target["PORTAL_MEDIA"])) == filled.uploads(media)
    assert len(filled.uploads(media)) == len(filled.UPLOADS)


def test_the_restored_house_goes_on_where_the_old_one_was(
    house: filled.House, at: dict[str, str], target: dict[str, str], command: Command, tmp_path: Path
) -> None:
    """Odd values as they were; ids go on after the last that was ever given, also to who is gone since."""
    done(command("backup", str(tmp_path / "kept.zip"), **at))
    done(command("restore", str(tmp_path / "kept.zip"), **target))
    url = target["PORTAL_DATABASE_URL"]
    assert ask(url, "SELECT address FROM person WHERE id = ?", house.people.lan.person) == [(filled.ODD,)]
    ((changes, record),) = ask(url, "SELECT changes, record_id FROM audit_entry WHERE verb = 'test.odd'")
    assert json.loads(changes)["a"] == {filled.ODD: filled.ODD}
    assert record == 2**62
    assert ask(url, "SELECT is_primary FROM email_address LIMIT 1") == [(1,)]
    new = ask(url, "INSERT INTO household (made_at) SELECT made_at FROM person LIMIT 1 RETURNING id")
    assert new == [(ask(at["PORTAL_DATABASE_URL"], "SELECT MAX(id) + 1 FROM household")[0][0],)]
    columns = "family_name, given_name, search_key, sort_key, made_at, changed_at"
    new = ask(url, f"INSERT INTO person ({columns}) SELECT {columns} FROM person LIMIT 1 RETURNING id")
    assert new == [(house.last_person + 1,)]


def test_nobody_is_signed_in_and_nothing_is_sent_again(
    house: filled.House, at: dict[str, str], target: dict[str, str], command: Command, tmp_path: Path
) -> None:
    done(command("backup", str(tmp_path / "kept.zip"), **at))
    told = done(command("restore", str(tmp_path / "kept.zip"), **target))
    url = target["PORTAL_DATABASE_URL"]
    assert "1 sessions ended" in told
    assert ask(url, "SELECT COUNT(*) FROM session WHERE ended_at IS NULL") == [(0,)]
    assert ask(url, "SELECT COUNT(*) FROM session") == [(1,)]
    assert ask(url, "SELECT COUNT(*) FROM known_device") == [(0,)]
    assert ask(url, "SELECT COUNT(*) FROM secret_link WHERE used_at IS NULL") == [(0,)]
    held = ask(url, "SELECT kind, payload, reason, done_at FROM job WHERE dead_at IS NOT NULL ORDER BY kind")
    assert [kind for kind, *_ in held] == ["guardian_linked", "mail"]
    assert "2 waiting jobs held" in told
    assert house.invitation in held[1][1]  # the administrator may still have it sent
    assert held[1][2].startswith("Held by a restore")
    assert ask(url, "SELECT COUNT(*) FROM job WHERE done_at IS NULL AND dead_at IS NULL") == [(0,)]
    assert ask(url, "SELECT COUNT(*) FROM import_run WHERE ended_at IS NULL") == [(0,)]
    ((epoch,),) = ask(url, "SELECT epoch FROM centre")
    assert len(epoch) == 32
    assert epoch != house.epoch
    for where, verb in ((at["PORTAL_DATABASE_URL"], "backup.make"), (url, "backup.restore")):
        ((account, changes),) = ask(where, "SELECT account_id, changes FROM audit_entry WHERE verb = ?", verb)
        assert account is None
        assert len(json.loads(changes)["fingerprint"]) == 64


def test_a_house_that_only_moves_sends_what_waited_and_keeps_invitations_open(
    house: filled.House, at: dict[str, str], target: dict[str, str], command: Command, tmp_path: Path
) -> None:
    done(command("backup", str(tmp_path / "kept.zip"), **at))
    done(command("restore", "--moving", str(tmp_path / "kept.zip"), **target))
    url = target["PORTAL_DATABASE_URL"]
    assert ask(url, "SELECT COUNT(*) FROM session WHERE ended_at IS NULL") == [(0,)]
    assert ask(url, "SELECT COUNT(*) FROM secret_link WHERE used_at IS NULL") == [(1,)]
    assert ask(url, "SELECT COUNT(*) FROM job WHERE done_at IS NULL AND dead_at IS NULL") == [(2,)]
    assert ask(url, "SELECT COUNT(*) FROM import_run WHERE ended_at IS NULL") == [(1,)]


def test_the_secret_is_not_in_it(house: filled.House, at: dict[str, str], command: Command, tmp_path: Path) -> None:
    done(command("backup", str(tmp_path / "kept.zip"), **at))
    with zipfile.ZipFile(tmp_path / "kept.zip") as kept:
        content = b"".join(kept.read(name) for name in kept.namelist())
    assert "Trần".encode() in content
    assert SECRET.encode() not in content
    assert filled.TOKEN.encode() not in content


def test_a_file_that_is_there_is_kept_unless_told(
    house: filled.House, at: dict[str, str], command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "kept.zip"
    file.write_text("of yesterday")
    assert "--overwrite" in refused(command("backup", str(file), **at))
    assert file.read_text() == "of yesterday"
    done(command("backup", "--overwrite", str(file), **at))
    done(command("restore", "--check", str(file)))
    assert [path.name for path in tmp_path.glob("*.zip*")] == ["kept.zip"]
    assert not list(tmp_path.glob(".kept*"))


def test_nothing_is_kept_of_a_house_that_does_not_stand(empty_url: str, command: Command, tmp_path: Path) -> None:
    assert "no centre" in refused(command("backup", str(tmp_path / "kept.zip"), PORTAL_DATABASE_URL=empty_url))
    assert "no centre" in refused(command("backup", str(tmp_path / "kept.zip")))
    assert not list(tmp_path.glob("*kept*"))


def test_a_lost_or_damaged_upload_is_no_backup(
    house: filled.House, at: dict[str, str], command: Command, media: Path, tmp_path: Path
) -> None:
    files.configure(media)
    upload = next(path for path in media.rglob("*") if path.is_file())
    upload.write_bytes(upload.read_bytes() + b"!")
    assert "damaged" in refused(command("backup", str(tmp_path / "kept.zip"), **at))
    upload.unlink()
    assert upload.name in refused(command("backup", str(tmp_path / "kept.zip"), **at))
    assert not list(tmp_path.glob("*kept*"))


def test_a_house_that_is_not_empty_is_left_as_it_is(
    house: filled.House, at: dict[str, str], command: Command, tmp_path: Path
) -> None:
    done(command("backup", str(tmp_path / "kept.zip"), **at))
    before = counts(at["PORTAL_DATABASE_URL"])
    assert "holds rows" in refused(command("restore", str(tmp_path / "kept.zip"), **at))
    assert counts(at["PORTAL_DATABASE_URL"]) == before


def test_a_database_of_another_program_is_left_as_it_is(
    house: filled.House, at: dict[str, str], target: dict[str, str], command: Command, tmp_path: Path
) -> None:
    done(command("backup", str(tmp_path / "kept.zip"), **at))
    url = target["PORTAL_DATABASE_URL"]
    ask(url, "CREATE TABLE cattle (id INTEGER PRIMARY KEY)")
    assert "cattle" in refused(command("restore", str(tmp_path / "kept.zip"), **target))
    assert counts(url) == {"cattle": 0}


def test_a_backup_of_an_older_schema_is_brought_forward(
    house: filled.House, target: dict[str, str], command: Command, tmp_path: Path
) -> None:
    """Into a database that was migrated to the newest schema already: its empty tables give way."""
    old, file = f"sqlite:///{tmp_path}/old.sqlite3", tmp_path / "old.zip"
    asyncio.run(migrate(old, "0001_the_house_stands"))
    ask(
        old,
        "INSERT INTO centre (id, name, time_zone, locale, epoch) VALUES (1, 'A', 'Asia/Tokyo', 'vi', 'e') RETURNING id",
    )
    asyncio.run(migrate(target["PORTAL_DATABASE_URL"]))
    done(command("backup", str(file), PORTAL_DATABASE_URL=old))
    assert manifest(file)["migrations"] == ["0001_the_house_stands"]
    done(command("restore", str(file), **target))
    assert ask(target["PORTAL_DATABASE_URL"], "SELECT time_zone FROM centre") == [("Asia/Tokyo",)]
    assert "up to date" in command("migrate", **target).output


def test_a_full_disk_leaves_no_backup(
    house: filled.House, at: dict[str, str], environment: Any, tmp_path: Path
) -> None:
    """Writing fails after 64 KB, as it does when the disk is full."""
    folder = tmp_path / "full"
    folder.mkdir()
    ended = subprocess.run(
        [sys.executable, "-m", "portal", "backup", str(folder / "kept.zip")],
        cwd=ROOT,
        env={"PATH": "", **environment, **at},
        preexec_fn=_almost_full,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "There is no backup." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(folder.iterdir())


def _almost_full() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))
