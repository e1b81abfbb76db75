"""A CSV file as rows of cells, each with the line on which it begins.

RFC 4180 in UTF-8, a byte order mark allowed. A row, its cells and its lines are bounded, so that memory is
whatever the file. What cannot be read ends the file: `Broken` says where and why.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterator

from portal.errors import Sentence, say
from portal.interchange.oneroster.archive import DAMAGE, Entry

LONGEST_ROW = 1 << 20
LONGEST_CELL = 131_072
"""The limit that the csv module keeps for us (its default)."""

_every = 2_000


class Broken(Exception):
    """The file cannot be read beyond `line`."""

    def __init__(self, line: int | None, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.line = line
        self.sentence = sentence


def rows(entry: Entry, progress: Callable[[int], None] | None = None) -> Iterator[tuple[int, list[str]]]:
    """The line and the cells of each row that is not blank. `progress` hears how many bytes were read."""
    try:
        with entry.open() as raw:
            source = _Lines(io.TextIOWrapper(raw, encoding="utf-8-sig", errors="strict", newline=""))
            yield from _parsed(source, raw.tell, progress)
    except UnicodeDecodeError:
        raise _undecodable(entry) from None
    except DAMAGE:
        raise Broken(None, say("This file is damaged inside the zip.")) from None
    if progress:
        progress(entry.size)


class _Lines:
    """The lines of a text, counted; `taken` is how much was given since the last row was complete."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self.stream = stream
        self.count = 0
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        read = self.stream.readline
        while line := read(LONGEST_ROW + 1):
            self.count += 1
            self.taken += len(line)
            if self.taken > LONGEST_ROW:
                raise Broken(self.count, say("A row is longer than {longest} characters.", longest=LONGEST_ROW))
            if "\0" in line:
                raise Broken(self.count, say("There is a NUL character in this line."))
            yield line


def _parsed(
    source: _Lines, position: Callable[[], int], progress: Callable[[int], None] | None
) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(source, strict=True)
    number, start = 0, 1
    try:
        for cells in reader:
            source.taken = 0
            if cells:
                yield start, cells
            start = reader.line_num + 1
            number += 1
            if progress and number % _every == 0:
                progress(position())
    except csv.Error as error:
        raise _malformed(str(error), start) from None


def _malformed(message: str, line: int) -> Broken:
    if "unexpected end" in message:
        return Broken(line, say("A quotation mark opens a cell here and is never closed."))
    if "field larger" in message:
        return Broken(line, say("A cell is longer than {longest} characters.", longest=LONGEST_CELL))
    return Broken(line, say("After a closing quotation mark only a comma or the end of the line may follow."))


def _undecodable(entry: Entry) -> Broken:
    """Read once more, to say where."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    line, offset, chunk, pending = 1, 0, b"", 0
    try:
        with entry.open() as raw:
            while chunk or not offset:
                chunk = raw.read(1 << 12)
                if offset == 0 and chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
                    return Broken(1, say("This file is in UTF-16; it must be in UTF-8."))
                pending = len(decoder.getstate()[0])
                decoder.decode(chunk, final=not chunk)
                line += chunk.count(b"\n")
                offset += len(chunk) or 1
    except UnicodeDecodeError as error:
        at = error.start - pending
        line += chunk.count(b"\n", 0, max(0, at))
        return Broken(line, say("This is not UTF-8: byte {byte} of the file.", byte=offset + at + 1))
    except DAMAGE:
        pass
    return Broken(None, say("This file is damaged inside the zip."))
