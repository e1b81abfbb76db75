"""The file: a zip of `manifest.json`, a `tables/<name>.jsonl` for each table and a `files/<sha256>` for each upload.

Names inside are compared, never used as a path. What is read is held against the manifest before anything is done with
it: a backup may have been cut off, have rotted, or have been made to do harm.
"""

import hashlib
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from portal.backup import Unusable
from portal.backup.manifest import Files, Manifest, Written
from portal.db.shape import Shape

CHUNK = 1 << 20
LONGEST_LINE = 1 << 28  # one row; a document of an import is some megabytes
LARGEST_MANIFEST = 1 << 24
MANIFEST = "manifest.json"
_NAMES = re.compile(r"manifest\.json|tables/[a-z][a-z0-9_]*\.jsonl|files/[0-9a-f]{64}")
_LEVEL = 5

Tell = Callable[[str, int, int], object]
"""Hears how far the work is: the stage, how much of how much."""


class Writer:
    """Writes a backup from its first byte to its last; the manifest comes at the end."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._files: dict[str, int] = {}

    @contextmanager
    def table(self, name: str, shape: Shape) -> Iterator["TableWriter"]:
        """Write one table: `add(lines, rows)` as often as needed; `written` says afterwards what it was."""
        with self._zip.open(_entry(f"tables/{name}.jsonl"), "w", force_zip64=True) as target:
            yield TableWriter(target, shape)

    def file(self, sha256: str, source: Path) -> int:
        """Write one upload, its bytes held against their name; how many they were."""
        hashed, size = hashlib.sha256(), 0
        entry = _entry(f"files/{sha256}", stored=True)
        with source.open("rb") as opened, self._zip.open(entry, "w", force_zip64=True) as target:
            while chunk := opened.read(CHUNK):
                hashed.update(chunk)
                size += len(chunk)
                target.write(chunk)
        if hashed.hexdigest() != sha256:
            raise Unusable(f"The upload {source} is damaged: its content is not what its name says.")
        self._files[sha256] = size
        return size

    @property
    def files(self) -> Files:
        """What was written of uploads so far."""
        return Files.of(self._files)

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest and the end of the file."""
        self._zip.writestr(_entry(MANIFEST), manifest.text())
        self._zip.close()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            with suppress(OSError):  # it would write its list on the full disk; what went wrong is on its way
                self._zip.close()


class TableWriter:
    """One table on its way into the file."""

    def __init__(self, target: IO[bytes], shape: Shape) -> None:
        self._target = target
        self._shape = shape
        self._hashed = hashlib.sha256()
        self._rows = self._bytes = 0

    def add(self, lines: bytes, rows: int) -> None:
        """Write so many lines."""
        self._target.write(lines)
        self._hashed.update(lines)
        self._rows += rows
        self._bytes += len(lines)

    def written(self, last_id: int) -> Written:
        """What the table came to."""
        return Written(self._shape, self._rows, self._bytes, self._hashed.hexdigest(), last_id)


def _entry(name: str, *, stored: bool = False) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    entry.external_attr = (stat.S_IFREG | 0o600) << 16
    return entry


