"""Lists to take along: what they hold for whom, that they are logged, and that sending one back changes nothing."""

import asyncio
import csv
import datetime as dt
import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import db
from portal.errors import Forbidden, Invalid
from portal.interchange.sheets import delimited, exporting
from portal.interchange.sheets.columns import guess, is_known
from portal.interchange.sheets.exporting import Words
from portal.interchange.sheets.files import FORMATS, written
from portal.interchange.sheets.judging import Judge, Match
from portal.privacy import readings
from portal.text import clean
from portal.words import translated
from staff import words
from tests.cast import Cast
from tests.examples import many
from tests.interchange.sheets.sending import checked, imported, scope_of

LANGUAGES = ("vi", "en")


def spoken(language: str = "en") -> Words:
    return Words(lambda sentence: translated(sentence, language), words.RELATIONS, words.SEXES)


async def taken(
    cast: Cast, kind: str, by: str = "mai", form: str = "csv", query: str = "", language: str = "en"
) -> bytes:
    scope = await scope_of(cast.people[by])
    found = await exporting.take(scope, kind, query, form, spoken(language))
    with found.file:
        content: bytes = found.file.read()
    return content


async def lines(cast: Cast, kind: str, by: str = "mai", **more: Any) -> list[dict[str, str]]:
    text = (await taken(cast, kind, by, **more)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


async def test_a_manager_takes_the_students_of_the_branch_with_their_guardians(cast: Cast) -> None:
    minh, chi = await lines(cast, "students")
    assert minh["Student code"] == "HV00001"
    assert (minh["Family name"], minh["Middle name"], minh["Given name"]) == ("Nguyễn", "Hoàng", "Minh")
    assert minh["Birth date"] == "09/03/2014"
    assert (minh["Guardian 1: given name"], minh["Guardian 1: relation"]) == ("Lan", "Mother")
    assert (minh["Guardian 1: phone"], minh["Guardian 1: email"]) == ("0912 345 678", "lan@example.com")
    assert chi["Student code"] == "HV00002"
    assert [line["Given name"] for line in await lines(cast, "students", query="chi mai")] == ["Chi"]
    assert {line["Given name"] for line in await lines(cast, "students", "quang")} == {"Minh", "Chi", "Bảo"}


async def test_contacts_are_in_it_for_who_may_see_them_and_guardians_for_who_may_know_them(cast: Cast) -> None:
    child = (await lines(cast, "students", "son"))[0]
    assert not any(name.startswith("Guardian") for name in child)
    guardians = await lines(cast, "guardians", "son")
    # An administrator sees how those with an account are reached, and not whose guardians they are.
    assert {line["Given name"]: line["Email"] for line in guardians} == {
        "Lan": "lan@example.com",
        "An": "an@example.com",
    }
    assert "Student code" not in guardians[0]
    await db.execute("DELETE FROM session")
    await db.execute("DELETE FROM account WHERE id = ?", cast.an.account)
    assert {line["Given name"]: line["Email"] for line in await lines(cast, "guardians", "son")}["An"] == ""


@pytest.mark.parametrize("by", ["nam", "duc", "vy", "thu", "hoa", "lan"])
async def test_nobody_else_takes_a_list_along(cast: Cast, by: str) -> None:
    with pytest.raises(Forbidden):
        await taken(cast, "students", by)
    assert await db.value("SELECT COUNT(*) FROM audit_entry WHERE verb = 'people.export'") == 0


async def test_every_list_is_in_the_record_with_its_size_and_search(cast: Cast) -> None:
    await taken(cast, "students", query="minh")
    await taken(cast, "staff", form="xlsx")
    acts = await db.rows("SELECT account_id, changes FROM audit_entry WHERE verb = 'people.export' ORDER BY id")
    assert [account for account, _ in acts] == [cast.mai.account] * 2
    told = [json.loads(changes) for _, changes in acts]
    assert told[0] == {"kind": "students", "query": "minh", "format": "csv", "count": 1}
    assert (told[1]["kind"], told[1]["count"]) == ("staff", 7)


async def test_whose_students_a_list_names_is_noted_of_each_in_one_statement(cast: Cast) -> None:
    scope = await scope_of(cast.mai)
    for kind, named in (("students", 2), ("guardians", 2), ("staff", 0)):
        found = await exporting.take(scope, kind, "", "csv", spoken())
        found.file.close()
        assert len(found.students) == named, kind
        with db.counting() as statements:
            await readings.note_taken(scope, found.students)
        assert len([each for each in statements if "INSERT" in each.upper()]) == (1 if named else 0)
    noted = await db.rows("SELECT person_id FROM reading WHERE page = 'taken' ORDER BY person_id")
    assert [person for (person,) in noted] == sorted([cast.minh.person, cast.chi.person])


async def test_no_kind_and_no_format_are_refused(cast: Cast) -> None:
    with pytest.raises(Invalid) as no:
        await taken(cast, "teachers", form="pdf")
    assert set(no.value.errors) == {"only", "format"}


async def test_no_cell_starts_a_formula(cast: Cast) -> None:
    await db.execute("UPDATE person SET address = '=cmd|calc!A1', middle_name = '@x' WHERE id = ?", cast.minh.person)
    content = (await taken(cast, "students")).decode("utf-8-sig")
    assert "'=cmd|calc!A1" in content
    assert "'@x" in content
    assert not re.search(r'(^|,)"?[=@]', content, flags=re.M)
    book = await taken(cast, "students", form="xlsx")
    run, seen = await checked(cast, book)
    assert run.counts["students"] == {"new": 0, "changed": 0, "same": 2}
    assert not seen.wrong


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["csv", "csv-semicolon", "xlsx"])
@pytest.mark.parametrize("kind", ["students", "guardians", "staff"])
async def test_a_list_that_is_sent_back_changes_nothing(cast: Cast, kind: str, form: str, language: str) -> None:
    await _odd(cast)
    before = await _everything()
    content = await taken(cast, kind, form=form, language=language)
    run = await imported(cast, content, kind=kind)
    assert run.counts
    for numbers in run.counts.values():
        assert (numbers["new"], numbers["changed"]) == (0, 0), run.counts
        assert numbers["same"] > 0
    assert await _everything() == before


