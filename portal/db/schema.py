"""The schema as the database itself tells it, and how it differs from the models: Tortoise takes constraints into its
state without ever writing them, so that only the database knows which there are."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tortoise.fields import Field
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

from portal.db import door, fields
from portal.db.migrations import TOKENS
from portal.db.registry import MODEL_MODULES, models_in


class Column(NamedTuple):
    """A column; the type as the database writes it, lower case."""

    type: str
    null: bool
    primary: bool


class Reference(NamedTuple):
    """A foreign key."""

    column: str
    table: str
    on_delete: str


class Index(NamedTuple):
    """An index, or what stands behind a unique constraint; an expression among the columns is `""`."""

    name: str
    columns: tuple[str, ...]
    unique: bool
    where: str


class Table(NamedTuple):
    """What the database knows of a table."""

    columns: dict[str, Column]
    references: set[Reference]
    indexes: list[Index]
    checks: list[str]


async def tables() -> dict[str, Table]:
    """The tables of the open database by name."""
    return await (_sqlite_tables() if door.dialect() == "sqlite" else _postgres_tables())


async def differences(modules: Sequence[str] | None = None) -> list[str]:
    """What the models say and the open database does not do, and the reverse; a sentence for each."""
    names = MODEL_MODULES if modules is None else modules
    models = {model._meta.db_table: model for module in names for model in models_in(module).values()}
    there = await tables()
    found = [f"{name}: there is no such table" for name in models.keys() - there.keys()]
    for name, model in models.items():
        if name in there:
            found += [f"{name}{difference}" for difference in _compared(model, there[name])]
    return sorted(found)


def _compared(model: type[Model], table: Table) -> Iterator[str]:
    meta = model._meta
    for name, column in meta.fields_db_projection.items():
        if column not in table.columns:
            yield f".{column}: there is no such column"
        else:
            yield from _compared_column(meta.fields_map[name], column, table)
    for column in table.columns.keys() - meta.db_fields:
        yield f".{column}: the model does not know this column"
    expected = set(_references(model))
    for reference in expected - table.references:
        yield f".{reference.column}: no reference to {reference.table}, ON DELETE {reference.on_delete}"
    for reference in table.references - expected:
        yield f".{reference.column}: the model does not know the reference to {reference.table}"
    for columns in _unique(model):
        if not any(index.unique and index.columns == columns and not index.where for index in table.indexes):
            yield f": ({', '.join(columns)}) is not unique"
    for constraint in meta.constraints:
        named = re.compile(rf"\b{re.escape(str(constraint.name))}\b")
        if not any(named.search(text) for text in [*table.checks, *(index.name for index in table.indexes)]):
            yield f": there is no constraint {constraint.name}"


def _compared_column(field: Field[Any], column: str, table: Table) -> Iterator[str]:
    actual, expected = table.columns[column], _type(field)
    if actual.null != field.null and not actual.primary:
        yield f".{column}: {'may' if actual.null else 'may not'} be null, unlike the model"
    if expected and actual.type != expected:
        yield f".{column}: is {actual.type}, not {expected}"
    if field.index and not actual.primary:
        if not any(index.columns[:1] == (column,) for index in table.indexes):
            yield f".{column}: is not indexed"


def _type(field: Field[Any]) -> str | None:
    """The type that our migrations give to such a field, as the database writes it."""
    tokens = TOKENS[door.dialect()]
    if isinstance(field, fields.Text):
        word = "varchar" if door.dialect() == "sqlite" else "character varying"
        return f"{word}({field.max_length})"
    for kind, token in _KINDS.items():
        if isinstance(field, kind):
            return tokens[token].lower().replace("timestamptz", "timestamp with time zone")
    return "text" if isinstance(field, fields.LongText) else None


_KINDS = {
    fields.Number: "{bigint}",
    fields.Instant: "{instant}",
    fields.Day: "{day}",
    fields.Flag: "{flag}",
    fields.Json: "{json}",
}


def _references(model: type[Model]) -> Iterator[Reference]:
    meta = model._meta
    for name in meta.fk_fields | meta.o2o_fields:
        field = meta.fields_map[name]
        assert isinstance(field, ForeignKeyFieldInstance)
        column = meta.fields_db_projection[str(field.source_field)]
        yield Reference(column, field.related_model._meta.db_table, _refusing(field.on_delete.value))


def _refusing(on_delete: str) -> str:
    """NO ACTION refuses as RESTRICT does, only at the end of the statement."""
    return "RESTRICT" if on_delete == "NO ACTION" else on_delete


def _unique(model: type[Model]) -> Iterator[tuple[str, ...]]:
    meta = model._meta
    for name, column in meta.fields_db_projection.items():
        if meta.fields_map[name].unique and not meta.fields_map[name].pk:
            yield (column,)
    for names in meta.unique_together:
        yield tuple(meta.fields_db_projection.get(name) or meta.fields_db_projection[f"{name}_id"] for name in names)


async def _sqlite_tables() -> dict[str, Table]:
    found = {}
    rows = await door.rows("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for name, sql in rows:
        columns = {
            column: Column(kind.lower(), not needed and not primary, bool(primary))
            for _, column, kind, needed, _, primary in await door.rows(f'PRAGMA table_info("{name}")')
        }
        references = {
            Reference(column, to, _refusing(on_delete))
            for _, _, to, column, _, _, on_delete, _ in await door.rows(f'PRAGMA foreign_key_list("{name}")')
        }
        found[name] = Table(columns, references, await _sqlite_indexes(name), list(_checks(sql)))
    return found


async def _sqlite_indexes(table: str) -> list[Index]:
    indexes = []
    for _, name, unique, origin, _ in await door.rows(f'PRAGMA index_list("{table}")'):
        if origin != "pk":
            parts = await door.rows(f'PRAGMA index_info("{name}")')
            sql = await door.value("SELECT sql FROM sqlite_schema WHERE name = ?", name) or ""
            where = re.split(r"\bWHERE\b", sql, flags=re.IGNORECASE)[1:]
            columns = tuple(column or "" for _, _, column in parts)
            indexes.append(Index(name, columns, bool(unique), where[0].strip() if where else ""))
    return indexes


def _checks(sql: str) -> Iterator[str]:
    """The CHECKs in a CREATE TABLE, each from its name or the word to the bracket that closes it."""
    for match in re.finditer(r"(CONSTRAINT\s+\S+\s+)?CHECK\s*\(", sql, re.IGNORECASE):
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            end += 1
        yield sql[match.start() : end]


async def _postgres_tables() -> dict[str, Table]:
    found: dict[str, Table] = {}
    for table, column, kind, needed in await door.rows(_POSTGRES_COLUMNS):
        found.setdefault(table, Table({}, set(), [], [])).columns[column] = Column(kind, not needed, False)
    for table, kind, columns, to, on_delete, text in await door.rows(_POSTGRES_CONSTRAINTS):
        if kind == "p":
            for column in columns:
                found[table].columns[column] = found[table].columns[column]._replace(null=False, primary=True)
        elif kind == "f":
            found[table].references.add(Reference(columns[0], to, _refusing(_ON_DELETE[on_delete])))
        else:
            found[table].checks.append(text)
    for table, name, columns, unique, where in await door.rows(_POSTGRES_INDEXES):
        found[table].indexes.append(Index(name, tuple(columns), unique, where))
    return found


_ON_DELETE = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}

_POSTGRES_COLUMNS = """
    SELECT t.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE t.relkind IN ('r', 'p') AND t.relnamespace = current_schema()::regnamespace
    ORDER BY t.relname, a.attnum
"""
_POSTGRES_CONSTRAINTS = """
    SELECT t.relname::text, c.contype::text,
        ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k (n, place)
              JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.n ORDER BY k.place),
        r.relname::text, c.confdeltype::text, c.conname || ' ' || pg_get_constraintdef(c.oid)
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid LEFT JOIN pg_class r ON r.oid = c.confrelid
    WHERE c.contype IN ('p', 'f', 'c') AND t.relnamespace = current_schema()::regnamespace
"""
_POSTGRES_INDEXES = """
    SELECT t.relname::text, i.relname::text, ARRAY(SELECT coalesce(a.attname::text, '') FROM
    unnest(x.indkey::smallint[]) WITH ORDINALITY k (n, place) LEFT JOIN pg_attribute a ON a.attrelid = t.oid
    AND a.attnum = k.n AND k.n > 0 ORDER BY k.place), x.indisunique, coalesce(pg_get_expr(x.indpred, t.oid),
    '') FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid WHERE
    NOT x.indisprimary AND t.relnamespace = current_schema()::regnamespace
"""
