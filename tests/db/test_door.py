"""The door: what the rooms call, the same on both databases."""

import asyncio

import pytest

from portal import db
from portal.db import schema
from portal.db.statements import gives_rows, is_limited_write, is_read, locks_rows, numbered, without_lock
from tests.db.models import Course


async def test_a_migrated_database_is_open_and_empty(database: str) -> None:
    assert db.dialect() == database
    assert await db.is_current()
    for table in await schema.tables():
        assert table == "tortoise_migrations" or not await db.value(f'SELECT count(*) FROM "{table}"'), table


async def test_the_next_test_finds_it_empty_again(database: str) -> None:
    assert await db.value("SELECT count(*) FROM branch") == 0
    assert await db.insert("branch", code="Q1", name="Quận 1") == 1


async def test_rows_are_tuples_a_row_is_the_first_and_a_value_its_first_cell(school: str) -> None:
    for code in ("A", "B"):
        await db.insert("course", code=code, seats=5)
    assert await db.rows("SELECT code, seats FROM course ORDER BY code") == [("A", 5), ("B", 5)]
    assert await db.row("SELECT code, seats FROM course ORDER BY code") == ("A", 5)
    assert await db.value("SELECT code FROM course ORDER BY code DESC") == "B"
    assert await db.rows("SELECT code FROM course WHERE seats = ?", 6) == []
    assert await db.row("SELECT code FROM course WHERE seats = ?", 6) is None
    assert await db.value("SELECT code FROM course WHERE seats = ?", 6) is None


async def test_a_statement_tells_how_many_rows_it_changed(school: str) -> None:
    ids = [await db.insert("course", code=code) for code in ("A", "B", "C")]
    assert ids == [1, 2, 3]
    assert await db.execute("UPDATE course SET seats = ? WHERE code <> ?", 1, "A") == 2
    assert await db.execute("UPDATE course SET seats = ? WHERE code = ?", 1, "Z") == 0
    assert await db.rows("UPDATE course SET seats = 2 WHERE code = 'A' RETURNING id, seats") == [(1, 2)]
    assert await db.execute("DELETE FROM course") == 3
    assert await db.execute("WITH one AS (SELECT 1 AS n) INSERT INTO course (code) SELECT 'W' FROM one") == 1


async def test_an_insert_gives_the_id_and_takes_only_names_of_ours(school: str) -> None:
    first = await db.insert("course", code="A", live=False, facts="{}")
    assert await db.value("SELECT id FROM course WHERE code = ?", "A") == first
    for table, column in (("course; DROP TABLE course", "code"), ("course", 'code") VALUES (1); --')):
        with pytest.raises(ValueError, match="not a name of ours"):
            await db.insert(table, **{column: "B"})


async def test_many_are_executed_all_or_none(school: str) -> None:
    await db.execute_many("INSERT INTO course (code, seats) VALUES (?, ?)", [(f"{n}", n) for n in range(3)])
    with pytest.raises(db.IntegrityError):
        await db.execute_many("INSERT INTO course (code, seats) VALUES (?, ?)", [("fine", 1), ("wrong", -1)])
    await db.execute_many("INSERT INTO course (code, seats) VALUES (?, ?)", [])
    assert await db.rows("SELECT code FROM course ORDER BY code") == [("0",), ("1",), ("2",)]


async def test_marks_make_a_list_of_any_length(school: str) -> None:
    await db.execute_many("INSERT INTO course (code) VALUES (?)", [("A",), ("B",), ("C",)])
    for wanted in (["A", "C"], ["B"], []):
        sql = f"SELECT code FROM course WHERE code IN ({db.marks(len(wanted))}) ORDER BY code"
        assert [code for (code,) in await db.rows(sql, *wanted)] == wanted


async def test_a_question_mark_that_is_no_parameter_stays_one(school: str) -> None:
    sql = """SELECT 'why?' || ' "so?" ' AS "what?" /* really? */, ? -- sure?
    """
    assert await db.row(sql, "yes") == ('why? "so?" ', "yes")


async def test_conditions_are_joined_with_their_arguments(school: str) -> None:
    await db.execute_many("INSERT INTO course (code, seats) VALUES (?, ?)", [("A", 1), ("A", 5), ("B", 5)])
    either = db.Condition("seats = ? OR code = ?", (1, "B"))
    both = either.and_(db.Condition("code = ?", ("A",)))
    assert both.args == (1, "B", "A")
    assert await db.rows(f"SELECT code, seats FROM course WHERE {both.sql}", *both.args) == [("A", 1)]
    assert await db.rows(f"SELECT 1 FROM course WHERE {db.Condition('seats > 9').and_(both).sql}", *both.args) == []


async def test_the_errors_of_both_databases_have_the_same_names(school: str) -> None:
    with pytest.raises(db.IntegrityError):
        await db.insert("enrolment", course_id=404, pupil="Minh")
    with pytest.raises(db.IntegrityError):
        await Course.create(code="A", seats=-1)
    with pytest.raises(db.OperationalError):
        await db.rows("SELECT nonsense FROM course")
    assert issubclass(db.IntegrityError, db.OperationalError)
    assert issubclass(db.OperationalError, db.DatabaseError)
    assert issubclass(db.TransactionFailed, db.DatabaseError)
    assert issubclass(db.ReadTooLong, db.OperationalError)


async def test_statements_are_counted_for_the_task_and_those_it_starts(school: str) -> None:
    with db.counting() as statements:
        await asyncio.gather(db.rows("SELECT 1"), Course.all().count())
        async with db.transaction():
            await Course.create(code="A")
            async with db.transaction():
                await db.execute("UPDATE course SET seats = 1")
        async with db.snapshot():
            await db.row("SELECT 2")
            await db.row("SELECT 3")
    await db.rows("SELECT 4")
    assert len(statements) == 6
    assert statements[-2:] == ["SELECT 2", "SELECT 3"]
    said = [statement.split()[0] for statement in statements.control]
    assert said == ["BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "BEGIN", "ROLLBACK"]


def test_what_kind_of_statement_it_is() -> None:
    reads = ["SELECT 1", " ( select 1 )", "WITH a AS (SELECT 1) SELECT * FROM a", "VALUES (1)", "SELECT 'UPDATE x'"]
    writes = [
        "INSERT INTO a VALUES (1)",
        "update a set b = 1",
        "WITH a AS (SELECT 1) DELETE FROM b",
        "CREATE TABLE a (b)",
    ]
    assert all(map(is_read, reads))
    assert not any(map(is_read, writes))
    assert all(map(gives_rows, [*reads, "INSERT INTO a VALUES (1) RETURNING id"]))
    assert not any(map(gives_rows, [*writes, "UPDATE a SET b = 'RETURNING'"]))
    assert is_read("SELECT replace(a, 'b', 'c') FROM d FOR UPDATE")
    assert locks_rows('SELECT 1 FROM a FOR UPDATE OF "a" SKIP LOCKED')
    assert not locks_rows("SELECT ' FOR UPDATE' FROM a")
    assert without_lock("SELECT 1 FROM a  FOR NO KEY UPDATE NOWAIT") == "SELECT 1 FROM a"
    assert is_limited_write('DELETE FROM "a" ORDER BY "b" LIMIT 2')
    assert not is_limited_write('UPDATE "a" SET "b"=1 WHERE "id" IN (SELECT "id" FROM "a" LIMIT 2)')
    assert numbered("a = ? AND b IN (?, ?) AND c = '?'") == "a = $1 AND b IN ($2, $3) AND c = '?'"
