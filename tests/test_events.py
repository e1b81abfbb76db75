"""Facts are announced after the commit, in their order, and never when they did not come to be."""

from dataclasses import dataclass

import pytest

from portal import db, events


@dataclass(frozen=True)
class Rung:
    """The bell rang."""

    number: int


@pytest.fixture
def heard(monkeypatch):
    monkeypatch.setattr(events, "_listeners", events.defaultdict(list))
    numbers: list[int] = []

    async def note(event: Rung) -> None:
        numbers.append(event.number)

    events.listen(Rung, note)
    events.listen(Rung, note)  # once a listener, however often it asks
    return numbers


async def test_an_event_is_heard_after_the_commit_and_not_before(database, heard):
    async with db.transaction():
        events.announce(Rung(1))
        events.announce(Rung(2))
        assert heard == []
    assert heard == [1, 2]


async def test_a_block_that_rolled_back_announces_nothing(database, heard):
    async with db.transaction():
        events.announce(Rung(1))
        with pytest.raises(RuntimeError):
            async with db.transaction():
                events.announce(Rung(2))
                raise RuntimeError
        events.announce(Rung(3))
    assert heard == [1, 3]
    with pytest.raises(RuntimeError):
        async with db.transaction():
            events.announce(Rung(4))
            raise RuntimeError
    assert heard == [1, 3]


async def test_only_its_own_kind_is_heard(database, heard):
    async with db.transaction():
        events.announce("something else")
    assert heard == []
