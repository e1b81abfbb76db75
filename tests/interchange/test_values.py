"""One cell after another."""

import datetime as dt
from decimal import Decimal

import pytest

from tests.interchange.builder import accepted, bundle, more, refused, row, warned


@pytest.mark.parametrize("file", ["orgs", "users", "results"])
def test_a_sourcedid_must_be_there(file: str) -> None:
    assert f"{file}.csv:2 (sourcedId): This must be filled in." in refused(bundle(**{file: row(file, sourcedId="")}))


@pytest.mark.parametrize("value", ["a b", "a,b", "ä", " S", "S\t", "S;", "{S}", "٣"])
def test_a_sourcedid_has_only_the_characters_of_the_standard(value: str) -> None:
    (problem,) = refused(bundle(results=row("results", sourcedId=value)))
    assert problem.startswith("results.csv:2 (sourcedId): ")
    assert problem.endswith("is not a sourcedId: only 0-9 a-z A-Z . - _ / @ may stand in it.")


def test_a_sourcedid_has_less_than_256_characters() -> None:
    assert accepted(bundle(results=row("results", sourcedId="s" * 255)))
    assert refused(bundle(results=row("results", sourcedId="s" * 256))) == [
        "results.csv:2 (sourcedId): A sourcedId has at most 255 characters; this has 256."
    ]


def test_a_sourcedid_is_unique_in_its_file() -> None:
    assert refused(bundle(categories=more("categories"))) == ['categories.csv:3 (sourcedId): "K" is on line 2 already.']


def test_a_sourcedid_is_compared_letter_by_letter() -> None:
    assert len(accepted(bundle(categories=more("categories", sourcedId="k"))).categories) == 2


@pytest.mark.parametrize(
    ("file", "column"),
    [
        *(
            ("orgs", "name"),
            ("orgs", "type"),
            ("academicSessions", "title"),
            ("academicSessions", "startDate"),
        ),
        *(
            ("courses", "title"),
            ("courses", "orgSourcedId"),
            ("classes", "termSourcedIds"),
            ("users", "username"),
        ),
        *(("users", "givenName"), ("users", "enabledUser"), ("roles", "roleType"), ("enrollments", "role")),
        *(
            ("categories", "title"),
            ("lineItems", "dueDate"),
            ("results", "scoreStatus"),
            ("results", "scoreDate"),
        ),
    ],
)
def test_a_required_value_must_be_there(file: str, column: str) -> None:
    assert f"{file}.csv:2 ({column}): This must be filled in." in refused(bundle(**{file: row(file, **{column: " "})}))


def test_a_name_of_control_characters_only_is_not_there() -> None:
    assert refused(bundle(orgs=row("orgs", 1, name="\u0007"))) == ["orgs.csv:3 (name): This must be filled in."]


@pytest.mark.parametrize(
    "value", ["1/05/2023", "2026-9-1", "20260901", "2026-09-01T08:00:00Z", "tomorrow", "２０２６-09-01"]
)
def test_a_date_is_written_in_one_way(value: str) -> None:
    assert refused(bundle(results=row("results", scoreDate=value))) == [
        f'results.csv:2 (scoreDate): "{value}" is not a date; write it as 2026-09-01.'
    ]


def test_a_date_is_a_day_of_the_calendar() -> None:
    assert refused(bundle(results=row("results", scoreDate="2026-02-29"))) == [
        'results.csv:2 (scoreDate): "2026-02-29" is not a day of the calendar.'
    ]


def test_midnight_behind_a_date_is_passed_over_with_a_word() -> None:
    packed = bundle(results=row("results", scoreDate="2026-09-21T00:00:00.000Z"))
    assert accepted(packed).results[0].date == dt.date(2026, 9, 21)
    assert warned(packed) == [
        'results.csv:2 (scoreDate): A time stands after the date ("2026-09-21T00:00:00.000Z"); only the day is read.'
    ]


def test_a_flag_in_other_letters_is_read_with_a_word_and_others_are_refused() -> None:
    assert warned(bundle(results=row("results", late="TRUE"))) == ['results.csv:2 (late): "TRUE" is read as "true".']
    assert accepted(bundle(results=row("results", late="TRUE"))).results[0].late
    assert refused(bundle(results=row("results", late="1"))) == ['results.csv:2 (late): "1" is neither true nor false.']


