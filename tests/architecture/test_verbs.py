"""Every verb of the domain is played by the property that kept pages are fresh pages."""

from tests.views.more_acts import ACTS
from tests.views.verbs import all_verbs

# Its transaction opens in another module, where the search for verbs does not look.
BESIDES = {"interchange.loading.load"}


def test_every_verb_is_drawn() -> None:
    assert all_verbs() - set(ACTS) == set(), "an act in tests/views/acts.py must play these"
    assert set(ACTS) - all_verbs() <= BESIDES, "these are no verbs any more"
