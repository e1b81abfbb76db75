"""`python -m portal serve` and `run`: the server, for a real centre and for the demo."""

import atexit
import os
import shutil
import socket
import tempfile
from typing import Any

import click
import uvicorn

from portal.access import showing
from portal.commands import fail, house, run, settings
from portal.settings import Settings
from portal.web import logs, origins

# How we are served; benchmarks serve what they compare us with in the same way.
UVICORN: dict[str, Any] = {
    "log_config": logs.CONFIG,
    "access_log": False,
    "server_header": False,
    "timeout_graceful_shutdown": 10,
    "ws_max_size": 131072,
    "ws_per_message_deflate": False,
}


@click.command()
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; above one needs PORTAL_REDIS_URL.")
def serve(workers: int | None) -> None:
    """Serve the centre. Refuses to start on a database that is not migrated."""
    config = settings()
    _is_free(config)
    run(_check(config))
    _serve(config, workers or config.workers)


@click.command(name="run")
def run_demo() -> None:
    """The demo: migrate, fill an empty database with the demo centre, say how to sign in, serve."""
    from portal.commands import demo

    config = settings()
    _is_free(config)
    run(demo.prepare(config))
    _serve(config, config.workers)


async def _check(config: Settings) -> None:
    async with house(config, founded=True):
        if config.is_open and await showing.is_known():
            fail(
                "This is the demo with passwords that everybody knows, and other machines can reach this server."
                " `python -m portal run` replaces and prints them."
            )


def _serve(config: Settings, workers: int) -> None:
    if workers > 1 and not config.redis_url:
        fail("More than one worker needs PORTAL_REDIS_URL: the workers tell each other through Redis.")
    if not config.limits:
        click.echo("PORTAL_LIMITS=off: attempts are not limited. For benchmarks only.", err=True)
    if workers > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        # Whichever worker is asked for /metrics tells of all of them (decision 0011).
        counts = tempfile.mkdtemp(prefix="schoolyard-metrics-")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = counts
        atexit.register(shutil.rmtree, counts, ignore_errors=True)
    click.echo(f"Schoolyard is open at {_address(config)}  (Ctrl-C closes it)")
    if config.is_open and not config.secure and origins.lan_address():
        click.echo(f"On this network: http://{origins.lan_address()}:{config.port}")
    uvicorn.run("asgi:app", host=config.host, port=config.port, workers=workers, **UVICORN)


def _is_free(config: Settings) -> None:
    """Leave with a sentence when another program has the port, or the host is not ours."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as error:
            fail(f"HOST={config.host} PORT={config.port} cannot be opened: {error.strerror}. Another PORT may be free.")


def _address(config: Settings) -> str:
    """What to type into a browser here: nobody can visit 0.0.0.0."""
    return config.public_url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


commands = [serve, run_demo]
