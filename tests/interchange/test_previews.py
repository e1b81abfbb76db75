"""What a checked file would change, by name, and who may read it."""

import pytest

from portal import db
from portal.interchange import journal, previews
from portal.interchange.loading import load
from portal.interchange.previews import Section
from portal.scope import SYSTEM, Permission, Scope
from tests.interchange.applying import dump, loaded, rows
from tests.interchange.builder import bundle, row

pytestmark = pytest.mark.usefixtures("database")

NGA = row("users")[0] | {"sourcedId": "nga", "username": "nga", "givenName": "Nga", "email": ""}
CHANGED = bundle(
    users=[*row("users", 1, givenName="Minh Anh"), NGA],
    results=row("results", score="9.25"),
    demographics=row("demographics", birthDate="2014-05-05"),
)


async def checked(packed: bytes, scope: Scope = SYSTEM) -> dict[str, Section]:
    """The preview of a bundle that is checked, as `scope` reads it, by table."""
    outcome = await load(SYSTEM, packed, dry_run=True)
    assert not outcome.refused
    return {section.table: section for section in previews.told(outcome.preview, scope)}


async def test_who_is_new_and_what_of_whom_changes_is_named() -> None:
    await loaded(bundle())
    before = await dump()
    seen = await checked(CHANGED)
    assert await dump() == before
    (minh,) = seen["person"].changed
    assert minh.label == "Nguyễn Minh Anh"
    assert [(one.field, str(one.before), str(one.after)) for one in minh.differences] == [
        ("given_name", "Minh", "Minh Anh"),
        ("birth_date", "2014-05-04", "2014-05-05"),
    ]
    assert [one.label for one in seen["person"].new] == ["Trần Nga"]
    (mark,) = seen["score"].changed
    assert (mark.label, [tuple(one) for one in mark.differences]) == (
        "Nguyễn Minh Anh, Unit 1",
        [("points", "mark", 8500, 9250)],
    )


async def test_a_file_that_changes_nothing_previews_nothing() -> None:
    await loaded(bundle())
    assert await checked(bundle()) == {}


async def test_what_refers_to_others_names_them() -> None:
    seen = await checked(bundle())
    (link,) = seen["guardian"].new
    facts = {one.field: one.value for one in link.facts}
    assert (link.label.split(",")[0], facts["student_id"].split(",")[0]) == ("Trần Lan", "Nguyễn Minh")
    (given,) = seen["class"].new
    assert {one.field: one.value for one in given.facts}["branch_id"] == "Cơ sở Cầu Giấy"


async def test_all_are_counted_and_the_first_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "NAMED", 2)
    seen = await checked(bundle())
    assert (seen["person"].counts, len(seen["person"].new), seen["person"].more) == ((3, 0, 0), 2, (1, 0, 0))


async def test_what_would_go_is_named_by_what_it_was() -> None:
    await loaded(bundle())
    (old,) = await rows("SELECT id FROM class_teacher")
    async with db.transaction():
        written = journal.Journal(None, (await rows("SELECT made_at FROM person"))[0][0])
        await written.changing("class_teacher", old)
        await db.execute("DELETE FROM class_teacher WHERE id = ?", *old)
        await written.close()
        preview = await previews.of(written, SYSTEM)
    (section,) = previews.told(preview, SYSTEM)
    assert section.counts == (0, 0, 1)
    assert section.going[0].startswith("Lê Hoa, ")


async def test_marks_contacts_and_guardians_are_for_who_may_see_them_everywhere() -> None:
    imports = {Permission.SEE_IMPORTS: None, Permission.IMPORT_DATA: None, Permission.SEE_PEOPLE: None}
    administrator = await checked(bundle(), Scope(grants=dict(imports)))
    hidden = {table for table, section in administrator.items() if section.hidden}
    assert hidden == {"guardian", "email_address", "phone_number", "score"}
    assert administrator["score"].counts == (1, 0, 0)
    assert administrator["person"].new
    of_one_branch = Scope(grants=dict(imports) | {Permission.SEE_GRADES: frozenset({1}), Permission.SEE_CONTACTS: None})
    seen = await checked(bundle(), of_one_branch)
    assert {table for table, section in seen.items() if section.hidden} == {"score"}


async def test_an_address_is_for_who_may_see_contacts_and_a_branch_is_enough_where_the_check_reached_no_other() -> None:
    changed = ["Trần Lan", [["given_name", "Lan", "Lân"], ["address", "1 Hàng Bạc", "2 Hàng Bạc"]]]
    moved = ["Lê Hoa", [["address", "", "3 Hàng Bạc"]]]
    preview = [{"sections": [["person", [0, 2, 0], [], [changed, moved], []]], "reach": [1]}]

    def read(*rights: Permission, branch: int = 1) -> list[list[str]]:
        (section,) = previews.told(preview, Scope(grants=dict.fromkeys(rights, frozenset({branch}))))
        return [[one.field for one in each.differences] for each in section.changed]

    assert read(Permission.SEE_PEOPLE) == [["given_name"]]
    assert read(Permission.SEE_PEOPLE, Permission.SEE_CONTACTS) == [["given_name", "address"], ["address"]]
    assert read(Permission.SEE_PEOPLE, branch=2) == []
