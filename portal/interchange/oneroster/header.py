"""The header row of a file against its table: which cell is which column.

Names are case-sensitive and their order is fixed by the standard. Here a name in other letters, a
misspelling seen in the field and another order are read with a warning, because the names still say what
each cell is. A required column that is missing and a name that stands twice are errors.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from portal.errors import Sentence, say
from portal.interchange.oneroster.problems import Problems, shown
from portal.interchange.oneroster.spec import PASSWORD, RACE, Column, Table

WIDEST = 500


@dataclass(slots=True)
class Header:
    """`at` gives the position of each known column; `width` is how many cells a row must have."""

    at: dict[str, int]
    width: int
    padded: int
    """The number of cells with the nameless ones at the end, which must be empty."""
    notes: list[Sentence]


def match(table: Table, cells: Sequence[str], file: str, line: int, problems: Problems) -> Header | None:
    """The header, or None when the rows cannot be read by it."""
    before = problems.errors
    names = [cell.strip() for cell in cells]
    if len(names) > WIDEST:
        problems.error(file, line, "", say("The header has more than {limit} columns.", limit=WIDEST))
        return None
    while names and not names[-1]:
        names.pop()
    if len(names) < len(cells):
        problems.warn(file, line, "", say("The header ends in columns without a name; they are not read."))
    found, unknown = _found(table, names, file, line, problems)
    _missing(table, found, unknown, file, line, problems)
    _ordered(table, found, file, line, problems)
    if problems.errors > before:
        return None
    return Header(found, len(names), len(cells), _notes(table, found, names, file))


def _found(
    table: Table, names: Sequence[str], file: str, line: int, problems: Problems
) -> tuple[dict[str, int], list[str]]:
    exact = {column.name for column in table.columns}
    lenient = {alias.casefold(): column.name for column in table.columns for alias in column.aliases}
    lenient |= {column.name.casefold(): column.name for column in table.columns}
    found: dict[str, int] = {}
    unknown: list[str] = []
    for position, name in enumerate(names):
        right = name if name in exact else lenient.get(name.casefold(), "")
        if right != name and right in names:
            right = ""
        if right and right in found:
            problems.error(file, line, shown(right), say("This column is there twice."))
        elif right:
            found[right] = position
            if right != name:
                problems.warn(
                    file,
                    line,
                    shown(name),
                    say('"{value}" is read as "{word}".', value=shown(name), word=right),
                )
        elif not name:
            problems.warn(file, line, "", say("Column {number} has no name and is not read.", number=position + 1))
        else:
            unknown.append(name)
    return found, unknown


def _missing(table: Table, found: dict[str, int], unknown: list[str], file: str, line: int, problems: Problems) -> None:
    missing = [column for column in table.columns if column.name not in found and not column.optional]
    for column in missing:
        if _needed(column, table):
            meant = difflib.get_close_matches(column.name, unknown, 1, 0.7)
            if meant:
                problem = say('This required column is missing; is "{name}" meant?', name=shown(meant[0]))
            else:
                problem = say("This required column is missing.")
            problems.error(file, line, column.name, problem)
    spared = [column.name for column in missing if not _needed(column, table)]
    if spared:
        problems.warn(file, line, "", say("Columns of the standard are missing: {names}.", names=", ".join(spared)))
    for name in unknown:
        if not _is_metadata(name):
            problems.warn(file, line, shown(name), say("This column is not of the standard and is not read."))


def _needed(column: Column, table: Table) -> bool:
    return column.must or column.name in table.key


def _ordered(table: Table, found: dict[str, int], file: str, line: int, problems: Problems) -> None:
    positions = [found[column.name] for column in table.columns if column.name in found]
    if positions != sorted(positions):
        problems.warn(file, line, "", say("The columns are in another order than the standard's; names decide."))


def _notes(table: Table, found: dict[str, int], names: Sequence[str], file: str) -> list[Sentence]:
    unread = [
        column
        for column in table.columns
        if column.name in found and not column.to and column.kind == "line" and column.name not in table.key
    ]
    kinds = {why: ", ".join(each.name for each in unread if each.why == why) for why in (PASSWORD, RACE, "")}
    metadata = ", ".join(shown(name) for name in names if _is_metadata(name))
    notes = []
    if kinds[PASSWORD]:
        notes.append(say("{file}: passwords are never read or stored ({columns}).", file=file, columns=kinds[PASSWORD]))
    if kinds[RACE]:
        notes.append(
            say(
                "{file}: race and ethnicity are never read or stored ({columns}).",
                file=file,
                columns=kinds[RACE],
            )
        )
    if metadata:
        notes.append(say("{file}: unknown metadata is never read or stored ({columns}).", file=file, columns=metadata))
    if kinds[""]:
        notes.append(say("{file}: not used here, so not stored: {columns}.", file=file, columns=kinds[""]))
    return notes


def _is_metadata(name: str) -> bool:
    return name.casefold().startswith("metadata")
