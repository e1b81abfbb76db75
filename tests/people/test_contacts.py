"""Emails and phones are kept in one form, whatever was typed."""

import pytest

from portal.people import contacts


@pytest.mark.parametrize(
    "typed",
    ["0912345678", "0912 345 678", "+84912345678", "84912345678", "0084 912 345 678", "(0912) 345-678", "0912.345.678"],
)
def test_one_mobile_number_has_one_form(typed):
    assert contacts.phone(typed) == ("+84912345678", None)


@pytest.mark.parametrize("typed", ["02438251234", "0283 822 9999"])
def test_landlines_are_known(typed):
    number, trouble = contacts.phone(typed)
    assert trouble is None
    assert number.startswith("+842")


def test_a_number_of_another_country_is_kept():
    assert contacts.phone("+44 20 7946 0958") == ("+442079460958", None)


@pytest.mark.parametrize(
    "typed", ["091234567", "0112345678", "12345", "call me", "+840912", "0912345678 or 0987", "٠٩١٢٣٤٥٦٧٨"]
)
def test_what_is_no_number_is_refused_and_kept_as_typed(typed):
    kept, trouble = contacts.phone(typed)
    assert trouble is not None
    assert kept == typed


def test_nothing_typed_is_nothing_wrong():
    assert contacts.phone("  ") == ("", None)
    assert contacts.email("") == ("", None)


@pytest.mark.parametrize("typed", ["lan@example.com", " LAN@Example.COM ", "a.b+c@mail.example.vn", "tên@ví-dụ.vn"])
def test_an_email_is_kept_in_lower_case(typed):
    address, trouble = contacts.email(typed)
    assert trouble is None
    assert address == typed.strip().casefold()


@pytest.mark.parametrize(
    "typed",
    [
        "lan",
        "lan@",
        "@example.com",
        "lan@example",
        "lan@@example.com",
        "a b@example.com",
        "lan@example.com,x@y.vn",
        "a@b..com",
        "x" * 250 + "@example.com",
    ],
)
def test_what_is_no_email_is_refused(typed):
    assert contacts.email(typed)[1] is not None


def test_a_number_is_shown_as_it_is_read_aloud():
    assert contacts.shown_phone("+84912345678") == "0912 345 678"
    assert contacts.shown_phone("+442079460958") == "+442079460958"
