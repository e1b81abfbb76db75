"""manifest.csv: which version, and which files the bundle says it has.

The manifest decides what is read: a file it calls bulk or delta must be there, a file that is there must be named.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from portal.errors import say
from portal.interchange.oneroster.archive import Entry
from portal.interchange.oneroster.cells import Broken, rows
from portal.interchange.oneroster.problems import Problems, shown
from portal.interchange.oneroster.spec import DIALECTS, FILES_12

NAME = "manifest.csv"
LARGEST = 1 << 20

SDS_1 = (
    "School.csv",
    "Section.csv",
    "Student.csv",
    "StudentEnrollment.csv",
    "Teacher.csv",
    "TeacherRoster.csv",
)

_modes = ("absent", "bulk", "delta")
_versions = {"1.1": "1.1", "1.1.1": "1.1", "1.2": "1.2", "1.2.0": "1.2", "1.2.1": "1.2"}


@dataclass(slots=True)
class Manifest:
    """What was found: the names, without `.csv`, of the files to read, full sets (`bulk`) and changes (`delta`)."""

    version: str
    system: str = ""
    bulk: set[str] = field(default_factory=set)
    delta: set[str] = field(default_factory=set)


def named(entries: Mapping[str, Entry], problems: Problems) -> dict[str, Entry]:
    """The files under the names that the standard writes; another case of letters is mended and said."""
    standard = {f"{name}.csv".casefold(): f"{name}.csv" for name in (*FILES_12, "manifest")}
    mended: dict[str, Entry] = {}
    for name, entry in entries.items():
        right = standard.get(name.casefold(), name)
        if right != name and right in entries:
            problems.error(
                shown(name),
                None,
                "",
                say('"{name}" is in the bundle beside it; only one can be meant.', name=right),
            )
        elif right in mended:
            problems.error(shown(name), None, "", say("This file is in the bundle twice."))
        elif right != name:
            problems.warn(shown(name), None, "", say('The name is read as "{name}".', name=right))
        mended.setdefault(right, entry)
    return mended


def read(entries: Mapping[str, Entry], problems: Problems) -> Manifest | None:
    """The manifest, or None when the bundle cannot be read by it (the problems say why)."""
    properties = _properties(entries[NAME], problems)
    if properties is None:
        return None
    version = _version(properties, problems)
    if not version:
        return None
    manifest = Manifest(version, properties.get("source.systemName", ("", 0))[0])
    known = DIALECTS[version].known
    for name, (value, line) in properties.items():
        if name.startswith("file."):
            _file(name, value, line, manifest, known, entries, problems)
        elif name not in ("manifest.version", "oneroster.version", "source.systemName", "source.systemCode"):
            problems.warn(NAME, line, shown(name), say("This property is not of the standard and is not read."))
    _unnamed(properties, known, entries, problems)
    return manifest


def _properties(entry: Entry, problems: Problems) -> dict[str, tuple[str, int]] | None:
    found: dict[str, tuple[str, int]] = {}
    if entry.size > LARGEST:
        problems.error(NAME, None, "", say("The manifest is larger than 1 MB."))
        return None
    try:
        for line, cells in rows(entry):
            name, value = ([cell.strip() for cell in cells] + ["", ""])[:2]
            if name.casefold() == "propertyname":
                continue
            if name in found:
                problems.error(NAME, line, shown(name), say("This property is there twice."))
            elif name:
                found[name] = (value, line)
    except Broken as broken:
        problems.error(NAME, broken.line, "", broken.sentence)
        return None
    return found


def _version(properties: Mapping[str, tuple[str, int]], problems: Problems) -> str | None:
    own, line = properties.get("manifest.version", ("", 1))
    if own != "1.0":
        problems.warn(NAME, line, "manifest.version", say("The version of the manifest is not 1.0."))
    value, line = properties.get("oneroster.version", ("", 1))
    version = _versions.get(value)
    if not value:
        problems.error(NAME, line, "oneroster.version", say("The manifest does not name its OneRoster version."))
    elif not version:
        problems.error(
            NAME,
            line,
            "oneroster.version",
            say("OneRoster {value} is not read here; 1.1 and 1.2 are.", value=shown(value)),
        )
    return version


def _file(
    key: str,
    value: str,
    line: int,
    manifest: Manifest,
    known: Iterable[str],
    entries: Mapping[str, Entry],
    problems: Problems,
) -> None:
    name = key.removeprefix("file.")
    mode = value.lower() or "absent"
    there = f"{name}.csv" in entries
    if name not in known:
        problems.warn(NAME, line, shown(key), say("This property is not of the standard and is not read."))
        return
    if mode not in _modes:
        problems.error(
            NAME,
            line,
            key,
            say('"{value}" is not one of: {words}.', value=shown(value), words=", ".join(_modes)),
        )
        return
    if value != mode:
        problems.warn(NAME, line, key, say('"{value}" is read as "{word}".', value=shown(value), word=mode))
    if mode != "absent" and there:
        (manifest.bulk if mode == "bulk" else manifest.delta).add(name)
    elif mode != "absent":
        sentence = say("{file}.csv is named {mode} but is not in the bundle.", file=name, mode=mode)
        problems.error(NAME, line, key, sentence)
    elif there and _is_read(name):
        problems.error(NAME, line, key, say("{file}.csv is named absent but is in the bundle.", file=name))


def _unnamed(
    properties: Mapping[str, tuple[str, int]],
    known: Iterable[str],
    entries: Mapping[str, Entry],
    problems: Problems,
) -> None:
    missing = [name for name in known if f"file.{name}" not in properties]
    if missing:
        problems.warn(
            NAME, None, "", say("The manifest says nothing about: {names}.", names=", ".join(sorted(missing)))
        )
    for name in missing:
        if f"{name}.csv" in entries and _is_read(name):
            problems.error(f"{name}.csv", None, "", say("The manifest does not name this file."))
    for name in entries:
        if name != NAME and name.removesuffix(".csv") not in known:
            problems.warn(shown(name), None, "", say("This file is not of the standard and is not read."))


def _is_read(name: str) -> bool:
    return any(table.file == name for dialect in DIALECTS.values() for table in dialect.tables)
