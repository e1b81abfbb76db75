"""Macros that remember what they wrote give it only to who tells them the same."""

from pathlib import Path

from markupsafe import Markup

from portal.web.assets import Assets
from portal.web.templating import environment

STATIC = Path(__file__).parents[2] / "static"


def test_text_is_escaped_though_markup_of_the_same_letters_was_written_before() -> None:
    table = environment("en", Assets(STATIC)).get_template("components/table.html").module
    assert "<b>An</b>" in table.cell("Name", Markup("<b>An</b>"))  # type: ignore[attr-defined]
    assert "&lt;b&gt;An&lt;/b&gt;" in table.cell("Name", "<b>An</b>")  # type: ignore[attr-defined]


def test_a_number_is_not_taken_for_a_yes() -> None:
    table = environment("en", Assets(STATIC)).get_template("components/table.html").module
    assert "True" in table.cell("Is it", True)  # type: ignore[attr-defined]
    assert ">1<" in table.cell("Is it", 1)  # type: ignore[attr-defined]
