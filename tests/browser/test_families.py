"""A parent has one minute and a thumb: the newest mark is there at once, and nothing hides behind the bar."""

import pytest

from tests.browser.desk import Desk
from tests.browser.visits import Look, Visit

NEWEST = (
    "SELECT a.name FROM score s JOIN assessment a ON a.id = s.assessment_id"
    " WHERE s.student_id = ? AND s.published_at IS NOT NULL AND s.state = 'graded'"
    " ORDER BY s.scored_on DESC, s.published_at DESC, s.id DESC LIMIT 1"
)


def test_after_signing_in_the_newest_mark_stands_on_the_first_screen(desk: Desk):
    page = desk.sign_in(desk.fresh(), "lan")
    newest = desk.house.rows(NEWEST, desk.house.ids["minh"])[0][0]
    row = page.locator(".card").first.locator(".row").first
    assert row.locator(".row-title").inner_text() == newest
    assert "/ 10" in row.locator(".mark").inner_text()
    box = row.bounding_box()
    bar = page.locator(".bar").bounding_box()
    assert box
    assert bar
    assert box["y"] + box["height"] < bar["y"]


@pytest.mark.parametrize("name", ["Minh", "Chi"])
def test_all_marks_of_a_child_are_one_tap_from_home(desk: Desk, name: str):
    page = desk.open(Visit("lan", "/home"))
    page.get_by_role("link", name=f"Toàn bộ điểm của {name}").click()
    assert page.locator("h1").inner_text().endswith(name)
    assert page.locator(".marks .mark").count() > 5


@pytest.mark.parametrize("path", ["/home", "/children/{minh}/grades", "/profile"])
def test_nothing_ends_behind_the_bar_at_the_thumb(desk: Desk, path: str):
    page = desk.open(Visit("lan", path), Look("vi"))
    page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)")
    ends = "(all) => all.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().bottom)"
    last = max(page.locator("main :is(p, h2, a, button, summary, input)").evaluate_all(ends))
    bar = page.locator(".bar").bounding_box()
    assert bar
    assert last <= bar["y"]
