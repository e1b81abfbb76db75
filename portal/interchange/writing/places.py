"""Writing branches, terms, programs with their level, and classes."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from portal import db
from portal.interchange.writing import bulk, codes, drafts
from portal.interchange.writing.codes import Claim
from portal.interchange.writing.desk import Desk, Ledger
from portal.text import slug


async def branches(
    desk: Desk, found: Sequence[drafts.Branch], said: bool, named: Collection[str]
) -> Ledger[drafts.Branch]:
    """Branches; an org that nothing names any more keeps the branch that it made."""
    ledger = await desk.open("orgs", found, said=said, named=named)
    await desk.journal.changing("branch", (ledger.ids[each.key] for each in ledger.changed))
    code_of = await _codes(desk, ledger, "branch")
    new = await desk.number(ledger, "branch")
    await desk.journal.insert(
        "branch", ("id", "code", "name"), ((ledger.ids[each.key], code_of[each.key], each.name) for each in new)
    )
    await bulk.run(
        "UPDATE branch SET code = ?, name = ? WHERE id = ?",
        ((code_of[each.key], each.name, ledger.ids[each.key]) for each in ledger.changed),
    )
    return ledger


async def terms(desk: Desk, found: Sequence[drafts.Term], said: bool, named: Collection[str]) -> Ledger[drafts.Term]:
    """Terms, each after the one that it is a part of."""
    ledger = await desk.open("academicSessions", found, said=said, named=named)
    new = await desk.number(ledger, "term")

    def values(each: drafts.Term) -> tuple[object, ...]:
        parent = ledger.ids[each.parent] if each.parent else None
        return each.name, each.kind, each.starts_on, each.ends_on, each.school_year, parent, ledger.ids[each.key]

    columns = ("name", "kind", "starts_on", "ends_on", "school_year", "parent_id", "id")
    await desk.journal.insert("term", columns, map(values, new))
    await desk.journal.changing("term", (ledger.ids[each.key] for each in ledger.changed))
    await bulk.run(
        "UPDATE term SET name = ?, kind = ?, starts_on = ?, ends_on = ?, school_year = ?, parent_id = ? WHERE id = ?",
        map(values, ledger.changed),
    )
    return ledger


async def programs(desk: Desk, found: Sequence[drafts.Program], said: bool) -> Ledger[drafts.Program]:
    """Programs, each with one level; the slug is given once, because addresses stay."""
    ledger = await desk.open("courses", found, said=said)
    await desk.journal.changing("program", (ledger.ids[each.key] for each in ledger.changed))
    code_of = await _codes(desk, ledger, "program")
    new = await desk.number(ledger, "program")
    ids = ledger.ids
    slugs = _slugs(new, {each for (each,) in await db.rows("SELECT slug FROM program")} if new else set())
    await desk.journal.insert(
        "program",
        ("id", "code", "slug", "name"),
        ((ids[each.key], code_of[each.key], slugs[each.key], each.name) for each in new),
    )
    await desk.journal.insert(
        "level", ("program_id", "ordinal", "name"), ((ids[each.key], 1, each.level) for each in new)
    )
    await bulk.run(
        "UPDATE program SET code = ?, name = ? WHERE id = ?",
        ((code_of[each.key], each.name, ids[each.key]) for each in ledger.changed),
    )
    levels = "SELECT id FROM level WHERE ordinal = 1 AND program_id IN ({ids})"
    found_levels = await bulk.rows_of(levels, [ids[each.key] for each in ledger.changed])
    await desk.journal.changing("level", (each for (each,) in found_levels))
    await bulk.run(
        "UPDATE level SET name = ? WHERE program_id = ? AND ordinal = 1",
        ((each.level, ids[each.key]) for each in ledger.changed),
    )
    return ledger


async def classes(
    desk: Desk,
    found: Sequence[drafts.Class],
    said: bool,
    of: tuple[Ledger[drafts.Branch], Ledger[drafts.Term], Ledger[drafts.Program]],
) -> Ledger[drafts.Class]:
    """Classes. Of courses and sessions that the bundle does not have nothing is taken away."""
    ledger = await desk.open("classes", found, said=said)
    await desk.journal.changing("class", (ledger.ids[each.key] for each in ledger.changed))
    code_of = await _codes(desk, ledger, "class")
    new = await desk.number(ledger, "class")
    level_of = dict(await db.rows("SELECT program_id, id FROM level WHERE ordinal = 1")) if ledger.written else {}
    of_branch, of_term, of_program = (each.ids for each in of)

    def values(each: drafts.Class) -> tuple[object, ...]:
        level = level_of.get(of_program[each.program]) if each.program else None
        term = of_term[each.term] if each.term else None
        return (
            *(of_branch[each.branch], level, term, code_of[each.key], each.name),
            *(each.starts_on, each.ends_on, each.room, ledger.ids[each.key]),
        )

    columns = ("branch_id", "level_id", "term_id", "code", "name", "starts_on", "ends_on", "room", "id")
    await desk.journal.insert("class", columns, map(values, new))
    await bulk.run(
        "UPDATE class SET branch_id = ?, level_id = COALESCE(?, level_id), term_id = COALESCE(?, term_id), code = ?,"
        " name = ?, starts_on = COALESCE(?, starts_on), ends_on = COALESCE(?, ends_on), room = ? WHERE id = ?",
        map(values, ledger.changed),
    )
    return ledger


Coded = TypeVar("Coded", drafts.Branch, drafts.Program, drafts.Class)


async def _codes(desk: Desk, ledger: Ledger[Coded], table: str) -> Mapping[str, str]:
    claims = [Claim(each.key, ledger.ids.get(each.key), each.codes) for each in ledger.written]
    return await codes.allot(desk.findings, ledger.kind, table, claims)


def _slugs(new: Sequence[drafts.Program], taken: set[str]) -> dict[str, str]:
    """An address for each program: its name, with a number where that is taken."""
    slugs = {}
    for each in new:
        base = (slug(each.name) or slug(each.codes[0][1]) or "program")[:72].strip("-")
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name)
        slugs[each.key] = name
    return slugs
