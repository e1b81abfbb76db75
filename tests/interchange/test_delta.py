"""Changes laid over what was imported before, and what leaves."""

import asyncio
import copy
import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest

from portal import clock, db, files
from portal.errors import Conflict
from portal.gradebook import recording
from portal.interchange import loading, runs, undo
from portal.interchange.loading import Outcome, load
from portal.scope import SYSTEM, Permission, Scope
from tests.examples import EXAMPLES
from tests.interchange.applying import dump, kept, loaded, notes, rows
from tests.interchange.builder import (
    CENTRE,
    CENTRE_11,
    bundle,
    changes,
    csv_of,
    gone,
    manifest_of,
    more,
    row,
    unzipped,
    zipped,
)
from tests.interchange.drawn import School

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def media(tmp_path: Path) -> None:
    files.configure(tmp_path / "media")


async def sent(packed: bytes, **how: Any) -> Outcome:
    """Import a bundle that must be accepted, and keep it as an upload is kept."""
    return await loaded(packed, file_id=await kept(packed), **how)


async def errors(packed: bytes, **how: Any) -> list[str]:
    """The errors of a bundle that must be refused, having changed nothing."""
    before = await dump()
    outcome = await load(SYSTEM, packed, dry_run=False, **how)
    assert outcome.refused
    assert await dump() == before
    return [str(problem) for problem in outcome.problems if problem.severity == "error"]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
async def test_changes_are_laid_over_what_was_sent_before(version: str) -> None:
    await sent(bundle(version))
    centre = CENTRE_11 if version == "1.1" else CENTRE
    outcome = await sent(changes(version, results=[centre["results"][0] | {"score": "9"}]))
    assert outcome.counts["results"] == {"new": 0, "changed": 1, "same": 0, "unnamed": 0}
    assert sum(sums["new"] + sums["changed"] + sums["unnamed"] for sums in outcome.counts.values()) == 1
    assert await rows("SELECT points FROM score") == [(9000,)]


async def test_changes_may_name_what_was_sent_before_and_follow_one_another() -> None:
    await sent(bundle())
    student = {"sourcedId": "chi", "enabledUser": "true", "username": "chi", "givenName": "Chi", "familyName": "Vũ"}
    role = CENTRE["roles"][1] | {"sourcedId": "R4", "userSourcedId": "chi"}
    await sent(changes(users=[student | {"agentSourcedIds": "lan"}], roles=[role]))
    await sent(changes(enrollments=[CENTRE["enrollments"][0] | {"sourcedId": "N3", "userSourcedId": "chi"}]))
    assert await rows("SELECT COUNT(*) FROM guardian") == [(2,)]
    assert await rows(
        "SELECT p.given_name FROM class_membership m JOIN student s ON s.id = m.student_id"
        " JOIN person p ON p.id = s.person_id ORDER BY m.id"
    ) == [("Minh",), ("Chi",)]


async def test_who_leaves_ends_and_is_there_again_when_named_again() -> None:
    await sent(bundle())
    before = await rows(_STANDING)
    outcome = await sent(changes(users=[gone("minh"), gone("hoa"), gone("lan")]))
    assert outcome.counts["users"] == {"new": 0, "changed": 0, "same": 0, "unnamed": 0, "leaving": 3}
    today = str(clock.now().date())
    assert await rows(_STANDING) == [("finished", today, False, today, 0, True)]
    assert (await rows("SELECT COUNT(*) FROM person"), await rows("SELECT COUNT(*) FROM account")) == ([(3,)], [(0,)])
    again = await sent(changes(users=CENTRE["users"]))
    assert again.counts["users"]["changed"] == 3
    assert await rows("SELECT COUNT(*) FROM external_id WHERE gone_at IS NOT NULL") == [(0,)]
    assert await rows(_STANDING) == [(*before[0][:2], False, *before[0][3:])], "sight is given here, not by a file"


