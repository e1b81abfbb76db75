"""An import in another process is seen while it is at work, and only then."""

import pytest

from portal import db
from portal.interchange import beside
from portal.interchange.loading import load
from portal.scope import SYSTEM
from tests.interchange.builder import bundle

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("dry_run", [False, True])
async def test_an_import_without_a_run_tells_how_far_it_is(dry_run: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "_EVERY", 0)
    seen: list[beside.Beside | None] = []
    await load(SYSTEM, bundle(), dry_run=dry_run, progress=lambda *_: seen.append(beside.seen()))
    if db.dialect() == "postgres":
        assert set(seen) == {None}
    else:
        assert ("users", 3, 3) in [each[1:] for each in seen if each]
    assert beside.seen() is None


async def test_what_a_process_said_that_died_is_over() -> None:
    place = db.place()
    if place is None:
        return
    place.with_name(place.name + ".importing").write_text('["2026-11-25T09:00:00+00:00", "users", 1, 3]')
    assert beside.seen() is None
