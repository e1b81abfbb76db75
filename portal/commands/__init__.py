"""`python -m portal ...`: what is done at a prompt rather than in the browser. One module a command."""

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import click

from portal import db, files
from portal.access import secrets
from portal.db import migrations
from portal.db.address import address
from portal.errors import Invalid, Refusal
from portal.settings import Settings, read


@asynccontextmanager
async def house(settings: Settings, *, migrate: bool = False, founded: bool = False) -> AsyncIterator[None]:
    """An open database for a command, closed whatever happens; when asked, migrated first, or only with a centre."""
    if migrate:
        await migrations.migrate(settings.database_url, tell=lambda name: click.echo(f"  migrated {name}"))
    files.configure(settings.media)
    secrets.configure(settings.secret)
    await db.open(settings.database_url)
    try:
        if founded:
            await _must_be_founded()
        yield
    finally:
        await db.close()


async def _must_be_founded() -> None:
    if await migrations.pending():
        fail("The database is not up to date. Run: python -m portal migrate")
    if not await db.value("SELECT COUNT(*) FROM centre"):
        fail("There is no centre yet. Run: python -m portal init --admin EMAIL")


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a command's work; a refusal or a database out of reach is a sentence and exit status 1, no traceback."""
    try:
        asyncio.run(work)
    except Invalid as no:
        fail("\n".join([str(no), *(f"  {name}: {sentence}" for name, sentence in no.errors.items())]))
    except Refusal as no:
        fail(str(no))
    except ConnectionError as error:
        fail(str(error))


def settings() -> Settings:
    """The settings of the environment; exits with the sentence when one is wrong."""
    try:
        found = read()
        address(found.database_url)
    except ValueError as error:
        fail(str(error))
    return found


def fail(sentence: str) -> NoReturn:
    """Say what is wrong and leave with status 1."""
    click.echo(sentence, err=True)
    sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def portal() -> None:
    """Schoolyard: the front door and the staff room of an education centre."""


def gathered() -> click.Group:
    """The command line with all its commands."""
    from portal.commands import backup, demo, importing, init, migrate, serve

    for module in (init, serve, migrate, demo, importing, backup):
        for command in module.commands:
            portal.add_command(command)
    return portal


def main() -> None:
    """Run the command line."""
    gathered()(prog_name="python -m portal")