_STANDING = """
SELECT s.status, m.until, g.may_see, t.left_on, (SELECT COUNT(*) FROM class_teacher), k.published_at IS NOT NULL
  FROM student s, class_membership m, guardian g, teacher t, score k"""


async def test_who_loses_a_role_ends_as_that_and_is_back_with_it() -> None:
    await sent(bundle())
    roles = [gone(row["sourcedId"]) for row in CENTRE["roles"]]
    outcome = await sent(changes(roles=roles, enrollments=[gone("N1"), gone("N2")]))
    assert outcome.counts["roles"] == {"new": 0, "changed": 0, "same": 1, "unnamed": 0, "leaving": 2}
    today = str(clock.now().date())
    assert await rows(_STANDING) == [("finished", today, False, today, 0, True)], "and the guardian sees nothing"
    await sent(changes(roles=CENTRE["roles"], enrollments=CENTRE["enrollments"]))
    assert (await rows(_STANDING))[0][0:2] == ("learning", None)


async def test_a_role_that_left_ends_nobody_but_who_had_it() -> None:
    await sent(bundle())
    await sent(bundle(roles=CENTRE["roles"][::2], enrollments=None, results=None, lineItems=None, categories=None))
    await sent(changes(roles=[gone("R3")]))
    await sent(changes(users=[CENTRE["users"][1] | {"sms": "0912345670"}]))
    assert await rows("SELECT status FROM student") == [("learning",)], "missing is not leaving"
    await sent(bundle(users=row("users", 1, agentSourcedIds=""), enrollments=None, results=None, lineItems=None))
    await sent(changes(roles=[CENTRE["roles"][0], CENTRE["roles"][1] | {"roleType": "secondary"}]))
    assert await rows("SELECT status, may_see FROM student, guardian") == [("learning", True)], "nor is being spoken of"


async def test_more_than_a_tenth_of_roles_need_a_word_too() -> None:
    crowd = [{**CENTRE["users"][2], "sourcedId": f"t{number}", "username": f"t{number}"} for number in range(12)]
    jobs = [{**CENTRE["roles"][2], "sourcedId": f"J{number}", "userSourcedId": f"t{number}"} for number in range(12)]
    await sent(bundle(users=[*CENTRE["users"], *crowd], roles=[*CENTRE["roles"], *jobs]))
    (error,) = await errors(changes(roles=[gone(f"J{number}") for number in range(12)]))
    assert error == "roles.csv: 12 of 15 would leave, more than a tenth; somebody has to agree to that."


async def test_in_the_first_version_the_role_stands_beside_the_name() -> None:
    await sent(bundle("1.1"))
    aide = CENTRE_11["users"][2] | {"role": "aide"}
    await sent(changes("1.1", users=[aide], enrollments=[gone("N2")]))
    assert await rows("SELECT left_on IS NULL FROM teacher") == [(False,)]


async def test_a_new_year_may_begin_without_marks() -> None:
    await sent(bundle())
    new = row("lineItems", sourcedId="L9", title="New year")
    await sent(bundle(lineItems=new, results=None))
    await sent(changes(results=[CENTRE["results"][0] | {"sourcedId": "S9", "lineItemSourcedId": "L9"}]))
    assert await rows("SELECT COUNT(*) FROM score") == [(2,)]


async def test_what_was_imported_while_an_import_read_is_not_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    await sent(bundle())
    late = changes(results=[CENTRE["results"][0] | {"score": "9"}])
    draft = loading.writing.draft
    held = await kept(late)

    def drafting(*args: Any) -> Any:
        asyncio.run_coroutine_threadsafe(loaded(late, file_id=held), here).result(20)
        return draft(*args)

    here = asyncio.get_running_loop()
    monkeypatch.setattr(loading.writing, "draft", lambda *args: (monkeypatch.undo(), drafting(*args))[1])
    with pytest.raises(Conflict):
        await sent(changes(demographics=[CENTRE["demographics"][0] | {"sex": "female"}]))
    assert await rows("SELECT points FROM score") == [(9000,)]


