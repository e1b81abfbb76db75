"""Languages: English in the source, Vietnamese in `portal/locale/vi/*.po`, read once at start."""

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from portal.errors import Sentence

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
CATALOGUES = Path(__file__).parent / "locale"


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language, all rooms in one; a language that is not in `LANGUAGES` is read as English."""
    # One, and not a chain of fallbacks: a text is looked up hundreds of times a page, and most are not in the first.
    whole = Catalog(locale=language if language in LANGUAGES else "en")
    for path in sorted((CATALOGUES / language).glob("*.po")) if language in LANGUAGES else ():
        with path.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id:
                    whole.delete(message.id)  # the last room has its word; Babel would keep the first
                    whole[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def translated(sentence: Sentence, language: str) -> str:
    """The sentence in a language, its places filled."""
    return translations(language).gettext(sentence.msgid).format_map(dict(sentence.params))
