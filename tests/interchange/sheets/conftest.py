"""The cast, with a place for files."""

from pathlib import Path

import pytest

from portal import files
from tests.cast import Cast, gather


@pytest.fixture
async def cast(database: str, tmp_path: Path) -> Cast:
    files.configure(tmp_path / "media")
    return await gather()
