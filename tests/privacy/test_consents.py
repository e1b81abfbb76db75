"""Consents: who must agree, in which words, given and taken back, asked for once a version."""

import datetime as dt
import hashlib
import re

import pytest

from portal import clock, db
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.privacy import consents, wordings
from portal.scope import ANYONE, Permission, Scope
from portal.words import LANGUAGES
from tests.cast import PASSWORD, ZONE, bind, browser_of, said, visitor

TODAY = dt.date(2026, 11, 25)
VERSION = wordings.CURRENT["privacy"]


def mother(cast) -> Scope:
    return Scope(
        account_id=cast.lan.account,
        person_id=cast.lan.person,
        grants={Permission.SEE_FAMILY_PAGES: None},
        children=frozenset({cast.minh.student, cast.chi.student}),
    )


def test_words_that_were_shown_are_never_changed():
    for name, digest in wordings.HASHES.items():
        assert hashlib.sha256((wordings.FOLDER / f"{name}.txt").read_bytes()).hexdigest() == digest, name
    files = {path.stem for path in wordings.FOLDER.glob("*.txt")}
    assert files == set(wordings.HASHES)
    for kind, version in wordings.CURRENT.items():
        for language in LANGUAGES:
            assert len(wordings.wording(kind, version, language).paragraphs) > 1


@pytest.mark.parametrize(
    ("kind", "born", "who"),
    [
        ("privacy", dt.date(1990, 1, 1), ("self",)),
        ("privacy", None, ("self",)),
        ("privacy", dt.date(2014, 3, 9), ("representative",)),
        ("publish", dt.date(2019, 11, 26), ("representative",)),  # seven tomorrow
        ("publish", dt.date(2019, 11, 25), ("representative", "self")),  # seven today
        ("publish", dt.date(2008, 11, 25), ("self",)),  # of age today
        ("publish", dt.date(2008, 11, 26), ("representative", "self")),
        ("news", dt.date(2014, 3, 9), ("self",)),
    ],
)
def test_who_must_agree(kind, born, who):
    assert consents.needed(kind, born, TODAY) == who


async def standing(scope: Scope, person: int, kind: str) -> consents.Standing:
    found = await consents.of_person(scope, person, clock.today(ZONE))
    return next(one for one in found if one.kind == kind)


async def test_a_consent_keeps_the_words_and_ends_when_it_is_taken_back(cast):
    scope = mother(cast)
    await consents.give(scope, cast.minh.person, "privacy", version=VERSION, language="vi")
    await consents.give(scope, cast.minh.person, "privacy", version=VERSION, language="vi")
    kept = await db.rows("SELECT version, language, words_hash, way, giver_id, withdrawn_at FROM consent")
    assert kept == [(VERSION, "vi", wordings.HASHES[f"privacy-{VERSION}.vi"], "page", cast.lan.person, None)]
    assert (await standing(scope, cast.minh.person, "privacy")).agreed
    await consents.withdraw(scope, cast.minh.person, "privacy")
    await consents.withdraw(scope, cast.minh.person, "privacy")
    assert not (await standing(scope, cast.minh.person, "privacy")).agreed
    verbs = [row[0] for row in await db.rows("SELECT verb FROM audit_entry WHERE verb LIKE 'consent.%' ORDER BY id")]
    assert verbs == ["consent.give", "consent.withdraw"]


async def test_a_child_from_seven_on_and_a_representative_agree_to_publishing(cast):
    """Minh is twelve: his mother is not enough, and he is not enough without her."""
    version = wordings.CURRENT["publish"]
    child = Scope(account_id=cast.minh.account, person_id=cast.minh.person, student_id=cast.minh.student)
    await consents.give(mother(cast), cast.minh.person, "publish", version=version, language="vi")
    assert not (await standing(mother(cast), cast.minh.person, "publish")).agreed
    await consents.give(child, cast.minh.person, "publish", version=version, language="vi")
    assert (await standing(mother(cast), cast.minh.person, "publish")).agreed
    await consents.withdraw(mother(cast), cast.minh.person, "publish")
    assert not (await standing(child, cast.minh.person, "publish")).agreed


async def test_nobody_speaks_for_anybody_elses_child(cast):
    for person in (cast.bao.person, cast.an.person):
        with pytest.raises(NotFound):
            await consents.give(mother(cast), person, "privacy", version=VERSION, language="vi")
        with pytest.raises(NotFound):
            await consents.withdraw(mother(cast), person, "privacy")
        with pytest.raises(NotFound):
            await consents.of_person(mother(cast), person, TODAY)
    with pytest.raises(Forbidden):
        await consents.give(ANYONE, cast.minh.person, "privacy", version=VERSION, language="vi")
    await bind(cast, "an", "minh", may_see=False)
    father = Scope(account_id=cast.an.account, person_id=cast.an.person)
    with pytest.raises(NotFound):
        await consents.give(father, cast.minh.person, "privacy", version=VERSION, language="vi")
    assert await db.value("SELECT COUNT(*) FROM consent") == 0


