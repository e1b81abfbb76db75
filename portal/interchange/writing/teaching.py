"""Writing who learns and who teaches in which class."""

import datetime as dt
from collections.abc import Sequence

from portal import db
from portal.interchange.writing import bulk, drafts
from portal.interchange.writing.desk import Desk, Ledger

_LONG_AGO = dt.date(1900, 1, 1)


async def memberships(
    desk: Desk,
    found: Sequence[drafts.Membership],
    said: bool,
    classes: Ledger[drafts.Class],
    people: Ledger[drafts.Person],
) -> None:
    """Memberships. Nobody is in a class twice at a time: one that goes on already is taken over, not doubled."""
    ledger = await desk.open("enrollments", found, said=said)
    if not ledger.written:
        return
    students = await desk.students()

    def place(each: drafts.Membership) -> tuple[int, int]:
        return classes.ids[each.of_class], students[people.ids[each.student]]

    changing = {ledger.ids[each.key] for each in ledger.changed}
    going_on = {
        (class_id, student_id): record_id
        for record_id, class_id, student_id in await db.rows(
            "SELECT id, class_id, student_id FROM class_membership WHERE until IS NULL"
        )
        if record_id not in changing
    }
    for each in ledger.written:
        there = going_on.get(place(each)) if each.until is None else None
        if there is not None:
            ledger.take_over(each, there)
    new = await desk.number(ledger, "class_membership")

    def values(each: drafts.Membership) -> tuple[object, ...]:
        return (*place(each), each.since, each.until, ledger.ids[each.key])

    # All that change are closed first, so that none stands in the way of another.
    fresh = {each.key for each in new}
    old = {ledger.ids[each.key]: each for each in ledger.written if each.key not in fresh}
    await desk.journal.changing("class_membership", {*old, *changing})
    closing = ((_LONG_AGO, record_id) for record_id in old)
    await bulk.run("UPDATE class_membership SET since = NULL, until = ? WHERE id = ?", closing)
    await bulk.run("DELETE FROM class_membership WHERE id = ?", ((each,) for each in changing - old.keys()))
    await bulk.run(
        "UPDATE class_membership SET class_id = ?, student_id = ?, since = ?, until = ? WHERE id = ?",
        map(values, old.values()),
    )
    await desk.journal.insert(
        "class_membership",
        ("class_id", "student_id", "since", "until", "id"),
        map(values, new),
        len(new),
        desk.heard("enrollments"),
    )


async def teachings(
    desk: Desk,
    found: Sequence[drafts.Teaching],
    said: bool,
    classes: Ledger[drafts.Class],
    people: Ledger[drafts.Person],
) -> None:
    """Who teaches a class: one row for each person and class, however many rows of the bundle say so."""
    ledger = await desk.open("teachings", found, said=said)
    if not ledger.written:
        return
    held = {
        (class_id, person_id): record_id
        for record_id, class_id, person_id in await db.rows("SELECT id, class_id, person_id FROM class_teacher")
    }
    before = {ledger.ids[each.key] for each in ledger.changed}
    leads = {(classes.ids[each.of_class], people.ids[each.person]): each.is_lead for each in ledger.written}
    missing = [pair for pair in leads if pair not in held]
    ids = await bulk.fresh_ids("class_teacher", len(missing))
    new = dict(zip(missing, ids, strict=True))
    for each in ledger.written:
        pair = (classes.ids[each.of_class], people.ids[each.person])
        ledger.ids[each.key] = new.get(pair) or held[pair]
    # A row that moved to another class or person leaves nobody behind who could look into the old class.
    left = before - set(ledger.ids.values())
    await desk.journal.changing("class_teacher", {*left, *(held[pair] for pair in leads if pair in held)})
    await bulk.run("DELETE FROM class_teacher WHERE id = ?", ((each,) for each in left))
    await bulk.run(
        "UPDATE class_teacher SET is_lead = ? WHERE id = ?",
        ((is_lead, held[pair]) for pair, is_lead in leads.items() if pair in held),
    )
    await desk.journal.insert(
        "class_teacher",
        ("class_id", "person_id", "is_lead", "id"),
        ((*pair, leads[pair], record_id) for pair, record_id in new.items()),
    )