class Archive:
    """A backup file that is open and has a manifest; `verify` holds all the rest against that."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with damage(path):
            self._zip = zipfile.ZipFile(path)
            try:
                self._members = self._listed(path.stat().st_size)
                self.manifest = Manifest.read(self._read_manifest())
                self._compare()
            except BaseException:
                self._zip.close()
                raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    @property
    def files(self) -> list[str]:
        """The hashes of the uploads, sorted."""
        return sorted(name[6:] for name in self._members if name.startswith("files/"))

    def verify(self, tell: Tell) -> None:
        """Read everything once and hold it against the manifest; raises Unusable."""
        total = sum(table.bytes for table in self.manifest.tables.values()) + self.manifest.files.bytes
        done = 0
        for name, table in self.manifest.tables.items():
            hashed, rows = hashlib.sha256(), 0
            for line in self.lines(name):
                hashed.update(line)
                rows += 1
                done += len(line)
                if not rows % 10_000:
                    tell("Reading the backup", done, total)
            if (rows, hashed.hexdigest()) != (table.rows, table.sha256):
                raise Unusable(f"{self._path} is damaged: the table {name} is not what was written.")
        for sha256 in self.files:
            for chunk in self.content(sha256):
                done += len(chunk)
                tell("Reading the backup", done, total)
        tell("Reading the backup", total, total)

    def lines(self, table: str) -> Generator[bytes, None, None]:
        """The rows of a table; raises Unusable where there are more or longer ones than the manifest says."""
        left = self.manifest.tables[table].bytes
        with damage(self._path), self._zip.open(f"tables/{table}.jsonl") as source:
            while line := source.readline(min(left, LONGEST_LINE) + 1):
                left -= len(line)
                if left < 0 or not line.endswith(b"\n"):
                    raise Unusable(f"{self._path} is damaged: the table {table} is not what was written.")
                yield line

    def content(self, sha256: str) -> Generator[bytes, None, None]:
        """The bytes of an upload; raises Unusable at their end when they are others than the name says."""
        hashed = hashlib.sha256()
        with damage(self._path), self._zip.open(f"files/{sha256}") as source:
            while chunk := source.read(CHUNK):
                hashed.update(chunk)
                yield chunk
        if hashed.hexdigest() != sha256:
            raise Unusable(f"{self._path} is damaged: the upload {sha256} is not what was written.")

    def _listed(self, there: int) -> dict[str, int]:
        """The members and their sizes, after a look at what a zip can be made to do."""
        listed: dict[str, int] = {}
        for member in self._zip.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            plain = kind in (0, stat.S_IFREG) and not member.flag_bits & 1
            if not plain or not _NAMES.fullmatch(member.filename) or member.filename in listed:
                raise Unusable(f"{self._path} is not a backup: it holds {member.filename[:80]!r}.")
            packed = member.compress_type != zipfile.ZIP_STORED
            if packed and (member.filename.startswith("files/") or member.compress_type != zipfile.ZIP_DEFLATED):
                raise Unusable(f"{self._path} is not a backup: {member.filename} is packed in another way.")
            there -= member.compress_size
            listed[member.filename] = member.file_size
        if there < 0:
            raise Unusable(f"{self._path} is not a backup: its parts lie over each other.")
        return listed

    def _read_manifest(self) -> bytes:
        if MANIFEST not in self._members:
            raise Unusable(f"{self._path} is not a backup: it has no manifest.")
        with self._zip.open(MANIFEST) as source:
            text = source.read(LARGEST_MANIFEST + 1)
        if len(text) > LARGEST_MANIFEST:
            raise Unusable(f"{self._path} is not a backup: its manifest is too long.")
        return text

    def _compare(self) -> None:
        """The members are those of the manifest, with its sizes."""
        files = {name[6:]: size for name, size in self._members.items() if name.startswith("files/")}
        tables = {name: size for name, size in self._members.items() if name.startswith("tables/")}
        expected = {f"tables/{name}.jsonl": table.bytes for name, table in self.manifest.tables.items()}
        if tables != expected or Files.of(files) != self.manifest.files:
            raise Unusable(f"{self._path} is damaged: it does not hold what its manifest says.")


@contextmanager
def damage(path: Path) -> Iterator[None]:
    """Say in a sentence what a library makes of a damaged file, each in its own way."""
    try:
        yield
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror or error}.") from error
    except zipfile.BadZipFile as error:
        raise Unusable(f"{path} is not a whole backup: {error}.") from error
    except (EOFError, zlib.error, struct.error, NotImplementedError, ValueError, RuntimeError, IndexError) as error:
        raise Unusable(f"{path} is damaged: {error or type(error).__name__}.") from error
