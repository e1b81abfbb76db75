"""How long things are kept: chosen within bounds, deleted once a day, in portions, and twice is once."""

import asyncio
import datetime as dt

import pytest

from portal import audit, clock, db, files, jobs
from portal.errors import Forbidden, Invalid
from portal.privacy import retention
from portal.scope import SYSTEM, Permission, Scope
from tests.cast import browser_of, said

DAY = dt.timedelta(days=1)
DATED = [kind for kind in retention.KINDS if kind.name != "exports"]  # those know themselves when they expire
CHOSEN = {kind.name: str(kind.days) for kind in retention.KINDS}


async def fill(cast, at: dt.datetime) -> None:
    """One row of each kind, of this moment."""
    account = cast.lan.account
    await db.insert("sign_in_attempt", login_hash="x", address="y", at=at)
    await db.insert("session", account_id=account, token_hash=str(at), made_at=at, seen_at=at, ended_at=at)
    await db.insert("known_device", account_id=account, token_hash=str(at), seen_at=at)
    key = {"purpose": "reset", "key_hash": str(at), "made_at": at, "expires_at": at, "used_at": at}
    await db.insert("secret_link", account_id=account, **key)
    await db.insert("letter", recipient="a@b.vn", subject="s", text="", html="", language="vi", made_at=at)
    await db.insert("job", kind="mail", payload="{}", due_at=at, done_at=at)
    file = await db.insert(
        "stored_file", sha256=str(at), size=1, media_type="application/zip", name="n", uploaded_at=at, taken_by="x"
    )
    await db.insert(
        "import_run",
        **{"kind": "oneroster", "file_name": "a.zip", "file_id": file, "state": "done", "made_at": at, "ended_at": at},
        **{"counts": '{"users": {"new": 1}}', "problems": '["x"]', "options": "{}", "preview": "[]", "kept": "[]"},
    )
    await db.insert(
        "data_export",
        person_id=cast.lan.person,
        asked_by=account,
        asked_at=at,
        language="vi",
        made_at=at,
        expires_at=at,
    )
    await db.insert("reading", account_id=account, role="care", person_id=cast.lan.person, page="person", at=at)
    await db.insert("audit_entry", at=at, verb="test", record="centre", record_id=1, changes="{}")


async def count(table: str) -> int:
    return int(await db.value(f'SELECT COUNT(*) FROM "{table}"'))


@pytest.mark.parametrize(
    "kind", [kind for kind in retention.KINDS if kind.name != "exports"], ids=lambda kind: kind.name
)
async def test_each_kind_goes_after_its_days_and_not_before(cast, kind):
    with clock.moved(days=-kind.days, minutes=5):
        await fill(cast, clock.now())
    before = await count(kind.table)
    await retention.run()
    assert await count(kind.table) >= before  # five minutes are left
    with clock.moved(minutes=6):
        counts = await retention.run()
    assert counts[kind.name] >= 1
    if kind.name == "imports":
        kept = await db.rows("SELECT file_id, CAST(problems AS TEXT) FROM import_run")
        assert kept == [(None, "[]")]
        assert await count("stored_file") == 0
        assert "new" in str(await db.value("SELECT counts FROM import_run"))
    elif kind.name == "acts":
        assert await db.value("SELECT COUNT(*) FROM audit_entry WHERE verb = 'test'") == 0
    else:
        assert await count(kind.table) == before - 1


async def test_an_open_session_that_is_used_stays_however_old_it_is(cast):
    now = clock.now()
    kept = {"account_id": cast.lan.account, "made_at": now - 1000 * DAY, "seen_at": now - 29 * DAY}
    await db.insert("session", token_hash="used", **kept)
    await retention.choose(SYSTEM, CHOSEN | {"sessions": "30"})
    await retention.run()
    assert await count("session") == 1


