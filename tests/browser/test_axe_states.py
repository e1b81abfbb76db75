"""axe finds nothing on pages that have nothing yet, that say no, and where a menu is open."""

import pytest

from tests.browser.desk import Desk
from tests.browser.measures import axe, nothing, unfold
from tests.browser.test_axe import looks_at
from tests.browser.visits import MENUS, NOTHING_YET, REFUSED, STATES, Look, Refused, Visit

STATE_CASES = [(visit, look) for number, visit in enumerate(STATES) for look in looks_at(number)]
FORM_CASES = [(case, look) for number, case in enumerate(REFUSED) for look in looks_at(number)]
EMPTY_CASES = [(visit, look) for number, visit in enumerate(NOTHING_YET) for look in looks_at(number)]
MENU_CASES = [(visit, look) for number, visit in enumerate(MENUS) for look in looks_at(number)]


@pytest.mark.parametrize(("visit", "look"), STATE_CASES, ids=str)
def test_axe_finds_nothing_on_an_empty_page_or_an_error(desk: Desk, visit: Visit, look: Look):
    page = desk.open(visit, look)
    unfold(page)
    nothing(axe(page))


@pytest.mark.parametrize(("case", "look"), FORM_CASES, ids=str)
def test_axe_finds_nothing_on_a_form_that_was_refused(desk: Desk, case: Refused, look: Look):
    nothing(axe(desk.refused(case, look)))


@pytest.mark.parametrize(("visit", "look"), EMPTY_CASES, ids=str)
def test_axe_finds_nothing_where_there_is_nothing_yet(empty_desk: Desk, visit: Visit, look: Look):
    nothing(axe(empty_desk.open(visit, look)))


@pytest.mark.parametrize(("visit", "look"), MENU_CASES, ids=str)
def test_axe_finds_nothing_in_an_open_menu(desk: Desk, visit: Visit, look: Look):
    page = desk.open(visit, look)
    for menu in page.locator("details.menu:visible").all():
        menu.locator("summary").click()
        nothing(axe(page, "details.menu[open]"))
        page.keyboard.press("Escape")


@pytest.mark.parametrize("look", looks_at(1), ids=str)
def test_axe_finds_nothing_where_somebody_must_wait(desk: Desk, look: Look):
    wrong = {"login": "guessed@example.com", "password": "wrong"}
    page = desk.refused(Refused(Visit("", "/sign-in"), "/sign-in", wrong), look)
    for _ in range(4):
        desk.send(page, "/sign-in", wrong, 422)
    desk.send(page, "/sign-in", wrong, 429)
    assert page.locator("#errors").is_visible()
    nothing(axe(page))
