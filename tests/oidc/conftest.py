"""A centre whose settings name an identity provider that really is one."""

import os
from collections.abc import Iterator

import pytest

from portal.access import throttle
from portal.providers import Provider
from tests.cast import Cast, gather
from tests.oidc.travelling import Centre
from tools import services

SECRET = "the secret of the tests: +/% and all"


@pytest.fixture(scope="session")
def provider_url() -> Iterator[str]:
    """The address of npm's oidc-provider; without one these tests are skipped, in CI they fail."""
    try:
        with services.provider() as url:
            yield url
    except services.Missing as error:
        told = f"SIGNING IN BY AN IDENTITY PROVIDER IS NOT TESTED: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)


@pytest.fixture
async def cast(database: str) -> Cast:
    return await gather()


@pytest.fixture
def centre(provider_url: str) -> Centre:
    """The application with "school" as its provider, and one more that has the same accounts under another name."""
    return Centre(Provider("school", "Trường Sáng Tạo", provider_url, "schoolyard", SECRET))


@pytest.fixture
def limits() -> Iterator[None]:
    throttle.enforced = True
    yield
    throttle.enforced = False
