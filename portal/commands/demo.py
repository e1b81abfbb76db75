"""`python -m portal demo`: an invented centre to look around in, and what `run` needs to open it."""

import datetime as dt
import secrets as dice

import click

from portal import clock, db
from portal.access import secrets, sessions, showing
from portal.access.models import Account
from portal.commands import fail, house, run, settings
from portal.commands.demo_centre import Draft, Size, draw
from portal.commands.demo_centre.loading import load
from portal.commands.progress import Bar
from portal.settings import Settings

NAME = "Anh ngữ Sân Trường"
SEED = 2026
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@click.command()
@click.option("--students", type=click.IntRange(20, 200_000), default=240, show_default=True)
@click.option("--classes", type=click.IntRange(6, 20_000), help="By default one for ten students.")
@click.option("--marks", type=click.IntRange(0, 10_000_000), help="In all; by default 25 a student.")
@click.option("--lessons", type=click.IntRange(0, 5_000_000), help="In all; by default 40 a class.")
@click.option("--seed", type=int, default=SEED, show_default=True, help="Another seed draws other people.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day to draw it for; by default the present one.")
@click.option("--password", help="For the whole cast; `random` makes one each. By default `schoolyard` on loopback.")
def demo(
    students: int,
    classes: int | None,
    marks: int | None,
    lessons: int | None,
    seed: int,
    today: dt.datetime | None,
    password: str | None,
) -> None:
    """Fill an empty database with the demo centre."""
    size = Size.of(students, classes, marks, lessons)
    run(_demo(settings(), size, seed, today.date() if today else None, password))


async def prepare(config: Settings) -> None:
    """What `run` does before it serves: migrate, load the demo into an empty database, say who signs in."""
    await _spare_the_real(config)
    async with house(config, migrate=True):
        if await _is_loaded():
            await _greet_again(config)
        else:
            await _fill(config, Size.of(), SEED, None, None)


async def _demo(config: Settings, size: Size, seed: int, today: dt.date | None, password: str | None) -> None:
    await _spare_the_real(config)
    async with house(config, migrate=True):
        if await _is_loaded():
            click.echo("The demo centre is loaded already. For another one, begin with an empty database.")
        else:
            await _fill(config, size, seed, today, password)


async def _spare_the_real(config: Settings) -> None:
    """Leave with a sentence where real people are, before anything is touched."""
    async with house(config):
        try:
            found = await db.row("SELECT demo_loaded_at FROM centre")
        except db.OperationalError:
            return  # no tables yet
        if found is not None and found[0] is None:
            fail(
                "This database holds a real centre, and the demo never goes there. Serve the centre with"
                " `python -m portal serve`, or give the demo a PORTAL_DATABASE_URL of its own."
            )


async def _is_loaded() -> bool:
    if await db.row("SELECT 1 FROM centre"):
        return True
    if await db.row("SELECT 1 FROM person LIMIT 1"):
        fail("This database holds people without a centre. The demo is only loaded into an empty database.")
    return False


async def _fill(config: Settings, size: Size, seed: int, today: dt.date | None, password: str | None) -> None:
    passwords = _passwords(config, password)
    bar = Bar()
    bar("Inventing the people", 0, 1)
    hashes = await _hashes(passwords)
    day = today or clock.today(config.time_zone)
    draft = draw(size, seed=seed, today=day, zone=config.time_zone, hashes=hashes)
    _found(draft, config)
    bar("Inventing the people", 1, 1)
    await load(draft, tell=bar)
    bar.close()
    _greet(passwords)


def _found(draft: Draft, config: Settings) -> None:
    draft.add(
        "centre",
        name=NAME,
        time_zone=config.time_zone,
        locale=config.locale,
        name_order="family_first",
        currency="VND",
        epoch=dice.token_hex(16),
        demo_loaded_at=clock.now(),
    )


def _passwords(config: Settings, wanted: str | None) -> dict[str, str]:
    """A password for each of the cast. The known one is for a server that only this machine reaches."""
    if wanted is None:
        wanted = "random" if config.is_open else showing.PASSWORD
    return {login: _random_password() if wanted == "random" else wanted for login in showing.CAST}


def _random_password() -> str:
    """Sixty bits that can be read from a screen and typed on a phone."""
    return "-".join("".join(dice.choice(LETTERS) for _ in range(4)) for _ in range(3))


async def _hashes(passwords: dict[str, str]) -> dict[str, str]:
    made = {password: await secrets.hash_password(password) for password in sorted(set(passwords.values()))}
    return {login: made[password] for login, password in passwords.items()}


def _greet(passwords: dict[str, str]) -> None:
    click.echo("\nThe demo centre is ready. Sign in as:")
    for login, words in showing.CAST.items():
        click.echo(f"  {login:<24} {words!s:<24} password: {passwords.get(login, '(as printed before)')}")
    click.echo("")


async def _greet_again(config: Settings) -> None:
    """The sign-ins of a demo loaded earlier; a password everybody knows is replaced before others can reach us."""
    stored = {
        str(email): str(password_hash)
        for email, password_hash in await db.rows(
            f"SELECT email, password_hash FROM account WHERE password_hash IS NOT NULL"
            f" AND email IN ({db.marks(len(showing.CAST))})",
            *showing.CAST,
        )
    }
    known = [login for login, kept in stored.items() if await secrets.verify_password(kept, showing.PASSWORD)]
    passwords = dict.fromkeys(known, showing.PASSWORD)
    if config.is_open and known:
        passwords = {login: _random_password() for login in known}
        await _replace(passwords)
        click.echo("Other machines can reach this server: the demo's passwords were replaced.")
    _greet(passwords)
    if len(known) < len(showing.CAST):
        click.echo("Random passwords were printed when the demo was loaded; an empty database gets new ones.\n")


async def _replace(passwords: dict[str, str]) -> None:
    hashes = await _hashes(passwords)
    async with db.transaction():
        for login, password_hash in hashes.items():
            account = await Account.get(email=login)
            await Account.filter(id=account.id).update(password_hash=password_hash, password_set_at=clock.now())
            await sessions.end_all(account.id)


commands = [demo]
