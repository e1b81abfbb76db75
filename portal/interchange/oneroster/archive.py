"""The bundle as a box of files, opened without trusting it.

A zip (a path or its bytes) or a folder. Nothing is ever unpacked to disk; sizes are judged from the
directory of the zip before anything is read, and `zipfile` never gives more than the size that was judged.
Only stored and deflated entries are read, because the other methods unpack a block of any size at once.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from portal.errors import Sentence, say
from portal.interchange.oneroster.problems import Problems, shown

DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError),
    *(ValueError, OverflowError, struct.error, MemoryError),
)
"""What `zipfile` is known to raise on a damaged archive."""

DIRECTORY = 1 << 20
_megabyte = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a bundle may be."""

    entries: int = 200
    total: int = 512 * _megabyte
    ratio: int = 250
    problems: int = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the bundle, by the name it stands under (without its folder)."""

    name: str
    size: int
    open: Callable[[], BinaryIO]


@contextmanager
def opened(source: Path | str | bytes, limits: Limits, problems: Problems) -> Iterator[dict[str, Entry]]:
    """The files by name; empty, with a problem, when it is no bundle that can be read."""
    if isinstance(source, bytes):
        with _unzipped(io.BytesIO(source), "bundle", limits, problems) as entries:
            yield entries
        return
    path = Path(source)
    folder: dict[str, Entry] | None = None
    stream: BinaryIO = io.BytesIO()
    try:
        if path.is_dir():
            folder = _folder(path, limits, problems)
        else:
            stream = path.open("rb")
    except (OSError, ValueError):
        problems.error(path.name, None, "", say("This file cannot be opened."))
        folder = {}
    if folder is not None:
        yield folder
    else:
        with stream, _unzipped(stream, path.name, limits, problems) as entries:
            yield entries


@contextmanager
def _unzipped(stream: BinaryIO, label: str, limits: Limits, problems: Problems) -> Iterator[dict[str, Entry]]:
    archive: zipfile.ZipFile | None = None
    try:
        if _directory_size(stream) > DIRECTORY:
            problems.error(label, None, "", _too_many(limits))
        else:
            archive = zipfile.ZipFile(stream)
    except DAMAGE:
        problems.error(label, None, "", say("This is not a zip file, or it is damaged."))
    if archive:
        with archive:
            yield _entries(archive, label, limits, problems)
    else:
        yield {}


def _directory_size(stream: BinaryIO) -> int:
    """The size that the end record claims for the directory: `zipfile` would load all of it."""
    stream.seek(0, io.SEEK_END)
    start = max(0, stream.tell() - 22 - 65_535 - 76)
    stream.seek(start)
    tail = stream.read()
    largest, at = 0, tail.find(b"PK\5\6")
    while at >= 0:
        if at + 22 <= len(tail):
            size = struct.unpack_from("<L", tail, at + 12)[0]
            wide = at - 76
            if wide >= 0 and tail[at - 20 : at - 16] == b"PK\6\7" and tail[wide : wide + 4] == b"PK\6\6":
                size = struct.unpack_from("<Q", tail, wide + 40)[0]
            largest = max(largest, size)
        at = tail.find(b"PK\5\6", at + 1)
    stream.seek(0)
    return largest


def _entries(archive: zipfile.ZipFile, label: str, limits: Limits, problems: Problems) -> dict[str, Entry]:
    infos = [info for info in archive.infolist() if not info.filename.endswith("/") and not _junk(info.filename)]
    if len(infos) > limits.entries:
        problems.error(label, None, "", _too_many(limits))
        return {}
    if sum(info.file_size for info in infos) > limits.total:
        problems.error(label, None, "", _too_large(limits))
        return {}
    found = []
    for info in infos:
        name = shown(info.filename, 120)
        if info.flag_bits & 1:
            problems.error(name, None, "", say("This file is encrypted; the bundle must not have a password."))
        elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            problems.error(name, None, "", say("This file is packed by a method other than deflate."))
        elif info.file_size > _megabyte and info.file_size > limits.ratio * max(1, info.compress_size):
            problems.error(
                name,
                None,
                "",
                say("This file unpacks to more than {ratio} times its size.", ratio=limits.ratio),
            )
        else:
            found.append((info.filename.replace("\\", "/"), info.file_size, _opener(archive, info)))
    return _flat(found, label, problems)


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    return lambda: archive.open(info)  # type: ignore[return-value]


def _folder(path: Path, limits: Limits, problems: Problems) -> dict[str, Entry]:
    files = sorted(each for each in path.iterdir() if each.is_file() and not _junk(each.name))
    if len(files) > limits.entries:
        problems.error(path.name, None, "", _too_many(limits))
        return {}
    sizes = [each.stat().st_size for each in files]
    if sum(sizes) > limits.total:
        problems.error(path.name, None, "", _too_large(limits))
        return {}
    return {each.name: Entry(each.name, size, _reader(each)) for each, size in zip(files, sizes, strict=True)}


def _reader(path: Path) -> Callable[[], BinaryIO]:
    return lambda: path.open("rb")


def _junk(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] in (
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
    )


def _flat(found: Iterable[tuple[str, int, Callable[[], BinaryIO]]], label: str, problems: Problems) -> dict[str, Entry]:
    """The files without their folder: all in one, or it is not clear which are meant."""
    entries: dict[str, Entry] = {}
    folders: set[str] = set()
    for path, size, opener in found:
        folder, _, name = path.rpartition("/")
        folders.add(folder)
        if name in entries:
            problems.error(shown(name), None, "", say("This file is in the bundle twice."))
        entries[name] = Entry(name, size, opener)
    if len(folders) > 1:
        problems.error(
            label,
            None,
            "",
            say("The files lie in several folders; a bundle has them all at its root."),
        )
    elif folders and folders != {""}:
        problems.warn(
            label,
            None,
            "",
            say(
                'The files lie in the folder "{folder}"; a bundle has them at its root.',
                folder=shown(folders.pop()),
            ),
        )
    return entries


def _too_many(limits: Limits) -> Sentence:
    return say("The bundle has more than {limit} files.", limit=limits.entries)


def _too_large(limits: Limits) -> Sentence:
    return say("The bundle unpacks to more than {limit} MB.", limit=limits.total // _megabyte)
