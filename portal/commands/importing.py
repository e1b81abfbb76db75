"""`python -m portal import`: take in what another system wrote."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from portal.commands import house, run, settings
from portal.commands.progress import Bar
from portal.scope import SYSTEM

if TYPE_CHECKING:
    from portal.interchange.oneroster import Problem
    from portal.interchange.orders import Outcome


@click.group(name="import")
def importing() -> None:
    """Take in records that another system wrote."""


@importing.command()
@click.argument("bundle", type=click.Path(exists=True, path_type=Path), metavar="BUNDLE.zip")
@click.option(
    "--preview",
    "--dry-run",
    "dry_run",
    is_flag=True,
    help="Check everything and say what would change; change nothing.",
)
@click.option("--let-leave", is_flag=True, help="Whoever a full set does not name any more leaves.")
@click.option("--agreed", is_flag=True, help="... also when that is more than a tenth of a kind.")
def oneroster(bundle: Path, dry_run: bool, let_leave: bool, agreed: bool) -> None:
    """Import a OneRoster 1.1 or 1.2 bundle, or changes: all of it, or, when anything is wrong, nothing."""
    run(_oneroster(bundle, dry_run=dry_run, let_leave=let_leave, agreed=agreed))


@importing.command()
@click.option("--preview", is_flag=True, help="Say what would go and what would stay; change nothing.")
def undo(preview: bool) -> None:
    """Take back the last import: what it made goes, what it changed is as before; what is in use since stays."""
    run(_undo(preview))


async def _undo(preview: bool) -> None:
    from portal.interchange import undo as undoing

    bar = Bar()
    async with house(settings(), founded=True):
        run_id = await undoing.last()
        if run_id is None:
            raise click.ClickException("There is no import that could be taken back.")
        try:
            if preview:
                undone = await undoing.weigh(SYSTEM, run_id)
            else:
                undone = await undoing.take_back(SYSTEM, run_id, progress=bar)
        finally:
            bar.close()
    for table in sorted({*undone.removed, *undone.restored}):
        gone, back = undone.removed.get(table, 0), undone.restored.get(table, 0)
        click.echo(f"  {table:<20} {gone:,} removed, {back:,} put back")
    for kept in undone.kept:
        told = " ".join(part for part in (kept.code, kept.what, kept.by) if part)
        click.echo(f"stays: {kept.table} {kept.name} ({told})")
    if undone.more:
        click.echo(f"... and {undone.more:,} more stay.")
    click.echo(f"Nothing was changed; this is import {run_id}." if preview else f"Import {run_id} was taken back.")


async def _oneroster(bundle: Path, *, dry_run: bool, let_leave: bool, agreed: bool) -> None:
    from portal.interchange import loading  # the reader of bundles: other commands start without it

    bar = Bar()
    async with house(settings(), founded=True):
        try:
            outcome = await loading.load(
                SYSTEM, bundle, dry_run=dry_run, progress=bar, keep=True, let_leave=let_leave, agreed=agreed
            )
        finally:
            bar.close()
    _report(outcome)
    if outcome.refused:
        errors = "one error" if outcome.errors == 1 else f"{outcome.errors:,} errors"
        click.echo(f"Nothing was imported: {errors}.", err=True)
        raise SystemExit(1)
    news = any(counts["new"] or counts["changed"] or "leaving" in counts for counts in outcome.counts.values())
    if dry_run:
        click.echo("Everything is in order; nothing was changed.")
    else:
        click.echo("Imported." if news else "All of it was here already; nothing was changed.")


def _report(outcome: "Outcome") -> None:
    for problem in outcome.problems:
        click.echo(_line(problem), err=True)
    if outcome.more:
        click.echo(f"... and {outcome.more:,} errors more.", err=True)
    for note in outcome.notes:
        click.echo(str(note))
    for kind, counts in outcome.counts.items():
        told = ", ".join(f"{number:,} {what}" for what, number in counts.items() if number)
        click.echo(f"  {kind:<20} {told}")


def _line(problem: "Problem") -> str:
    """`file:line:column: sentence`, as editors and compilers have it."""
    place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)
    kind = "" if problem.severity == "error" else "warning: "
    times = f" ({problem.times:,} times)" if problem.times > 1 else ""
    return f"{place}: {kind}{problem.sentence}{times}"


commands = [importing]
