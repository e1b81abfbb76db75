"""`python -m portal backup` and `restore`: the whole house in one file, and a house from that file."""

import signal
from pathlib import Path

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
    run(_backup(config, file, overwrite))


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
    run(_check(file, expect) if check else _restore(config, file, expect, moving))


async def _backup(config: Settings, file: Path, overwrite: bool) -> None:
    with _Stoppable() as bar:
        async with house(config):
            made = await making.make(file, overwrite=overwrite, tell=bar)
            strangers = await making.strangers()
    for table in strangers:
        click.echo(f"Left out: the table {table}, which is not Schoolyard's.", err=True)
    click.echo(f"{file}: {_told(made)}, {file.stat().st_size:,} bytes")
    click.echo(f"Fingerprint: {made.fingerprint}")


async def _check(file: Path, expect: str) -> None:
    with _Stoppable() as bar, await restoring.opened(file, expect=expect, tell=bar) as archive:
        made = archive.manifest
    click.echo(f"{file} is whole: {_told(made)}, made {made.made_at:%Y-%m-%d %H:%M} UTC on {made.dialect}")
    click.echo(f"Fingerprint: {made.fingerprint}")


async def _restore(config: Settings, file: Path, expect: str, moving: bool) -> None:
    with _Stoppable() as bar, await restoring.opened(file, expect=expect, tell=bar) as archive:
        async with house(config):
            renewed = await restoring.restore(archive, moving=moving, tell=bar)
        made = archive.manifest
    click.echo(f"Restored and proven: {_told(made)}, as they were on {made.made_at:%Y-%m-%d %H:%M} UTC.")
    for what, number in renewed.items():
        click.echo(f"  {number:>6,} {what}")
    click.echo("Everybody signs in again, with the password of that day. Then: python -m portal serve")


def _told(made: Manifest) -> str:
    return f"{made.rows:,} rows in {len(made.tables)} tables, {made.files.number:,} uploads"


class _Stoppable(Bar):
    """A bar at which the work ends when Ctrl-C or SIGTERM asked for that, and clears up behind itself.

    The work is not cancelled: when the file has its name, or the database is committed, it is too late to take back.
    What cannot be done ends in a sentence. A second signal ends the process at once.
    """

    _asked = False

    def __enter__(self) -> "_Stoppable":
        self._before = {name: signal.signal(name, self._stop) for name in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        for name, handler in self._before.items():
            signal.signal(name, handler)
        self.close()
        if isinstance(error, Unusable):
            fail(str(error))

    def __call__(self, stage: str, done: int, total: int) -> None:
        super().__call__(stage, done, total)
        if self._asked:
            raise Unusable("Stopped. Nothing was left behind.")

    def _stop(self, name: int, frame: object) -> None:
        self._asked = True
        signal.signal(name, signal.SIG_DFL)


commands = [backup, restore]
