"""Migrations lose no rows and no constraints (traps S1, S7, S8), and the models agree with them."""

import subprocess
import sys
from pathlib import Path

import pytest

from portal import db
from portal.db import door, schema
from portal.db.migrations import Ddl, drift, is_current, migrate, pending
from tests.db.conftest import MODELS, STEPS, WriteSteps

ROOT = Path(__file__).parents[2]

PARENT_AND_CHILD = """operations = [Ddl('''
    CREATE TABLE parent (id {id}, name TEXT NOT NULL, junk TEXT);
    CREATE TABLE child (id {id}, parent_id {bigint} NOT NULL REFERENCES parent (id) ON DELETE CASCADE);
    CREATE UNIQUE INDEX parent_name ON parent (name);
    ''')]"""

REBUILD = """operations = [Ddl(
    sqlite='''
        CREATE TABLE parent_new (id {id}, name TEXT NOT NULL);
        INSERT INTO parent_new SELECT id, name FROM parent;
        DROP TABLE parent;
        ALTER TABLE parent_new RENAME TO parent;
        CREATE UNIQUE INDEX parent_name ON parent (name);
        ''',
    postgres='ALTER TABLE parent DROP COLUMN junk',
    )]"""


async def a_parent_with_two_children(url: str) -> None:
    await db.open(url, models=[])
    parent = await db.insert("parent", name="Lan")
    await db.execute_many("INSERT INTO child (parent_id) VALUES (?)", [(parent,), (parent,)])
    await db.close()


async def counts(url: str, *tables: str) -> list[int]:
    await db.open(url, models=[])
    found = [await db.value(f"SELECT count(*) FROM {table}") for table in tables]
    await db.close()
    return found


async def test_rebuilding_a_table_keeps_the_rows_that_refer_to_it(url: str, steps: WriteSteps) -> None:
    package = steps(first=PARENT_AND_CHILD, rebuild=REBUILD)
    await migrate(url, "0001_first", migrations=package)
    await a_parent_with_two_children(url)
    assert await migrate(url, migrations=package) == ["0002_rebuild"]
    assert await counts(url, "parent", "child") == [1, 2]


async def test_a_migration_that_leaves_references_to_nothing_is_refused_and_undone(url: str, steps: WriteSteps) -> None:
    package = steps(
        first=PARENT_AND_CHILD.replace("ON DELETE CASCADE", ""),
        careless="operations = [Ddl('CREATE TABLE more (id {id}); DELETE FROM parent')]",
    )
    await migrate(url, "0001_first", migrations=package)
    await a_parent_with_two_children(url)
    with pytest.raises(db.OperationalError, match=r"child row 1 -> parent|table \"child\""):
        await migrate(url, migrations=package)
    assert await counts(url, "parent", "child") == [1, 2]
    assert await pending(url, migrations=package) == ["0002_careless"]


async def test_an_operation_that_would_write_its_own_sql_is_refused(url: str, steps: WriteSteps) -> None:
    body = "operations = [ops.CreateModel(name='Thing', fields=[('id', fields.Id())])]"
    with pytest.raises(db.OperationalError, match=r"0001_first.*would write its own SQL"):
        await migrate(url, migrations=steps(first=body))


async def test_the_constraints_of_the_models_are_in_the_database(school: str) -> None:
    assert await schema.differences(MODELS) == []
    with pytest.raises(db.IntegrityError):
        await db.insert("course", code="A", seats=-1, live=True, facts="{}")
    course = await db.insert("course", code="A", live=True, facts="{}")
    await db.insert("enrolment", course_id=course, pupil="Minh")
    with pytest.raises(db.IntegrityError):
        await db.insert("enrolment", course_id=course, pupil="Minh")
    with pytest.raises(db.IntegrityError):
        await db.execute("DELETE FROM course WHERE id = ?", course)


async def test_every_difference_between_models_and_database_is_told(url: str, steps: WriteSteps) -> None:
    body = """operations = [Ddl('''
        CREATE TABLE course (id {id}, code VARCHAR(10), note TEXT, seats {bigint} NOT NULL, more TEXT,
            starts_at {instant}, starts_on {day}, live {flag} NOT NULL, facts {json} NOT NULL);
        CREATE TABLE enrolment (id {id}, course_id {bigint} NOT NULL, pupil VARCHAR(80) NOT NULL)''')]"""
    await migrate(url, migrations=steps(first=body))
    await db.open(url, models=MODELS)
    kind = "varchar" if db.dialect() == "sqlite" else "character varying"
    found = await schema.differences(MODELS)
    await db.close()
    assert found == [
        "course.code: is " + kind + "(10), not " + kind + "(20)",
        "course.code: may be null, unlike the model",
        "course.more: the model does not know this column",
        "course: there is no constraint course_seats",
        "enrolment.course_id: is not indexed",
        "enrolment.course_id: no reference to course, ON DELETE RESTRICT",
        "enrolment: (course_id, pupil) is not unique",
    ]


