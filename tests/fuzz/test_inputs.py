"""No input causes a 5xx, and a refused one changes no row: stories of hostile requests to every form and query.

100 stories of ten requests in CI, besides every field with every hostile value; 10^5 requests with `make fuzz`.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from portal import clock, db, files, jobs, mail
from portal.access import preferences, throttle
from portal.access.models import Account
from portal.people import persons
from portal.people.models import Household
from portal.scope import Scope
from portal.web import forms
from tests.cast import ORIGIN
from tests.examples import EXAMPLES
from tests.fuzz.inputs import ROUTES, Input, inputs
from tests.fuzz.world import Worlds, contents, send

REQUESTS = 10


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    files.configure(folder / "media")
    mail.configure(mail.Post(centre="Sân Trường", public_url=ORIGIN, language="vi", demo=True))
    before, throttle.enforced = throttle.enforced, False
    yield Worlds(folder)
    throttle.enforced = before


async def _play(url: str, story: list[Input]) -> None:
    await db.open(url)
    try:
        held = await contents()
        for one in story:
            commits = db.commits()
            status, body, _ = await send(one)
            assert status < 500, (one, body[:500])
            if db.commits() != commits:
                now = await contents()
                changed = sorted(name for name, rows in now.items() if held[name] != rows)
                assert status < 400 or not changed, (status, changed, one)
                held = now
        await jobs.drain()
        dead = await db.rows("SELECT kind, reason FROM job WHERE reason <> ''")
        assert dead == [], story
        broken = await db.rows("SELECT file_name, problems FROM import_run WHERE state = 'failed'")
        assert not [problems for _, problems in broken if "broke off" in problems], broken
    finally:
        await db.close()


@settings(
    max_examples=min(EXAMPLES, 100) if EXAMPLES <= 500 else EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 500,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(story=st.lists(inputs(), min_size=REQUESTS, max_size=REQUESTS))
def test_hostile_requests_end_in_a_page_and_change_nothing_when_they_are_refused(worlds, story):
    with worlds.another() as url:
        asyncio.run(_play(url, story))


def test_every_route_is_asked():
    assert len(ROUTES) > 60


def _writes_before_it_refuses(patch: pytest.MonkeyPatch) -> None:
    """Choosing a look writes the theme, and then finds the language wrong."""
    right = preferences.set_look

    async def set_look(scope: Scope, *, language: str, theme: str) -> None:
        await Account.filter(id=scope.account_id).update(theme="dark" if theme != "dark" else "light")
        await right(scope, language=language, theme=theme)

    patch.setattr(preferences, "set_look", set_look)


def _dies_of_a_letter(patch: pytest.MonkeyPatch) -> None:
    """Names of fields and values are written somewhere in ASCII."""
    right = forms._check

    def check(name: str, value: object, **more: object) -> None:
        str(value).encode("ascii")
        right(name, value, **more)

    patch.setattr(forms, "_check", check)


def _keeps_what_it_refuses(patch: pytest.MonkeyPatch) -> None:
    """An address that is nobody's is looked up, and noted, before it is refused."""
    right = persons.find

    async def find(scope: Scope, person_id: int) -> object:
        await Household.create(branch_id=1, made_at=clock.now())
        return await right(scope, person_id)

    patch.setattr(persons, "find", find)


@pytest.mark.parametrize(
    "fault",
    [_writes_before_it_refuses, _dies_of_a_letter, _keeps_what_it_refuses],
    ids=lambda fault: fault.__name__.strip("_"),
)
def test_a_planted_fault_is_caught(worlds, fault):
    with pytest.MonkeyPatch.context() as patch:
        fault(patch)
        with pytest.raises((AssertionError, TypeError, ValueError)):
            test_hostile_requests_end_in_a_page_and_change_nothing_when_they_are_refused(worlds)
