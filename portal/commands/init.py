"""`python -m portal init`: found a real centre in an empty database."""

import click

from portal.access import founding
from portal.commands import house, run, settings


@click.command()
@click.option("--admin", required=True, metavar="EMAIL", help="Who becomes the first administrator.")
@click.option("--name", default="Schoolyard", show_default=True, help="The centre's name.")
@click.option("--branch", default="Main branch", show_default=True, help="The first branch's name.")
def init(admin: str, name: str, branch: str) -> None:
    """Found a centre, and invite its first administrator."""
    run(_init(admin, name, branch))


async def _init(admin: str, name: str, branch: str) -> None:
    config = settings()
    async with house(config, migrate=True):
        path = await founding.found(admin, name=name, branch=branch, time_zone=config.time_zone, locale=config.locale)
    click.echo(f"{name} is founded. The administrator chooses a password here, within 7 days:")
    click.echo(f"  {config.public_url}{path}")
    click.echo("Then: python -m portal serve")


commands = [init]
