"""Every text is there in every language."""

import re

import pytest
from babel.messages.pofile import read_po

from portal.words import CATALOGUES, LANGUAGES, translations
from tests.architecture.words import texts

PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


@pytest.fixture(scope="module")
def written() -> dict[tuple[str, str | None], str]:
    return {(message, plural): file for file, message, plural in texts()}


def test_the_texts_are_found_where_they_are_written(written):
    assert ("Please fill this in.", None) in written  # in the domain
    assert ("Sign in", None) in written  # in a template
    assert len(written) > 150


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_text_is_translated(written, language):
    catalogue = translations(language)
    missing = [
        f"{file}: {message}" for (message, plural), file in written.items() if not _known(catalogue, message, plural)
    ]
    assert missing == []


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_a_translation_has_the_places_of_its_text(written, language):
    catalogue = translations(language)
    for message, plural in written:
        there = catalogue.gettext(message) if plural is None else catalogue.ngettext(message, plural, 2)
        assert set(PLACES.findall(there)) == set(PLACES.findall(plural or message)), message


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_a_text_has_one_translation(language):
    """All rooms are one catalogue: of two translations one would be shown where the other was meant."""
    said = {}
    for path in sorted((CATALOGUES / language).glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id:
                    said.setdefault(message.id, set()).add(message.string)
    assert {text: found for text, found in said.items() if len(found) > 1} == {}


def test_no_translation_is_marked_as_doubtful():
    for path in CATALOGUES.glob("*/*.po"):
        assert not re.search(r"^#,.*fuzzy", path.read_text(), re.M), path


def _known(catalogue, message, plural) -> bool:
    room = catalogue
    key = message if plural is None else (message, 0)
    while room is not None:
        if key in getattr(room, "_catalog", {}):
            return True
        room = room._fallback
    return False
