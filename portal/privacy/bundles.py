"""Uploaded files that name a person: found by reading them, wherever a file may hide a name.

When in doubt a file names the person: it goes, and the counts of what was done with it stay.
"""

import io
import logging
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from portal import db, files
from portal.people.names import Name
from portal.privacy.subjects import Subject

LONGEST_LINE = 32_000_000  # characters; a sheet of a workbook is one line
MOST = 4_000_000_000  # unpacked bytes of one file; beyond, nobody reads on to find out

logger = logging.getLogger(__name__)


class Needles:
    """What is looked for in the lines of a file."""

    def __init__(self, subject: Subject) -> None:
        self._words = [word.casefold() for word in subject.words]
        self._names = [parts for name in subject.names if len(parts := _parts(name)) > 1]
        named = "|".join(re.escape(source.casefold()) for source in subject.sources)
        self._sources = re.compile(rf"(?:^|[,;\"\t> ])(?:{named})(?:$|[,;\"\t< \r\n])") if named else None

    def in_line(self, line: str) -> bool:
        """Whether a line names the person: by contact or full name, by all parts of it, or by their id elsewhere."""
        plain = unicodedata.normalize("NFC", line).casefold()
        if any(word in plain for word in self._words):
            return True
        if any(all(part.search(plain) for part in parts) for parts in self._names):
            return True
        return self._sources is not None and self._sources.search(plain) is not None


def _parts(name: Name) -> list[re.Pattern[str]]:
    """The parts of a name, each as a word."""
    return [re.compile(rf"(?<!\w){re.escape(part.casefold())}(?!\w)") for part in name if part]


async def stored() -> list[tuple[int, str]]:
    """Everything that could name somebody, uploads and what was packed for others: id and hash of each file."""
    return [(row[0], row[1]) for row in await db.rows("SELECT id, sha256 FROM stored_file ORDER BY id")]


def naming(subject: Subject, uploads: Iterable[tuple[int, str]]) -> list[int]:
    """Those of the uploads that name the person; takes its time, so in a thread."""
    needles = Needles(subject)
    judged: dict[str, bool] = {}
    for _, sha256 in uploads:
        if sha256 not in judged:
            judged[sha256] = _names(needles, files.path_of(sha256))
    return [file_id for file_id, sha256 in uploads if judged[sha256]]


def _names(needles: Needles, path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        return any(needles.in_line(line) for line in _lines(path))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, ValueError, EOFError) as error:
        logger.warning("file %s cannot be read to the end and is taken to name the person: %s", path.name, error)
        return True


def _lines(path: Path) -> Iterator[str]:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as source:
            yield from _text(source)
        return
    with zipfile.ZipFile(path) as packed:
        if sum(member.file_size for member in packed.infolist()) > MOST:
            raise ValueError("too large to be read")
        for member in packed.infolist():
            yield member.filename
            with packed.open(member) as source:
                yield from _text(source)


def _text(source: IO[bytes]) -> Iterator[str]:
    """The lines of a text in whichever of the encodings of spreadsheets it is; of bytes that are none, what is text."""
    with io.BufferedReader(source) as buffered:  # type: ignore[type-var]
        head = buffered.peek(4)[:4]
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            with io.TextIOWrapper(buffered, "utf-16", errors="replace") as text:
                yield from _cut(text)
            return
        while line := buffered.readline(LONGEST_LINE):
            yield line.decode("utf-8", "replace")
            if not line.isascii():
                yield line.decode("cp1258", "replace")


def _cut(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        yield line
