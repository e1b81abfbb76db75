"""A person planted everywhere is found nowhere after they were erased."""

import zipfile

import pytest

from portal import clock, db, jobs
from portal.backup import making
from portal.gradebook import grades
from portal.privacy import erasing
from portal.scope import Permission, Scope
from tests.cast import ZONE
from tests.privacy.planting import NAMED, found, plant, roster, send, spellings, unpacked


def director(cast) -> Scope:
    return Scope(account_id=cast.quang.account, person_id=cast.quang.person, grants=dict.fromkeys(Permission))


async def erase(cast, person: int, who: str, ground: str = "asked") -> dict[str, int]:
    done = await erasing.erase(director(cast), person, ground, typed_name=" ".join(NAMED[who][:3]))
    await jobs.drain()
    return done


async def figures() -> list[object]:
    """What must be as it was: how many marks and classes there are, and what they add up to."""
    return [
        await db.rows("SELECT id, published_count, published_points FROM assessment ORDER BY id"),
        await db.rows("SELECT id, assessment_id, student_id, state, points FROM score ORDER BY id"),
        await db.rows("SELECT id, class_id, student_id FROM class_membership ORDER BY id"),
        await db.value("SELECT COUNT(*) FROM person"),
        await db.value("SELECT COUNT(*) FROM student"),
        await db.value("SELECT COUNT(*) FROM account"),
        [row[0] for row in await db.rows("SELECT counts FROM import_run ORDER BY id")],
    ]


async def test_the_markers_lie_wherever_they_can(cast, media):
    """Otherwise the test below could not fail."""
    await plant(cast)
    places = [place for words in NAMED.values() for place in await found(words, media)]
    tables = {place.removeprefix("row of ") for place in places if place.startswith("row of")}
    assert tables >= {
        *("person", "email_address", "phone_number", "account", "guardian", "score", "assessment", "letter", "job"),
        *("audit_entry", "external_id", "import_run", "session", "consent", "stored_file"),
    }
    assert any(place.startswith("inside") for place in places)


async def test_nothing_of_the_erased_is_left_anywhere(cast, media):
    people = await plant(cast)
    before = await figures()
    for who, person in people.items():
        await erase(cast, person, who)
        assert await found(NAMED[who], media) == [], who
    assert await figures() == before
    assert await db.value("SELECT COUNT(*) FROM erasure WHERE swept_at IS NOT NULL") == 3


async def test_whoever_stays_is_as_they_were(cast, media):
    people = await plant(cast)
    kept = "SELECT family_name, given_name, search_key, contact_key FROM person WHERE erased_at IS NULL ORDER BY id"
    before = await db.rows(kept)
    await erase(cast, people["student"], "student")
    after = await db.rows(kept)
    assert len(after) == len(before) - 1
    assert [row[0] for row in before if row not in after] == [NAMED["student"][0]]
    # The guardian is still there, with the other child of theirs.
    links = await db.rows(
        "SELECT s.person_id FROM guardian g JOIN student s ON s.id = g.student_id WHERE g.person_id = ?",
        people["guardian"],
    )
    assert links == [(people["pupil"],)]
    assert await db.value("SELECT disabled_at FROM account WHERE person_id = ?", people["guardian"]) is None


async def test_the_mean_of_the_class_stays(cast, media):
    people = await plant(cast)
    scope = Scope(account_id=1, person_id=cast.minh.person, student_id=cast.minh.student)
    of_minh = await grades.of_student(scope, cast.minh.student, clock.today(ZONE))
    await erase(cast, people["student"], "student")
    after = await grades.of_student(scope, cast.minh.student, clock.today(ZONE))
    assert [one.figure for one in after.classes] == [one.figure for one in of_minh.classes]
    assert [mark.mean for one in after.classes for kind in one.categories for mark in kind.marks] == [
        mark.mean for one in of_minh.classes for kind in one.categories for mark in kind.marks
    ]


async def test_no_import_brings_the_erased_back(cast, media):
    people = await plant(cast)
    await erase(cast, people["pupil"], "pupil")
    run = await send(cast, roster(), "later.zip")
    told = await db.value("SELECT CAST(problems AS TEXT) FROM import_run WHERE id = ?", run)
    assert "This person was erased here, and is left out." in told
    assert await db.value("SELECT state FROM import_run WHERE id = ?", run) == "done"
    assert await db.value("SELECT COUNT(*) FROM person WHERE family_name = ?", NAMED["pupil"][0]) == 0
    names = {place for place in await found(NAMED["pupil"], media) if place.startswith("row of")}
    assert names == set()


@pytest.mark.parametrize("who", list(NAMED))
async def test_the_act_says_how_much_and_never_who(cast, media, who):
    people = await plant(cast)
    counts = await erase(cast, people[who], who, "representative")
    verb, record, changes, account = (
        await db.rows(
            "SELECT verb, record_id, CAST(changes AS TEXT), account_id FROM audit_entry WHERE verb = 'person.erase'"
        )
    )[0]
    assert (verb, record, account) == ("person.erase", people[who], cast.quang.account)
    assert '"representative"' in changes
    assert counts["person"] == 1
    assert str(counts["audit_entry"]) in changes


async def test_a_backup_made_afterwards_holds_nothing_of_them(cast, media, tmp_path):
    people = await plant(cast)
    before = tmp_path / "before.backup"
    await making.make(before, tell=unheard)
    assert any(holds(before, words) for words in NAMED.values())  # otherwise the rest could not fail
    for who, person in people.items():
        await erase(cast, person, who)
    await making.make(after := tmp_path / "after.backup", tell=unheard)
    assert {who: holds(after, words) for who, words in NAMED.items()} == dict.fromkeys(NAMED, False)


def holds(backup, words) -> bool:
    """Whether a backup holds one of the words, packed files within it unpacked."""
    wanted = spellings(words)
    with zipfile.ZipFile(backup) as archive:
        parts = [archive.read(name) for name in archive.namelist()]
    parts += [inner for part in parts for inner in unpacked(part)]
    return any(form in part for part in parts for form in wanted)


def unheard(*_: object) -> None:
    """Nobody wants to know how far a backup is."""
