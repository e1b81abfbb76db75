"""Text that leaves the house in a table."""

import pytest

from portal.text import defused


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        '=HYPERLINK("http://evil.example")',
        "+84 912 345 678",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u00a0=1",
        "\ufeff=1",
        "＝1+1",
        "-",
        "+1,234,567",
    ],
)
def test_what_a_spreadsheet_would_reckon_is_marked_as_text(cell):
    assert defused(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "Lan", "a=b", "8,5", "-8.5", "+3", "12", "'=1", "Nguyễn Thị Ánh", "1-2"])
def test_everything_else_stays_as_it_is(cell):
    assert defused(cell) == cell
