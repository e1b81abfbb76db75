"""A kept page is the fresh page, whatever happened: every verb of the domain, another process's import, a moved clock.

Each example draws a few acts out of all verbs (`verbs.all_verbs`; one that no act plays fails), moves the clock, and
has another process import. After every commit, also between two of one act, some pages are asked of a server that keeps
them and of one that never does; the answers must be the same.

500 examples in CI, 20,000 with `PORTAL_TEST_EXAMPLES=20000 make test ARGS=tests/views`. On PostgreSQL, where a new
world takes ten times as long, a fifth as many. That the property can fail is shown at the end with faults planted in
the code it guards: a missing bump, a bump outside the transaction, two edges of the clock.
"""

import asyncio
import datetime as dt
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from portal import clock, db, mail, versions
from portal.access import throttle
from portal.centre import centres
from portal.db import postgres_engine, sqlite_engine
from portal.errors import Refusal
from portal.gradebook import recording
from portal.timetable import classes, days
from portal.web import views
from tests.cast import ORIGIN
from tests.conftest import new_postgres_database
from tests.examples import EXAMPLES
from tests.views.acts import Picks
from tests.views.more_acts import ACTS, bundles
from tests.views.world import KEEPING, Elsewhere, PostgresWorlds, SqliteWorlds, entered, keep_files_in

Step = tuple[str, tuple[int, ...]]
CLOCK, ELSEWHERE = "the clock moves", "another process imports"
SHIFTS = [dt.timedelta(minutes=1), dt.timedelta(minutes=25), dt.timedelta(hours=2), dt.timedelta(hours=13)]