async def test_a_run_that_waited_for_its_undo_stands_in_a_restored_house() -> None:
    await sent(bundle())
    outcome = await sent(changes(results=[CENTRE["results"][0] | {"score": "9"}]))
    await db.execute(
        "UPDATE import_run SET act = 'undo', state = 'waiting', ended_at = NULL WHERE id = ?", outcome.run_id
    )
    assert await runs.end_unfinished() == 1
    await sent(changes(demographics=[CENTRE["demographics"][0] | {"sex": "female"}]))
    assert await rows("SELECT points FROM score") == [(9000,)]


async def test_a_file_that_said_the_same_again_goes_with_what_it_repeated() -> None:
    packed = bundle()
    first = await sent(packed)
    await sent(packed)
    assert first.run_id
    await undo.take_back(SYSTEM, first.run_id)
    told = await errors(changes(results=CENTRE["results"]))
    assert "no full set was imported before" in told[0]
    assert await rows("SELECT COUNT(*) FROM person") == [(0,)]


async def test_coming_back_does_not_undo_what_somebody_here_decided() -> None:
    await sent(bundle())
    closed = clock.now() - dt.timedelta(days=1)
    await db.execute("UPDATE student SET status = 'finished', changed_at = ?", closed)
    await db.execute("UPDATE class SET closed_at = ?", closed)
    await sent(changes(users=[gone("minh")], classes=[gone("E1")]))
    await sent(changes(users=CENTRE["users"], classes=CENTRE["classes"]))
    assert await rows("SELECT s.status, c.closed_at IS NULL FROM student s, class c") == [("finished", False)]


async def test_marks_and_work_are_withdrawn_unless_somebody_here_changed_them() -> None:
    await sent(bundle(results=more("results", sourcedId="S2", lineItemSourcedId="L2"), lineItems=TWO))
    changed = await db.value("SELECT MAX(id) FROM score")
    await db.execute("UPDATE score SET points = 1000, changed_at = ? WHERE id = ?", clock.now(), changed)
    outcome = await sent(changes(results=[gone("S"), gone("S2")], lineItems=[gone("L"), gone("L2")]))
    assert await rows("SELECT published_at IS NULL FROM score ORDER BY id") == [(True,), (False,)]
    teacher = await db.value("SELECT person_id FROM class_teacher")
    hoa = Scope(account_id=None, person_id=teacher, grants={Permission.SEE_OWN_CLASSES: None})
    assert await recording.publish(hoa, await db.value("SELECT MIN(id) FROM assessment")) == 0
    assert await rows("SELECT withdrawn_at IS NULL, published_count FROM assessment ORDER BY id") == [
        (False, 0),
        (True, 1),
    ]
    assert "1 marks that leave stay, because somebody here changed them." in notes(outcome)
    await sent(changes(lineItems=TWO, results=CENTRE["results"]))
    assert await rows("SELECT withdrawn_at IS NULL, published_count FROM assessment ORDER BY id") == [
        (True, 1),
        (True, 1),
    ]


TWO = more("lineItems", sourcedId="L2", title="Unit 2")


async def test_a_class_that_leaves_is_closed_and_its_marks_can_still_be_read() -> None:
    await sent(bundle())
    await sent(changes(classes=[gone("E1")]))
    assert await rows("SELECT closed_at IS NULL FROM class") == [(False,)]
    assert await rows("SELECT published_at IS NULL FROM score") == [(False,)]
    assert await rows("SELECT until IS NULL FROM class_membership") == [(False,)]
    await sent(changes(classes=CENTRE["classes"]))
    assert await rows("SELECT closed_at IS NULL FROM class") == [(True,)]
    assert await rows("SELECT until IS NULL FROM class_membership") == [(True,)]


