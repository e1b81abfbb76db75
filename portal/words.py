"""Languages: English in the source, Vietnamese in `portal/locale/vi/*.po`, read once at start."""

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from portal.errors import Sentence

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
CATALOGUES = Path(__file__).parent / "locale"


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; one that is not in `LANGUAGES` is read as English."""
    merged: gettext.NullTranslations = gettext.NullTranslations()
    for path in sorted((CATALOGUES / language).glob("*.po")) if language in LANGUAGES else ():
        with path.open("rb") as source:
            catalogue = read_po(source, locale=language)
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        room = gettext.GNUTranslations(compiled)
        room.add_fallback(merged)
        merged = room
    return merged


def translated(sentence: Sentence, language: str) -> str:
    """The sentence in a language, its places filled."""
    return translations(language).gettext(sentence.msgid).format_map(dict(sentence.params))
