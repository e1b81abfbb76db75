"""Uploads: by content, by size, without what is not pixels."""

import io

import pytest
from PIL import Image

from portal import db, files
from portal.errors import Invalid, NotFound, TooLarge
from portal.scope import Scope

LAN = Scope(account_id=1)


@pytest.fixture(autouse=True)
def media(tmp_path):
    files.configure(tmp_path / "media")
    yield tmp_path / "media"
    files.configure(tmp_path)


async def chunks(content: bytes, size: int = 1000):
    for start in range(0, len(content), size):
        yield content[start : start + size]


def photo(kind: str = "JPEG", **more) -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (40, 20), "green").save(picture, kind, **more)
    return picture.getvalue()


async def test_the_bytes_are_kept_under_their_hash_once(database, media):
    first = await files.receive(LAN, chunks(b"hello"), "a.txt", largest=100)
    second = await files.receive(LAN, chunks(b"hello"), "b.txt", largest=100)
    assert first.sha256 == second.sha256
    assert files.path_of(first.sha256).read_bytes() == b"hello"
    assert len([path for path in media.rglob("*") if path.is_file()]) == 1


async def test_the_type_is_what_it_is_not_what_it_claims(database):
    file = await files.receive(LAN, chunks(photo("PNG")), "report.pdf", largest=10_000)
    assert file.media_type == "image/png"
    script = await files.receive(LAN, chunks(b"<script>alert(1)</script>"), "cat.png", largest=10_000)
    assert script.media_type == "text/plain"
    assert script.media_type not in files.SHOWN_INLINE


async def test_a_file_over_the_limit_leaves_nothing(database, media):
    with pytest.raises(TooLarge):
        await files.receive(LAN, chunks(b"x" * 5000), "big", largest=4000)
    assert [path for path in media.rglob("*") if path.is_file()] == []
    assert await db.value("SELECT COUNT(*) FROM stored_file") == 0


async def test_an_empty_file_and_a_wrong_kind_are_refused(database):
    with pytest.raises(Invalid):
        await files.receive(LAN, chunks(b""), "none", largest=10)
    with pytest.raises(Invalid):
        await files.receive(LAN, chunks(b"hello"), "a.zip", largest=100, only=("application/zip",))


async def test_where_a_photo_was_taken_does_not_survive(database):
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    sent = photo(exif=exif)
    assert b"a secret place" in sent
    file = await files.receive(LAN, chunks(sent), "photo.jpg", largest=100_000)
    kept = files.path_of(file.sha256).read_bytes()
    assert b"a secret place" not in kept
    assert Image.open(io.BytesIO(kept)).size == (40, 20)


async def test_what_hides_behind_a_picture_does_not_survive(database):
    file = await files.receive(LAN, chunks(photo("PNG") + b"<?php hidden ?>"), "photo.png", largest=100_000)
    assert b"hidden" not in files.path_of(file.sha256).read_bytes()


@pytest.mark.parametrize("content", [photo()[:200], b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
async def test_a_damaged_picture_is_refused(database, media, content):
    with pytest.raises(Invalid):
        await files.receive(LAN, chunks(content), "photo", largest=100_000)
    assert [path for path in media.rglob("*") if path.is_file()] == []


async def test_a_picture_too_large_to_open_is_refused(database, monkeypatch):
    monkeypatch.setattr(files, "LARGEST_IMAGE", 500)
    with pytest.raises(Invalid):
        await files.receive(LAN, chunks(photo()), "photo.jpg", largest=100_000)


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\Windows\\cat.png", "a/b/../c", "\0", "x" * 5000, ""])
async def test_a_hostile_name_is_only_a_name(database, media, name):
    file = await files.receive(LAN, chunks(b"hello"), name, largest=100)
    assert "/" not in file.name
    assert "\\" not in file.name
    assert 1 <= len(file.name) <= 200
    assert files.path_of(file.sha256).is_relative_to(media)


async def test_a_file_is_taken_by_one_record_only(database):
    file = await files.receive(LAN, chunks(b"hello"), "a.txt", largest=100)
    async with db.transaction():
        await files.take(file, "import_run", 1)
    with pytest.raises(NotFound):
        async with db.transaction():
            await files.take(file, "import_run", 2)
