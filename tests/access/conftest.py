"""The cast in an open database, with the limits on attempts in force."""

from collections.abc import Iterator

import pytest

from portal import mail
from portal.access import throttle
from tests.cast import ORIGIN, Cast, gather


@pytest.fixture
async def cast(database: str) -> Cast:
    return await gather()


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    before = throttle.enforced
    throttle.enforced = True
    mail.configure(mail.Post(centre="Sân Trường", public_url=ORIGIN, language="vi", demo=True))
    yield
    throttle.enforced = before