def test_a_word_in_other_letters_is_read_with_a_word_and_others_are_refused() -> None:
    assert warned(bundle(classes=row("classes", classType="Scheduled"))) == [
        'classes.csv:2 (classType): "Scheduled" is read as "scheduled".'
    ]
    assert refused(bundle(classes=row("classes", classType="weekly"))) == [
        'classes.csv:2 (classType): "weekly" is not one of: homeroom, scheduled.'
    ]


def test_a_word_of_the_senders_own_is_read_as_none() -> None:
    packed = bundle(classes=row("classes", classType="ext:club"))
    assert accepted(packed).classes[0].type == ""
    assert warned(packed) == ['classes.csv:2 (classType): "ext:club" has no counterpart here and is not read.']
    assert "is not one of" in refused(bundle(results=row("results", scoreStatus="ext:lost")))[0]


def test_a_role_of_the_senders_own_is_left_out() -> None:
    read = accepted(bundle(roles=row("roles", 2, role="ext:gardener")))
    assert [role.user for role in read.roles] == ["lan", "minh"]


@pytest.mark.parametrize("value", ["8,5", "8.", ".5", "1e3", "NaN", "Infinity", "1 000", "0x10", "9" * 13, "٣"])
def test_a_number_is_written_with_a_point(value: str) -> None:
    assert refused(bundle(results=row("results", score=value))) == [
        f'results.csv:2 (score): "{value}" is not a number; write it with a decimal point, as 8.5.'
    ]


def test_a_number_is_kept_exactly() -> None:
    assert accepted(bundle(results=row("results", score="8.10"))).results[0].score == Decimal("8.10")


@pytest.mark.parametrize(
    ("value", "year"), [("2027", 2027), ("2026-2027", 2027), ("2026/27", 2027), ("2099-2100", 2100)]
)
def test_a_school_year_is_the_year_in_which_it_ends(value: str, year: int) -> None:
    assert accepted(bundle(academicSessions=row("academicSessions", schoolYear=value))).sessions[0].school_year == year


@pytest.mark.parametrize("value", ["26", "2026-2030", "2027-2026", "next"])
def test_what_is_no_school_year_is_refused(value: str) -> None:
    (problem,) = refused(bundle(academicSessions=row("academicSessions", schoolYear=value)))
    assert problem.endswith("is not a school year; write the year in which it ends, 2026.")


def test_an_empty_school_year_is_read_with_a_word() -> None:
    assert warned(bundle(academicSessions=row("academicSessions", schoolYear=""))) == [
        "academicSessions.csv:2 (schoolYear): This should be filled in."
    ]


def test_what_is_no_email_address_is_left_out_with_a_word() -> None:
    packed = bundle(users=row("users", email="lan at example"))
    assert accepted(packed).users[0].email == ""
    assert warned(packed) == ['users.csv:2 (email): "lan at example" is not an email address and is not read.']


def test_lists_are_cut_at_their_commas() -> None:
    read = accepted(bundle(classes=row("classes", grades="06, 07,,", termSourcedIds="T, Y,T")))
    assert read.classes[0].grades == ("06", "07")
    assert read.classes[0].terms == ("T", "Y")


def test_a_value_is_quoted_on_one_line_and_not_too_long() -> None:
    (problem,) = refused(bundle(results=row("results", scoreDate="a\n" + "b" * 100)))
    assert '"a ' + "b" * 58 + '…" is not a date' in problem


@pytest.mark.parametrize("status", ["active", "Active"])
def test_status_and_change_date_are_not_read_in_bulk(status: str) -> None:
    assert warned(bundle(orgs=row("orgs", status=status, dateLastModified="1/05/2023"))) == [
        "orgs.csv:2 (status): This is empty in a bulk file; it is not read.",
        "orgs.csv:2 (dateLastModified): This is empty in a bulk file; it is not read.",
    ]


@pytest.mark.parametrize("status", ["tobedeleted", "ToBeDeleted", "inactive"])
def test_a_row_to_be_deleted_is_not_there(status: str) -> None:
    assert accepted(bundle(results=row("results", status=status))).results == []


def test_another_status_is_refused() -> None:
    assert refused(bundle(results=row("results", status="retired"))) == [
        'results.csv:2 (status): "retired" is not a status: it is empty in a bulk file, or active.'
    ]
