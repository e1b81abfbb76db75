"""Nothing scrolls sideways or is cut off at any width; a thumb hits everything."""

import pytest

from tests.browser.desk import Desk
from tests.browser.measures import measured, nothing, unfold
from tests.browser.visits import ALL, NOTHING_YET, REFUSED, Look, Refused, Visit

WIDTHS = (320, 360, 390, 1280)


def unreadable(page) -> list[str]:
    """What cannot be read at each of the widths, in a browser that is as tall as it likes."""
    unfold(page)
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        found += [f"{width} px: {sentence}" for sentence in measured(page, "clipped")]
    return found


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("visit", ALL, ids=str)
def test_nothing_is_cut_off_or_scrolls_sideways(desk: Desk, visit: Visit, language: str):
    nothing(unreadable(desk.open(visit, Look(language))))


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_nothing_is_cut_off_on_a_form_that_was_refused(desk: Desk, case: Refused):
    page = desk.refused(case)
    nothing(unreadable(page))
    page.set_viewport_size({"width": 390, "height": 844})
    nothing(measured(page, "small"))


@pytest.mark.parametrize("visit", NOTHING_YET, ids=str)
def test_nothing_is_cut_off_where_there_is_nothing_yet(empty_desk: Desk, visit: Visit):
    nothing(unreadable(empty_desk.open(visit)))


@pytest.mark.parametrize("visit", ALL, ids=str)
def test_a_thumb_hits_whatever_can_be_pressed(desk: Desk, visit: Visit):
    page = desk.open(visit)
    page.evaluate("() => { for (const one of document.querySelectorAll('details')) one.open = true; }")
    nothing(measured(page, "small"))
