"""Makes .venv with the packages of a lock file; does nothing when they are there.

Runs on the Python of the machine, before anything is installed: standard library only.
"""

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
from collections import deque
from pathlib import Path

HOME = Path(".venv")
PYTHON = HOME / "bin" / "python"
# Each holds the other's packages too: what tests need contains what the product needs.
LOCKS = ("requirements.lock", "requirements-dev.lock")


def main(lock: Path) -> None:
    """Bring .venv up to `lock`."""
    # Two makes at once: the second waits here, and then finds everything done.
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not _is_done(lock):
            _make_home()
            _install(lock)
            _stamp(lock).write_text(_wanted(lock))


def _is_done(lock: Path) -> bool:
    larger = [Path(name) for name in LOCKS[LOCKS.index(lock.name) :]]
    stamped = any(_stamp(one).exists() and _stamp(one).read_text() == _wanted(one) for one in larger)
    return stamped and _works()


def _stamp(lock: Path) -> Path:
    return HOME / f".{lock.stem}.done"


def _wanted(lock: Path) -> str:
    """What the stamp says when it is true: these packages, in this place."""
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {HOME.absolute()}\n"


def _works() -> bool:
    if not PYTHON.exists():
        return False
    asked = [str(PYTHON), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def _make_home() -> None:
    if _works():
        return
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        sys.exit(
            f"This Python ({sys.executable}) comes without venv and pip. On Debian and Ubuntu: apt install python3-venv"
        )
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Making {HOME} with Python {version} ...", flush=True)
    shutil.rmtree(HOME, ignore_errors=True)
    venv.create(HOME, with_pip=True, symlinks=True)


def _install(lock: Path) -> None:
    total = len(re.findall(r"^[a-z0-9]", lock.read_text(), re.MULTILINE))
    print(f"Installing {total} packages of {lock} (pinned by hash) ...", flush=True)
    options = ("--no-deps", "--only-binary", ":all:", "--require-hashes", "--disable-pip-version-check", "--no-input")
    command = [str(PYTHON), "-m", "pip", "install", *options, "-r", str(lock)]
    last: deque[str] = deque(maxlen=40)
    seen = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            last.append(line)
            found = re.match(r"(?:Collecting|Requirement already satisfied:) ([^\s=;]+)", line)
            if found:
                seen += 1
                _show(f"[{seen}/{total}] {found[1]}", whole=seen % 10 == 0)
            elif line.startswith("Installing collected packages"):
                _show("unpacking ...", whole=True)
    _show("", whole=False)
    if pip.returncode:
        sys.exit("".join(last) + "\nThe packages could not be installed; above is what pip said.")


def _show(text: str, *, whole: bool) -> None:
    """One line that changes at a terminal; in a log, a line now and then."""
    if sys.stdout.isatty():
        print(f"\r  {text:<60}", end="\r" if not text else "", flush=True)
    elif whole:
        print(f"  {text}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
