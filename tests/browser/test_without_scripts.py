"""Every page does its work when no script ever arrives."""

import pytest
from playwright.sync_api import expect

from portal.text import fold
from tests.browser.desk import Desk
from tests.browser.visits import DESKTOP, REFUSED, VISITS, Look, Refused, Visit


@pytest.mark.parametrize("visit", VISITS, ids=str)
def test_a_page_is_whole_and_has_no_button_that_does_nothing(desk: Desk, visit: Visit):
    page = desk.open(visit, Look(size=DESKTOP), scripts=False)
    assert len(page.locator("main").inner_text()) > 20
    assert page.locator("h1").is_visible()
    if visit.path == "/patterns":
        return  # it shows buttons for their looks
    idle = page.locator("button[type=button]:visible, button:not(form button):visible, [hidden] [role=alert]")
    assert idle.count() == 0


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_a_refused_form_says_what_to_mend_and_keeps_what_was_typed(desk: Desk, case: Refused):
    page = desk.refused(case, scripts=False)
    wrongs = page.locator("#errors")
    expect(wrongs).to_be_visible()
    for link in wrongs.locator("a").all():
        field = page.locator(link.get_attribute("href") or "none")
        assert field.count() == 1
        described = page.locator(f"#{field.get_attribute('id')}-error")
        if described.count():
            assert described.inner_text().strip() in link.inner_text()
    for name, value in case.values.items():
        if "password" not in name:
            assert page.locator(f'main [name="{name}"]').first.input_value() == value


def test_a_parent_signs_in_reads_the_grades_and_signs_out(desk: Desk):
    page = desk.sign_in(desk.fresh(scripts=False), "lan")
    page.get_by_role("link", name="Toàn bộ điểm của Chi").click()
    assert page.locator("h1").inner_text().endswith("Trần Mai Chi")
    assert page.locator(".mark-box .mark").first.is_visible()
    why = page.locator("details.why").first
    assert not why.locator("table").is_visible()
    why.locator("summary").click()
    assert why.locator("tfoot").inner_text().strip().endswith("%")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.get_by_text("Bạn đã đăng xuất.")).to_be_visible()
    page.goto(desk.address("/home"))
    assert "/sign-in?next=" in page.url


def test_a_counsellor_searches_people_and_narrows_them_down(desk: Desk):
    page = desk.open(Visit("duc", "/staff/people"), Look(size=DESKTOP), scripts=False)
    before = page.locator("tbody tr").count()
    page.locator("#people-q").fill("nguyen")
    page.locator("people-search button").click()
    found = page.locator("tbody tr").all_inner_texts()
    assert 0 < len(found) < before
    assert all("nguyen" in fold(row) for row in found)
    page.locator(".chips a").first.click()
    assert page.locator("#people-q").input_value() == "nguyen"
    assert 0 < page.locator("tbody tr").count() <= len(found)


def test_a_visitor_changes_theme_and_language_and_stays_where_they_are(desk: Desk):
    page = desk.fresh(scripts=False)
    page.goto(desk.address("/sign-in?next=/profile"))
    page.locator("button[name=theme][value=dark]:visible").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_role("button", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.url == desk.address("/sign-in?next=/profile")


def test_a_student_changes_theme_and_language_for_good(desk: Desk):
    page = desk.fresh("minh", scripts=False)
    page.goto(desk.address("/home"))
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="English").click()
    assert page.locator("h1").inner_text() == "Hello, Minh"
    other = desk.fresh(scripts=False)
    desk.sign_in(other, "minh")
    assert other.locator("html").get_attribute("lang") == "en"
