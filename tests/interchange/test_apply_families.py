"""Who is whose guardian: links, households, and the rule of sight."""

import pytest

from portal import clock, db, jobs
from tests.interchange.applying import dump, loaded, rows, warnings
from tests.interchange.builder import CENTRE, bundle, row

pytestmark = pytest.mark.usefixtures("database")

LINKS = (
    "SELECT p.given_name, c.given_name, g.may_see FROM guardian g JOIN person p ON p.id = g.person_id"
    " JOIN student s ON s.id = g.student_id JOIN person c ON c.id = s.person_id ORDER BY g.id"
)
HOUSEHOLDS = "SELECT p.given_name, g.household_id FROM guardian g JOIN person p ON p.id = g.person_id ORDER BY g.id"


def family(*, parents: dict[str, str], roles: dict[str, str] | None = None) -> bytes:
    """A bundle with these children and the guardians that each of them names."""
    lan, minh, _ = CENTRE["users"]
    grown_ups = dict.fromkeys(name for names in parents.values() for name in names.split(",") if name)
    people = {**dict.fromkeys(grown_ups, "parent"), **dict.fromkeys(parents, "student"), **(roles or {})}
    users = [
        {
            **(minh if name in parents else lan),
            **{"sourcedId": name, "username": name, "givenName": name.title(), "email": ""},
            "agentSourcedIds": parents.get(name, ""),
        }
        for name in people
    ]
    given = [
        {**CENTRE["roles"][0], "sourcedId": f"R-{name}", "userSourcedId": name, "role": role}
        for name, role in people.items()
    ]
    rest = dict.fromkeys(("enrollments", "demographics", "categories", "lineItems", "results"))
    return bundle(users=users, roles=given, **rest)


async def test_a_guardian_of_a_new_student_may_see_and_the_link_says_its_ground() -> None:
    await loaded(bundle())
    assert await rows(LINKS) == [("Lan", "Minh", True)]
    assert await rows("SELECT relation, may_pay, is_told, restricted_at, ground, linked_by FROM guardian") == [
        ("guardian", False, True, None, "OneRoster import", None)
    ]


async def test_a_parent_whose_sex_is_told_is_mother_or_father() -> None:
    demographics = [{"sourcedId": "lan", "sex": "female"}]
    await loaded(bundle(demographics=demographics))
    assert await rows("SELECT relation FROM guardian") == [("mother",)]


async def test_guardians_who_come_together_see_together_and_are_one_household() -> None:
    await loaded(family(parents={"minh": "lan,hung", "chi": "lan,hung"}))
    assert [may_see for _, _, may_see in await rows(LINKS)] == [True] * 4
    assert len({household for _, household in await rows(HOUSEHOLDS)}) == 1
    assert await rows("SELECT b.code FROM household h JOIN branch b ON b.id = h.branch_id") == [("O1",)]


async def test_guardians_with_other_children_are_another_household() -> None:
    await loaded(family(parents={"minh": "lan,hung", "chi": "lan"}))
    households = dict(await rows(HOUSEHOLDS))
    assert households["Lan"] != households["Hung"]
    assert len(await rows("SELECT id FROM household")) == 2


async def test_who_comes_to_a_student_with_guardians_begins_without_sight_and_they_are_told() -> None:
    await loaded(family(parents={"minh": "lan"}))
    assert await db.value("SELECT COUNT(*) FROM job") == 0
    await loaded(family(parents={"minh": "lan,hung"}))
    assert await rows(LINKS) == [("Lan", "Minh", True), ("Hung", "Minh", False)]
    ((minh, lan),) = await db.rows("SELECT student_id, person_id FROM guardian ORDER BY id LIMIT 1")
    (job,) = await jobs.Job.all()
    assert (job.kind, job.payload) == ("guardian_linked", {"links": [[minh, [lan]]]})


async def test_a_dry_run_tells_nobody() -> None:
    await loaded(family(parents={"minh": "lan"}))
    await loaded(family(parents={"minh": "lan,hung"}), dry_run=True)
    assert await db.value("SELECT COUNT(*) FROM job") == 0


async def test_the_first_guardian_of_a_student_who_is_here_begins_without_sight() -> None:
    await loaded(family(parents={"minh": ""}))
    await loaded(family(parents={"minh": "lan", "chi": "lan"}))
    assert sorted(await rows(LINKS)) == [("Lan", "Chi", True), ("Lan", "Minh", False)]


async def test_who_comes_later_does_not_enter_the_household_that_is_there() -> None:
    await loaded(family(parents={"minh": "lan"}))
    await loaded(family(parents={"minh": "lan,hung"}))
    ((_, of_lan), (_, of_hung)) = await rows(HOUSEHOLDS)
    assert of_lan != of_hung


async def test_a_guardian_keeps_their_own_household_for_another_child() -> None:
    await loaded(family(parents={"minh": "lan"}))
    await loaded(family(parents={"minh": "lan", "chi": "lan"}))
    assert await rows(LINKS) == [("Lan", "Minh", True), ("Lan", "Chi", True)]
    assert len({household for _, household in await rows(HOUSEHOLDS)}) == 1


async def test_a_link_that_staff_made_is_left_as_they_made_it() -> None:
    await loaded(family(parents={"minh": "lan"}, roles={"hung": "parent"}))
    hung = await db.value("SELECT id FROM person WHERE given_name = 'Hung'")
    values = {"student_id": await db.value("SELECT id FROM student"), "relation": "grandparent"}
    household = await db.insert("household", made_at=clock.now())
    await db.insert(
        "guardian", person_id=hung, household_id=household, ground="Book shown", linked_at=clock.now(), **values
    )
    outcome = await loaded(family(parents={"minh": "lan,hung"}))
    assert outcome.counts["guardians"] == {"new": 1, "changed": 0, "same": 1, "unnamed": 0}
    assert await rows("SELECT relation, may_see, ground FROM guardian WHERE person_id = ?", hung) == [
        ("grandparent", False, "Book shown")
    ]


async def test_a_changed_relation_changes_nothing_that_staff_decided() -> None:
    await loaded(bundle())
    await db.execute("UPDATE guardian SET may_see = ?, may_pay = ?, restricted_at = ?", False, True, clock.now())
    await loaded(bundle(roles=row("roles", 0, role="relative")))
    assert await rows("SELECT relation, may_see, may_pay, restricted_at IS NULL FROM guardian") == [
        ("relative", False, True, False)
    ]


async def test_a_guardian_who_is_no_longer_named_stays() -> None:
    await loaded(bundle())
    outcome = await loaded(bundle(users=row("users", 1, agentSourcedIds="")))
    assert outcome.counts["guardians"] == {"new": 0, "changed": 0, "same": 0, "unnamed": 1}
    assert await rows(LINKS) == [("Lan", "Minh", True)]


async def test_the_guardian_of_somebody_who_is_no_student_is_not_stored() -> None:
    roles = row("roles", 1, role="proctor")
    outcome = await loaded(bundle(roles=roles, enrollments=[CENTRE["enrollments"][1]], results=None))
    assert await rows(LINKS) == []
    assert (
        "users.csv:3 (agentSourcedIds): This person is no student, so the link to the guardian is not stored."
        in warnings(outcome)
    )


async def test_very_long_sourced_ids_make_one_link_and_the_same_one_again() -> None:
    child, parent = "c" * 250, "p" * 250
    packed = family(parents={child: parent})
    await loaded(packed)
    before = await dump()
    await loaded(packed)
    assert await dump() == before
    assert len(before["guardian"]) == 1
