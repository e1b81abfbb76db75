"""Bytes, lines and cells."""

import zipfile

import pytest

from portal.interchange import oneroster
from tests.interchange.builder import (
    CENTRE,
    accepted,
    bundle,
    csv_of,
    more,
    refused,
    row,
    unzipped,
    warned,
    zipped,
)

USERS = csv_of("users", CENTRE["users"])


def test_a_byte_order_mark_is_allowed() -> None:
    assert accepted(bundle(users=b"\xef\xbb\xbf" + USERS.encode())) == accepted(bundle())


def test_a_copy_in_which_everything_is_quoted_is_read_the_same() -> None:
    quoted = "\r\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in USERS.splitlines())
    assert accepted(bundle(users=b"\xef\xbb\xbf" + quoted.encode())) == accepted(bundle())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_end_of_line_is_read(end: str) -> None:
    assert accepted(bundle(users=USERS.replace("\r\n", end))) == accepted(bundle())


def test_utf_16_is_refused_by_name() -> None:
    assert refused(bundle(users=USERS.encode("utf-16"))) == [
        "users.csv:1: This file is in UTF-16; it must be in UTF-8."
    ]


def test_another_encoding_is_refused_with_line_and_byte() -> None:
    before, after = USERS.encode().split("Nguyễn".encode())
    assert refused(bundle(users=before + b"Nguy\xean" + after)) == [
        f"users.csv:3: This is not UTF-8: byte {len(before) + 5} of the file."
    ]


def test_a_character_cut_off_at_the_end_is_refused_with_its_byte() -> None:
    content = csv_of("orgs", row("orgs", 1, name="x" * 70_000)).encode()
    assert refused(bundle(orgs=content[:-2] + b"\xe1")) == [
        f"orgs.csv:3: This is not UTF-8: byte {len(content) - 1} of the file."
    ]


def test_a_line_break_inside_a_cell_is_text_and_later_lines_keep_their_numbers() -> None:
    rows = more("lineItems", sourcedId="L2", dueDate="soon")
    rows[0] = rows[0] | {"description": "one\r\ntwo\nthree"}
    assert refused(bundle(lineItems=rows)) == [
        'lineItems.csv:5 (dueDate): "soon" is not a date; write it as 2026-09-01.'
    ]
    assert accepted(bundle(lineItems=rows[:1])).line_items[0].description == "one\ntwo\nthree"


def test_blank_lines_are_passed_over() -> None:
    assert accepted(bundle(users=USERS.replace("\r\n", "\r\n\r\n"))) == accepted(bundle())


def test_a_nul_character_is_refused_with_its_line() -> None:
    assert refused(bundle(users=USERS.replace("Minh", "Mi\0nh"))) == [
        "users.csv:3: There is a NUL character in this line."
    ]


def test_a_quotation_mark_that_is_never_closed_is_refused_where_it_opens() -> None:
    assert refused(bundle(users=USERS.replace("Nguyễn", '"Nguyễn'))) == [
        "users.csv:3: A quotation mark opens a cell here and is never closed."
    ]


def test_text_after_a_closing_quotation_mark_is_refused() -> None:
    assert refused(bundle(users=USERS.replace("Nguyễn", '"Nguyễn" Văn'))) == [
        "users.csv:3: After a closing quotation mark only a comma or the end of the line may follow."
    ]


def test_a_cell_of_a_million_characters_is_refused() -> None:
    assert refused(bundle(users=USERS.replace("Nguyễn", "x" * 1_000_000))) == [
        "users.csv:3: A cell is longer than 131072 characters."
    ]


def test_a_row_without_end_is_refused_before_it_fills_the_memory() -> None:
    good = unzipped(bundle())
    for endless in ("," * 1_100_000, '"\n",' * 300_000):
        content = good["users.csv"] + endless.encode()
        (problem,) = refused(zipped({**good, "users.csv": content}, zipfile.ZIP_STORED))
        assert problem.endswith("A row is longer than 1048576 characters.")


def test_a_cell_longer_than_its_column_is_refused() -> None:
    assert refused(bundle(orgs=row("orgs", 1, name="x" * 256))) == [
        "orgs.csv:3 (name): At most 255 characters; this has 256."
    ]
    assert refused(bundle(classes=row("classes", termSourcedIds=",".join(["T"] * 3_000)))) == [
        "classes.csv:2 (termSourcedIds): At most 5000 characters; this has 5999."
    ]
    assert accepted(bundle(orgs=row("orgs", 1, name="x" * 255)))


def test_a_row_with_too_few_or_too_many_cells_is_refused() -> None:
    lines = USERS.splitlines()
    shifted = "\r\n".join([lines[0], lines[1], lines[2] + ",more", lines[3].replace("Lê,", "")])
    assert refused(bundle(users=shifted)) == [
        "users.csv:3: The row has 23 cells; the header has 22.",
        "users.csv:4: The row has 21 cells; the header has 22.",
    ]


def test_empty_cells_after_the_last_column_are_passed_over_with_a_word() -> None:
    lines = USERS.splitlines()
    assert warned(bundle(users="\r\n".join([lines[0], *(line + ",," for line in lines[1:])]))) == [
        "users.csv:2: Empty cells stand after the last column."
    ]


def test_an_empty_file_is_refused_and_one_without_rows_is_warned_of() -> None:
    sentence = "a file without rows is left out and named absent."
    assert refused(bundle(results=b"")) == [f"results.csv: This file is empty; {sentence}"]
    assert warned(bundle(results=[])) == [f"results.csv:1: The file has no rows; {sentence}"]


def test_a_formula_is_a_text_like_any_other() -> None:
    evil = '=HYPERLINK("http://example.com")'
    assert accepted(bundle(users=row("users", 1, givenName=evil))).users[1].given_name == evil


def test_texts_are_cleaned_once() -> None:
    user = accepted(bundle(users=row("users", 1, givenName=" Mi\u0301nh\u0007\tAn  ", familyName="Nguye\u0302\u0303n")))
    assert (user.users[1].given_name, user.users[1].family_name) == ("Mính An", "Nguyễn")


def test_errors_beyond_the_limit_are_counted_not_kept() -> None:
    users = [{**CENTRE["users"][0], "sourcedId": f"u{number}", "username": ""} for number in range(30)]
    reading = oneroster.read(bundle(users=[*CENTRE["users"], *users]), limits=oneroster.Limits(problems=10))
    assert (reading.errors, len(reading.problems), reading.more) == (30, 10, 20)


def test_a_warning_is_kept_once_with_its_number() -> None:
    users = [dict(each, enabledUser="TRUE") for each in CENTRE["users"]]
    (problem,) = oneroster.read(bundle(users=users)).problems
    assert (problem.line, problem.column, problem.times, problem.severity) == (2, "enabledUser", 3, "warning")
