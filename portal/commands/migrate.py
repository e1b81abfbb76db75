"""`python -m portal migrate`: bring the database up to this release."""

import click

from portal.commands import run, settings
from portal.db import migrations


@click.command()
def migrate() -> None:
    """Bring the database up to this release; does nothing when it is."""
    run(_migrate())


async def _migrate() -> None:
    names: list[str] = []
    await migrations.migrate(settings().database_url, tell=names.append)
    for name in names:
        click.echo(f"  migrated {name}")
    if not names:
        click.echo("The database is up to date.")


commands = [migrate]
