"""A centre of its own, served by a process of its own at a fixed moment: for tests in a browser and for pictures."""

import datetime as dt
import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
ZONE = dt.timezone(dt.timedelta(hours=7))
# A Tuesday evening in term, with lessons over, under way and still to come.
MOMENT = dt.datetime(2026, 11, 24, 18, 10, tzinfo=ZONE)
SEED = 2026
PASSWORD = "schoolyard"
START_SECONDS = 60

# Any command of the product, by a clock that is moved.
_MOVED = (
    "import sys; from portal import clock, commands\nwith clock.moved(seconds=float(sys.argv.pop(1))): commands.main()"
)


class House:
    """The demo centre, or with `demo=False` one that is only founded, on a port of its own until `close`."""

    def __init__(
        self,
        folder: Path,
        *,
        demo: bool = True,
        students: int = 40,
        moment: dt.datetime = MOMENT,
        settings: dict[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.file = folder / "portal.sqlite3"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ids: dict[str, int | str] = {}
        self.signed_in: dict[str, Any] = {}
        self.moment = moment
        self._settings = settings or {}
        self._began = time.time()
        if demo:
            today = moment.date().isoformat()
            self.command("demo", "--students", str(students), "--seed", str(SEED), "--today", today)
            self._learn_ids()
        else:
            said = self.command("init", "--admin", "admin@example.com", "--name", "Anh ngữ Sân Trường")
            self.ids["invitation"] = said.split("/invitation/")[1].split()[0]
        self._log = (folder / "log").open("w+b")
        self._server: subprocess.Popen[bytes] | None = None

    def command(self, *words: str) -> str:
        """Run a command of the product on this centre; what it said."""
        done = subprocess.run(
            self._line(*words), cwd=ROOT, env=self._environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"python -m portal {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def serve(self) -> "House":
        """Open the doors, and wait until they are open."""
        self._server = subprocess.Popen(
            self._line("serve"), cwd=ROOT, env=self._environment(), stdout=self._log, stderr=self._log
        )
        end = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self._server.poll() is not None or time.monotonic() > end:
                self.close()
                raise RuntimeError(f"the server does not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.05)
        return self

    def close(self) -> None:
        """Close the doors."""
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(5)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait(5)
        self._log.close()

    def write(self, sql: str, *args: object) -> int:
        """Change a row behind the server's back; the id of a new one."""
        connection = sqlite3.connect(self.file, timeout=20)
        try:
            with connection:
                return connection.execute(sql, args).lastrowid or 0
        finally:
            connection.close()

    def rows(self, sql: str, *args: object) -> list[tuple[object, ...]]:
        """Read from the database."""
        connection = sqlite3.connect(self.file, timeout=20)
        try:
            return connection.execute(sql, args).fetchall()
        finally:
            connection.close()

    def set_look(self, who: str, language: str, theme: str) -> None:
        """What somebody has chosen on their profile."""
        self.write("UPDATE account SET language = ?, theme = ? WHERE email = ?", language, theme, f"{who}@example.com")

    def _learn_ids(self) -> None:
        """Numbers for addresses: `{minh}` is the student, `{minh_person}` the person, `{lan_account}` the account."""
        for key, name in (("minh", "Minh"), ("chi", "Chi"), ("bao", "Bảo")):
            person, student = self.rows(_CHILD, name)[0]
            self.ids |= {key: int(str(student)), f"{key}_person": int(str(person))}
        self.ids["bao_guardian"] = int(
            str(self.rows("SELECT id FROM guardian WHERE student_id = ?", self.ids["bao"])[0][0])
        )
        for account, person, email in self.rows(
            "SELECT id, person_id, email FROM account WHERE email LIKE '%@example.com'"
        ):
            key = str(email).partition("@")[0]
            self.ids |= {f"{key}_account": int(str(account)), f"{key}_person": int(str(person))}

    def _line(self, *words: str) -> list[str]:
        shift = self.moment.timestamp() - self._began
        return [sys.executable, "-c", _MOVED, str(shift), *words]

    def _environment(self) -> dict[str, str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("PORTAL_") and name != "HOST"}
        return kept | {
            "PORT": str(self.port),
            "PORTAL_DATABASE_URL": f"sqlite:///{self.file}",
            "PORTAL_MEDIA": str(self.folder / "media"),
            "PORTAL_SECRET": "of the tests in a browser, and of nothing else",
            **self._settings,
        }

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


# The cast's children are the first of their name.
_CHILD = "SELECT p.id, s.id FROM person p JOIN student s ON s.person_id = p.id WHERE p.given_name = ? ORDER BY p.id"


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
