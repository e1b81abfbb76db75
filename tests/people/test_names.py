"""Names are shown in the centre's order, and found without their diacritics."""

import pytest

from portal.people import names
from portal.text import clean, fold, slug


@pytest.mark.parametrize(("order", "shown"), [("family_first", "Nguyễn Văn An"), ("given_first", "An Văn Nguyễn")])
def test_a_name_is_shown_in_the_centres_order(order, shown):
    assert names.shown("Nguyễn", "Văn", "An", order) == shown


def test_a_missing_middle_name_leaves_no_gap():
    assert names.shown("Lê", "", "Vy") == "Lê Vy"


@pytest.mark.parametrize(
    ("written", "folded"),
    [("Nguyễn ĐỨC Ánh", "nguyen duc anh"), ("Đặng Thị Thùy", "dang thi thuy"), ("  Trần\tÝ ", "tran y"), ("İX", "ix")],
)
def test_folding_drops_case_and_diacritics(written, folded):
    assert fold(written) == folded


def test_composed_and_decomposed_letters_fold_alike():
    assert fold("Huế") == fold("Hue\u0302\u0301")


def test_the_search_key_holds_both_orders_and_the_codes():
    key = names.search_key("Nguyễn", "Minh", "Đức", ["HV00012"])
    assert key == " nguyen minh duc nguyen duc hv00012"


def test_the_contact_key_finds_a_number_as_it_is_dialled():
    key = names.contact_key(["Lan@Example.com"], ["+84912345678"])
    assert "lan@example.com" in key
    assert "+84912345678" in key
    assert " 0912345678" in key


def test_vietnamese_lists_go_by_given_name():
    people = [("Trần", "Văn", "Bình"), ("An", "Thị", "Cúc"), ("Lê", "", "An")]
    assert [p[2] for p in sorted(people, key=lambda p: names.sort_key(*p))] == ["An", "Bình", "Cúc"]


def test_control_characters_never_get_in():
    assert clean("a\0b\x1bc\u200d") == "abc\u200d"
    assert clean("\ud800x") == "x"


def test_a_slug_is_an_address():
    assert slug("Tiếng Anh Thiếu nhi (Kids)") == "tieng-anh-thieu-nhi-kids"
