"""The timetable's tests: the cast in an open database."""

import pytest

from tests.cast import Cast, gather


@pytest.fixture
async def cast(database: str) -> Cast:
    return await gather()
