"""What is measured inside the page: a function in a file each, that gives a list of sentences."""

from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def nothing(found: list[str]) -> None:
    """Fail with every sentence that was found."""
    assert not found, "\n".join(["", *found])


def measured(page: Page, name: str) -> Any:
    """What the function in `<name>.js` gives on this page."""
    return page.evaluate((Path(__file__).parent / f"{name}.js").read_text())


def unfold(page: Page) -> None:
    """Open everything that is folded away, but no menu: it would lie over the rest."""
    page.evaluate("() => { for (const one of document.querySelectorAll('details:not(.menu)')) one.open = true; }")


def axe(page: Page, within: str = "") -> list[str]:
    """What axe finds on the page (or inside one element); colours also where it cannot tell by itself."""
    page.evaluate(AXE_SCRIPT)
    result = _run(page, within, {"type": "tag", "values": TAGS})
    found = _told(result["violations"])
    if any(rule["id"] == "color-contrast" for rule in result["incomplete"]):
        measured(page, "contrast")
        again = _run(page, within, {"type": "rule", "values": ["color-contrast"]})
        # Of figures in a drawing axe never can tell.
        found += [one for one in _told(again["violations"]) + _told(again["incomplete"]) if "<text " not in one]
    return found


def _run(page: Page, within: str, only: dict[str, Any]) -> Any:
    options = {"runOnly": only, "resultTypes": ["violations", "incomplete"]}
    return page.evaluate("([within, options]) => axe.run(within || document, options)", [within, options])


def _told(rules: list[dict[str, Any]]) -> list[str]:
    return [
        f"{rule['id']}: {node['html'][:150]} ({node['any'][0]['message'] if node['any'] else rule['help']})"
        for rule in rules
        for node in rule["nodes"]
    ]
