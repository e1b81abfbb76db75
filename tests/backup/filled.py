"""A house with something in every corner that a backup could lose: odd values, uploads, sessions, what waits."""

import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from portal import audit, clock, db, files, jobs, versions
from portal.access import links, secrets
from portal.access.models import Account
from portal.centre import centres
from portal.scope import SYSTEM, Scope
from tests import cast

TOKEN = secrets.new_token()
UPLOADS = (b"a bundle that is none", "Bảng điểm học kỳ\n".encode() * 1000, bytes(range(256)) * 5000)
ODD = 'Nguyễn "Ngọc" \\ \u2028 \u007f 𝔘 \t; DROP TABLE person'


@dataclass
class House:
    """What a test looks for afterwards."""

    people: cast.Cast
    invitation: str
    epoch: str
    last_person: int


async def fill(url: str, media: Path, *, demo: bool = False) -> House:
    """Open the empty, migrated database at `url`, fill it, close it."""
    files.configure(media)
    await db.open(url)
    try:
        return await _fill(demo)
    finally:
        await db.close()
        centres.forget()


async def _fill(demo: bool) -> House:
    people = await cast.gather(demo=demo)
    scope = Scope(account_id=people.son.account)
    for content in (*UPLOADS, UPLOADS[0]):
        await files.receive(scope, _chunks(content), "tập tin.zip", largest=10_000_000)
    moment = dt.datetime(2026, 11, 25, 4, 30, 0, 7, tzinfo=dt.timezone(dt.timedelta(hours=7)))
    async with db.transaction():
        browser = {"account_id": people.lan.account, "token_hash": secrets.hashed(TOKEN)}
        await db.insert("session", **browser, made_at=moment, seen_at=clock.now())
        await db.insert("known_device", **browser, seen_at=moment)
        await db.execute("UPDATE account SET email = NULL, phone = '+84912345678' WHERE id = ?", people.minh.account)
        invited = await Account.get(id=people.duc.account)
        invitation = await links.invite(SYSTEM, invited, "Đức")
        await jobs.enqueue("guardian_linked", {"links": []}, after=dt.timedelta(days=1))
        odd = {
            "z": [1.5, -0.0, 1.0, 1e-7, 1e15, 4.013395727251338e16, -1e18, 1e19, 1e20, 1e300, None, True],
            "a": {ODD: ODD},
            "ü": 2**53,
        }
        await audit.record(SYSTEM, "test.odd", "person", 2**62, odd)
        await db.execute("UPDATE person SET address = ? WHERE id = ?", ODD, people.lan.person)
        versions.bump(versions.CENTRE, versions.student(people.minh.student), "person:10", "Ünder", "person:9")
    run = await db.insert(
        "import_run", kind="oneroster", file_name="lớp.zip", counts="{}", problems="[]", made_at=clock.now()
    )
    made = {"table_name": "person", "first_id": 1, "last_id": 2, "digests": b"\0\xff'\n" * 4}
    await db.insert("import_created", run_id=run, **made)
    gone = await cast.add(people, "gone", "Lê Thị Đi")
    await db.execute("DELETE FROM email_address WHERE person_id = ?", gone.person)
    await db.execute("DELETE FROM person WHERE id = ?", gone.person)
    return House(people, invitation, await db.value("SELECT epoch FROM centre"), gone.person)


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]


def uploads(media: Path) -> dict[str, bytes]:
    """What lies in a folder of uploads, by name; each under the hash of its content."""
    found = {path.name: path.read_bytes() for path in media.rglob("*") if path.is_file()}
    assert all(hashlib.sha256(content).hexdigest() == name for name, content in found.items())
    return found
