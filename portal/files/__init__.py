"""Uploads: kept outside the web root under the hash of their content, typed by what they are, not what they claim.

A file is its uploader's until a record takes it; then the right to the record is the right to the file. Raster images
are written anew, without metadata, and only those are ever shown inside a page.
"""

import asyncio
import datetime as dt
import hashlib
import io
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from portal import clock, db
from portal.errors import Invalid, NotFound, TooLarge, say
from portal.files.models import StoredFile
from portal.scope import Scope
from portal.text import clean

LARGEST_IMAGE = 40_000_000  # pixels
SHOWN_INLINE = {"image/jpeg", "image/png", "image/webp"}

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
)

_root = Path("var/media")


def configure(root: Path) -> None:
    """Keep files under `root` from now on (PORTAL_MEDIA)."""
    global _root
    _root = root


def path_of(sha256: str) -> Path:
    """Where the bytes with this hash lie."""
    return _root / sha256[:2] / sha256


async def receive(
    scope: Scope, chunks: AsyncIterator[bytes], name: str, *, largest: int, only: tuple[str, ...] = ()
) -> StoredFile:
    """Keep an upload, at most `largest` bytes, and note whose it is.

    Raises `TooLarge`, and `Invalid` beside `file` when it is empty, of a type not in `only`, or a damaged image.
    """
    draft = await _write_draft(chunks, largest)
    try:
        media_type = sniff(await asyncio.to_thread(_head, draft))
        if draft.stat().st_size == 0:
            raise Invalid({"file": say("The file is empty.")})
        if only and media_type not in only:
            raise Invalid({"file": say("This kind of file cannot be used here.")})
        if media_type in SHOWN_INLINE:
            await asyncio.to_thread(_rewrite_image, draft)
        sha256, size = await asyncio.to_thread(_settle, draft)
    finally:
        draft.unlink(missing_ok=True)
    async with db.transaction():
        return await StoredFile.create(
            sha256=sha256,
            size=size,
            media_type=media_type,
            name=clean(Path(name.replace("\\", "/")).name)[:200] or "file",
            uploaded_at=clock.now(),
            uploaded_by=scope.account_id,
        )


async def take(file: StoredFile, record: str, record_id: int) -> None:
    """Give a file to a record, in the caller's transaction; raises `NotFound` when another record has it."""
    taken = await StoredFile.filter(id=file.id, taken_by="").update(taken_by=record, taken_by_id=record_id)
    if not taken:
        raise NotFound


async def discard(file_ids: Sequence[int]) -> None:
    """Forget files, in the caller's transaction; after its commit the content that nobody names any more is deleted.

    The records that had taken them have let them go before.
    """
    held = f"SELECT DISTINCT sha256 FROM stored_file WHERE id IN ({db.marks(len(file_ids))})"
    contents = [sha256 for (sha256,) in await db.rows(held, *file_ids)]
    await db.execute(f"DELETE FROM stored_file WHERE id IN ({db.marks(len(file_ids))})", *file_ids)
    for sha256 in contents:
        db.on_commit(partial(_delete, sha256))


async def sweep(older_than: dt.timedelta = dt.timedelta(days=1)) -> int:
    """Delete content that no file names and drafts that nobody finished: what a crash left. Returns how many."""
    latest = dt.datetime.now(dt.UTC) - older_than  # the clock that the disk goes by, which no test moves
    found = await asyncio.to_thread(_lying_about, latest.timestamp())
    deleted = 0
    for path in found:
        if path.name.startswith("draft-") or not await StoredFile.filter(sha256=path.name).exists():
            await asyncio.to_thread(path.unlink, missing_ok=True)
            deleted += 1
    return deleted


async def _delete(sha256: str) -> None:
    if not await StoredFile.filter(sha256=sha256).exists():
        await asyncio.to_thread(path_of(sha256).unlink, missing_ok=True)


def _lying_about(latest: float) -> list[Path]:
    return [path for path in _root.rglob("*") if path.is_file() and path.stat().st_mtime < latest]


def sniff(head: bytes) -> str:
    """The media type of what begins like this; text is text, anything unknown is just bytes."""
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return "application/octet-stream" if b"\0" in head else "text/plain"


async def _write_draft(chunks: AsyncIterator[bytes], largest: int) -> Path:
    _root.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="draft-", dir=_root)
    size = 0
    try:
        with os.fdopen(handle, "wb") as draft:
            async for chunk in chunks:
                size += len(chunk)
                if size > largest:
                    raise TooLarge(say("At most {largest} MB.", largest=largest // 1_000_000))
                await asyncio.to_thread(draft.write, chunk)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _head(draft: Path) -> bytes:
    with draft.open("rb") as source:
        return source.read(512)


def _rewrite_image(draft: Path) -> None:
    """Decode and encode again: what is not pixels (position, camera, hidden payload) does not survive."""
    try:
        with Image.open(draft) as image:
            kind = image.format or ""
            if image.width * image.height > LARGEST_IMAGE:
                raise Invalid({"file": say("The picture is too large.")})
            pixels = ImageOps.exif_transpose(image).convert("RGB" if kind == "JPEG" else "RGBA")
            fresh = io.BytesIO()
            Image.frombytes(pixels.mode, pixels.size, pixels.tobytes()).save(fresh, kind)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Invalid({"file": say("The picture is damaged.")}) from error
    draft.write_bytes(fresh.getvalue())


def _settle(draft: Path) -> tuple[str, int]:
    """Move the draft to the place its hash names; the same content is kept once."""
    with draft.open("rb") as source:
        sha256 = hashlib.file_digest(source, "sha256").hexdigest()
        os.fsync(source.fileno())
    place = path_of(sha256)
    place.parent.mkdir(parents=True, exist_ok=True)
    size = draft.stat().st_size
    os.replace(draft, place)
    return sha256, size
