"""Exports: one's own data and nobody else's, for whoever asked alone, for a week."""

import datetime as dt
import io
import json
import zipfile

import pytest

from portal import clock, db, files, jobs
from portal.errors import Conflict, NotFound
from portal.privacy import consents, exports, retention
from portal.scope import Permission, Scope
from tests.cast import bind, browser_of, said


def of(member, *permissions: Permission, branches: frozenset[int] | None = None) -> Scope:
    return Scope(account_id=member.account, person_id=member.person, grants=dict.fromkeys(permissions, branches))


async def packed(scope: Scope, person: int, language: str = "vi") -> tuple[dict, str]:
    """The facts and the text of an export."""
    export = await exports.ask(scope, person, language=language)
    await exports.pack({"export": export})
    file = await exports.fetch(scope, export)
    with zipfile.ZipFile(file.path) as archive:
        return json.loads(archive.read("data.json")), archive.read("data.txt").decode()


@pytest.fixture
async def marks(cast):
    """Quiz 1 with marks of Minh and Chi and a draft of Quiz 2; Bảo is in the class, too."""
    await db.insert("class_membership", class_id=cast.starters, student_id=cast.bao.student)
    kind = await db.insert("category", class_id=cast.starters, name="Quizzes", weight=1000)
    for name, published in (("Quiz 1", clock.now()), ("Quiz 2", None)):
        work = await db.insert("assessment", class_id=cast.starters, category_id=kind, name=name, max_points=10_000)
        for child, points in ((cast.minh, 8500), (cast.chi, 7000), (cast.bao, 6125)):
            await db.insert(
                "score",
                **{"assessment_id": work, "student_id": child.student, "points": points, "published_at": published},
                **{"comment": f"{child.name}: tốt", "changed_at": clock.now()},
            )


async def test_a_mother_has_her_own_data_and_her_childrens_and_no_others(cast, marks):
    facts, text = await packed(of(cast.lan), cast.lan.person)
    assert facts["person"]["name"] == "Trần Thị Lan"
    assert facts["phones"] == [{"number": "+84912345678", "is_primary": True}]
    assert [child["person"]["name"] for child in facts["children"]] == ["Nguyễn Hoàng Minh", "Nguyễn Mai Chi"]
    given = facts["children"][0]["student"]["grades"][0]["teachers_words_and_marks"]
    assert [(mark["work"], mark["points"], mark["comment"]) for mark in given] == [
        ("Quiz 1", 8.5, "Nguyễn Hoàng Minh: tốt")
    ]
    for other in ("Võ", "Bảo", "6125", "6.125", "0987654321", "Quiz 2", "Family book"):
        assert other not in text + json.dumps(facts, ensure_ascii=False), other
    assert text.startswith("Những gì Sân Trường lưu về Trần Thị Lan")
    assert "Nhận xét: Nguyễn Hoàng Minh: tốt" in text


async def test_the_text_speaks_as_the_pages_do_and_the_json_for_programs(cast, marks):
    seen = {"account_id": cast.mai.account, "role": "manager", "person_id": cast.minh.person, "page": "student"}
    await db.insert("reading", **seen, at=clock.now())
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) CriOS/131.0 Mobile Safari/604.1"
    async with await browser_of(cast.lan):
        await db.execute("UPDATE session SET device = ? WHERE account_id = ?", agent, cast.lan.account)
    await db.execute("UPDATE person SET sex = 'male' WHERE id = ?", cast.minh.person)
    await db.execute("UPDATE assessment SET due_on = ?", dt.date(2026, 11, 25))
    await consents.give(of(cast.lan), cast.lan.person, "news", version="2026-11", language="vi")
    at = dt.datetime(2026, 11, 25, 9, 51, tzinfo=dt.UTC)
    act = {"account_id": cast.lan.account, "verb": "password.change", "record": "account", "request_id": ""}
    await db.insert("audit_entry", **act, at=at, changes="{}")
    scope = of(cast.lan)
    facts, text = await packed(scope, cast.lan.person)
    for line in (
        *("Lớp: Starters 1, evening", "Bài: Quiz 1", "Điểm: 8,5", "Hạn nộp: 25/11/2026", "Ngày sinh: 09/03/2014"),
        *(
            "Giới tính: Nam",
            "Trạng thái: Đang học",
            "Quan hệ: Mẹ",
            "Vai trò: Quản lý chi nhánh",
            "Giao diện: Theo thiết bị",
        ),
        *("Các trang: hồ sơ gồm lớp và điểm", "Loại: Tin tức và ưu đãi qua email", "Cách thức: trên trang"),
        *("Thiết bị: Chrome trên iPhone", "Việc: Đổi mật khẩu", "Lúc: 25/11/2026 16:51", "Ngôn ngữ: Tiếng Việt"),
    ):
        assert f"{line}\n" in text, line
    child = facts["children"][0]
    assert (child["person"]["sex"], child["person"]["birth_date"], child["relation"]) == (
        "male",
        "2014-03-09",
        "mother",
    )
    assert facts["account"]["sessions"][-1]["device"] == agent
    assert {"act": "password.change", "at": "2026-11-25T09:51:00+00:00"} in facts["acts"]
    assert (await exports.fetch(scope, 1)).name == "du-lieu-tran-thi-lan.zip"


