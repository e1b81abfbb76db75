"""Writing guardians and their households.

Sight is given only to the guardians of a student whom this import brings; whoever comes to a student who is here
already begins without it, and the guardians there are told (as in `people.guardians`). For the same reason new
guardians form one household only when they and their children are new to one another: nobody enters the household
of somebody else through an import.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from portal import db
from portal.interchange.writing import bulk, drafts
from portal.interchange.writing.desk import Desk, Ledger
from portal.people.guardians import tell_others


class Standing:
    """The links that are there before this import writes any."""

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self.links: dict[tuple[int, int], int] = {}
        self.guardians: dict[int, list[int]] = defaultdict(list)
        self.households: dict[int, set[int]] = defaultdict(set)
        self.members: dict[int, set[int]] = defaultdict(set)
        for link_id, person_id, student_id, household_id in rows:
            self.links[person_id, student_id] = link_id
            self.guardians[student_id].append(person_id)
            self.households[person_id].add(household_id)
            self.members[household_id].add(person_id)

    def own(self, person_id: int) -> int | None:
        """A household that the person has to themselves."""
        alone = (each for each in self.households.get(person_id, ()) if self.members[each] == {person_id})
        return min(alone, default=None)


async def guardians(
    desk: Desk, found: Sequence[drafts.Guardian], said: bool, ground: str, people: Ledger[drafts.Person]
) -> None:
    """Guardian links; one that staff made before is left as they made it."""
    ledger = await desk.open("guardians", found, said=said)
    if not ledger.written:
        return
    students = await desk.students()
    standing = Standing(await db.rows("SELECT id, person_id, student_id, household_id FROM guardian"))

    def ends(each: drafts.Guardian) -> tuple[int, int]:
        return people.ids[each.guardian], students[people.ids[each.child]]

    for each in ledger.new:
        known = standing.links.get(ends(each))
        if known is not None:
            ledger.take_over(each, known)
    new = await desk.number(ledger, "guardian")
    children: dict[int, set[int]] = defaultdict(set)
    for each in found:
        person_id, student_id = ends(each)
        children[person_id].add(student_id)
    households = await _households(desk, {ends(each)[0] for each in new}, children, standing)
    brought = {student_id for (student_id,) in await db.rows("SELECT id FROM student WHERE made_at = ?", desk.now)}
    rows, told = [], []
    for each in new:
        person_id, student_id = ends(each)
        others = standing.guardians.get(student_id, [])
        values = (ledger.ids[each.key], person_id, student_id, households[person_id])
        may_see = student_id in brought and not others
        rows.append((*values, each.relation, may_see, False, True, ground, desk.now, desk.by))
        told.append((student_id, others))
    await desk.journal.insert("guardian", _COLUMNS, rows, len(rows), desk.heard("guardians"))
    await tell_others(told)
    await desk.journal.changing("guardian", (ledger.ids[each.key] for each in ledger.changed))
    await bulk.run(
        "UPDATE guardian SET relation = ? WHERE id = ?",
        ((each.relation, ledger.ids[each.key]) for each in ledger.changed),
    )


_COLUMNS = (
    *("id", "person_id", "student_id", "household_id", "relation", "may_see", "may_pay", "is_told"),
    *("ground", "linked_at", "linked_by"),
)


async def _households(
    desk: Desk, coming: set[int], children: Mapping[int, set[int]], standing: Standing
) -> dict[int, int]:
    """The household of each new guardian: one for those who share all their children, if all that is news."""
    groups: dict[frozenset[int], list[int]] = defaultdict(list)
    for person_id in sorted(coming):
        groups[frozenset(children[person_id])].append(person_id)
    together: list[list[int]] = []
    of: dict[int, int] = {}
    for shared, members in groups.items():
        if any(standing.guardians.get(each) for each in shared) or any(each in standing.households for each in members):
            for person_id in members:
                own = standing.own(person_id)
                if own is None:
                    together.append([person_id])
                else:
                    of[person_id] = own
        else:
            together.append(members)
    branch_of = dict(await db.rows("SELECT id, branch_id FROM student"))
    rows = []
    for members, household_id in zip(together, await bulk.fresh_ids("household", len(together)), strict=True):
        of |= dict.fromkeys(members, household_id)
        rows.append((household_id, branch_of[min(children[members[0]])], desk.now))
    await desk.journal.insert("household", ("id", "branch_id", "made_at"), rows)
    return of
