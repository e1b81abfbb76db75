"""`python -m portal backup` and `restore`: the whole house in one file, and a house from that file."""

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click

from portal.backup import Unusable, making, restoring
from portal.backup.manifest import Manifest
from portal.commands import fail, house, run, settings
from portal.commands.progress import Bar
from portal.settings import Settings

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=FILE)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
def backup(file: Path, overwrite: bool) -> None:
    """Write the database and the uploads into FILE, while the server runs.

    FILE holds everything but the secret: keep it as you keep the centre's papers.
    """
    config = settings()
    run(_stoppable(_backup(config, file, overwrite)))


@click.command()
@click.argument("file", type=FILE)
@click.option("--check", is_flag=True, help="Only read FILE through and say whether it is whole.")
@click.option("--expect", default="", metavar="FINGERPRINT", help="Refuse FILE unless this is its fingerprint.")
@click.option(
    "--moving",
    is_flag=True,
    help="The old server was stopped before the backup: send the letters that wait, leave invitations open.",
)
def restore(file: Path, check: bool, expect: str, moving: bool) -> None:
    """Make a house from FILE, in an empty database: of SQLite or PostgreSQL, whichever FILE was made on.

    All sessions are ended, invitations and password links too; letters that waited are not sent again.
    """
    config = settings()
    run(_stoppable(_check(file, expect) if check else _restore(config, file, expect, moving)))


async def _backup(config: Settings, file: Path, overwrite: bool) -> None:
    bar = Bar()
    async with house(config):
        try:
            made = await making.make(file, overwrite=overwrite, tell=bar)
        finally:
            bar.close()
        for table in await making.strangers():
            click.echo(f"Left out: the table {table}, which is not Schoolyard's.", err=True)
    click.echo(f"{file}: {_told(made)}, {file.stat().st_size:,} bytes")
    click.echo(f"Fingerprint: {made.fingerprint}")


async def _check(file: Path, expect: str) -> None:
    bar = Bar()
    try:
        with await restoring.opened(file, expect=expect, tell=bar) as archive:
            made = archive.manifest
    finally:
        bar.close()
    click.echo(f"{file} is whole: {_told(made)}, made {made.made_at:%Y-%m-%d %H:%M} UTC on {made.dialect}")
    click.echo(f"Fingerprint: {made.fingerprint}")


async def _restore(config: Settings, file: Path, expect: str, moving: bool) -> None:
    bar = Bar()
    try:
        with await restoring.opened(file, expect=expect, tell=bar) as archive:
            async with house(config):
                renewed = await restoring.restore(archive, moving=moving, tell=bar)
            made = archive.manifest
    finally:
        bar.close()
    click.echo(f"Restored and proven: {_told(made)}, as they were on {made.made_at:%Y-%m-%d %H:%M} UTC.")
    for what, number in renewed.items():
        click.echo(f"  {number:>6,} {what}")
    click.echo("Everybody signs in again, with the password of that day. Then: python -m portal serve")


def _told(made: Manifest) -> str:
    return f"{made.rows:,} rows in {len(made.tables)} tables, {made.files.number:,} uploads"


async def _stoppable(work: Coroutine[Any, Any, None]) -> None:
    """Do it; what cannot be done is a sentence, and SIGTERM stops it as Ctrl-C does, leaving nothing behind."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await task
    except Unusable as no:
        fail(str(no))
    except asyncio.CancelledError:
        fail("Stopped. Nothing was left behind.")


commands = [backup, restore]
