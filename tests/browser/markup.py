"""The source of a page read strictly, as no browser does: whatever is opened is closed, and stands where it may."""

from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
DRAWN = frozenset({"path", "circle", "rect", "line", "polyline", "polygon", "ellipse"})
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "details", "dialog", "div", "dl", "fieldset", "figure", "footer"}
    | {"form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section"}
    | {"table", "ul"}
)
HOLD_WORDS = frozenset(
    {"p", "span", "h1", "h2", "h3", "h4", "h5", "h6", "button", "label", "strong", "em", "small", "dt"}
)
CHILDREN = {
    "ul": {"li", "script", "template"},
    "ol": {"li", "script", "template"},
    "dl": {"div", "dt", "dd"},
    "tr": {"td", "th"},
    "select": {"option", "optgroup", "hr"},
}


def faults(source: str) -> list[str]:
    """What is wrong, a sentence each with its line."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    if reader.open:
        reader.say(f"never closed: {', '.join(reader.open)}")
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[str] = []

    def say(self, sentence: str) -> None:
        self.found.append(f"line {self.getpos()[0]}: {sentence}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        for name in {name for name in names if names.count(name) > 1}:
            self.say(f"<{tag}> says {name} twice")
        parent = self.open[-1] if self.open else ""
        if parent in CHILDREN and tag not in CHILDREN[parent]:
            self.say(f"<{tag}> in <{parent}>")
        if tag in BLOCKS and "svg" not in self.open:
            for holder in HOLD_WORDS & set(self.open):
                self.say(f"<{tag}> in <{holder}>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID | DRAWN and "svg" not in self.open:
            self.say(f"<{tag}/> closes nothing in HTML")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            self.say(f"</{tag}> closes what cannot be open")
        elif not self.open or self.open[-1] != tag:
            self.say(f"</{tag}> while {self.open[-1] if self.open else 'nothing'} is open")
            if tag in self.open:
                del self.open[len(self.open) - 1 - self.open[::-1].index(tag) :]
        else:
            self.open.pop()