async def test_many_go_in_portions_and_a_second_run_finds_nothing(cast, monkeypatch):
    monkeypatch.setattr(retention, "PORTION", 40)
    old = clock.now() - 400 * DAY
    await db.execute_many(
        "INSERT INTO letter (recipient, subject, text, html, language, made_at) VALUES (?, '', '', '', 'vi', ?)",
        [("a@b.vn", old)] * 130,
    )
    with db.counting() as statements:
        assert (await retention.run())["letters"] == 130
    assert sum(statement.startswith('DELETE FROM "letter"') for statement in statements) == 4
    assert statements.control.count("COMMIT") >= 4
    assert await retention.run() == {}


async def test_a_day_is_written_down_once_however_often_the_job_runs(cast):
    with clock.moved(days=-400):
        await fill(cast, clock.now())
    await retention.run()
    await retention.run()
    assert await count("retention_day") == 1
    assert await db.value("SELECT COUNT(*) FROM audit_entry WHERE verb = 'retention.delete'") == 1
    with clock.moved(days=1):
        await retention.run()
    assert await count("retention_day") == 2


async def test_the_worker_is_called_once_a_day_by_itself(cast):
    await retention.schedule()
    await retention.schedule()
    assert await db.value("SELECT COUNT(*) FROM job WHERE kind = 'retention'") == 1
    await jobs.drain()
    waiting = await db.rows("SELECT due_at FROM job WHERE kind = 'retention' AND done_at IS NULL")
    assert len(waiting) == 1
    assert dt.timedelta(hours=23) < db.instant(waiting[0][0]) - clock.now() <= dt.timedelta(hours=24)
    await retention.schedule()  # the house was opened again
    assert await db.value("SELECT COUNT(*) FROM job WHERE kind = 'retention' AND done_at IS NULL") == 1
    with clock.moved(days=1, minutes=1):
        await jobs.drain()
        assert await count("retention_day") == 2


async def test_a_house_opens_while_somebody_else_holds_the_only_writer(cast):
    await retention.schedule()
    holding, done = asyncio.Event(), asyncio.Event()

    async def hold():
        async with db.transaction():
            holding.set()
            await done.wait()

    writer = asyncio.create_task(hold())
    await holding.wait()
    async with asyncio.timeout(2):
        await retention.schedule()
    done.set()
    await writer


async def test_content_that_no_file_names_is_deleted_after_a_day(cast, media):
    import os

    for name, old in (("ab", True), ("draft-x", True), ("cd", False)):
        path = media / name
        path.write_bytes(b"x")
        if old:
            os.utime(path, (1, 1))
    await retention.run()
    assert [path.name for path in media.iterdir()] == ["cd"]
    assert files.path_of("ab").parent.parent == media


async def test_the_administrator_chooses_within_bounds(cast):
    async with await browser_of(cast.son) as browser:
        page = await browser.get("/staff/privacy")
        assert 'name="attempts"' in page.text
        wrong = await browser.post("/staff/privacy", data=CHOSEN | {"acts": "3", "letters": "a", "jobs": ""})
        assert wrong.status_code == 422
        assert said(wrong).count("A whole number of days from") >= 3
        assert 'value="a"' in wrong.text
        assert await count("retention") == 0
        answer = await browser.post("/staff/privacy", data=CHOSEN | {"letters": "30"})
        assert answer.status_code == 303
    assert await retention.days_for("letters") == 30
    assert await db.rows("SELECT kind, days FROM retention") == [("letters", 30)]
    changes = await db.value("SELECT CAST(changes AS TEXT) FROM audit_entry WHERE verb = 'retention.choose'")
    assert "365" in changes
    assert "jobs" not in changes


async def test_others_do_not_choose(cast):
    with pytest.raises(Forbidden):
        await retention.choose(Scope(grants={Permission.ERASE_PEOPLE: None}), CHOSEN)
    with pytest.raises(Invalid):
        await retention.choose(SYSTEM, {})
    with pytest.raises(db.IntegrityError):
        async with audit.forgetting(clock.now() - DAY):
            await db.execute("DELETE FROM audit_entry")
