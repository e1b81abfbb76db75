"""Signing in by a real identity provider, in a real browser: on another site, by the keyboard, in several tabs."""

import datetime as dt
import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.desk import Desk
from tests.browser.furnish import secret_link
from tests.browser.house import House
from tests.browser.measures import axe, measured, nothing
from tests.browser.test_layout import unreadable
from tests.browser.visits import DESKTOP, PHONE, Look, Visit
from tests.oidc import CLIENT, SECRET

LABEL = "Trường Sáng Tạo"


@pytest.fixture(scope="module")
def school_house(tmp_path_factory: pytest.TempPathFactory, provider_url: str) -> Iterator[House]:
    """The demo centre, at the provider's hour, with it in the settings: on "localhost", so that it is another site."""
    entry = {"name": "school", "label": LABEL, "issuer": provider_url, "client_id": CLIENT, "client_secret": SECRET}
    made = House(
        tmp_path_factory.mktemp("school"),
        moment=dt.datetime.now(dt.UTC),
        settings={"PORTAL_OIDC": json.dumps([entry])},
    )
    made.ids["invitation"] = secret_link(made, "marketing", "invitation")
    made.serve()
    yield made
    made.close()


@pytest.fixture
def desk(chromium: Browser, school_house: House) -> Iterator[Desk]:
    made = Desk(chromium, school_house)
    yield made
    troubles = [*made.troubles]
    made.tidy()
    assert troubles == []


@pytest.fixture
def lan_is_linked(school_house: House, provider_url: str) -> Iterator[None]:
    """Lan's account opens with what she has at the provider, called "lan" there."""
    school_house.write("DELETE FROM identity")
    school_house.write(
        "INSERT INTO identity (account_id, issuer, subject, label, linked_at) VALUES (?, ?, 'lan', 'lan@elsewhere', ?)",
        school_house.ids["lan_account"],
        provider_url,
        dt.datetime.now(dt.UTC).isoformat(" ", "microseconds"),
    )
    yield
    school_house.write("DELETE FROM identity")


def way(page: Page):
    """The button of the provider."""
    return page.locator("form[action$='/with/school'] button")


def be(page: Page, name: str) -> None:
    """Say at the provider who one is; the cursor waits there."""
    page.wait_for_url("http://localhost:*/asks/**")
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def press(page: Page, target) -> None:
    """By the keyboard alone: Tab until it has the focus, then Enter."""
    for _ in range(60):
        if target.evaluate("(one) => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(target).to_be_focused()
    page.keyboard.press("Enter")


def test_by_the_keyboard_to_the_provider_and_back_to_where_one_was_headed(desk: Desk, lan_is_linked: None):
    page = desk.fresh()
    page.goto(desk.address("/children/{minh}/grades"))
    press(page, way(page))
    be(page, "lan")
    page.wait_for_url(desk.address("/children/{minh}/grades"))
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["session"]["httpOnly"]
    assert cookies["away"]["httpOnly"]
    page.go_back()  # not to the page in between, which would lead away again
    assert "/sign-in/with" not in page.url


def test_two_tabs_at_once(desk: Desk, lan_is_linked: None):
    first = desk.fresh()
    second = first.context.new_page()
    for page, path in ((first, "/home"), (second, "/children/{minh}/grades")):
        page.goto(desk.address(path))
        way(page).click()
        page.wait_for_url("http://localhost:*/asks/**")
    be(first, "lan")
    first.wait_for_url(desk.address("/home"))
    be(second, "lan")
    second.wait_for_url(desk.address("/children/{minh}/grades"))


def test_it_works_without_scripts(desk: Desk, lan_is_linked: None):
    page = desk.fresh(scripts=False)
    page.goto(desk.address("/sign-in"))
    way(page).click()
    page.wait_for_url("http://localhost:*/asks/**")
    page.locator("[name=login]").fill("lan")
    page.locator("button[value=enter]").click()
    page.wait_for_url(desk.address("/home"))


def test_whoever_is_not_linked_reads_what_to_do_and_links_with_a_password(desk: Desk, school_house: House):
    page = desk.fresh("", Look("en"))
    page.goto(desk.address("/sign-in"))
    way(page).click()
    be(page, "somebody new")
    page.wait_for_url("**/sign-in/with/school/callback?**")
    expect(page.locator("h1")).to_have_text("This account is not linked")
    page.get_by_role("link", name="Sign in with a password").click()
    desk.sign_in(page, "an")
    page.goto(desk.address("/profile"))
    page.get_by_role("button", name=f"Link {LABEL}").click()  # the provider still knows them, and asks nothing
    page.wait_for_url(desk.address("/profile"))
    expect(page.locator("#ways")).to_contain_text(f"{LABEL} · somebody new@provider.example")
    assert school_house.rows("SELECT account_id, subject FROM identity") == [
        (school_house.ids["an_account"], "somebody new")
    ]
    page.get_by_role("button", name="Unlink").click()
    page.wait_for_url(desk.address("/profile"))
    assert school_house.rows("SELECT id FROM identity") == []


def test_an_invitation_is_accepted_and_then_the_button_is_enough(desk: Desk, school_house: House):
    page = desk.fresh()
    page.goto(desk.address("/invitation/{invitation}"))
    press(page, way(page))
    be(page, "nam")
    page.wait_for_url(desk.address("/staff"))
    page.context.clear_cookies(domain="127.0.0.1")
    page.goto(desk.address("/sign-in"))
    way(page).click()
    page.wait_for_url(desk.address("/staff"))
    school_house.write("DELETE FROM identity")


def test_who_says_no_there_is_back_at_the_door(desk: Desk):
    page = desk.fresh("", Look("en"))
    page.goto(desk.address("/sign-in"))
    way(page).click()
    page.wait_for_url("http://localhost:*/asks/**")
    page.locator("button[value=refuse]").click()
    expect(page.locator("h1")).to_have_text("Not signed in")
    expect(page.locator("main")).to_contain_text("was not allowed to tell who you are")


def unknown(desk: Desk, look: Look) -> Page:
    page = desk.fresh("", look)
    page.goto(desk.address("/sign-in"))
    way(page).click()
    be(page, "somebody new")
    page.wait_for_url("**/sign-in/with/school/callback?**")
    desk.settle(page)
    return page


@pytest.mark.parametrize("look", [Look("vi", "light", PHONE), Look("en", "dark", DESKTOP)], ids=str)
def test_the_pages_of_it_are_sound(desk: Desk, lan_is_linked: None, look: Look):
    pages = [
        desk.go(desk.fresh("", look), Visit("", "/sign-in")),
        desk.go(desk.fresh("lan", look), Visit("lan", "/profile")),
        unknown(desk, look),
    ]
    for page in pages:
        nothing(axe(page))
        nothing(measured(page, "small") if look.size == PHONE else [])
        nothing(unreadable(page))