def test_two_migrators_at_once_apply_each_migration_once(url: str, steps: WriteSteps) -> None:
    slow = """operations = [Ddl(
        sqlite=['CREATE TABLE first (n INT)', '''INSERT INTO first WITH RECURSIVE c (n) AS
            (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 400000) SELECT n FROM c'''],
        postgres='CREATE TABLE first (n INT); SELECT pg_sleep(0.7)')]"""
    package = steps(first=slow, second="operations = [Ddl('CREATE TABLE second (n INT)')]")
    program = (
        "import asyncio, sys; sys.path.append(sys.argv[1]); from portal.db.migrations import migrate; "
        "asyncio.run(migrate(sys.argv[2], migrations=sys.argv[3], tell=print))"
    )
    command = [sys.executable, "-W", "error", "-c", program, sys.path[0], url, package]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    told = [process.communicate(timeout=30) for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    assert sorted("".join(out for out, _ in told).split()) == ["0001_first", "0002_second"]


async def test_a_migration_and_its_record_are_one(url: str, steps: WriteSteps) -> None:
    """The migration writes its own record, so that the real one violates the constraint."""
    record = "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES "
    record += "('models', '0001_first', '2026-11-25 00:00:00+00')"
    body = f'operations = [Ddl("CREATE TABLE first (n INT); {record}")]'
    package = steps(first=body)
    with pytest.raises(db.IntegrityError):
        await migrate(url, migrations=package)
    await db.open(url, models=[])
    assert "first" not in await schema.tables()
    assert await pending(migrations=package) == ["0001_first"]
    await db.close()


async def test_a_statement_is_not_split_inside_a_trigger_or_a_literal(sqlite_url: str, steps: WriteSteps) -> None:
    body = """operations = [Ddl(sqlite='''
        CREATE TABLE log (line TEXT NOT NULL DEFAULT 'a;b'); -- a comment; with one
        CREATE TRIGGER log_grows AFTER INSERT ON log BEGIN
            UPDATE log SET line = line || ';'; UPDATE log SET line = line || '!';
        END;
        INSERT INTO log DEFAULT VALUES''', postgres=[])]"""
    await migrate(sqlite_url, migrations=steps(first=body))
    await db.open(sqlite_url, models=[])
    assert await db.rows("SELECT line FROM log") == [("a;b;!",)]
    await db.close()


async def test_the_state_that_the_migrations_lead_to_is_what_the_models_say() -> None:
    assert await drift(MODELS, migrations=STEPS) == []


async def test_a_model_without_its_migration_is_drift(steps: WriteSteps) -> None:
    body = """operations = [StateOnly(ops.CreateModel(name="Course", fields=[("id", fields.Id()), ("code",
        fields.Text(10))], options={"table": "course"}))]"""
    found = await drift(MODELS, migrations=steps(first=body))
    assert "CreateModel Enrolment" in found
    assert "AlterField Course code" in found
    assert "AddField Course seats" in found


async def test_the_models_of_the_house_need_no_migration_that_is_not_there() -> None:
    assert await drift() == []


async def test_the_database_of_the_house_is_what_its_models_say(database: str) -> None:
    assert await schema.differences() == []


async def test_pending_migrations_are_known_by_address_and_for_the_open_database(url: str) -> None:
    assert await pending(url, migrations=STEPS) == ["0001_courses_and_enrolments"]
    told: list[str] = []
    assert await migrate(url, migrations=STEPS, tell=told.append) == told == ["0001_courses_and_enrolments"]
    assert await migrate(url, migrations=STEPS) == []
    await db.open(url, models=MODELS)
    assert await is_current(migrations=STEPS)
    await db.close()


async def test_an_unknown_target_is_refused_by_name(url: str) -> None:
    with pytest.raises(ValueError, match="no migration 0009_moon; there are 0001_courses"):
        await migrate(url, "0009_moon", migrations=STEPS)


def test_ddl_needs_both_dialects() -> None:
    with pytest.raises(ValueError, match="both databases"):
        Ddl(sqlite="SELECT 1")
    assert Ddl("SELECT 1; SELECT 2").statements("postgres") == ["SELECT 1; SELECT 2"]
    assert Ddl("SELECT 1; SELECT 2").statements("sqlite") == ["SELECT 1;", "SELECT 2;"]


async def test_migrating_leaves_the_database_closed_even_when_it_fails(url: str, steps: WriteSteps) -> None:
    with pytest.raises(db.OperationalError):
        await migrate(url, migrations=steps(first="operations = [Ddl('CREATE NONSENSE')]"))
    with pytest.raises(RuntimeError, match="not open"):
        door.engine()
