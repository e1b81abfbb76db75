"""From a file to a `Bundle`, or to the list of what is wrong with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from portal.errors import Sentence, say
from portal.interchange.oneroster import manifest as manifests
from portal.interchange.oneroster import sds
from portal.interchange.oneroster.archive import Entry, Limits, opened
from portal.interchange.oneroster.problems import Problem, Problems, shown
from portal.interchange.oneroster.records import Bundle
from portal.interchange.oneroster.rules import Rules
from portal.interchange.oneroster.spec import DIALECTS, Dialect
from portal.interchange.oneroster.table import Known, Reader

Progress = Callable[[str, int, int], None]
"""Hears the file being read, the bytes done and all its bytes."""


@dataclass(slots=True)
class Reading:
    """The outcome. `bundle` is None as soon as there is one error: all or nothing."""

    bundle: Bundle | None
    problems: list[Problem]
    errors: int
    warnings: int
    more: int
    """How many errors were counted beyond those in `problems`."""
    notes: list[Sentence] = field(default_factory=list)
    """What the files held that was not read, and so is not stored."""


def read(source: Path | str | bytes, *, limits: Limits | None = None, progress: Progress | None = None) -> Reading:
    """Read and judge a bundle: a zip or a folder by path, or the bytes of a zip. Its content never raises."""
    limits = limits or Limits()
    problems = Problems(limits.problems)
    notes: list[Sentence] = []
    bundle = None
    with opened(source, limits, problems) as entries:
        if not problems.errors:
            bundle = _bundle(manifests.named(entries, problems), problems, notes, progress)
    places = {problem.file: place for place, problem in reversed(list(enumerate(problems)))}
    ordered = sorted(problems, key=lambda one: (one.severity != "error", places[one.file], one.line or 0))
    whole = bundle if not problems.errors else None
    return Reading(whole, ordered, problems.errors, problems.warnings, problems.more, notes)


def _bundle(
    entries: Mapping[str, Entry], problems: Problems, notes: list[Sentence], progress: Progress | None
) -> Bundle | None:
    chosen = _chosen(entries, problems, notes)
    if chosen is None or problems.errors:
        return None
    dialect, present, system = chosen
    bundle = Bundle(dialect.version, system, frozenset(present))
    index: dict[str, Known] = {}
    rules = Rules(bundle, index, problems)
    for table in dialect.tables:
        if table.file in present:
            entry = entries[f"{table.file}.csv"]
            hear = partial(_heard, progress, entry) if progress else None
            reader = Reader(table, entry, index, problems, notes)
            reader.read(getattr(bundle, table.into), rules.of(table.record), hear)
    rules.finish()
    return bundle


def _heard(progress: Progress, entry: Entry, done: int) -> None:
    progress(entry.name, min(done, entry.size), entry.size)


def _chosen(
    entries: Mapping[str, Entry], problems: Problems, notes: list[Sentence]
) -> tuple[Dialect, set[str], str] | None:
    """The version, the files to read, and the name of the system the bundle comes from."""
    if manifests.NAME in entries:
        manifest = manifests.read(entries, problems)
        if manifest is None:
            return None
        dialect = DIALECTS[manifest.version]
        return dialect, _present(dialect, manifest.bulk, notes), manifest.system
    if sum(name in entries for name in manifests.SDS_1) > 1:
        problems.error("School.csv", None, "", _SDS_1)
        return None
    own = sds.recognised(entries)
    if own is None:
        problems.error(manifests.NAME, None, "", say("The bundle has no manifest.csv, so its version is not known."))
        return None
    problems.warn(
        manifests.NAME,
        None,
        "",
        say(
            "There is no manifest.csv; the bundle is read as Microsoft School Data Sync {version}.",
            version=own.version.removeprefix("SDS "),
        ),
    )
    there = {name.removesuffix(".csv") for name in entries if name.endswith(".csv")}
    for name in sorted(there - set(own.known)):
        problems.warn(f"{shown(name)}.csv", None, "", say("This file is not of the standard and is not read."))
    return own, _present(own, there & set(own.known), notes), ""


def _present(dialect: Dialect, there: set[str], notes: list[Sentence]) -> set[str]:
    read = {table.file for table in dialect.tables}
    unread = sorted(there - read)
    if unread:
        files = ", ".join(f"{name}.csv" for name in unread)
        notes.append(say("Not used here, so neither read nor stored: {files}.", files=files))
    return there & read


_SDS_1 = say(
    "This is Microsoft School Data Sync's own format, version 1 (School.csv, Section.csv, Student.csv), "
    "which is not OneRoster and is not read. Export OneRoster 1.1 or 1.2, or School Data Sync 2.1."
)
