"""A row is the same bytes from both databases, and comes back as it was; what is none of its kind is refused."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import db
from portal.backup import rows
from portal.db import bulk, schema
from portal.db.registry import MODEL_MODULES, models_in
from portal.db.shape import shapes

KINDS = ("number", "text", "flag", "instant", "day", "json", "bytes")
AT = dt.datetime(2026, 11, 25, 4, 30, 0, 7, tzinfo=dt.UTC)
LINE = '[7,"Đ\\"\\n",true,"2026-11-25 04:30:00.000007+00:00","2026-11-25",'.encode()
LINE += b'"{\\"a\\":[1.5,null],\\"b\\":0.0}","AAE="]\n'


def test_what_two_databases_say_of_one_row_is_one_line() -> None:
    sqlite = (7, 'Đ"\n', 1, "2026-11-25 04:30:00.000007+00:00", "2026-11-25", '{"b":-0.0,"a":[1.5,null]}', b"\0\1")
    local = AT.astimezone(dt.timezone(dt.timedelta(hours=7)))
    postgres = (7, 'Đ"\n', True, local, dt.date(2026, 11, 25), '{"a": [1.5, null], "b": 0.0}', b"\0\1")
    assert rows.written([sqlite], KINDS) == rows.written([postgres], KINDS) == LINE
    assert rows.written([(None,) * 7], KINDS) == b"[null,null,null,null,null,null,null]\n"


def test_a_line_becomes_what_each_database_takes() -> None:
    (sqlite,) = rows.read([LINE], KINDS, "sqlite")
    (postgres,) = rows.read([LINE], KINDS, "postgres")
    assert sqlite[2:5] == (True, "2026-11-25 04:30:00.000007+00:00", "2026-11-25")
    assert postgres[2:5] == (True, AT, dt.date(2026, 11, 25))
    assert sqlite[6] == postgres[6] == b"\0\1"
    assert rows.written([sqlite], KINDS) == rows.written([postgres], KINDS) == LINE


def test_an_instant_that_sqlite_itself_wrote_is_in_utc() -> None:
    assert rows.written([("2026-11-25 04:30:00",)], ["instant"]) == b'["2026-11-25 04:30:00.000000+00:00"]\n'


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *[("number", wrong) for wrong in ("7", 1.5, True, 2**63, [])],
        *[("text", wrong) for wrong in (7, "a\0b", b"a", {})],
        *[("flag", wrong) for wrong in (2, "true", 1.0)],
        *[("instant", wrong) for wrong in (7, "yesterday", "2026-13-01 00:00:00.000000", True)],
        *[("day", wrong) for wrong in (7, "25/11/2026", "2026-11-25 00:00:00")],
        *[("json", wrong) for wrong in (7, "{", "NaN", "")],
    ],
)
def test_a_value_of_another_kind_is_refused_on_the_way_out_and_in(kind: str, value: object) -> None:
    with pytest.raises(rows.WrongValue):
        rows.written([(value,)], [kind])
    if not isinstance(value, bytes):
        line = rows.orjson.dumps([value]) if value != 2**63 else b"[9223372036854775808]"
        for dialect in ("sqlite", "postgres"):
            with pytest.raises(rows.WrongValue):
                list(rows.read([line], [kind], dialect))


@pytest.mark.parametrize("line", [b"", b"[", b"{}", b"7", b"[1]", b"[1,2,3]", b"\xff\n"])
def test_a_line_that_is_no_row_is_refused(line: bytes) -> None:
    with pytest.raises(rows.WrongValue):
        list(rows.read([line], ["number", "number"], "sqlite"))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_a_written_document_is_written_the_same_again(document: object) -> None:
    once = rows.written([(rows.orjson.dumps(document).decode(),)], ["json"])
    ((text,),) = rows.read([once], ["json"], "sqlite")
    assert rows.written([(text,)], ["json"]) == once


@pytest.mark.postgres
async def test_documents_come_out_of_postgres_as_they_went_in(postgres_migrated: str) -> None:
    documents: list[str] = []

    @given(JSON)
    def collect(document: object) -> None:
        documents.append(rows.orjson.dumps(document).decode())

    collect()
    await db.open(postgres_migrated)
    try:
        back = [(await db.value("SELECT CAST(CAST(? AS text) AS jsonb)", text),) for text in documents]
    finally:
        await db.close()
    assert len(documents) > 50
    assert rows.written(back, ["json"]) == rows.written([(text,) for text in documents], ["json"])


async def test_the_shapes_are_those_of_the_database_and_of_the_models(database: str) -> None:
    """They come from the migrations' words; what the database made of the words, and the models, must agree."""
    found = await shapes()
    there = await schema.tables()
    assert found.keys() == there.keys() - {bulk.HISTORY}
    for name, table in there.items():
        if name != bulk.HISTORY:
            assert list(found[name].columns) == list(table.columns)
            assert set(found[name].key) == {column for column, told in table.columns.items() if told.primary}
            if database == "postgres":
                for column, kind in found[name].columns.items():
                    assert table.columns[column].type.partition("(")[0] in _POSTGRES[kind], (name, column)
    for module in MODEL_MODULES:
        for model in models_in(module).values():
            for field, column in model._meta.fields_db_projection.items():
                kind = type(model._meta.fields_map[field]).__name__
                assert found[model._meta.db_table].columns[column] == _FIELDS.get(kind, "number"), (model, field)


_POSTGRES = {
    "number": ["bigint"],
    "text": ["text", "character varying"],
    "flag": ["boolean"],
    "instant": ["timestamp with time zone"],
    "day": ["date"],
    "json": ["jsonb"],
    "bytes": ["bytea"],
}
_FIELDS = {"Text": "text", "LongText": "text", "Flag": "flag", "Instant": "instant", "Day": "day", "Json": "json"}
