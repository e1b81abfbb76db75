"""Every page is visited, opens without a complaint in the console, and is a sound document."""

import pytest

from portal.web.guard import all_routes
from tests.browser.desk import Desk
from tests.browser.markup import faults
from tests.browser.measures import measured, nothing
from tests.browser.visits import ALL, NO_PAGES, PAGES, REFUSED, Look, Refused, Visit
from tests.cast import app


def test_every_page_is_visited():
    served = {route.path for route in all_routes(list(app().routes)) if "GET" in (route.methods or ())}
    assert served - set(NO_PAGES) == set(PAGES), "add the new page to PAGES in tests/browser/visits.py"


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("visit", ALL, ids=str)
def test_a_page_is_a_sound_document(desk: Desk, visit: Visit, language: str):
    """That the console is empty, no policy blocks anything and nothing answers 5xx is what the desk sees to."""
    page = desk.open(visit, Look(language))
    nothing(measured(page, "markup"))
    assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_a_form_that_was_refused_is_a_sound_document(desk: Desk, case: Refused):
    nothing(measured(desk.refused(case), "markup"))


@pytest.mark.parametrize("visit", ALL, ids=str)
def test_the_source_of_a_page_closes_what_it_opens(desk: Desk, visit: Visit):
    nothing(faults(desk.source(visit)))
