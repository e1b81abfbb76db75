"""The pictures in docs/screens: all there, light, and new only when one sees it."""

import io

from PIL import Image, ImageDraw

from tools import screens

HEAVIEST = 150_000


def picture(text: str, *, down: int = 0) -> bytes:
    """A small sheet with a word on it."""
    sheet = Image.new("RGB", (120, 40), "white")
    ImageDraw.Draw(sheet).text((10, 10 + down), text, fill="black")
    kept = io.BytesIO()
    sheet.save(kept, "PNG")
    return kept.getvalue()


def test_every_picture_is_there_and_light():
    named = {
        f"{name}-{kind}-{theme}.png"
        for name in screens.PAGES
        for kind in ("phone", "desktop")
        for theme in ("light", "dark")
    }
    there = {file.name: file.stat().st_size for file in screens.FOLDER.glob("*.png")}
    assert set(there) == named
    assert max(there.values()) < HEAVIEST


def test_a_picture_is_new_when_one_sees_it_and_not_when_letters_sit_a_dot_lower(tmp_path):
    file = tmp_path / "sheet.png"
    assert screens.differs(file, picture("Home"))
    file.write_bytes(picture("Home"))
    assert not screens.differs(file, picture("Home"))
    assert not screens.differs(file, picture("Home", down=1))
    assert screens.differs(file, picture("Grades"))


def test_a_picture_in_few_colours_looks_the_same():
    full = picture("Home")
    small = screens.small(full)
    assert len(small) < len(full)
    assert (
        Image.open(io.BytesIO(small)).convert("RGB").tobytes() == Image.open(io.BytesIO(full)).convert("RGB").tobytes()
    )
