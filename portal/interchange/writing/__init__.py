"""From a OneRoster bundle to records of ours: docs/decisions/0005 says what becomes what, and why.

`drafting` decides what can be decided without the database; the writers (`places`, `people`, `families`,
`teaching`, `marks`) decide the rest and write, inside one transaction. Invariants: what a draft's hash says is
unchanged is not written; what leaves ends and is not deleted (`leaving`); no statement is run for a row.
"""

from portal.errors import Sentence, say
from portal.interchange.oneroster import Bundle
from portal.interchange.writing import families, leaving, marks, people, places, teaching
from portal.interchange.writing.desk import Desk, Going
from portal.interchange.writing.drafting import draft
from portal.interchange.writing.drafts import Drafts
from portal.interchange.writing.findings import Findings

__all__ = ["GROUND", "Desk", "Drafts", "Findings", "Going", "draft", "too_many", "write"]

too_many = leaving.too_many

GROUND = say("OneRoster import")
"""The ground that a guardian link of ours stands on; stored in English, to be translated where it is shown."""


async def write(desk: Desk, bundle: Bundle, drafts: Drafts) -> list[Sentence]:
    """Write all drafts, in the caller's transaction, after `desk.lock`; what stands in the way goes to its findings.

    Returns what is worth a note of what leaves.
    """
    present = bundle.said
    orgs = {org.source_id for org in bundle.orgs}
    branches = await places.branches(desk, drafts.branches, "orgs" in present, orgs)
    sessions = {session.source_id for session in bundle.sessions}
    terms = await places.terms(desk, drafts.terms, "academicSessions" in present, sessions)
    programs = await places.programs(desk, drafts.programs, "courses" in present)
    classes = await places.classes(desk, drafts.classes, "classes" in present, (branches, terms, programs))
    persons = await people.people(desk, drafts.people, drafts.births, present, branches)
    await families.guardians(desk, drafts.guardians, _says_guardians(bundle), str(GROUND), persons)
    enrolled = "enrollments" in present
    await teaching.memberships(desk, drafts.memberships, enrolled, classes, persons)
    await teaching.teachings(desk, drafts.teachings, enrolled, classes, persons)
    items = "lineItems" in present
    categories = await marks.categories(desk, drafts.categories, items, classes)
    assessments = await marks.assessments(desk, drafts.assessments, items, classes, categories)
    await marks.scores(desk, drafts.scores, "results" in present, assessments, persons)
    notes = await leaving.leave(desk, str(GROUND), bundle)
    await desk.settle()
    return notes


def _says_guardians(bundle: Bundle) -> bool:
    """Whether the bundle has the files that tell who is whose guardian."""
    if bundle.version.startswith("SDS"):
        needed = {"relationships"}
    else:
        needed = {"users"} if bundle.version == "1.1" else {"users", "roles"}
    return needed <= bundle.said
