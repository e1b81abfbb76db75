"""`python -m portal import`: take in what another system wrote."""

from pathlib import Path

import click

from portal.commands import house, run, settings
from portal.commands.progress import Bar
from portal.scope import SYSTEM


@click.group(name="import")
def importing() -> None:
    """Take in records that another system wrote."""


@importing.command()
@click.argument("bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="BUNDLE.zip")
@click.option("--dry-run", is_flag=True, help="Check everything and say what would change; change nothing.")
def oneroster(bundle: Path, dry_run: bool) -> None:
    """Import a OneRoster 1.1 or 1.2 bundle: all of it, or, when anything is wrong, nothing."""
    run(_oneroster(bundle, dry_run))


async def _oneroster(bundle: Path, dry_run: bool) -> None:
    from portal.interchange import loading

    bar = Bar()
    async with house(settings()):
        try:
            outcome = await loading.load(SYSTEM, bundle, dry_run=dry_run, progress=bar)
        finally:
            bar.close()
    for problem in outcome.problems:
        click.echo(f"{problem.file}:{problem.line}:{problem.column}: {problem.sentence}", err=True)
    for note in outcome.notes:
        click.echo(str(note))
    for kind, counts in outcome.counts.items():
        click.echo(f"  {kind:<20} " + ", ".join(f"{number:,} {what}" for what, number in counts.items()))
    if outcome.refused:
        click.echo(f"Nothing was imported: {len(outcome.problems):,} problems.", err=True)
        raise SystemExit(1)
    click.echo("Everything is in order; nothing was changed." if dry_run else "Imported.")


commands = [importing]
