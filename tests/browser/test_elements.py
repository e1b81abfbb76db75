"""What the scripts add: a search while one types, a theme at once, a password to be seen, a job to be watched."""

import pytest
from playwright.sync_api import CDPSession, Page, Request, expect

from portal.text import fold
from tests.browser.desk import Desk
from tests.browser.visits import DESKTOP, Look, Visit

PEOPLE = Visit("duc", "/staff/people")
WIDE = Look("en", "light", DESKTOP)


@pytest.fixture
def people(desk: Desk) -> Page:
    """The people page on a desktop, in English."""
    page = desk.open(PEOPLE, WIDE)
    page.locator("#people-q").focus()
    return page


def asked(page: Page) -> list[str]:
    """The searches that leave the page from now on."""
    found: list[str] = []

    def note(request: Request) -> None:
        if "/staff/people?" in request.url:
            found.append(request.url)

    page.on("request", note)
    return found


def test_typing_narrows_the_list_and_the_count_is_read_aloud(people: Page):
    rows = people.locator("tbody tr")
    before = rows.count()
    people.keyboard.type("nguyen", delay=20)
    status = people.locator("people-search > [role=status]")
    expect(status).not_to_be_empty()
    found = rows.all_inner_texts()
    assert 0 < len(found) < before
    assert all("nguyen" in fold(row) for row in found)
    assert status.inner_text() == people.locator(".count").inner_text()
    assert people.url.endswith("/staff/people?q=nguyen")
    expect(people.locator("#people-q")).to_be_focused()
    people.keyboard.type(" zzz")
    expect(people.locator("[data-results] .empty")).to_be_visible()


def test_no_search_leaves_in_the_middle_of_a_letter(people: Page):
    searches = asked(people)
    keyboard: CDPSession = people.context.new_cdp_session(people)
    for composed in ("n", "ng", "ngu", "nguy", "nguye", "nguyê", "nguyễ"):
        keyboard.send(
            "Input.imeSetComposition",
            {"text": composed, "selectionStart": len(composed), "selectionEnd": len(composed)},
        )
    people.keyboard.press("Enter")
    people.wait_for_timeout(400)
    assert searches == []
    assert people.url.endswith("/staff/people")
    keyboard.send("Input.insertText", {"text": "nguyễn"})
    expect(people.locator("people-search > [role=status]")).not_to_be_empty()
    assert people.locator("#people-q").input_value() == "nguyễn"
    assert len(searches) == 1


def test_a_search_that_fails_is_sent_as_a_form(people: Page, desk: Desk):
    people.route(
        "**/staff/people?*",
        lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_(),
    )
    people.keyboard.type("hoa")
    people.wait_for_url("**/staff/people?q=hoa")
    assert "Phạm Quỳnh Hoa" in people.locator("tbody").inner_text()
    people.unroute_all()
    desk.troubles[:] = [one for one in desk.troubles if "ERR_FAILED" not in one]


def test_the_theme_changes_at_once_and_stays(desk: Desk):
    page = desk.open(Visit("minh", "/home"))
    paper = page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
    page.locator("details.menu summary").click()
    with page.expect_response("**/profile/look"):
        page.locator("button[name=theme][value=dark]:visible").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor") != paper
    expect(page.locator("button[name=theme][value=dark]:visible")).to_have_attribute("aria-pressed", "true")
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_without_a_choice_the_device_decides_on_the_theme(desk: Desk):
    page = desk.open(Visit("", "/sign-in"), Look("vi", "auto"))
    page.emulate_media(color_scheme="light")
    light = page.evaluate("() => getComputedStyle(document.querySelector('.sheet')).backgroundColor")
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("() => getComputedStyle(document.querySelector('.sheet')).backgroundColor") != light
    page.emulate_media(color_scheme="null")


def test_a_password_can_be_seen_while_it_is_typed(desk: Desk):
    page = desk.open(Visit("", "/sign-in"), Look("en"))
    field = page.locator("#field-password")
    field.fill("secret words")
    page.get_by_role("button", name="Show").click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide").click()
    expect(field).to_have_attribute("type", "password")
    assert field.input_value() == "secret words"


def test_an_import_is_watched_to_its_end_without_loading_the_page_again(desk: Desk):
    page = desk.open(Visit("admin", "/staff/imports/{run_going}"), WIDE)
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.evaluate("() => { window.stayed = true; }")
    going = desk.house.ids["run_going"]
    try:
        desk.house.write("UPDATE import_run SET state = 'done', ended_at = made_at WHERE id = ?", going)
        expect(page.get_by_text("Everything in the file is here now.")).to_be_visible()
    finally:
        desk.house.write("UPDATE import_run SET state = 'running', ended_at = NULL WHERE id = ?", going)
    assert page.evaluate("() => window.stayed")


def test_a_link_to_hand_over_can_be_copied(desk: Desk):
    page = desk.fresh(look=WIDE)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.go(page, Visit("", "/patterns"))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()").startswith("https://example.org/welcome/")