async def test_who_leaves_keeps_their_marks_whatever_the_other_system_takes_away() -> None:
    await sent(bundle())
    outcome = await sent(changes(users=[gone("minh")], enrollments=[gone("N1")], results=[gone("S")]))
    assert outcome.counts["results"] == {"new": 0, "changed": 0, "same": 0, "unnamed": 1}
    assert await rows("SELECT published_at IS NULL FROM score") == [(False,)]
    assert await rows("SELECT may_see FROM guardian") == [(True,)], "and who reads them"


async def test_who_leaves_a_class_keeps_the_marks_of_it() -> None:
    await sent(bundle())
    await sent(changes(enrollments=[gone("N1")]))
    assert await rows("SELECT published_at IS NULL FROM score") == [(False,)]


async def test_a_guardian_that_a_child_does_not_name_any_more_sees_nothing() -> None:
    await sent(bundle())
    await sent(changes(users=[CENTRE["users"][1] | {"agentSourcedIds": ""}]))
    assert await rows("SELECT may_see, may_pay, is_told FROM guardian") == [(False, False, False)]


async def test_a_guardian_somebody_here_decided_about_stays() -> None:
    await sent(bundle())
    await db.execute("UPDATE guardian SET ground = 'Court order'")
    outcome = await sent(changes(users=[gone("lan")]))
    assert await rows("SELECT may_see FROM guardian") == [(True,)]
    assert "1 guardians who leave stay, because somebody here decided about them." in notes(outcome)


async def test_a_row_that_is_older_than_what_is_here_is_left_out() -> None:
    await sent(bundle())
    mark = CENTRE["results"][0]
    await sent(changes(results=[mark | {"score": "9", "dateLastModified": "2026-10-02T08:00:00+07:00"}]))
    outcome = await sent(changes(results=[mark | {"score": "1", "dateLastModified": "2026-10-02T00:59:59Z"}]))
    assert await rows("SELECT points FROM score") == [(9000,)]
    assert "1 rows are older than what was imported already; they are left out." in notes(outcome)
    await sent(changes(results=[mark | {"score": "2", "dateLastModified": "2026-10-02T01:00:00Z"}]))
    assert await rows("SELECT points FROM score") == [(2000,)]


async def test_a_row_of_changes_says_whether_it_is_there_and_since_when() -> None:
    await sent(bundle())
    mark = CENTRE["results"][0]
    assert await errors(changes(results=[mark | {"status": ""}])) == [
        "results.csv:2 (status): A row of changes says active or tobedeleted here."
    ]
    assert await errors(changes(results=[mark | {"status": "maybe"}])) == [
        'results.csv:2 (status): "maybe" is not a status: it is active or tobedeleted.'
    ]
    assert await errors(changes(results=[mark | {"dateLastModified": ""}])) == [
        "results.csv:2 (dateLastModified): A row of changes says here when it was changed, as 2026-09-01T12:00:00Z."
    ]
    assert await errors(changes(results=[mark | {"dateLastModified": "yesterday"}])) == [
        'results.csv:2 (dateLastModified): "yesterday" is not an instant; write it as 2026-09-01T12:00:00Z.'
    ]
    assert await errors(changes(results=[mark | {"lineItemSourcedId": "nowhere"}])) == [
        'results.csv:2 (lineItemSourcedId): lineItems.csv has no "nowhere".'
    ]
    assert await errors(changes(results=[mark, mark])) == ['results.csv:3 (sourcedId): "S" is in this file already.']
    clash = CENTRE["users"][0] | {"sourcedId": "lan2", "username": "HOA"}
    assert await errors(changes(users=[clash])) == [
        "users.csv:2 (username): This is there already, from an earlier import."
    ]


async def test_changes_without_their_full_set_are_refused() -> None:
    packed = bundle()
    outcome = await sent(packed)
    await db.execute("UPDATE import_run SET file_id = NULL WHERE id = ?", outcome.run_id)
    (error,) = await errors(changes(results=CENTRE["results"]))
    assert "the full set that they belong to is not kept here any more" in error
    await sent(packed)
    await sent(changes(results=CENTRE["results"]))
    (error,) = await errors(changes("1.1", results=CENTRE_11["results"]))
    assert "in another version of the format" in error


