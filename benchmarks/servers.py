"""Servers in processes of their own, and a client that costs little beside them."""

import http.client
import json
import re
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.centre import ROOT
from benchmarks.serving import Recorded

PATIENCE = 30
# What a browser sends when somebody follows a link.
HEADERS = {
    "Connection": "keep-alive",
    "Sec-CH-UA": '"Chromium";v="156", "Not=A?Brand";v="24"',
    "Sec-CH-UA-Mobile": "?1",
    "Sec-CH-UA-Platform": '"Android"',
    "Upgrade-Insecure-Requests": "1",
    "User-Agent": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-User": "?1",
    "Sec-Fetch-Dest": "document",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "vi-VN,vi;q=0.9,en;q=0.8",
}
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


class Used(NamedTuple):
    """Processor nanoseconds so far: of the server process, and of the database's processes that work for it."""

    ours: int
    database: int


class Slice(NamedTuple):
    """What some time of asking for one thing came to; the latencies are sorted, in seconds."""

    seconds: float
    latencies: list[float]
    ours: float
    database: float

    @property
    def count(self) -> int:
        return len(self.latencies)


class Server:
    """`python -m benchmarks.serving <what>` on a free port; what it logs lies in the folder."""

    def __init__(self, what: str, environment: Mapping[str, str], folder: Path) -> None:
        self.port = _free_port()
        self._log = folder / f"{what}-{self.port}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.serving", what],
                cwd=ROOT,
                env={**environment, "PORT": str(self.port)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> "Server":
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            try:
                self.tell("usage")
            except OSError:
                time.sleep(0.05)
            else:
                return self
        self.__exit__()
        sys.exit(f"A server did not start:\n{self._log.read_text(encoding='utf-8')[-2000:]}")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def tell(self, act: str) -> bytes:
        """Ask for an act of `benchmarks.serving`; its answer."""
        return self.get(f"/-benchmark/{act}").body

    def get(self, path: str, headers: Mapping[str, str] = HEADERS) -> Recorded:
        """One answer, with the headers that the application made."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=dict(headers))
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        own = [(name.lower().encode(), value.encode()) for name, value in answer.getheaders()]
        return Recorded(answer.status, [one for one in own if one[0] not in (b"date", b"connection")], body)

    def used(self) -> Used:
        """What it has used so far."""
        told = json.loads(self.tell("usage"))
        return Used(told["used"], sum(map(_used_by, told["backends"])))

    def drive(self, path: str, headers: Mapping[str, str], status: int, seconds: float, connections: int) -> Slice:
        """Ask over some connections for some time, each time for the next as soon as the one before is there."""
        sent = _request(path, headers)
        expected = b"HTTP/1.1 %d " % status
        sockets = [socket.create_connection(("127.0.0.1", self.port), PATIENCE) for _ in range(connections)]
        before = self.used()
        try:
            begun = time.perf_counter()
            latencies = _drive(sockets, sent, expected, begun + seconds)
            took = time.perf_counter() - begun
        finally:
            for each in sockets:
                each.close()
        after = self.used()
        count = len(latencies)
        ours, database = after.ours - before.ours, after.database - before.database
        return Slice(took, sorted(latencies), ours / count / 1000, database / count / 1000)


def _drive(sockets: list[socket.socket], sent: bytes, expected: bytes, end: float) -> list[float]:
    """The latency of each answer until `end`; those that are under way then are waited for."""
    latencies: list[float] = []
    begun: dict[socket.socket, float] = {}
    with selectors.DefaultSelector() as selector:
        for each in sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(each, selectors.EVENT_READ)
            begun[each] = time.perf_counter()
            each.sendall(sent)
        while begun:
            for key, _ in selector.select(PATIENCE):
                one = key.fileobj
                assert isinstance(one, socket.socket)
                _receive(one, expected)
                now = time.perf_counter()
                latencies.append(now - begun.pop(one))
                if now < end:
                    begun[one] = now
                    one.sendall(sent)
    return latencies


def _receive(one: socket.socket, expected: bytes) -> None:
    """Read one answer to its end; leaves when it is not what was expected."""
    told = one.recv(262_144)
    while b"\r\n\r\n" not in told:
        told += _more(one)
    if not told.startswith(expected):
        sys.exit(f"{expected!r} was expected, and came: {told[:300]!r}")
    head = told.index(b"\r\n\r\n")
    length = _LENGTH.search(told, 0, head)
    missing = head + 4 + (int(length[1]) if length else 0) - len(told)
    while missing > 0:
        missing -= len(_more(one))


def _more(one: socket.socket) -> bytes:
    read = one.recv(262_144)
    if not read:
        sys.exit("The server closed a connection in the middle of an answer.")
    return read


def _request(path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _used_by(pid: int) -> int:
    """Processor nanoseconds of a process that has one thread; 0 where that is not known."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