numbers = st.tuples(*[st.integers(0, 11)] * 4)
OFTEN = ["gradebook.recording.publish", "gradebook.recording.record", "people.guardians.allow"] * 3
steps = st.tuples(
    st.sampled_from([*sorted(ACTS), *OFTEN, *[CLOCK] * (len(ACTS) // 3), *[ELSEWHERE] * (len(ACTS) // 15)]), numbers
)
stories = st.tuples(st.lists(steps, min_size=1, max_size=4), st.integers(0, 2**16))


class Theatre:
    """Where the examples are played: the worlds of one database, and the other process."""

    def __init__(self, worlds: SqliteWorlds | PostgresWorlds, elsewhere: Elsewhere) -> None:
        self._worlds = worlds
        self._elsewhere = elsewhere

    def play(self, story: list[Step], seed: int) -> None:
        """One example in a world of its own; raises AssertionError when an old page was given."""
        KEEPING.state.views.clear()
        centres.forget()
        with self._worlds.another() as url:
            asyncio.run(self._play(url, story, seed))

    async def _play(self, url: str, story: list[Step], seed: int) -> None:
        await db.open(url)
        try:
            world = await entered(url)
            pages = random.Random(seed).sample(world.pages, 2)
            await world.compare(pages)
            with ExitStack() as stack:
                stack.enter_context(_after_every_commit(lambda: world.compare(pages)))
                for name, drawn in story:
                    if name == CLOCK:
                        shift = SHIFTS[drawn[0] % len(SHIFTS)]
                        stack.enter_context(clock.moved(seconds=shift.total_seconds()))
                        # Another tab was in use meanwhile: who comes back after ten minutes is looked up anew anyway.
                        await db.execute("UPDATE session SET seen_at = ?", clock.now())
                    elif name == ELSEWHERE:
                        some = bundles()
                        await asyncio.to_thread(self._elsewhere.load, url, some[drawn[0] % len(some)])
                    else:
                        await _perform(name, world, drawn)
                    await world.compare(pages)
        finally:
            await db.close()


async def _perform(name: str, world: Any, drawn: tuple[int, ...]) -> None:
    with suppress(Refusal):  # a rule stood in the way: then nothing may have changed either
        await ACTS[name](world, Picks(drawn))


@contextmanager
def _after_every_commit(look: Callable[[], Any]) -> Iterator[None]:
    """Look after every commit of this process, before anything that waits for it."""
    looking = False
    with pytest.MonkeyPatch.context() as patch:
        for kind in (sqlite_engine.SqliteTransaction, postgres_engine.PostgresTransaction):

            async def commit(transaction: Any, original: Any = kind.commit) -> None:
                nonlocal looking
                await original(transaction)
                if not looking:
                    looking = True
                    try:
                        await look()
                    finally:
                        looking = False

            patch.setattr(kind, "commit", commit)
        yield


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def theatre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    folder: Path = tmp_path_factory.mktemp("worlds")
    keep_files_in(folder / "media")
    mail.configure(mail.Post(centre="Sân Trường", public_url=ORIGIN, language="vi", demo=True))
    before, throttle.enforced = throttle.enforced, False
    elsewhere = Elsewhere()
    with ExitStack() as stack:
        stack.callback(elsewhere.close)
        if request.param == "sqlite":
            worlds: SqliteWorlds | PostgresWorlds = SqliteWorlds(folder)
        else:
            server = request.getfixturevalue("postgres_server")
            worlds = PostgresWorlds(stack.enter_context(new_postgres_database(server)))
        yield Theatre(worlds, elsewhere)
    throttle.enforced = before


def _property(theatre: Theatre, examples: int, *phases: Phase) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=examples <= 500,
        database=None,
        phases=phases or (Phase.explicit, Phase.generate),  # a story is short; making it shorter takes minutes
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(stories)
    @example(([("gradebook.recording.publish", (1,)), (CLOCK, (1,)), (CLOCK, (1,)), (CLOCK, (2,)), (CLOCK, (3,))], 43))
    def holds(story: tuple[list[Step], int]) -> None:
        theatre.play(*story)

    holds()


def test_a_kept_page_is_the_fresh_page(theatre: Theatre, request: pytest.FixtureRequest) -> None:
    slow = "postgres" in request.node.name
    _property(theatre, EXAMPLES // 5 if slow else EXAMPLES)


def _missing_bump(patch: pytest.MonkeyPatch) -> None:
    """Publishing tells nobody."""
    silent = SimpleNamespace(bump=lambda *_: None, class_=versions.class_, student=versions.student)
    patch.setattr(recording, "versions", silent)


def _bump_outside_the_transaction(patch: pytest.MonkeyPatch) -> None:
    """The versions are written in a transaction of their own, after the one that changed what they stand for."""

    async def write(source: str) -> None:
        async with db.transaction():
            await versions._write([source])

    def bump(*sources: str) -> None:
        for source in sources:
            db.on_commit(lambda source=source: write(source))

    patch.setattr(versions, "bump", bump)


def _clock_edge_of_lessons(patch: pytest.MonkeyPatch) -> None:
    """A page forgets that its next lesson will begin, and then be over."""
    patch.setattr(classes, "min", lambda turns, default: default, raising=False)


def _clock_edge_of_midnight(patch: pytest.MonkeyPatch) -> None:
    """A page is held to be right beyond the centre's midnight."""
    bounds = days.bounds
    later = SimpleNamespace(bounds=lambda zone: (bounds(zone)[0], bounds(zone)[1] + dt.timedelta(days=1)))
    patch.setattr(views, "days", later)


@pytest.mark.parametrize(
    "fault",
    [_missing_bump, _bump_outside_the_transaction, _clock_edge_of_lessons, _clock_edge_of_midnight],
    ids=lambda fault: fault.__name__.strip("_"),
)
@pytest.mark.parametrize("theatre", ["sqlite"], indirect=True)
def test_a_planted_fault_is_caught(theatre: Theatre, fault: Callable[[pytest.MonkeyPatch], None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        fault(patch)
        with pytest.raises(AssertionError, match="is given an old"):
            _property(theatre, 400)
