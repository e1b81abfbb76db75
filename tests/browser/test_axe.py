"""axe finds nothing on any page: each is tried in two looks that differ in everything; by `make axe` in all eight."""

import os

import pytest

from tests.browser.desk import Desk
from tests.browser.measures import axe, nothing, unfold
from tests.browser.visits import LOOKS, VISITS, Look, Visit, opposites

EVERY_LOOK = os.environ.get("PORTAL_TEST_AXE") == "all"


def looks_at(number: int) -> list[Look]:
    """The looks in which the page of this number is tried."""
    return LOOKS if EVERY_LOOK else list(opposites(number))


CASES = [(visit, look) for number, visit in enumerate(VISITS) for look in looks_at(number)]


@pytest.mark.parametrize(("visit", "look"), CASES, ids=str)
def test_axe_finds_nothing_on_a_page(desk: Desk, visit: Visit, look: Look):
    page = desk.open(visit, look)
    unfold(page)
    nothing(axe(page))


def test_every_look_occurs_and_each_page_has_opposite_ones():
    assert {str(look) for number in range(4) for look in opposites(number)} == {str(look) for look in LOOKS}
    for number in range(8):
        one, other = opposites(number)
        assert one.language != other.language
        assert one.theme != other.theme
        assert one.size != other.size
