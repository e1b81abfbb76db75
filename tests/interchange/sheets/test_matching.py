"""What headers are taken for, and what cells are taken for."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import clock
from portal.interchange.sheets import values
from portal.interchange.sheets.columns import FIELDS, guess, is_known, signature
from portal.people import contacts, names, persons
from portal.words import translated
from staff import words
from tests.examples import many


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("kind", list(FIELDS))
def test_our_own_headers_are_taken_for_what_they_are(kind: str, language: str) -> None:
    for group in (
        [name for name in FIELDS[kind] if not name.endswith(("full_name", "family_middle"))],
        [
            name
            for name in FIELDS[kind]
            if not name.endswith(("family_name", "middle_name", "given_name", "family_middle"))
        ],
        [name for name in FIELDS[kind] if not name.endswith(("family_name", "middle_name", "full_name"))],
    ):
        headers = [translated(FIELDS[kind][name], language) for name in group]
        assert list(guess(headers, kind).fields) == group


HEADERS = {
    "Họ và tên": "full_name",
    "HO TEN": "full_name",
    "Tên học viên": "full_name",
    "Họ tên HS": "full_name",
    "Full Name": "full_name",
    "Ngày, tháng, năm sinh": "birth_date",
    "ngay sinh": "birth_date",
    "D.O.B": "",
    "DOB": "birth_date",
    "Giới tính": "sex",
    "SĐT": "phone",
    "Số ĐT học sinh": "phone",
    "Mobile": "phone",
    "E-mail": "email",
    "Mã HV": "code",
    "Cơ sở": "branch",
    "Phụ huynh": "guardian_full_name",
    "Họ tên phụ huynh": "guardian_full_name",
    "SĐT phụ huynh": "guardian_phone",
    "SĐT PH 1": "guardian_phone",
    "Parent's email": "guardian_email",
    "Mother's name": "guardian_full_name",
    "Điện thoại bố": "guardian_phone",
    "Quan hệ": "guardian_relation",
    "STT": "",
    "Ghi chú": "",
    "Ngày sinh của mẹ": "",
    "1": "",
    "": "",
}


@pytest.mark.parametrize("header, field", HEADERS.items())
def test_a_header_is_taken_for(header: str, field: str) -> None:
    assert guess([header], "students").fields == (field,)


def test_two_guardians_are_told_apart_in_the_order_of_their_columns() -> None:
    found = guess(["Tên", "SĐT bố", "Họ tên mẹ", "SĐT mẹ", "Họ tên bố", "SĐT ông"], "students")
    assert found.fields == (
        *("full_name", "guardian_phone", "guardian2_full_name", "guardian2_phone"),
        *("guardian_full_name", ""),
    )
    assert found.relations == ("father", "mother")
    numbered = guess(["Họ", "Tên", "Phụ huynh 1", "SĐT phụ huynh 1", "Phụ huynh 2", "SĐT phụ huynh 2"], "students")
    assert numbered.fields == (
        *("family_name", "given_name", "guardian_full_name", "guardian_phone"),
        *("guardian2_full_name", "guardian2_phone"),
    )


def test_a_name_in_two_columns_is_family_and_middle_and_given() -> None:
    assert guess(["Họ đệm", "Tên"], "students").fields == ("family_middle", "given_name")
    assert guess(["Tên"], "students").fields == ("full_name",)


def test_data_is_no_header() -> None:
    assert not any(is_known(cell) for cell in ("Nguyễn Văn An", "0912345678", "9/3/2014", "a@b.vn", "1", "Nam", ""))


def test_the_same_headers_have_the_same_signature() -> None:
    assert signature(["Họ tên", "SĐT"]) == signature(["HO TEN", "sđt "]) != signature(["Họ", "tên", "SĐT"])


THIS_YEAR = clock.now().year


@many
@given(day=st.dates(dt.date(THIS_YEAR - 95, 1, 1), dt.date(THIS_YEAR - 1, 12, 31)), form=st.integers(0, 6))
def test_a_day_is_read_however_it_is_written(day: dt.date, form: int) -> None:
    """Planted and caught: month first; years of two digits in the next century; serials a day off."""
    written = (
        *(day.isoformat(), f"{day.day}/{day.month}/{day.year}", day.strftime("%d.%m.%Y"), f"{day.isoformat()} 00:00"),
        *(f"{day.day}-{day.month}-{day.year}", str((day - dt.date(1899, 12, 30)).days)),
        f"{day.day}/{day.month}/{day.year % 100:02}",
    )[form]
    found, noted = values.day(written)
    assert persons.day(found) == (day, None)
    assert (noted == values.SERIAL) is (form == 5)
    if form in (1, 2, 4, 6):
        assert (noted == values.DAY_FIRST) is (day.day <= 12 and day.day != day.month)


@pytest.mark.parametrize(
    "cell", ["31/02/2015", "5/9", "2015", "hôm qua", "0/0/2015", "13/13/2015", "99999", "1e9", "٣/3/2015"]
)
def test_what_is_no_day_comes_back_as_it_is(cell: str) -> None:
    found, noted = values.day(cell)
    assert (found, noted) == (cell, "")
    assert persons.day(found)[1] is not None


def test_days_of_a_workbook_from_1904() -> None:
    assert values.day("40000", since_1904=True)[0] == "2013-07-07"
    assert values.day("41462")[0] == "2013-07-07"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_our_own_words_for_sexes_and_relations_are_understood(language: str) -> None:
    for code, word in words.SEXES.items():
        assert values.sex(translated(word, language)) == code
        assert values.sex(translated(word, language).upper()) == code
    for code, word in words.RELATIONS.items():
        assert values.relation(translated(word, language)) == code
    assert values.sex("?") == "?"
    assert [values.relation(word) for word in ("Bà", "Ba", "ông/bà", "Dì", "xyz")] == [
        *("grandparent", "father", "grandparent", "relative", "xyz")
    ]


@many
@given(number=st.from_regex(r"[35789][0-9]{8}", fullmatch=True), form=st.integers(0, 5))
def test_a_phone_is_the_same_however_a_spreadsheet_shows_it(number: str, form: int) -> None:
    """Planted and caught: no zero put back; a number of a cell that ends in .0."""
    forms = (f"0{number}", number, f"{number}.0", f"+84 {number[:3]} {number[3:]}", f"'0{number}", f"84{number}")
    found, noted = values.phone(forms[form])
    assert contacts.phone(found) == (f"+84{number}", None)
    assert (noted == values.ZERO) is (form in (1, 2))


@many
@given(parts=st.lists(st.text(st.characters(categories=["Lu", "Ll"]), min_size=1, max_size=8), min_size=2, max_size=6))
def test_a_name_is_parted_and_put_together_in_the_order_of_the_centre(parts: list[str]) -> None:
    whole = " ".join(parts)
    for order in (names.FAMILY_FIRST, names.GIVEN_FIRST):
        assert names.shown(*values.parted(whole, order), order) == whole
    assert values.parted("An", names.FAMILY_FIRST) == ("", "", "An")
    assert values.parted("", names.FAMILY_FIRST) == ("", "", "")
