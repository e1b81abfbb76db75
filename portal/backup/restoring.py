"""Makes a house from a backup: an empty database of either kind, all of it or nothing.

The backup is read through once before anything is written. Then everything is one transaction: the schema of the
backup, its rows, their proof (every table read again, counted and hashed), the uploads, the migrations since, what a
restored house does anew. A process that is killed leaves a database without a row.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable
from contextlib import aclosing, closing
from pathlib import Path

from portal import audit, db, files
from portal.backup import LEFT_OUT, Unusable, renewal, rows
from portal.backup.archive import Archive, Tell
from portal.backup.manifest import Manifest, Written
from portal.db import bulk, migrations, schema
from portal.db.shape import shapes
from portal.scope import SYSTEM


async def opened(path: Path, *, expect: str = "", tell: Tell) -> Archive:
    """The backup at `path`, read through and held against its manifest and our migrations; to be closed.

    `expect` is its fingerprint, or the beginning of it, as it was told when it was made. Raises Unusable.
    """
    archive = Archive(path)
    try:
        if not archive.manifest.fingerprint.startswith(expect):
            raise Unusable(f"{path} is another backup: its fingerprint is {archive.manifest.fingerprint}.")
        await _must_be_known(archive.manifest)
        archive.verify(tell)
    except BaseException:
        archive.close()
        raise
    return archive


async def restore(archive: Archive, *, moving: bool = False, tell: Tell) -> dict[str, int]:
    """Fill the open, empty database and the folder of uploads; how much was ended and held (`renewal`).

    `moving` says that the old server was stopped before the backup was made: invitations stay open, waiting jobs run.
    Raises Unusable when the database is not empty or does not take a row, and leaves it without one.
    """
    manifest = archive.manifest
    placed: list[Path] = []
    await migrations.relax()
    try:
        async with db.transaction():
            await migrations.lock()
            await _make_schema(manifest.migrations)
            async with bulk.without_references():
                await _load(archive, tell)
            await bulk.count_anew(manifest.tables)
            await _prove(manifest, tell)
            await _place(archive, placed, tell)
            await migrations.advance(tell=lambda name: tell(f"Migrating {name}", 1, 1))
            renewed = await renewal.renew(moving=moving)
            facts = {"fingerprint": manifest.fingerprint, "made_at": manifest.made_at.isoformat(), **renewed}
            await audit.record(SYSTEM, "backup.restore", "centre", 1, facts)
    except BaseException as error:
        for file in placed:
            file.unlink(missing_ok=True)
        if isinstance(error, db.DatabaseError | OSError):
            raise Unusable(f"The database could not be filled, and is empty as before: {error}") from error
        raise
    return renewed


async def must_be_empty() -> None:
    """Raise Unusable unless the open database has no tables, or ours without a row."""
    there = await schema.tables()
    strange = there.keys() - (await shapes()).keys() - {bulk.HISTORY}
    if strange:
        raise Unusable(f"The database holds a table that is not ours: {min(strange)}. Restore into an empty one.")
    filled = await bulk.filled()
    if filled:
        raise Unusable(f"The database is not empty: {filled} holds rows. Restore into an empty one.")


async def _must_be_known(manifest: Manifest) -> None:
    """The backup's migrations are our first ones, and its tables those that they make."""
    known = [migration.name for migration in await migrations.plan()]
    had = list(manifest.migrations)
    if not had or had != known[: len(had)]:
        unknown = next((name for name in had if name not in known), "in another order")
        raise Unusable(
            f"The backup was made by a newer or another release of Schoolyard (migration {unknown}): restore it with"
            " that release."
        )
    made = {name: shape for name, shape in (await shapes(had[-1])).items() if name not in LEFT_OUT}
    if made != {name: table.shape for name, table in manifest.tables.items()}:
        raise Unusable("The backup is damaged: its tables are not those of its migrations.")


async def _make_schema(names: tuple[str, ...]) -> None:
    """The tables of the backup's release, empty; those of a newer one give way."""
    await must_be_empty()
    if not await migrations.applied() <= set(names):
        await bulk.drop(await schema.tables())
    await migrations.advance(names[-1])


async def _load(archive: Archive, tell: Tell) -> None:
    total, done = archive.manifest.rows, 0
    for name, table in archive.manifest.tables.items():
        with closing(archive.lines(name)) as lines:
            coming = rows.read(lines, tuple(table.shape.columns.values()), db.dialect())
            try:
                async with aclosing(bulk.load(name, list(table.shape.columns), coming)) as portions:
                    async for written in portions:
                        done += written
                        tell("Writing the tables", done, total)
            except rows.WrongValue as error:
                raise Unusable(f"The backup is damaged: the table {name} holds a value that is {error}.") from error
        if table.last_id:
            await bulk.continue_after(name, table.last_id)


async def _prove(manifest: Manifest, tell: Tell) -> None:
    """Read every table again as if for a backup: the same rows, the same bytes."""
    done = 0
    for name, table in manifest.tables.items():
        found = await count(name, table)
        done += found[0]
        tell("Proving the tables", done, manifest.rows)
        if found != (table.rows, table.sha256):
            raise Unusable(f"The table {name} did not arrive as it was written: nothing was restored.")


async def count(name: str, table: Written) -> tuple[int, str]:
    """The number of rows that the open database has in a table, and the hash of their lines."""
    hashed, number = hashlib.sha256(), 0
    async for portion in bulk.portions(name, table.shape):
        hashed.update(rows.written(portion, tuple(table.shape.columns.values())))
        number += len(portion)
    return number, hashed.hexdigest()


async def _place(archive: Archive, placed: list[Path], tell: Tell) -> None:
    """Put the uploads where their hashes say, and see that every record has its own."""
    wanted = {str(sha256) for (sha256,) in await db.rows("SELECT DISTINCT sha256 FROM stored_file WHERE sha256 > ''")}
    if wanted != set(archive.files):
        raise Unusable("The backup is damaged: its uploads are not those of its records.")
    for done, sha256 in enumerate(archive.files, 1):
        place = files.path_of(sha256)
        if not place.exists():
            placed.append(place)
        with closing(archive.content(sha256)) as content:
            _write(place, content)
        with place.open("rb") as source:
            if hashlib.file_digest(source, "sha256").hexdigest() != sha256:
                raise Unusable(f"The upload {sha256} did not arrive as it was written: nothing was restored.")
        tell("Writing the uploads", done, len(archive.files))


def _write(place: Path, chunks: Iterable[bytes]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f"draft-{secrets.token_hex(8)}")
    try:
        with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as target:
            for chunk in chunks:
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        os.replace(draft, place)
    finally:
        draft.unlink(missing_ok=True)
