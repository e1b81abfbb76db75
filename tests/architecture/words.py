"""Every text of the product, found where it is written."""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir

HOUSE = Path(__file__).parent.parent.parent
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None}


def texts() -> Iterator[tuple[str, str, str | None]]:
    """Each text with the file it stands in and its plural form, if it has one."""
    methods = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
    options = {"**.html": _JINJA, "**.txt": _JINJA}
    for folder in ("portal", "staff"):
        found = extract_from_dir(HOUSE / folder, methods, options, keywords=KEYWORDS, strip_comment_tags=True)
        for file, _, message, _, _ in found:
            if isinstance(message, tuple):
                yield f"{folder}/{file}", message[0], message[1]
            elif message:
                yield f"{folder}/{file}", message, None


_JINJA = {
    "newstyle_gettext": "true",
    "trimmed": "true",
    "extensions": "jinja2.ext.do",
    "silent": "false",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
}
