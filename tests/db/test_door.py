"""The door: what the rooms call, on both databases."""

from portal import db


async def test_a_migrated_database_is_open_and_answers(database: str) -> None:
    assert db.dialect() == database
    assert await db.value("SELECT 1 + ?", 1) == 2
