"""Two parents after one another on one phone: neither ever sees the other's pages, not even by going back."""

from playwright.sync_api import Page, expect

from tests.browser.desk import Desk

CHILD = "/children/{minh}/grades"


def _shows_a_child_of(page: Page, desk: Desk) -> bool:
    """Whether the page leads to Lan's child; the demo's door names everybody."""
    return page.locator(f"a[href='{CHILD.format(**desk.house.ids)}']").count() > 0


def _sign_out(page: Page) -> None:
    page.locator(".menu summary").click()
    page.locator("form[action='/sign-out'] button").click()
    page.wait_for_url("**/sign-in*")


def test_what_one_parent_read_is_gone_for_the_next(desk: Desk):
    page = desk.sign_in(desk.fresh(), "lan")
    child = desk.house.url + CHILD.format(**desk.house.ids)
    assert _shows_a_child_of(page, desk)
    page.goto(child)
    page.goto(desk.house.url + "/home")
    _sign_out(page)
    for _ in range(3):
        page.go_back()
        page.wait_for_load_state()
        assert not _shows_a_child_of(page, desk), "going back after signing out shows the family"
    page = desk.sign_in(page, "an")
    assert not _shows_a_child_of(page, desk)
    assert page.goto(child).status == 404
    page.goto(desk.house.url + "/home")
    page.reload()
    assert not _shows_a_child_of(page, desk)
    expect(page.locator("h1")).to_be_visible()


def test_an_unchanged_page_is_not_sent_again(desk: Desk):
    page = desk.sign_in(desk.fresh(), "lan")
    first = page.goto(desk.house.url + "/home")
    second = page.goto(desk.house.url + "/home")
    assert first.status == 200
    # The browser shows what it has; on the wire it was told that this is still right.
    assert second.from_service_worker is False
    assert second.request.sizes()["responseBodySize"] == 0
    assert _shows_a_child_of(page, desk)