async def test_a_child_has_theirs_without_the_guardians(cast, marks):
    facts, text = await packed(of(cast.minh), cast.minh.person, "en")
    assert facts["student"]["code"] == "HV00001"
    for other in ("Thị Lan", "Mai Chi", "Bảo", "Trần", "lan@", "345678"):
        assert other not in text, other
    assert "What Sân Trường holds about Nguyễn Hoàng Minh" in text


async def test_a_guardian_without_sight_hears_nothing_of_the_child(cast, marks):
    await bind(cast, "an", "minh", may_see=False)
    await db.execute("UPDATE guardian SET restricted_at = ? WHERE student_id = ?", clock.now(), cast.bao.student)
    facts, text = await packed(of(cast.an), cast.an.person)
    assert "children" not in facts
    assert "Minh" not in text
    assert "Bảo" not in text


async def test_staff_pack_for_a_person_only_what_they_may_see_themselves(cast, marks):
    await bind(cast, "lan", "bao")  # of another branch than the manager's
    here = frozenset({cast.north})
    manager = of(cast.mai, Permission.SEE_PEOPLE, Permission.EXPORT_PEOPLE, Permission.SEE_GRADES, branches=here)
    await db.execute("UPDATE account SET made_by = NULL")
    facts, _ = await packed(manager, cast.lan.person)
    assert [child["person"]["name"] for child in facts["children"]] == ["Nguyễn Hoàng Minh", "Nguyễn Mai Chi"]
    with pytest.raises(NotFound):
        await exports.ask(manager, cast.an.person, language="vi")
    with pytest.raises(NotFound):
        await exports.ask(of(cast.duc, Permission.SEE_PEOPLE), cast.lan.person, language="vi")


async def test_to_others_goes_nothing_of_what_the_person_did_where_and_as_whom_elsewhere(cast):
    async with await browser_of(cast.hoa):
        pass
    who = {"account_id": cast.hoa.account, "issuer": "https://idp.example", "subject": "x"}
    await db.insert("identity", **who, label="hoa.private@example.org", linked_at=clock.now())
    at = {"at": clock.now(), "account_id": cast.hoa.account, "request_id": "", "changes": "{}"}
    await db.insert("audit_entry", **at, verb="person.change", record="person")
    own, _ = await packed(of(cast.hoa), cast.hoa.person)
    assert own["account"]["sessions"]
    assert own["account"]["identities"][0]["called_there"] == "hoa.private@example.org"
    assert own["acts"]
    handed, text = await packed(of(cast.mai, Permission.SEE_PEOPLE, Permission.EXPORT_PEOPLE), cast.hoa.person)
    assert set(handed) == {"person", "emails", "account", "work"}
    assert set(handed["account"]) == {
        *("email", "phone", "language", "theme", "made_at", "password_set_at", "roles"),
    }
    assert "hoa.private" not in text