async def test_words_that_changed_meanwhile_are_not_agreed_to(cast):
    with pytest.raises(Conflict):
        await consents.give(mother(cast), cast.minh.person, "privacy", version="2025-01", language="vi")
    with pytest.raises(Invalid):
        await consents.give(mother(cast), cast.minh.person, "all", version=VERSION, language="vi")


async def test_an_older_version_is_shown_as_older_and_replaced(cast, monkeypatch, tmp_path):
    scope = mother(cast)
    await consents.give(scope, cast.lan.person, "privacy", version=VERSION, language="vi")
    monkeypatch.setitem(wordings.CURRENT, "privacy", "2027-01")
    monkeypatch.setitem(wordings.HASHES, "privacy-2027-01.vi", "")
    monkeypatch.setattr(wordings, "FOLDER", tmp_path)
    (tmp_path / "privacy-2027-01.vi.txt").write_text("Mới.\n\nHơn.\n")
    before = await standing(scope, cast.lan.person, "privacy")
    assert (before.agreed, before.older) == (False, True)
    await consents.give(scope, cast.lan.person, "privacy", version="2027-01", language="vi")
    after = await standing(scope, cast.lan.person, "privacy")
    assert (after.agreed, after.older, len(after.history)) == (True, False, 1)
    wordings.wording.cache_clear()


async def test_paper_is_noted_by_who_may_and_names_a_representative(cast):
    data = {"kind": "privacy", "giver_id": str(cast.lan.person), "agreed": "1", "note": "Folder 3, page 12"}
    path = f"/staff/people/{cast.minh.person}/privacy"
    async with await browser_of(cast.vy) as care:
        asked = (await care.get(path)).text.partition('name="giver_id"')[2].partition("</select>")[0]
        assert re.findall(r"<option value=\"(.*?)\">(.*?)</option>", asked) == [
            *[("", "Choose"), (str(cast.lan.person), "Trần Thị Lan (Mother)")],
            (str(cast.minh.person), "Nguyễn Hoàng Minh (the student)"),
        ]
        wrong = await care.post(f"{path}/consents", data=data | {"giver_id": str(cast.an.person), "note": ""})
        assert wrong.status_code == 422
        assert "Choose one of the list." in said(wrong)
        assert "Please fill this in." in said(wrong)
        assert (await care.post(f"{path}/consents", data=data)).status_code == 303
        page = said(await care.get(path))
        assert "Agreed" in page
        assert "on paper" in page
        assert "Folder 3, page 12" in page
        assert (await care.post(f"{path}/consents", data=data | {"agreed": "0"})).status_code == 303
        assert "taken back" in said(await care.get(path))
    row = await db.rows("SELECT way, noted_by, withdrawn_way FROM consent")
    assert row == [("paper", cast.vy.account, "paper")]


async def test_the_family_gives_and_takes_back_on_its_page(cast):
    given = {"person_id": str(cast.minh.person), "kind": "privacy", "version": VERSION}
    async with await browser_of(cast.lan) as browser:
        page = said(await browser.get("/profile/privacy"))
        assert "For Nguyễn Hoàng Minh" in page
        assert (await browser.post("/profile/privacy/consents", data=given)).status_code == 303
        assert "You agreed" in said(await browser.get("/profile/privacy"))
        old = await browser.post("/profile/privacy/consents", data=given | {"version": "2020-01"})
        assert old.status_code == 409
        given.pop("version")
        assert (await browser.post("/profile/privacy/consents/end", data=given)).status_code == 303
        assert "You agreed" not in said(await browser.get("/profile/privacy"))
        given["person_id"] = str(cast.bao.person)
        assert (await browser.post("/profile/privacy/consents/end", data=given)).status_code == 404


@pytest.mark.parametrize("later", ["", "1"])
async def test_the_words_are_asked_for_once_after_signing_in_and_stand_in_nobodys_way(cast, later):
    await db.execute("DELETE FROM consent_question WHERE person_id = ?", cast.lan.person)
    login = {"login": "lan@example.com", "password": PASSWORD}
    async with visitor() as browser:
        answer = await browser.post("/sign-in", data=login)
        assert answer.headers["location"] == "/consents?next=%2Fhome"
        assert (await browser.get("/home")).status_code == 200
        page = await browser.get("/consents?next=/home")
        assert "for myself, Nguyễn Hoàng Minh, Nguyễn Mai Chi" in said(page)
        ids = [str(cast.lan.person), str(cast.minh.person), str(cast.chi.person)]
        data = {"version": VERSION, "later": later, "next": "/home", "person_id": ids}
        answer = await browser.post("/consents", data=data)
        assert (answer.status_code, answer.headers["location"]) == (303, "/home")
        assert await db.value("SELECT COUNT(*) FROM consent") == (0 if later else 3)
        answer = await browser.post("/sign-in", data=login)
        assert answer.headers["location"] == "/home"
        assert (await browser.get("/consents?next=//evil.example")).headers["location"] == "/home"


async def test_staff_and_children_are_not_asked_at_the_door(cast):
    for who in ("mai", "minh"):
        await db.execute("DELETE FROM consent_question")
        async with visitor() as browser:
            answer = await browser.post("/sign-in", data={"login": f"{who}@example.com", "password": PASSWORD})
            assert not answer.headers["location"].startswith("/consents"), who
