"""`python -m portal import oneroster`: what an operator reads."""

import re
from pathlib import Path

import pytest

from tests.commands.conftest import Command
from tests.interchange.builder import bundle, row


@pytest.fixture
def centre(command: Command) -> None:
    """A founded centre."""
    assert command("init", "--admin", "boss@school.vn").exit_code == 0


@pytest.fixture
def good(tmp_path: Path) -> str:
    """A bundle that is right."""
    return written(tmp_path, bundle())


def written(folder: Path, content: bytes) -> str:
    path = folder / "bundle.zip"
    path.write_bytes(content)
    return str(path)


@pytest.mark.usefixtures("centre")
def test_an_import_says_what_it_brought_and_a_second_one_that_all_is_the_same(command: Command, good: str) -> None:
    first = command("import", "oneroster", good)
    assert first.exit_code == 0, first.output
    assert "Imported." in first.output
    assert re.search(r"users +3 new", first.output)
    again = command("import", "oneroster", good)
    assert again.exit_code == 0
    assert " new" not in again.output
    assert "here already" in again.output
    assert re.search(r"users +3 same", again.output)


@pytest.mark.usefixtures("centre")
def test_a_dry_run_tells_the_same_and_changes_nothing(command: Command, good: str) -> None:
    for _ in range(2):
        result = command("import", "oneroster", good, "--dry-run")
        assert result.exit_code == 0
        assert "nothing was changed" in result.output
        assert re.search(r"users +3 new", result.output)


@pytest.mark.usefixtures("centre")
def test_an_error_names_file_line_and_column_and_nothing_is_imported(command: Command, tmp_path: Path) -> None:
    wrong = written(tmp_path, bundle(demographics=row("demographics", birthDate="04.05.2014")))
    result = command("import", "oneroster", wrong)
    assert result.exit_code == 1
    assert re.search(r"^demographics\.csv:2:birthDate: \S", result.stderr, re.MULTILINE)
    assert "Nothing was imported: one error." in result.stderr
    assert " new" not in command("import", "oneroster", wrong).stdout


@pytest.mark.usefixtures("centre")
@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_what_is_no_bundle_is_a_sentence(command: Command, tmp_path: Path, content: bytes) -> None:
    result = command("import", "oneroster", written(tmp_path, content))
    assert result.exit_code == 1
    assert "Nothing was imported" in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_an_import_needs_a_centre(command: Command, good: str) -> None:
    assert "portal migrate" in command("import", "oneroster", good).output
    command("migrate")
    assert "portal init" in command("import", "oneroster", good).output


def test_a_file_that_is_not_there_is_refused(command: Command) -> None:
    result = command("import", "oneroster", "nowhere.zip")
    assert result.exit_code == 2
    assert "nowhere.zip" in result.output


@pytest.mark.usefixtures("centre")
def test_the_last_import_is_taken_back_after_a_look_at_it(command: Command, good: str) -> None:
    command("import", "oneroster", good)
    look = command("import", "undo", "--preview")
    assert "Nothing was changed; this is import 1." in look.stdout
    assert re.search(r"person +3 removed, 0 put back", look.stdout)
    assert "Import 1 was taken back." in command("import", "undo").stdout
    again = command("import", "undo")
    assert again.exit_code == 1
    assert "There is no import that could be taken back." in again.stderr