async def test_nobody_packs_what_is_held_about_somebody_above_them(cast):
    async with await browser_of(cast.mai) as manager:
        for above in (cast.quang, cast.son):
            assert (await manager.post(f"/staff/people/{above.person}/privacy/export")).status_code == 403
            assert "Pack it" not in said(await manager.get(f"/staff/people/{above.person}/privacy"))
        assert (await manager.post(f"/staff/people/{cast.hoa.person}/privacy/export")).status_code == 303
    async with await browser_of(cast.quang) as director:
        assert (await director.post(f"/staff/people/{cast.son.person}/privacy/export")).status_code == 403
        assert (await director.post(f"/staff/people/{cast.mai.person}/privacy/export")).status_code == 303
    assert await db.value("SELECT COUNT(*) FROM data_export") == 2


async def test_the_file_is_for_who_asked_as_an_attachment_that_nobody_keeps(cast):
    async with await browser_of(cast.lan) as mother:
        assert (await mother.post("/profile/privacy/export")).status_code == 303
        assert "Is being packed" in said(await mother.get("/profile/privacy"))
        await jobs.drain()
        page = await mother.get("/profile/privacy")
        assert "/profile/privacy/exports/1" in page.text
        answer = await mother.get("/profile/privacy/exports/1")
        assert answer.status_code == 200
        assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert answer.headers["cache-control"] == "no-store"
    for other in (cast.an, cast.quang, cast.son, cast.minh):
        async with await browser_of(other) as browser:
            assert (await browser.get("/profile/privacy/exports/1")).status_code == 404
    verbs = [row[0] for row in await db.rows("SELECT account_id FROM audit_entry WHERE verb = 'person.export'")]
    assert verbs == [cast.lan.account]


async def test_after_a_week_it_is_gone_from_the_page_the_table_and_the_disk(cast, media):
    async with await browser_of(cast.lan) as mother:
        await mother.post("/profile/privacy/export")
        await jobs.drain()
        assert [path for path in media.rglob("*") if path.is_file()]
        with clock.moved(days=6, hours=23):
            await retention.run()
        assert (await mother.get("/profile/privacy/exports/1")).status_code == 200
        await db.execute("UPDATE data_export SET expires_at = ?", clock.now())
        gone = await mother.get("/profile/privacy/exports/1")
        assert (gone.status_code, "expired" in said(gone)) == (410, True)
    await retention.run()
    assert await db.value("SELECT COUNT(*) FROM data_export") == 0
    assert await db.value("SELECT COUNT(*) FROM stored_file") == 0
    assert [path for path in media.rglob("*") if path.is_file()] == []


async def test_no_more_than_three_at_once(cast):
    for _ in range(exports.AT_ONCE):
        await exports.ask(of(cast.lan), cast.lan.person, language="vi")
    with pytest.raises(Conflict):
        await exports.ask(of(cast.lan), cast.lan.person, language="vi")


async def test_one_whose_packing_was_given_up_says_so_and_makes_room_for_another(cast):
    lan = of(cast.lan)
    for _ in range(3):
        await exports.ask(lan, cast.lan.person, language="vi")
    with clock.moved(hours=23):
        assert {one.state for one in await exports.listed(lan, cast.lan.person)} == {"waiting"}
    with clock.moved(hours=25):
        assert {one.state for one in await exports.listed(lan, cast.lan.person)} == {"failed"}
        assert await exports.ask(lan, cast.lan.person, language="vi")


async def test_a_right_taken_back_before_the_packing_packs_nothing(cast):
    manager = of(cast.mai, Permission.SEE_PEOPLE, Permission.EXPORT_PEOPLE)
    export = await exports.ask(manager, cast.lan.person, language="vi")
    await db.execute("DELETE FROM account_role WHERE account_id = ?", cast.mai.account)
    await exports.pack({"export": export})
    assert [line.state for line in await exports.listed(manager, cast.lan.person)] == ["failed"]
    assert await db.value("SELECT COUNT(*) FROM stored_file") == 0
    assert not [path for path in files.path_of("ab").parent.parent.rglob("*") if path.is_file()]


async def test_a_right_taken_back_after_the_packing_opens_nothing_any_more(cast):
    manager = of(cast.mai, Permission.SEE_PEOPLE, Permission.EXPORT_PEOPLE)
    export = await exports.ask(manager, cast.lan.person, language="vi")
    await exports.pack({"export": export})
    assert (await exports.fetch(manager, export)).path.is_file()
    with pytest.raises(NotFound):
        await exports.fetch(of(cast.mai), export)
