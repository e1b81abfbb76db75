"""`make screens`: pictures of the demo centre for docs/screens, the same every time.

Phone in Vietnamese, desktop in English, each in both themes. Drawn twice as fine as a screen asks for, so that they
stay sharp where they are shown smaller, and kept in few colours, so that all of them together weigh little.
"""

import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import FLAGS
from tests.browser.desk import Desk
from tests.browser.house import House
from tests.browser.visits import DESKTOP, PHONE, Look, Visit
from tools import services

FOLDER = Path(__file__).parent.parent / "docs" / "screens"
PAGES = {
    "sign-in": Visit("", "/sign-in"),
    "home": Visit("lan", "/home"),
    "grades": Visit("lan", "/children/{minh}/grades"),
    "staff-today": Visit("mai", "/staff"),
    "people": Visit("duc", "/staff/people?q=minh"),
    "patterns": Visit("", "/patterns"),
}
TALL = {PHONE: 3200, DESKTOP: 2400}  # how much of /patterns is shown
COLOURS = 256
VISIBLE = 48  # of 255 shades
# Letters drawn the same way every time.
STEADY = ["--disable-lcd-text", "--font-render-hinting=none", "--force-color-profile=srgb"]
STUDENTS = 240


def main(arguments: list[str]) -> int:
    """Take the pictures named in `arguments`, or all; says what each weighs."""
    wanted = arguments or list(PAGES)
    if unknown := [name for name in wanted if name not in PAGES]:
        print(f"No picture is called {', '.join(unknown)}. There are: {', '.join(PAGES)}", file=sys.stderr)
        return 2
    try:
        path = services.browser()
    except services.Missing as error:
        print(f"No pictures without a browser: {error}", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="schoolyard-screens-") as folder:
        house = House(Path(folder), students=STUDENTS).serve()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *STEADY])
                for name, picture in pictures(browser, house, wanted):
                    news = differs(FOLDER / name, picture)
                    if news:
                        (FOLDER / name).write_bytes(picture)
                    print(
                        f"docs/screens/{name}  {len(picture) / 1000:.0f} kB{'' if news else ', as before'}", flush=True
                    )
                browser.close()
        finally:
            house.close()
    return 0


def pictures(browser: Browser, house: House, wanted: list[str]) -> Iterator[tuple[str, bytes]]:
    """Each picture with its file's name."""
    fine, plain = Desk(browser, house, scale=2), Desk(browser, house)
    for name in wanted:
        desk = plain if name == "patterns" else fine
        for kind, size, language in (("phone", PHONE, "vi"), ("desktop", DESKTOP, "en")):
            for theme in ("light", "dark"):
                page = desk.go(desk.fresh(PAGES[name].who, Look(language, theme, size)), PAGES[name])
                if name == "patterns":
                    page.set_viewport_size({"width": size[0], "height": TALL[size]})
                page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0); }")
                yield f"{name}-{kind}-{theme}.png", small(page.screenshot(animations="disabled", caret="hide"))
                if desk.troubles:
                    raise RuntimeError("\n".join(desk.troubles))
                desk.tidy()


def differs(file: Path, picture: bytes) -> bool:
    """Whether one would see another page: Chromium sets the same letters half a dot higher or lower, as it likes."""
    if not file.exists():
        return True
    old, new = (Image.open(source).convert("L") for source in (file, io.BytesIO(picture)))
    if old.size != new.size:
        return True
    lightest, darkest = old.filter(ImageFilter.MaxFilter(5)), old.filter(ImageFilter.MinFilter(5))
    beyond = ImageChops.lighter(ImageChops.subtract(new, lightest), ImageChops.subtract(darkest, new))
    return sum(beyond.histogram()[VISIBLE:]) > 0


def small(picture: bytes) -> bytes:
    """The picture in few colours: a page has no more, and nobody sees which shades of a letter's rim are gone."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    reduced = image.quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    packed = io.BytesIO()
    reduced.save(packed, "PNG", optimize=True)
    return packed.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
