"""The page benchmark measures: real servers, a few requests, and numbers that can be right."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands.server import ROOT


@pytest.fixture(params=["sqlite", "postgres"])
def told(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, Any]]:
    """What the command prints for one database, and what it writes for programs."""
    if request.param == "postgres":
        request.getfixturevalue("postgres_server")
    out = tmp_path / "told.json"
    size = ["--seconds", "0.4", "--slices", "1", "--connections", "2", "--scores", "900", "--few", "700"]
    command = [sys.executable, "-m", "benchmarks", "pages", "--database", request.param, *size, "--json", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(out.read_text())[request.param]


def test_every_page_is_measured_against_its_own_floor(told: tuple[str, dict[str, Any]]) -> None:
    printed, found = told
    print(printed)
    cases = {(one["page"], one["variant"]): one for one in found["pages"]}
    assert {page for page, _ in cases} == {"grades", "home", "search"}
    for page, variant in cases:
        assert f"{page:8}{variant}" in printed
    for page in ("grades", "home"):
        fresh, kept, same = (cases[page, variant] for variant in ("fresh", "kept", "304"))
        assert kept["bytes"] == fresh["bytes"] > 1000
        assert same["bytes"] == 0
        # A page that is made costs more statements and more than one that is kept, on any machine.
        assert fresh["statements"] > kept["statements"]
        assert fresh["page_us"] > kept["page_us"]
    for one in cases.values():
        assert one["page_us"] > 0
        assert one["floor_us"] > 0
        assert one["ratio"] == pytest.approx(one["floor_us"] / one["page_us"])
    assert all(ratio > 0 for ratio in found["growth"].values())
