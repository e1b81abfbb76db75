"""The record of acts: written with the act, and changed by nobody afterwards."""

import datetime as dt

import pytest

from portal import audit, clock, db
from portal.scope import SYSTEM


@pytest.fixture
async def act(database: str) -> int:
    async with db.transaction():
        await audit.record(SYSTEM, "person.add", "person", 7, {"name": "Trần Thị Lan"})
    return int(await db.value("SELECT MAX(id) FROM audit_entry"))


async def changes() -> str:
    return str(await db.value("SELECT CAST(changes AS TEXT) FROM audit_entry"))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_entry SET changes = '{}'",
        "UPDATE audit_entry SET verb = 'person.change'",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_entry WHERE id > 0",
    ],
)
async def test_nobody_changes_what_was_done(act, sql):
    with pytest.raises(db.IntegrityError, match="the record of acts is not changed"):
        await db.execute(sql)
    assert "Lan" in await changes()


async def test_nobody_puts_another_act_in_the_place_of_one(act):
    values = "(id, at, verb, record, changes) SELECT id, at, 'x', 'y', '{}' FROM audit_entry"
    replace = (
        f"INSERT OR REPLACE INTO audit_entry {values}" if db.dialect() == "sqlite" else "TRUNCATE audit_entry CASCADE"
    )
    with pytest.raises(db.IntegrityError, match="the record of acts is not changed"):
        await db.execute(replace)
    assert "Lan" in await changes()


async def test_erasing_rewrites_what_changed_and_nothing_else(act):
    async with audit.rewriting():
        await db.execute("UPDATE audit_entry SET changes = ? WHERE id = ?", '{"name": "—"}', act)
    assert "Lan" not in await changes()
    for what in ("verb = 'x'", "at = NULL", "record_id = 8", "account_id = 3", "request_id = 'x'", "id = 99"):
        with pytest.raises(db.IntegrityError):
            async with audit.rewriting():
                await db.execute(f"UPDATE audit_entry SET {what}")
    with pytest.raises(db.IntegrityError):
        async with audit.rewriting():
            await db.execute("DELETE FROM audit_entry")


async def test_after_the_block_the_record_is_closed_again_in_the_same_transaction(act):
    with pytest.raises(db.IntegrityError):
        async with db.transaction():
            async with audit.rewriting():
                await db.execute("UPDATE audit_entry SET changes = '{}'")
            await db.execute("UPDATE audit_entry SET changes = '{}'")
    assert "Lan" in await changes()


async def test_a_block_that_fails_leaves_it_closed(act):
    async with db.transaction():
        with pytest.raises(RuntimeError):
            async with audit.rewriting():
                raise RuntimeError
        with pytest.raises(db.IntegrityError):
            async with db.transaction():
                await db.execute("UPDATE audit_entry SET changes = '{}'")


async def test_the_way_in_cannot_be_left_open(act):
    with pytest.raises(db.IntegrityError):
        async with db.transaction():
            await db.execute("INSERT INTO audit_unlocked (id) VALUES (-1)")
    assert await db.value("SELECT COUNT(*) FROM audit_unlocked") == 0


async def test_retention_deletes_what_is_older_and_nothing_younger(act):
    with clock.moved(days=400):
        async with db.transaction():
            await audit.record(SYSTEM, "person.add", "person", 8)
        moment = clock.now() - dt.timedelta(days=365)
        async with audit.forgetting(moment):
            assert await db.execute("DELETE FROM audit_entry WHERE at < ?", moment) == 1
            assert await db.rows("SELECT record_id FROM audit_entry") == [(8,)]
        with pytest.raises(db.IntegrityError):
            async with audit.forgetting(moment):
                await db.execute("DELETE FROM audit_entry")
        with pytest.raises(db.IntegrityError):
            async with audit.forgetting(moment):
                await db.execute("UPDATE audit_entry SET changes = '{}'")
    assert await db.rows("SELECT record_id FROM audit_entry") == [(8,)]
