"""The first day at a prompt: init, migrate, and what each says when it cannot."""

import io
import re

import pytest

from portal.commands.progress import Bar
from tests.commands.conftest import Command


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_a_centre_is_founded_once_and_its_administrator_invited(empty_url: str, command: Command) -> None:
    result = command(
        "init", "--admin", "Boss@School.vn", "--name", "Sân Trường", PORTAL_DATABASE_URL=empty_url, PORT="8123"
    )
    assert result.exit_code == 0, result.output
    assert re.search(r"http://127\.0\.0\.1:8123/invitation/[\w-]{43}$", result.output, re.MULTILINE)
    assert "portal serve" in result.output
    again = command("init", "--admin", "other@school.vn", PORTAL_DATABASE_URL=empty_url)
    assert again.exit_code == 1
    assert "holds a centre already" in again.output


def test_a_centre_needs_an_administrator_with_an_address(command: Command) -> None:
    assert command("init").exit_code == 2
    refused = command("init", "--admin", "boss")
    assert refused.exit_code == 1
    assert "not an email address" in refused.output
    assert command("init", "--admin", "boss@school.vn").exit_code == 0


def test_migrating_tells_each_step_and_a_second_time_that_there_is_none(command: Command) -> None:
    assert "migrated 0001" in command("migrate").output
    assert "up to date" in command("migrate").output


@pytest.mark.parametrize("arguments", [["migrate"], ["init", "--admin", "a@school.vn"], ["demo"], ["serve"], ["run"]])
@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"PORT": "high"}, "PORT"),
        ({"PORTAL_DATABASE_URL": "sqlite://portal.sqlite3"}, "PORTAL_DATABASE_URL"),
        ({"PORTAL_DATABASE_URL": "postgres://127.0.0.1:1/school"}, "PORTAL_DATABASE_URL"),
        ({"PORTAL_DATABASE_URL": "sqlite:////dev/null/school.sqlite3"}, "PORTAL_DATABASE_URL"),
    ],
)
def test_a_wrong_setting_is_a_sentence_that_names_it(
    command: Command, arguments: list[str], settings: dict[str, str], named: str
) -> None:
    result = command(*arguments, **settings)
    assert result.exit_code == 1
    assert result.output.startswith(named)
    assert isinstance(result.exception, SystemExit)


def test_a_bar_fills_one_line_at_a_terminal_and_writes_a_line_a_stage_elsewhere() -> None:
    terminal, log = Terminal(), io.StringIO()
    for stream in (terminal, log):
        bar = Bar(stream)
        for done in range(0, 1001, 100):
            bar("Writing", done, 1000)
        bar("Adding up", 3, 3)
        bar.close()
    assert terminal.getvalue().count("\n") == 2
    assert "100%  1,000 of 1,000" in terminal.getvalue()
    assert log.getvalue() == "  Writing ...\n  Adding up ...\n"
