"""Everything can be done from the keyboard, and one sees where one is."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk
from tests.browser.measures import measured, nothing
from tests.browser.visits import DESKTOP, PHONE, Look, Visit

WALKS = [
    Visit("", "/"),
    Visit("", "/sign-in"),
    Visit("an", "/home"),
    Visit("lan", "/children/{minh}/grades"),
    Visit("an", "/profile"),
    Visit("hoa", "/staff"),
    Visit("duc", "/staff/people?q=minh"),
    Visit("duc", "/staff/people/new"),
    Visit("mai", "/staff/students/{minh}"),
    Visit("care", "/staff/students/{bao}/guardians"),
    Visit("admin", "/staff/accounts/{mai_account}"),
    Visit("admin", "/staff/imports"),
]


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("visit", WALKS, ids=str)
def test_the_tab_key_reaches_everything_and_shows_where_it_is(desk: Desk, visit: Visit, size: tuple[int, int]):
    page = desk.open(visit, Look(size=size))
    waiting = set(measured(page, "reachable"))
    assert len(waiting) > 3
    faults = []
    for _ in range(len(waiting) + 40):
        page.keyboard.press("Tab")
        at = measured(page, "focused")
        if at is None:
            break
        faults += at["faults"]
        waiting.discard(at["name"])
    nothing(faults + [f"never reached: {name}" for name in waiting])


@pytest.mark.parametrize("visit", [Visit("lan", "/home"), Visit("mai", "/staff"), Visit("", "/sign-in")], ids=str)
def test_the_first_tab_leads_past_the_menu(desk: Desk, visit: Visit):
    page = desk.open(visit)
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_ctrl_k_goes_to_the_search_from_anywhere(desk: Desk):
    page = desk.open(Visit("duc", "/staff/people/{an_person}"), Look("en", "light", DESKTOP))
    find = page.locator("#find")
    page.keyboard.press("Control+k")
    expect(find).to_be_focused()
    page.keyboard.type("minh")
    page.keyboard.press("Control+k")
    assert page.evaluate("() => String(getSelection())") == "minh"
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/people?q=minh")
    assert "Trần Nhật Minh" in page.locator("tbody").inner_text()


def test_after_a_failed_post_the_summary_has_the_focus_and_leads_to_the_field(desk: Desk):
    page = desk.open(Visit("", "/sign-in"))
    page.locator("#field-login").fill("lan@example.com")
    page.keyboard.press("Enter")
    expect(page.locator("#errors")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#field-password")).to_be_focused()
    assert page.locator("#field-login").input_value() == "lan@example.com"


def test_an_answer_unfolds_with_enter(desk: Desk):
    page = desk.open(Visit("lan", "/children/{minh}/grades"))
    why = page.locator("details.why").first
    why.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(why.locator("table")).to_be_visible()
    page.keyboard.press("Enter")
    expect(why.locator("table")).to_be_hidden()


@pytest.mark.parametrize("visit", [Visit("lan", "/home"), Visit("mai", "/staff")], ids=str)
def test_a_menu_opens_with_enter_closes_with_escape_and_gives_the_focus_back(desk: Desk, visit: Visit):
    page = desk.open(visit)
    for menu in page.locator("details.menu:visible").all():
        summary = menu.locator("summary")
        summary.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert _is_inside(page, "details.menu[open]")
        page.keyboard.press("Escape")
        expect(summary).to_be_focused()
        assert menu.get_attribute("open") is None


def _is_inside(page: Page, selector: str) -> bool:
    return bool(page.evaluate("(selector) => document.activeElement.closest(selector) !== null", selector))
