"""The two commands on machines that lack something: a sentence, never a riddle."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.server import ROOT, free_port
from tools import services


def run(
    command: list[str | Path], folder: Path, *, clean: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; `clean` without what this test run has in its environment."""
    kept = {} if clean else dict(os.environ)
    return subprocess.run(command, cwd=folder, env=kept | environment, capture_output=True, text=True, check=False)


def clone(folder: Path) -> Path:
    """What of a clone makes the environment, in a folder whose name has a blank."""
    place = folder / "a clone"
    place.mkdir()
    for name in ("Makefile", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, place)
    shutil.copytree(ROOT / "tools", place / "tools")
    return place


def test_a_machine_without_python_is_told_what_is_needed(tmp_path: Path) -> None:
    place, bare = clone(tmp_path), tmp_path / "bin"
    bare.mkdir()
    for name in ("make", "sh", "echo", "test"):
        (bare / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    done = run([bare / "make", "run"], place, clean=True, PATH=str(bare))
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr


def test_a_python_without_pip_is_told_which_package_brings_it(tmp_path: Path) -> None:
    place, broken = clone(tmp_path), tmp_path / "broken"
    broken.mkdir()
    (broken / "ensurepip.py").write_text("raise ImportError('taken out by the distribution')")
    done = run([sys.executable, "tools/bootstrap.py", "requirements.lock"], place, PYTHONPATH=str(broken))
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_pip_refuses_is_shown_and_leaves_no_stamp(tmp_path: Path) -> None:
    place = clone(tmp_path)
    (place / "requirements.lock").write_text("no-such-package==1.0 --hash=sha256:" + "0" * 64 + "\n")
    done = run([sys.executable, "tools/bootstrap.py", "requirements.lock"], place, PIP_NO_INDEX="1")
    assert done.returncode == 1
    assert "no-such-package" in done.stderr
    assert not list((place / ".venv").glob(".*.done"))


def test_a_lock_that_is_installed_is_not_installed_again(tmp_path: Path) -> None:
    place = clone(tmp_path)
    (place / "requirements.lock").write_text("")
    first, second = (run([sys.executable, "tools/bootstrap.py", "requirements.lock"], place) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "Making .venv" in first.stdout
    assert second.stdout == ""
    shutil.move(place, tmp_path / "moved elsewhere")
    third = run([sys.executable, "tools/bootstrap.py", "requirements.lock"], tmp_path / "moved elsewhere")
    assert "Installing" in third.stdout


def test_the_locks_name_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "index-url" not in text
        assert "--hash=sha256:" in text
    modules = (ROOT / "tests" / "oidc" / "package-lock.json").read_text()
    assert "://" not in modules
    assert modules.count('"integrity": "sha512-') > 30


@pytest.mark.parametrize("ci", ["true", ""])
def test_in_ci_a_skipped_test_has_failed(tmp_path: Path, ci: str) -> None:
    (tmp_path / "test_one.py").write_text("import pytest\ndef test_it(): pytest.skip('no server here')\n")
    command: list[str | Path] = [sys.executable, "-m", "pytest", "-p", "tests.no_skips", "-c", "/dev/null"]
    done = run([*command, f"--rootdir={tmp_path}", tmp_path], ROOT, CI=ci)
    assert ("1 failed" in done.stdout) == bool(ci)
    assert ("nothing may be: Skipped: no server here" in done.stdout) == bool(ci)


def test_a_service_that_is_named_and_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TEST_POSTGRES", f"postgres://postgres@127.0.0.1:{free_port()}/postgres")
    monkeypatch.setenv("PORTAL_TEST_REDIS", f"redis://127.0.0.1:{free_port()}")
    monkeypatch.setenv("PORTAL_TEST_CHROMIUM", "/nowhere/chromium")
    for name, attempt in (
        ("PORTAL_TEST_POSTGRES", services.postgres().__enter__),
        ("PORTAL_TEST_REDIS", services.redis().__enter__),
        ("PORTAL_TEST_CHROMIUM", services.browser),
    ):
        with pytest.raises(services.Missing, match=name):
            attempt()
