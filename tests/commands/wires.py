"""The outside world of a server: a mailbox that takes its time, a wire to the database that can be cut."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from aiosmtpd.controller import Controller

from tests.commands.server import free_port


class Mailbox:
    """An SMTP server that needs `seconds` for each letter."""

    def __init__(self, *, seconds: float) -> None:
        self.taken: list[str] = []
        self.begun = threading.Event()
        self._seconds = seconds
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self.url = f"smtp://127.0.0.1:{self._controller.port}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Called by aiosmtpd when a letter has come."""
        self.begun.set()
        await asyncio.sleep(self._seconds)
        self.taken += envelope.rcpt_tos
        return "250 taken"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


class Proxy:
    """A port that leads to another server as long as the wire is whole."""

    def __init__(self, host: str, port: int) -> None:
        self._goal = (host, port)
        self._whole = True
        self._ends: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @classmethod
    @contextlib.contextmanager
    def to(cls, url: str) -> Iterator[Self]:
        """A proxy to the server of a PostgreSQL address."""
        parts = urlsplit(url)
        proxy = cls(parts.hostname or "127.0.0.1", parts.port or 5432)
        try:
            yield proxy
        finally:
            proxy.cut()
            proxy._door.close()

    @staticmethod
    @contextlib.contextmanager
    def held_open(port: int, *, many: int) -> Iterator[None]:
        """Connections to a server that say nothing and stay."""
        with contextlib.ExitStack() as stack:
            for _ in range(many):
                one = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
                one.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                one.recv(65536)
            yield

    def through(self, url: str) -> str:
        """The address by way of this proxy."""
        parts = urlsplit(url)
        user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        return urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{self.port}"))

    def cut(self) -> None:
        """Break every connection and take no new one."""
        self._whole = False
        ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def mend(self) -> None:
        """Let connections through again."""
        self._whole = True

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            if not self._whole:
                near.close()
                continue
            far = socket.create_connection(self._goal)
            self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
