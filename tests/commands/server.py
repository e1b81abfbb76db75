"""A Schoolyard in a process of its own, as an operator has it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 30


class Server:
    """`python -m portal <arguments>` on a free port; its output goes to `log`."""

    def __init__(self, arguments: Sequence[str], settings: dict[str, str], log: Path) -> None:
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "portal", *arguments],
                cwd=ROOT,
                env=os.environ | {"PORT": str(self.port), "PYTHONUNBUFFERED": "1"} | settings,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ready(self) -> "Server":
        """Wait until it answers."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.process.poll() is None, self.told
            try:
                if self.get("/healthz").status_code == 200:
                    return self
            except httpx2.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"The server does not answer:\n{self.told}")

    def get(self, path: str, **more: Any) -> httpx2.Response:
        return httpx2.get(self.origin + path, timeout=PATIENCE, **more)

    def post(self, path: str, **more: Any) -> httpx2.Response:
        headers = {"Origin": self.origin} | more.pop("headers", {})
        return httpx2.post(self.origin + path, headers=headers, timeout=PATIENCE, **more)

    def sign_in(self, login: str, password: str = "schoolyard") -> dict[str, str]:
        """Sign in; the session's cookie."""
        answer = self.post("/sign-in", data={"login": login, "password": password})
        assert answer.status_code == 303, answer.text
        return {"session": answer.cookies["session"]}

    def stop(self) -> int:
        """SIGTERM, as systemd and containers do; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """SIGKILL for it and its workers."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def leave(self) -> int:
        """Wait until it ends by itself; the exit status."""
        return self.process.wait(PATIENCE)

    @property
    def told(self) -> str:
        """Everything it printed and logged so far."""
        return self.log.read_text(encoding="utf-8")


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
