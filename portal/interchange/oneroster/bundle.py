"""From a file to a `Bundle`, or to the list of what is wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from portal.errors import Sentence, say
from portal.interchange.oneroster import manifest as manifests
from portal.interchange.oneroster import sds
from portal.interchange.oneroster.archive import Entry, Limits, opened
from portal.interchange.oneroster.layers import Laid, Layer, earlier_layers
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


class _Chosen(NamedTuple):
    """The version, the files to read as full sets and as changes, and the system the bundle comes from."""

    dialect: Dialect
    bulk: set[str]
    delta: set[str]
    system: str


def read(
    source: Path | str | bytes,
    *,
    limits: Limits | None = None,
    progress: Progress | None = None,
    earlier: Sequence[Path | None] = (),
) -> Reading:
    """Read and judge a bundle: a zip or a folder by path, or the bytes of a zip. Its content never raises.

    Changes are laid over the `earlier` bundles, the latest first, None for one that is not kept any more.
    """
    limits = limits or Limits()
    problems = Problems(limits.problems)
    notes: list[Sentence] = []
    bundle = None
    with ExitStack() as stack:
        entries = stack.enter_context(opened(source, limits, problems))
        if not problems.errors:
            named = manifests.named(entries, problems)
            chosen = _chosen(named, problems, notes)
            if chosen is not None and not problems.errors:
                top = Layer(named, frozenset(chosen.bulk), frozenset(chosen.delta))
                below: list[Layer] | None = []
                if chosen.delta:
                    below = earlier_layers(stack, chosen.dialect, top, earlier, limits, problems)
                if below is not None:
                    bundle = _bundle(chosen, [*below, top], problems, notes, progress)
                if chosen.delta and below == [] and problems.errors:
                    problems.first(manifests.NAME, _NOTHING_BEFORE)
    places = {problem.file: place for place, problem in reversed(list(enumerate(problems)))}
    ordered = sorted(problems, key=lambda one: (one.severity != "error", places[one.file], one.line or 0))
    whole = bundle if not problems.errors else None
    return Reading(whole, ordered, problems.errors, problems.warnings, problems.more, notes)


_NOTHING_BEFORE = say(
    "These are only changes (delta), and no full set was imported before. Send the full set (bulk) once; changes can "
    "follow it."
)


def _bundle(
    chosen: _Chosen,
    layers: Sequence[Layer],
    problems: Problems,
    notes: list[Sentence],
    progress: Progress | None,
) -> Bundle:
    dialect, bulk, delta, system = chosen
    laid = {}
    if delta:
        laid = {table.file: Laid(table, layers, problems, notes) for table in dialect.tables if table.file not in bulk}
        laid = {file: each for file, each in laid.items() if each.there}
    present = frozenset(bulk | laid.keys())
    bundle = Bundle(dialect.version, system, present, frozenset(bulk))
    index: dict[str, Known] = {}
    rules = Rules(bundle, index, problems)
    for table in dialect.tables:
        if table.file not in present:
            continue
        source = laid.get(table.file) or layers[-1].entries[f"{table.file}.csv"]
        hear = partial(_heard, progress, source) if progress and isinstance(source, Entry) else None
        into = getattr(bundle, table.into)
        Reader(table, source, index, problems, notes).read(into, rules.of(table.record), hear)
        _without_parents(into, index[table.file])
    rules.finish()
    bundle.gone = {file: _gone(file, known) for file, known in index.items()}
    bundle.touched = {file: frozenset(each.touched) for file, each in laid.items()}
    bundle.lost = {person: roles for each in laid.values() for person, roles in each.lost.items()}
    if "roles" in index:
        bundle.lost |= index["roles"].lost
    older = sum(each.older for each in laid.values())
    if older:
        notes.append(say("{count} rows are older than what was imported already; they are left out.", count=older))
    return bundle


def _gone(file: str, known: Known) -> frozenset[str]:
    """What has left. Whose class or student is gone keeps their marks: only who names a mark withdraws it."""
    gone = known.deleted.keys() - known.lines.keys()
    return frozenset(gone - known.followed if file in ("lineItems", "results") else gone)


def _without_parents(records: list[Any], known: Known) -> None:
    """What was part of something that has left stands alone."""
    for record in records:
        if getattr(record, "parent", None) in known.deleted:
            record.parent = None


def _heard(progress: Progress, entry: Entry, done: int) -> None:
    progress(entry.name, min(done, entry.size), entry.size)


def _chosen(entries: Mapping[str, Entry], problems: Problems, notes: list[Sentence]) -> _Chosen | None:
    if manifests.NAME in entries:
        manifest = manifests.read(entries, problems)
        if manifest is None:
            return None
        dialect = DIALECTS[manifest.version]
        read_here = _present(dialect, manifest.bulk | manifest.delta, notes)
        return _Chosen(dialect, manifest.bulk & read_here, manifest.delta & read_here, manifest.system)
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
    return _Chosen(own, _present(own, there & set(own.known), notes), set(), "")


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
