"""A centre whose settings name an identity provider that really is one."""

from collections.abc import Iterator

import pytest

from portal.access import throttle
from portal.providers import Provider
from tests.cast import Cast, gather
from tests.oidc import CLIENT, SECRET
from tests.oidc.travelling import Centre


@pytest.fixture
async def cast(database: str) -> Cast:
    return await gather()


@pytest.fixture
def centre(provider_url: str) -> Centre:
    """The application with "school" as its provider."""
    return Centre(Provider("school", "Trường Sáng Tạo", provider_url, CLIENT, SECRET))


@pytest.fixture
def limits() -> Iterator[None]:
    """With the limits on attempts in force."""
    before, throttle.enforced = throttle.enforced, True
    yield
    throttle.enforced = before
