"""One house and one Chromium for each worker; a desk for each test."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.desk import PATIENCE, Desk
from tests.browser.furnish import furnish, use
from tests.browser.house import House
from tests.browser.visits import Visit
from tools import services

expect.set_options(timeout=PATIENCE)

PASSWORD = "three unrelated words"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder drive a browser."""
    for item in items:
        if item.nodeid.startswith("tests/browser/"):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is; without one everything here is skipped, in CI it fails."""
    try:
        return services.browser()
    except services.Missing as error:
        told = f"NO PAGE IS TESTED IN A BROWSER: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)


@pytest.fixture(scope="package")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """A running Chromium. Only while tests of this folder run: Playwright's loop would keep others from theirs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demo centre with what it does not have by itself."""
    made = House(tmp_path_factory.mktemp("house"))
    furnish(made)
    made.serve()
    yield made
    made.close()


@pytest.fixture(scope="package")
def _desk(chromium: Browser, house: House) -> Desk:
    made = Desk(chromium, house)
    if "run" not in house.ids:
        use(made)
    made.tidy()
    return made


@pytest.fixture
def desk(_desk: Desk) -> Iterator[Desk]:
    """A desk at the demo centre; whatever a page complained of fails the test."""
    yield _desk
    troubles = [*_desk.troubles]
    _desk.tidy()
    assert troubles == []


@pytest.fixture(scope="session")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A centre that is founded and has nothing yet."""
    made = House(tmp_path_factory.mktemp("empty"), demo=False)
    made.serve()
    yield made
    made.close()


@pytest.fixture(scope="package")
def _empty_desk(chromium: Browser, empty_house: House) -> Desk:
    made = Desk(chromium, empty_house)
    if "admin" not in empty_house.signed_in:
        page = made.open(Visit("", "/invitation/{invitation}"))
        made.send(page, "", {"password": PASSWORD})
        empty_house.signed_in["admin"] = page.context.storage_state()
        made.forget("")
    return made


@pytest.fixture
def empty_desk(_empty_desk: Desk) -> Iterator[Desk]:
    """A desk at the centre that has nothing yet, where the administrator has chosen a password."""
    yield _empty_desk
    troubles = [*_empty_desk.troubles]
    _empty_desk.tidy()
    assert troubles == []
