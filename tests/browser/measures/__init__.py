"""What is measured inside the page: a function in a file each, that gives a list of sentences."""

from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def nothing(found: list[str]) -> None:
    """Fail with every sentence that was found."""
    assert not found, "\n".join(["", *found])


def measured(page: Page, name: str, argument: Any = None) -> Any:
    """What the function in `<name>.js` gives on this page."""
    return page.evaluate((Path(__file__).parent / f"{name}.js").read_text(), argument)


def unfold(page: Page) -> None:
    """Open everything that is folded away, but no menu: it would lie over the rest."""
    page.evaluate("() => { for (const one of document.querySelectorAll('details:not(.menu)')) one.open = true; }")


def axe(page: Page, within: str = "") -> list[str]:
    """What axe finds on the page (or inside one element), a sentence each; contrast also where it cannot tell."""
    page.evaluate(AXE_SCRIPT)
    options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations", "incomplete"]}
    result = page.evaluate("([within, options]) => axe.run(within || document, options)", [within, options])
    unsure = [
        node["target"][-1] for rule in result["incomplete"] if rule["id"] == "color-contrast" for node in rule["nodes"]
    ]
    return _told(result["violations"]) + list(measured(page, "contrast", unsure))


def _told(rules: list[dict[str, Any]]) -> list[str]:
    return [
        f"{rule['id']}: {node['html'][:150]} ({node['any'][0]['message'] if node['any'] else rule['help']})"
        for rule in rules
        for node in rule["nodes"]
    ]
