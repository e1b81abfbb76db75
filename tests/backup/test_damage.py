"""A backup that was cut off, has rotted, was forged or was made to do harm: a sentence, and nothing is written."""

import asyncio
import hashlib
import json
import random
import shutil
import stat
import warnings
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from portal import db, files
from portal.backup import Unusable, making, restoring
from portal.backup.manifest import Manifest
from portal.db import schema
from tests.backup import filled


def quiet(stage: str, done: int, total: int) -> None:
    """Hears how far it is."""


@pytest.fixture(scope="module")
def kept(sqlite_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a full house."""
    folder = tmp_path_factory.mktemp("kept")
    shutil.copyfile(sqlite_migrated, folder / "house.sqlite3")
    asyncio.run(_keep(folder))
    return folder / "kept.zip"


async def _keep(folder: Path) -> None:
    url = f"sqlite:///{folder}/house.sqlite3"
    await filled.fill(url, folder / "media")
    await db.open(url)
    try:
        await making.make(folder / "kept.zip", tell=quiet)
    finally:
        await db.close()


@pytest.fixture
async def target(tmp_path: Path) -> AsyncIterator[Path]:
    """An open database without tables, and an empty folder of uploads; gives the folder."""
    files.configure(tmp_path / "media")
    await db.open(f"sqlite:///{tmp_path}/target.sqlite3")
    yield tmp_path / "media"
    await db.close()


async def restored(file: Path) -> Manifest:
    with await restoring.opened(file, tell=quiet) as archive:
        await restoring.restore(archive, tell=quiet)
        return archive.manifest


async def refused(file: Path, media: Path) -> str:
    """What is said of a file; nothing may have been written."""
    with pytest.raises(Unusable) as no:
        await restored(file)
    assert not [name for name in await schema.tables() if name != "tortoise_migrations"]
    assert not media.exists() or not [path for path in media.rglob("*") if path.is_file()]
    return str(no.value)


def rewritten(kept: Path, out: Path, change: Callable[[dict[str, bytes]], None], *, true: bool = False) -> Path:
    """The archive with its members changed; when `true`, with a manifest that says so."""
    with zipfile.ZipFile(kept) as source:
        members = {name: source.read(name) for name in source.namelist()}
    change(members)
    if true:
        members["manifest.json"] = _true(members)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            packed = zipfile.ZIP_STORED if name.startswith("files/") else zipfile.ZIP_DEFLATED
            target.writestr(zipfile.ZipInfo(name), content, packed)
    return out


def _true(members: dict[str, bytes]) -> bytes:
    """The manifest with counts and hashes of what is there: what a forger does."""
    told = json.loads(members["manifest.json"])
    for name, table in told["tables"].items():
        content = members[f"tables/{name}.jsonl"]
        table |= {
            "rows": content.count(b"\n"),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    uploads = sorted((name[6:], len(content)) for name, content in members.items() if name.startswith("files/"))
    listed = "".join(f"{name} {size}\n" for name, size in uploads)
    told["files"] = {
        "number": len(uploads),
        "bytes": sum(size for _, size in uploads),
        "sha256": hashlib.sha256(listed.encode()).hexdigest(),
    }
    return json.dumps(told).encode()


def _in_manifest(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | changes).encode()

    return change


def _replace(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        assert old in members[name], (name, members[name][:300])
        members[name] = members[name].replace(old, new, 1)

    return change


def _add(name: str, content: bytes = b"x") -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.__setitem__(name, content)


def _drop(start: str) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.__delitem__(next(name for name in members if name.startswith(start)))


async def test_the_tools_of_these_tests_keep_a_good_backup_good(kept: Path, target: Path, tmp_path: Path) -> None:
    same = rewritten(kept, tmp_path / "same.zip", lambda members: None, true=True)
    assert (await restored(same)).rows == (await _manifest(kept)).rows
    assert len(filled.uploads(target)) == len(filled.UPLOADS)


async def _manifest(file: Path) -> Manifest:
    with await restoring.opened(file, tell=quiet) as archive:
        return archive.manifest


@pytest.mark.parametrize("size", [0, 1, 22, 1000, -1, -100, -5000])
async def test_a_file_that_was_cut_off_is_refused(kept: Path, target: Path, tmp_path: Path, size: int) -> None:
    file = tmp_path / "cut.zip"
    file.write_bytes(kept.read_bytes()[:size])
    await refused(file, target)


async def test_a_file_that_is_something_else_is_refused(target: Path, tmp_path: Path) -> None:
    for content in (b"SQLite format 3\0" * 100, b"PK\x03\x04" * 50, "Bảng điểm".encode()):
        (tmp_path / "other").write_bytes(content)
        assert "not a whole backup" in await refused(tmp_path / "other", target)
    assert "cannot be read" in await refused(tmp_path / "nothing", target)
    assert "cannot be read" in await refused(tmp_path, target)
    with zipfile.ZipFile(tmp_path / "other", "w") as other:
        other.writestr("photo.jpg", b"x")
    assert "photo.jpg" in await refused(tmp_path / "other", target)


async def test_a_bit_that_turned_is_found_or_means_nothing(kept: Path, tmp_path: Path) -> None:
    """Anywhere in the file; where it is not refused (a date in the zip's list), all contents are what they were."""
    whole, right, dice = kept.read_bytes(), await _manifest(kept), random.Random(7)
    passed = 0
    for _ in range(300):
        place = dice.randrange(len(whole)) if dice.random() < 0.5 else len(whole) - 1 - dice.randrange(8000)
        turned = bytearray(whole)
        turned[place] ^= 1 << dice.randrange(8)
        (tmp_path / "turned.zip").write_bytes(turned)
        try:
            found = await _manifest(tmp_path / "turned.zip")
        except Unusable:
            continue
        passed += 1
        assert found == right, place
    assert passed < 150


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_replace("tables/person.jsonl", b"Lan", b"Lam"), "the table person"),
        (_drop("tables/score"), "does not hold what its manifest says"),
        (_drop("files/"), "does not hold what its manifest says"),
        (_drop("manifest"), "no manifest"),
        (_add("files/" + "a" * 64), "does not hold what its manifest says"),
        (_add("tables/cattle.jsonl"), "does not hold what its manifest says"),
        (_add("../../etc/cron.d/evil"), "evil"),
        (_add("/etc/passwd"), "passwd"),
        (_add("files/../evil"), "evil"),
        (_add("tables/Person.jsonl"), "Person"),
        (_add("manifest.json", b"{"), "manifest cannot be read"),
        (_add("manifest.json", b"[]"), "manifest cannot be read"),
        (_add("manifest.json", b" " * (1 << 25)), "too long"),
        (_in_manifest(software="other"), "another program"),
        (_in_manifest(format=2), "newer release"),
        (_in_manifest(format="1"), "manifest cannot be read"),
        (_in_manifest(made_at="yesterday"), "manifest cannot be read"),
        (_in_manifest(tables={}), "does not hold"),
        (_in_manifest(tables=[]), "manifest cannot be read"),
        (_in_manifest(migrations=["0001_the_house_stands", "9999_of_tomorrow"]), "9999_of_tomorrow"),
        (_in_manifest(migrations=["0002_views_have_versions"]), "another order"),
        (_in_manifest(migrations=[]), "another order"),
        (_in_manifest(migrations=["0001_the_house_stands"]), "not those of its migrations"),
    ],
)
async def test_a_changed_backup_is_refused(
    kept: Path, target: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    assert said in await refused(rewritten(kept, tmp_path / "changed.zip", change), target)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_replace("tables/email_address.jsonl", b"[1,1,", b'[1,"1",'), "not a whole number"),
        (_replace("tables/email_address.jsonl", b"[1,1,", b"[1,1,1,"), "no row of"),
        (_replace("tables/email_address.jsonl", b"[1,1,", b"[1,1000,"), "could not be filled"),
        (_replace("tables/email_address.jsonl", b"[2,", b"[1,"), "could not be filled"),
        (_replace("tables/centre.jsonl", b"family_first", b"as_you_like"), "could not be filled"),
        (_replace("tables/person.jsonl", b"[1,", b"1,"), "no row"),
        (_drop("files/"), "not those of its records"),
        (_add("files/" + "a" * 64), "not what was written"),
        (_add("files/" + hashlib.sha256(b"x").hexdigest()), "not those of its records"),
        (lambda members: members.update({"tables/view_version.jsonl": b'["b",1]\n["a",1]\n'}), "did not arrive"),
        (lambda members: members.update({"tables/view_version.jsonl": b'["a",1]'}), "not what was written"),
    ],
)
async def test_a_forged_backup_that_no_house_could_hold_is_refused(
    kept: Path, target: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    """Its manifest tells the truth about it, so the hashes say nothing."""
    assert said in await refused(rewritten(kept, tmp_path / "forged.zip", change, true=True), target)


async def test_another_backup_than_expected_is_refused(kept: Path, target: Path, tmp_path: Path) -> None:
    right = (await _manifest(kept)).fingerprint
    forged = rewritten(kept, tmp_path / "f.zip", _replace("tables/person.jsonl", b"Lan", b"Lam"), true=True)
    with pytest.raises(Unusable, match="another backup"):
        await restoring.opened(forged, expect=right, tell=quiet)
    (await restoring.opened(kept, expect=right, tell=quiet)).close()
    (await restoring.opened(kept, expect=right[:12], tell=quiet)).close()


async def test_links_twins_and_other_packings_are_refused(kept: Path, target: Path, tmp_path: Path) -> None:
    file = tmp_path / "odd.zip"
    for change in (_link, _twin, _packed):
        shutil.copyfile(kept, file)
        with warnings.catch_warnings(), zipfile.ZipFile(file, "a") as odd:
            warnings.simplefilter("ignore", UserWarning)  # zipfile itself warns of a twin
            change(odd)
        assert "is not a backup" in await refused(file, target)


def _link(odd: zipfile.ZipFile) -> None:
    entry = zipfile.ZipInfo("files/" + "a" * 64)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    odd.writestr(entry, "/etc/passwd")


def _twin(odd: zipfile.ZipFile) -> None:
    odd.writestr("tables/person.jsonl", "[]")


def _packed(odd: zipfile.ZipFile) -> None:
    odd.writestr("files/" + "a" * 64, b"0" * 10_000_000, zipfile.ZIP_LZMA)


async def test_a_member_that_grows_beyond_what_is_said_is_not_read_on(kept: Path, target: Path, tmp_path: Path) -> None:
    """A bomb: a gigabyte of one letter, of which the manifest knows nothing. It is refused by its size alone."""
    file = tmp_path / "bomb.zip"
    shutil.copyfile(kept, file)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as bomb, bomb.open("tables/bomb.jsonl", "w") as member:
        for _ in range(1000):
            member.write(b"0" * 1_000_000)
    assert "does not hold" in await refused(file, target)
