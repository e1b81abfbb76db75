"""What was typed: at most one value for each known name, kept as strings for the domain to judge."""

from collections.abc import Iterable, Mapping, Set
from typing import Any

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from portal.errors import Invalid, Refusal, Sentence, say
from portal.words import translated

LONGEST_VALUE = 10_000
MOST_FIELDS = 200


class Form:
    """Values and, after a refusal, the sentences beside them. Passwords are never shown again."""

    def __init__(
        self,
        values: Mapping[str, str] | None = None,
        *,
        language: str = "en",
        lists: Mapping[str, list[str]] | None = None,
        files: Mapping[str, UploadFile] | None = None,
    ) -> None:
        self.values = dict(values or {})
        self.lists = dict(lists or {})
        self.files = dict(files or {})
        self._language = language
        self._errors: dict[str, Sentence] = {}
        self._message: Sentence | None = None

    def __getitem__(self, name: str) -> str:
        """The typed value, "" when nothing was sent."""
        return self.values.get(name, "")

    def value(self, name: str, default: str = "") -> str:
        """What a field shows."""
        return "" if "password" in name else self.values.get(name, default)

    def chosen(self, name: str) -> list[str]:
        """The values of a field that may come several times."""
        return self.lists.get(name, [])

    @property
    def may_come_back(self) -> bool:
        """Whether all of it may stand in a page, to be sent once more: no password and no file."""
        return not self.files and not any("password" in name for name in (*self.values, *self.lists))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every name with its value, as often as it came."""
        return [*self.values.items(), *((name, value) for name, values in self.lists.items() for value in values)]

    def error(self, name: str) -> str | None:
        """The sentence beside a field."""
        sentence = self._errors.get(name)
        return translated(sentence, self._language) if sentence else None

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Every field's sentence, for the summary."""
        return [(name, translated(sentence, self._language)) for name, sentence in self._errors.items()]

    @property
    def message(self) -> str | None:
        """The sentence for the form as a whole."""
        return translated(self._message, self._language) if self._message else None

    def refused(self, refusal: Refusal) -> "Form":
        """The same form with what the domain said about it."""
        self._message = refusal.sentence
        self._errors = dict(refusal.errors) if isinstance(refusal, Invalid) else {}
        return self


async def read_form(request: Request, *names: str, several: Iterable[str] = (), files: Iterable[str] = ()) -> Form:
    """The posted form.

    Raises `Invalid` for a name that is not expected, a second value where one is, a value over `LONGEST_VALUE`
    characters, a file where text belongs or the other way round, and another encoding than UTF-8.
    """
    several, files = frozenset(several), frozenset(files)
    _, options = parse_options_header(request.headers.get("content-type", ""))
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise Invalid({}, say("The form must be sent as UTF-8."))
    sent = await request.form(max_files=len(files), max_fields=MOST_FIELDS, max_part_size=4 * LONGEST_VALUE)
    try:
        values, lists, uploads = _sorted(sent, frozenset(names), several, files)
    except Invalid:
        await sent.close()
        raise
    form = Form(values, language=request.state.language, lists=lists, files=uploads)
    request.state.typed = form
    return form


def _sorted(
    sent: FormData, names: frozenset[str], several: frozenset[str], files: frozenset[str]
) -> tuple[dict[str, str], dict[str, list[str]], dict[str, UploadFile]]:
    values: dict[str, str] = {}
    lists: dict[str, list[str]] = {name: [] for name in several}
    uploads: dict[str, UploadFile] = {}
    for name, value in sent.multi_items():
        _check(name, value, known=names | several | files, is_file=name in files)
        if name in several:
            lists[name].append(str(value))
        elif name in values or name in uploads:
            raise Invalid({name: say("This came twice. Load the page again and send it once.")})
        elif isinstance(value, UploadFile):
            uploads[name] = value
        else:
            values[name] = value
    return values, lists, uploads


def read_query(request: Request, *names: str) -> dict[str, str]:
    """The known names of the query, "" where one is missing; others (a tracker's) are let be.

    Raises `Invalid` for a second value and for one that is too long.
    """
    values = dict.fromkeys(names, "")
    for name in names:
        sent = request.query_params.getlist(name)
        if len(sent) > 1:
            raise Invalid({name: say("This came twice. Load the page again and send it once.")})
        for value in sent:
            _check(name, value, known={name}, is_file=False)
            values[name] = value
    return values


def whole(text: str, *, name: str, default: int, most: int = 1_000_000) -> int:
    """A whole number from 1 to `most`, `default` when empty; raises `Invalid` beside `name`."""
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and 1 <= int(text) <= most):
        raise Invalid({name: say("This is not a whole number from 1 to {most}.", most=most)})
    return int(text)


def identity(text: str, *, name: str) -> int | None:
    """The id that a choice carries, None when nothing is chosen; raises `Invalid` beside `name`."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid({name: say("Choose one of the list.")})
    return int(text)


def _check(name: str, value: Any, *, known: Set[str], is_file: bool) -> None:
    if name not in known:
        raise Invalid({}, say("The form holds a field that is not known here: {name}.", name=name[:40]))
    if isinstance(value, UploadFile) != is_file:
        raise Invalid({name: say("A file belongs here.") if is_file else say("Text belongs here.")})
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        longest = LONGEST_VALUE
        raise Invalid(
            {name: say("At most {longest} characters; this has {length}.", longest=longest, length=len(value))}
        )
