"""What somebody was before imports changed it, and what imports say of them afterwards, names nobody either."""

import json

from portal import clock, db
from portal.interchange.loading import load
from portal.privacy import erasing
from portal.scope import SYSTEM, Permission, Scope
from tests.interchange.applying import kept, loaded
from tests.interchange.builder import CENTRE, bundle
from tests.privacy.planting import found

LAN, MINH, HOA = CENTRE["users"]
SOURCE = "qzx-77-id"
FORMER = ("Xưngzổq", "Vãxnhỏz")
LATER = ("Hưlzẻqt", "Dũjbệwo")


def roster(family: str, given: str, enrollment: str, **cells: str) -> bytes:
    """The centre with Minh by another name, id and enrollment."""
    pupil = MINH | {"sourcedId": SOURCE, "familyName": family, "givenName": given, "username": "qzx"}
    roles = [row | {"userSourcedId": SOURCE} if row["userSourcedId"] == "minh" else row for row in CENTRE["roles"]]
    learns, teaches = CENTRE["enrollments"]
    result = CENTRE["results"][0] | {"studentSourcedId": SOURCE}
    return bundle(
        **{"users": [LAN, pupil | cells, HOA], "roles": roles, "demographics": None, "results": [result]},
        enrollments=[learns | {"sourcedId": enrollment, "userSourcedId": SOURCE}, teaches],
    )


async def imported(packed: bytes) -> None:
    await loaded(packed, file_id=await kept(packed), let_leave=True)


async def erase(cast, *, as_: tuple[str, str] = LATER) -> None:
    person = await db.value("SELECT record_id FROM external_id WHERE kind = 'users' AND sourced_id = ?", SOURCE)
    director = Scope(account_id=cast.quang.account, person_id=cast.quang.person, grants=dict.fromkeys(Permission))
    await erasing.erase(director, person, "asked", typed_name=" ".join(as_))


async def test_nothing_is_left_of_a_name_that_an_import_changed_nor_of_ids_it_took_away(cast, media):
    await imported(roster(*FORMER, f"E1/{SOURCE}"))
    letter = {"recipient": "lan@example.com", "text": f"Chào Lan, {FORMER[1]} có điểm mới.", "html": ""}
    await db.insert("letter", **letter, subject="Điểm", language="vi", made_at=clock.now())
    asked = {"query": " ".join(FORMER)}
    act = {"account_id": cast.mai.account, "verb": "people.export", "record": "export", "request_id": ""}
    await db.insert("audit_entry", **act, at=clock.now(), changes=json.dumps(asked, ensure_ascii=False))
    await imported(roster(*LATER, f"E1/{SOURCE}/2"))
    words = (*FORMER, *LATER, SOURCE)
    before = {place for place in await found(words, media) if place.startswith("row of")}
    assert before >= {"row of letter", "row of audit_entry", "row of import_change"}  # else the rest could not fail
    await erase(cast)
    assert [place for place in await found(words, media) if place.startswith("row of")] == []


async def test_what_is_odd_about_the_row_of_who_was_erased_is_not_told(cast):
    await imported(roster(*FORMER, "N1"))
    await erase(cast, as_=FORMER)
    packed = roster(*FORMER, "N1", phone="qzx-0999", email="qzx at home", sms="also qzx")
    outcome = await load(SYSTEM, packed, dry_run=False, file_id=await kept(packed))
    told = [problem for problem in outcome.problems if problem.severity == "warning"]
    assert [str(problem) for problem in told if problem.line and problem.file == "users.csv"] == [
        "users.csv:3 (sourcedId): This person was erased here, and is left out."
    ]
    assert not outcome.refused
    assert outcome.warnings == sum(problem.times for problem in told)
    assert "qzx-0999" not in repr(told)


async def test_the_same_about_others_is_told(cast):
    await imported(roster(*FORMER, "N1"))
    packed = roster(*FORMER, "N1", phone="qzx-0999", email="qzx at home")
    outcome = await load(SYSTEM, packed, dry_run=False, file_id=await kept(packed))
    assert {problem.column for problem in outcome.problems if problem.file == "users.csv"} >= {"phone", "email"}