async def test_an_import_that_was_taken_back_is_not_what_changes_are_laid_over() -> None:
    await sent(bundle())
    await sent(changes(results=[CENTRE["results"][0] | {"comment": "Better"}]))
    second = await sent(changes(results=[gone("S")]))
    assert second.run_id
    await undo.take_back(SYSTEM, second.run_id)
    await sent(changes(users=[CENTRE["users"][1] | {"givenName": "Minh Anh"}]))
    assert await rows("SELECT published_at IS NULL, comment FROM score") == [(False, "Better")]


async def test_full_sets_and_changes_may_stand_beside_one_another() -> None:
    await sent(bundle())
    marks = unzipped(changes(results=[CENTRE["results"][0] | {"score": "3"}]))
    people = {"enrollments.csv": csv_of("enrollments", CENTRE["enrollments"][:1]).encode()}
    manifest = manifest_of("1.2", ["enrollments"], results="delta").encode()
    outcome = await sent(zipped({**marks, **people, "manifest.csv": manifest}), let_leave=True)
    assert outcome.counts["teachings"]["leaving"] == 1
    assert await rows("SELECT points FROM score") == [(3000,)]


async def test_a_bundle_of_the_command_line_is_kept_when_it_is_imported(tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    for packed, refused in ((bundle(), False), (changes(results=[{"sourcedId": "S"}]), True)):
        file.write_bytes(packed)
        outcome = await load(SYSTEM, file, dry_run=False, keep=True)
        assert outcome.refused is refused
    assert await rows("SELECT taken_by FROM stored_file") == [("import_run",)]
    file.write_bytes(changes(results=[CENTRE["results"][0] | {"score": "3"}]))
    assert not (await load(SYSTEM, file, dry_run=False, keep=True)).refused


async def test_who_is_missing_in_a_full_set_leaves_only_when_that_is_wanted() -> None:
    await sent(bundle())
    without = bundle(results=None, lineItems=None, enrollments=CENTRE["enrollments"][1:], categories=None)
    outcome = await sent(without)
    assert outcome.counts["enrollments"] == {"new": 0, "changed": 0, "same": 0, "unnamed": 1}
    assert await rows("SELECT until IS NULL FROM class_membership") == [(True,)]
    outcome = await sent(without, let_leave=True)
    assert outcome.counts["enrollments"] == {"new": 0, "changed": 0, "same": 0, "unnamed": 0, "leaving": 1}
    assert await rows("SELECT until IS NULL FROM class_membership") == [(False,)]
    again = await sent(without, let_leave=True)
    assert "enrollments" not in again.counts, "who has left is not missing any more"


async def test_more_than_a_tenth_leave_only_when_that_is_agreed_to() -> None:
    crowd = [{**CENTRE["users"][2], "sourcedId": f"t{number}", "username": f"t{number}"} for number in range(12)]
    jobs = [{**CENTRE["roles"][2], "sourcedId": f"J{number}", "userSourcedId": f"t{number}"} for number in range(12)]
    await sent(bundle(users=[*CENTRE["users"], *crowd], roles=[*CENTRE["roles"], *jobs]))
    checked = await sent(bundle(), dry_run=True, let_leave=True)
    assert checked.counts["users"]["leaving"] == 12
    (error,) = await errors(bundle(), let_leave=True)
    assert error == "users.csv: 12 of 15 would leave, more than a tenth; somebody has to agree to that."
    await sent(bundle(), let_leave=True, agreed=True)
    assert await rows("SELECT COUNT(*) FROM teacher WHERE left_on IS NOT NULL") == [(12,)]


async def test_a_status_is_read_in_a_full_set_too() -> None:
    await sent(bundle())
    outcome = await sent(bundle(users=row("users", 2, status="inactive")))
    assert outcome.counts["users"]["leaving"] == outcome.counts["teachings"]["leaving"] == 1
    assert await rows("SELECT left_on IS NULL FROM teacher") == [(False,)]


_NAMED = "(SELECT sourced_id FROM external_id WHERE kind = '{}' AND record_id = {})"
_PERSON, _STUDENT = _NAMED.format("users", "p.id"), "JOIN person p ON p.id = s.person_id"
_PICTURE = (
    "SELECT kind, sourced_id, gone_at FROM external_id ORDER BY 1, 2",
    f"SELECT {_PERSON}, family_name, given_name, birth_date, contact_key FROM person p ORDER BY 1",
    f"SELECT {_PERSON}, s.status, s.code FROM student s {_STUDENT} ORDER BY 1",
    f"SELECT {_PERSON}, s.left_on FROM teacher s {_STUDENT} ORDER BY 1",
    f"SELECT {_PERSON}, {_NAMED.format('classes', 't.class_id')} FROM class_teacher t"
    " JOIN person p ON p.id = t.person_id ORDER BY 1, 2",
    f"SELECT {_PERSON}, {_NAMED.format('guardians', 'g.id')}, g.relation, g.may_see, g.is_told FROM guardian g"
    " JOIN person p ON p.id = g.person_id ORDER BY 1, 2",
    f"SELECT {_PERSON}, {_NAMED.format('classes', 'm.class_id')}, m.since, m.until FROM class_membership m"
    f" JOIN student s ON s.id = m.student_id {_STUDENT} ORDER BY 1, 2, 3, 4",
    f"SELECT {_NAMED.format('classes', 'c.id')}, c.name, c.code, c.closed_at FROM class c ORDER BY 1",
    f"SELECT {_NAMED.format('lineItems', 'a.id')}, name, published_count, published_points, withdrawn_at"
    " FROM assessment a ORDER BY 1",
    f"SELECT {_NAMED.format('results', 'k.id')}, state, points, comment, published_at, changed_at FROM score k"
    " ORDER BY 1",
)
"""Everything that an import says, without ids of ours."""


async def test_changes_do_what_the_full_set_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random schools, each twice: by changes, and by full sets from which those who leave are missing.

    Faults planted and caught by it: rows of changes laid under what is there, teachings that stay, a row that the
    journal does not know of. What both ways do wrong alike is caught by the tests above.
    """
    draw = random.Random(20261126)
    noon = dt.datetime(2026, 10, 1, 5, tzinfo=dt.UTC)
    empty = None
    for _ in range(EXAMPLES // 20):
        school = School(draw)
        story = [copy.deepcopy(school.files)]
        for _ in range(draw.randint(1, 3)):
            school.change(12)
            story.append(copy.deepcopy(school.files))
        ends = []
        for by_changes in (True, False):
            runs = []
            for number, now in enumerate(story):
                at = noon + dt.timedelta(days=number)
                monkeypatch.setattr(clock, "now", lambda at=at: at)
                school.files = now
                packed = school.bulk()
                if by_changes and number:
                    packed = school.delta(story[number - 1], f"{at:%Y-%m-%dT%H:%M:%SZ}")
                outcome = await sent(packed, let_leave=True, agreed=True)
                if await undo.last() == outcome.run_id:
                    runs.append(outcome.run_id)
            ends.append([await rows(sql) for sql in _PICTURE])
            for run_id in reversed(runs):
                assert run_id
                await undo.take_back(SYSTEM, run_id)
            # Those that wrote nothing cannot be taken back, and are of another school.
            await db.execute("UPDATE import_run SET act = 'check'")
            empty = empty or await dump()
            assert await dump() == empty
        for sql, one, other in zip(_PICTURE, *ends, strict=True):
            assert set(one) ^ set(other) == set(), sql
