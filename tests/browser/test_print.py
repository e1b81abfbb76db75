"""On paper there are the marks, in ink on white, and nothing that only a screen can use."""

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.visits import DESKTOP, Look, Visit


@pytest.mark.parametrize(
    "visit",
    [Visit("lan", "/children/{minh}/grades"), Visit("mai", "/staff/students/{minh}"), Visit("mai", "/staff/people")],
    ids=str,
)
def test_nothing_is_printed_that_only_a_screen_can_use(desk: Desk, visit: Visit):
    page = desk.open(visit, Look("vi", "dark", DESKTOP))
    page.emulate_media(media="print")
    try:
        expect(page.locator("h1")).to_be_visible()
        for hidden in page.locator(
            "nav, .ribbon, .skip, .look, details.menu, .top, .chips, .button, [role=search]"
        ).all():
            expect(hidden).to_be_hidden()
        background, ink = page.evaluate(
            "() => { const style = getComputedStyle(document.querySelector('h1')); "
            "return [getComputedStyle(document.documentElement).backgroundColor, style.color]; }"
        )
        assert _lightness(background) > 0.9 > 0.5 > _lightness(ink)
    finally:
        page.emulate_media(media="null")


def test_every_mark_and_its_arithmetic_are_printed(desk: Desk):
    page = desk.open(Visit("lan", "/children/{minh}/grades"))
    page.emulate_media(media="print")
    try:
        for mark in page.locator(".marks .mark").all():
            expect(mark).to_be_visible()
        assert page.locator(".sum").first.bounding_box()
    finally:
        page.emulate_media(media="null")


def _lightness(colour: str) -> float:
    """Of `oklch(L C H)`, as the browser tells it; nothing drawn is the white of the paper."""
    if colour == "rgba(0, 0, 0, 0)":
        return 1
    return float(colour.removeprefix("oklch(").split()[0])
