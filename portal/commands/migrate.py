"""`python -m portal migrate`: bring the database up to this release."""

import click

from portal.commands import run, settings
from portal.db import migrations


@click.command()
def migrate() -> None:
    """Bring the database up to this release; does nothing when it is."""
    run(_migrate())


async def _migrate() -> None:
    if not await migrations.migrate(settings().database_url, tell=lambda name: click.echo(f"  migrated {name}")):
        click.echo("The database is up to date.")


commands = [migrate]
