"""The cast in an open database, files in a folder of their own, letters kept as in a demo, attempts counted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import files, mail
from portal.access import throttle
from tests.cast import ORIGIN, Cast, gather


@pytest.fixture
async def cast(database: str) -> Cast:
    return await gather(demo=True)


@pytest.fixture(autouse=True)
def media(tmp_path: Path) -> Iterator[Path]:
    files.configure(tmp_path / "media")
    (tmp_path / "media").mkdir()
    before = throttle.enforced
    throttle.enforced = True
    mail.configure(mail.Post(centre="Sân Trường", public_url=ORIGIN, language="vi", demo=True))
    yield tmp_path / "media"
    throttle.enforced = before
    files.configure(tmp_path)
