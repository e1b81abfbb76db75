"""Makes a backup while the server serves: all of it from one moment, under its final name only when it is whole."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from portal import audit, clock, db, files
from portal.backup import LEFT_OUT, Unusable, rows
from portal.backup.archive import Archive, Tell, Writer
from portal.backup.manifest import Manifest, Written
from portal.db import bulk, migrations, schema
from portal.db.shape import Shape, shapes
from portal.scope import SYSTEM

LONGEST_SECONDS = 24 * 3600.0


async def make(path: Path, *, overwrite: bool = False, tell: Tell) -> Manifest:
    """Write the open database and its uploads into `path`; what was written.

    Raises Unusable, and leaves nothing behind, when there is no centre, the schema is none of this release's, an upload
    is lost, `path` is there already (unless told to overwrite), or it cannot be written.
    """
    if path.exists() and not overwrite:
        raise Unusable(f"{path} is there already. Give another name, or say --overwrite.")
    with _draft(path, overwrite) as (file, draft):
        with Writer(file) as writer:
            async with db.snapshot(seconds=LONGEST_SECONDS):
                names, tables = await schema_of_database()
                await _write_files(writer, tables, tell)
                written = await _write_tables(writer, tables, tell)
            made = Manifest(clock.now(), db.dialect(), names, written, writer.files)
            writer.finish(made)
        file.flush()
        os.fsync(file.fileno())
        with Archive(draft) as archive:  # a backup that was never read is a hope
            archive.verify(tell)
    await _record(path, made, tables)
    return made


async def schema_of_database() -> tuple[tuple[str, ...], dict[str, Shape]]:
    """The migrations that the open database has had, and its tables; raises Unusable for none of this release's.

    It need not be the newest: a backup is made before a new release migrates.
    """
    known = [migration.name for migration in await migrations.plan()]
    names = known[: len(await migrations.applied())]
    if set(names) != await migrations.applied():
        raise Unusable("The database was migrated by another release of Schoolyard. Make the backup with that one.")
    if not names or not await db.value("SELECT COUNT(*) FROM centre"):
        raise Unusable("There is no centre in this database yet, and nothing to keep.")
    tables = await shapes(names[-1])
    there = await schema.tables()
    for table, shape in tables.items():
        if table not in there or there[table].columns.keys() != shape.columns.keys():
            raise Unusable(f"The table {table} is not as the migrations made it. It was changed by hand.")
    return tuple(names), {name: shape for name, shape in tables.items() if name not in LEFT_OUT}


async def strangers() -> list[str]:
    """Tables of the open database that no migration made, and that no backup holds."""
    return sorted((await schema.tables()).keys() - (await shapes()).keys() - {bulk.HISTORY})


async def _write_files(writer: Writer, tables: Mapping[str, Shape], tell: Tell) -> None:
    """The uploads of the snapshot, first of all: what is erased meanwhile must be caught while it is there."""
    if "stored_file" not in tables:
        return
    total = int(await db.value("SELECT COUNT(DISTINCT sha256) FROM stored_file"))
    done, last = 0, ""
    while found := await db.rows(
        "SELECT sha256, MIN(id) FROM stored_file WHERE sha256 > ? GROUP BY sha256 ORDER BY sha256 LIMIT 1000", last
    ):
        for sha256, record in found:
            try:
                writer.file(sha256, files.path_of(sha256))
            except FileNotFoundError as error:
                raise Unusable(
                    f"The upload {record} (stored_file) is lost: {files.path_of(sha256)} is not there. If somebody"
                    " erased it just now, make the backup again; else put the file back from an older one."
                ) from error
            done += 1
            tell("Writing the uploads", done, total)
        last = found[-1][0]


async def _write_tables(writer: Writer, tables: Mapping[str, Shape], tell: Tell) -> dict[str, Written]:
    total = 0
    for name in tables:
        total += int(await db.value(f'SELECT COUNT(*) FROM "{name}"'))
    written: dict[str, Written] = {}
    done = 0
    for name, shape in tables.items():
        kinds = tuple(shape.columns.values())
        with writer.table(name, shape) as target:
            async for portion in bulk.portions(name, shape):
                try:
                    lines = rows.written(portion, kinds)
                except rows.WrongValue as error:
                    raise Unusable(f"The table {name} holds a value that is none of its kind: {error}.") from error
                target.add(lines, len(portion))
                done += len(portion)
                tell("Writing the tables", done, total)
            written[name] = target.written(await bulk.last_id(name))
    return written


async def _record(path: Path, made: Manifest, tables: Mapping[str, Shape]) -> None:
    """The audit row; not on a schema whose record of acts is not the one this release writes."""
    if tables["audit_entry"] == (await shapes())["audit_entry"]:
        facts = {"file": path.name, "rows": made.rows, "files": made.files.number, "fingerprint": made.fingerprint}
        async with db.transaction():
            await audit.record(SYSTEM, "backup.make", "centre", 1, facts)


@contextmanager
def _draft(path: Path, overwrite: bool) -> Iterator[tuple[BinaryIO, Path]]:
    """A file beside `path` that only its owner reads; at the end it gets that name, or it goes."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.draft")
    try:
        with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            yield file, draft
        if overwrite:
            os.replace(draft, path)
        else:
            _name(draft, path)
        _settle(path.parent)
    except OSError as error:
        raise Unusable(f"{error.filename or path}: {error.strerror or error}. There is no backup.") from error
    finally:
        draft.unlink(missing_ok=True)


def _name(draft: Path, path: Path) -> None:
    """Give the draft its name, unless somebody else has taken that meanwhile."""
    try:
        os.link(draft, path)
    except FileExistsError as error:
        raise Unusable(f"{path} appeared meanwhile, and was left as it is.") from error
    except OSError:  # a file system without hard links
        os.rename(draft, path)


def _settle(folder: Path) -> None:
    """Have the new name on the disk itself, as the content is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