async def _odd(cast: Cast) -> None:
    """What rows may hold that came from elsewhere: names that are no names, numbers of other countries, no contact."""
    await db.execute("UPDATE person SET family_name = '', given_name = '=1+1' WHERE id = ?", cast.chi.person)
    await db.execute("UPDATE person SET address = '+a, \"b\"; c', sex = 'unspecified' WHERE id = ?", cast.minh.person)
    await db.execute("UPDATE phone_number SET number = '+14155550100' WHERE person_id = ?", cast.lan.person)
    await db.execute("UPDATE guardian SET relation = 'parent' WHERE student_id = ?", cast.chi.student)
    await db.execute("DELETE FROM email_address WHERE person_id = ?", cast.hoa.person)


async def _everything() -> list[Any]:
    tables = ("person", "student", "guardian", "household", "staff_member", "works_at", "phone_number", "email_address")
    return [await db.rows(f"SELECT * FROM {table} ORDER BY id") for table in tables]


NAME = st.text(st.characters(categories=["L", "Nd", "P", "S"]) | st.just(" "), max_size=30).map(
    lambda text: " ".join(text.split())
)


@many
@given(
    family=NAME,
    middle=NAME,
    given_name=NAME.filter(bool),
    address=NAME,
    day=st.dates(dt.date(1950, 1, 1), dt.date(2020, 1, 1)),
)
def test_any_student_survives_the_way_out_and_in(family, middle, given_name, address, day):
    """Through the file and the judge, without a database: planted and caught, a reader that keeps the apostrophe of a
    defused cell, days written month first, and a middle name that goes into the family name."""
    header = ["Student code", "Family name", "Middle name", "Given name", "Birth date", "Address"]

    async def portions():
        yield [["HV1", family, middle, given_name, day, address]]

    for form in ("csv", "csv-semicolon"):
        with asyncio.run(written(FORMATS[form], header, portions())) as file:
            table = delimited.read(file.read(), is_known)
        match = Match("students", guess(table.headers, "students").fields)
        judge = Judge(table, match, name_order="family_first", today=dt.date(2026, 1, 1), known={"HV1"}, branches=[])
        judged = judge.all()
        if judged.wrong:
            assert "?" in family + middle + given_name  # of a name, that is a letter that was lost
            continue
        (draft,) = judged.drafts
        assert (draft.human.family_name, draft.human.middle_name) == (clean(family), clean(middle))
        assert (draft.human.given_name, draft.address, draft.birth_date) == (clean(given_name), clean(address), day)
