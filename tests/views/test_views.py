"""What a kept page costs, whom it is given to, and when it is not given any more."""

import asyncio
import datetime as dt
import gzip
import sqlite3

import asyncpg
import pytest

from portal import clock, db, versions
from portal.access import preferences, scopes
from portal.gradebook import recording
from portal.people import guardians
from portal.scope import SYSTEM
from portal.web import views
from portal.web.views import Shelf
from tests.cast import ZONE, add, app, bind, browser_of, enter, gather, said, visitor
from tests.pages.conftest import Book


@pytest.fixture
async def cast(database: str):
    app().state.views.clear()
    return await gather()


@pytest.fixture
def book(cast):
    return Book(cast.starters)


@pytest.fixture
def pages(cast):
    return ["/home", f"/children/{cast.minh.student}/grades"]


async def test_a_page_that_did_not_change_takes_two_statements_at_most(cast, pages):
    async with await browser_of(cast.lan) as client:
        for path in pages:
            first = await client.get(path)
            with db.counting() as statements:
                second = await client.get(path)
            assert len(statements) <= 2
            assert second.content == first.content
            with db.counting() as statements:
                third = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
            assert len(statements) <= 2
            assert third.status_code == 304
            assert third.content == b""


async def test_a_kept_page_has_every_header_of_a_fresh_one(cast, pages):
    async with await browser_of(cast.lan) as client:
        for path in pages:
            fresh, kept = await client.get(path), await client.get(path)
            assert fresh.headers.pop("x-request-id") != kept.headers.pop("x-request-id")
            assert dict(kept.headers) == dict(fresh.headers)
            assert kept.headers["cache-control"] == "private, no-cache"
            assert "content-security-policy" in kept.headers
            same = await client.get(path, headers={"If-None-Match": f'"other", W/{fresh.headers["etag"]}'})
            assert same.status_code == 304
            assert same.headers["etag"] == fresh.headers["etag"]
            assert "content-security-policy" in same.headers


async def test_it_is_packed_for_who_unpacks(cast):
    async with await browser_of(cast.lan) as client:
        for _ in range(2):
            packed = await client.get("/home", headers={"Accept-Encoding": "gzip"})
            plain = await client.get("/home", headers={"Accept-Encoding": "identity"})
            assert packed.headers["content-encoding"] == "gzip"
            assert "content-encoding" not in plain.headers
            assert packed.content == plain.content
            assert int(packed.headers["content-length"]) == len(gzip.compress(plain.content, views.PACKING, mtime=0))
        assert (await client.head("/home")).content == b""


async def test_two_parents_after_one_another_on_one_phone_see_their_own(cast):
    phone = await browser_of(cast.lan)
    hers = await phone.get("/home")
    assert "Minh" in said(hers)
    assert (await phone.post("/sign-out")).headers["clear-site-data"] == '"cache"'
    phone.cookies = (await browser_of(cast.an)).cookies
    for _ in range(2):
        # The phone may still offer the tag of her page, and even her address of a child.
        his = await phone.get("/home", headers={"If-None-Match": hers.headers["etag"]})
        assert his.status_code == 200
        assert "Minh" not in his.text
        assert "Bảo" in his.text
        assert (await phone.get(f"/children/{cast.minh.student}/grades")).status_code == 404
    phone.cookies.clear()
    assert (await phone.get("/home", headers={"If-None-Match": hers.headers["etag"]})).status_code == 303


async def test_the_same_page_of_two_readers_has_two_tags(cast):
    await add(cast, "ba", "Trần Văn Ba")
    await bind(cast, "ba", "minh")
    await enter(cast, "ba")
    path = f"/children/{cast.minh.student}/grades"
    tags = set()
    for name in ("minh", "ba", "lan"):
        async with await browser_of(cast.people[name]) as client:
            tags.add((await client.get(path)).headers["etag"])
    assert len(tags) == 3


async def test_one_page_has_one_tag_whoever_made_it(cast):
    async with await browser_of(cast.lan) as client:
        tag = (await client.get("/home")).headers["etag"]
        app().state.views.clear()  # as after a restart
        assert (await client.get("/home", headers={"If-None-Match": tag})).status_code == 304


@pytest.mark.parametrize(
    "end",
    [
        "UPDATE session SET ended_at = seen_at",
        "UPDATE account SET disabled_at = made_at",
        "DELETE FROM session",
        "UPDATE session SET seen_at = '2020-01-01 00:00:00.000000+00:00'",
    ],
)
async def test_a_session_that_is_over_is_over_at_once(cast, pages, end):
    async with await browser_of(cast.lan) as client:
        for path in pages:
            assert (await client.get(path)).status_code == 200
        await db.execute(end)
        for path in pages:
            assert (await client.get(path)).status_code == 303


async def test_a_restricted_guardian_loses_the_page_with_the_commit(cast, pages):
    link = await db.value("SELECT id FROM guardian WHERE student_id = ?", cast.minh.student)
    async with await browser_of(cast.lan) as client:
        for path in pages:
            await client.get(path)
        await guardians.restrict(SYSTEM, cast.minh.student, link, ground="A court's order")
        assert "Minh" not in said(await client.get("/home"))
        assert (await client.get(pages[1])).status_code == 404


async def test_a_new_mark_is_there_with_the_commit(cast, book, pages):
    quiz = await book.work("Unit 3 quiz")
    await book.mark(quiz, cast.minh.student, 8.5, published=False)
    hoa = await scopes.build(cast.hoa.account, cast.hoa.person)
    async with await browser_of(cast.lan) as client:
        for path in pages:
            assert "8.5" not in said(await client.get(path))
        await recording.publish(hoa, quiz)
        for path in pages:
            assert "8.5" in said(await client.get(path))


async def test_another_process_is_heard(cast, database_url, pages):
    async with await browser_of(cast.lan) as client:
        for path in pages:
            assert "Hoàng Minh" in said(await client.get(path))
        change = "UPDATE person SET middle_name = 'Nhật' WHERE given_name = 'Minh'"
        bump = (
            "INSERT INTO view_version (source, version) VALUES ('centre', 1)"
            " ON CONFLICT (source) DO UPDATE SET version = view_version.version + 1"
        )
        if db.dialect() == "sqlite":
            other = sqlite3.connect(database_url.removeprefix("sqlite:///"))
            other.executescript(f"BEGIN; {change}; {bump}; COMMIT")
            other.close()
        else:
            there = await asyncpg.connect(database_url)
            await there.execute(f"BEGIN; {change}; {bump}; COMMIT")
            await there.close()
        for path in pages:
            assert "Nhật Minh" in said(await client.get(path))


async def test_a_language_is_changed_and_each_asks_for_their_own(cast):
    await db.execute("UPDATE account SET language = ''")
    async with await browser_of(cast.lan) as client:
        english = await client.get("/home")
        vietnamese = await client.get("/home", headers={"Accept-Language": "vi"})
        assert "Hello" in said(english)
        assert "Hello" not in said(vietnamese)
        assert (await client.get("/home")).content == english.content
        lan = await scopes.build(cast.lan.account, cast.lan.person)
        await preferences.set_look(lan, language="vi", theme="dark")
        dark = await client.get("/home")
        assert 'data-theme="dark"' in dark.text
        assert "Hello" not in said(dark)


async def test_what_is_said_once_is_not_kept(cast):
    async with await browser_of(cast.lan) as client:
        client.cookies.set("flash", "saved")
        told = await client.get("/home")
        assert "Saved." in said(told)
        assert 'flash=""' in told.headers["set-cookie"]
        client.cookies.delete("flash")
        assert "Saved." not in said(await client.get("/home"))


async def test_a_lesson_that_begins_and_ends_changes_the_page_without_a_write(cast):
    now = clock.now()
    await db.insert(
        "lesson",
        class_id=cast.starters,
        starts_at=now + dt.timedelta(minutes=5),
        ends_at=now + dt.timedelta(minutes=9),
    )
    async with await browser_of(cast.lan) as client:
        assert "Next lesson" in said(await client.get("/home"))
        with clock.moved(minutes=4):
            assert "Next lesson" in said(await client.get("/home"))
        with clock.moved(minutes=6):
            assert "Lesson under way" in said(await client.get("/home"))
        with clock.moved(minutes=9):
            assert "No lesson is planned" in said(await client.get("/home"))
        assert "Next lesson" in said(await client.get("/home"))  # a clock that was set back


async def test_a_mark_published_for_later_comes_at_its_time(cast, book, pages):
    quiz = await book.work("Unit 3 quiz")
    await book.mark(quiz, cast.minh.student, 8.5)
    await db.execute("UPDATE score SET published_at = ?", clock.now() + dt.timedelta(minutes=5))
    async with await browser_of(cast.lan) as client:
        for path in pages:
            assert "8.5" not in said(await client.get(path))
        with clock.moved(minutes=5, seconds=1):
            for path in pages:
                assert "8.5" in said(await client.get(path))


async def test_midnight_of_the_centre_changes_the_date(cast):
    midnight = dt.datetime.combine(clock.today(ZONE) + dt.timedelta(days=1), dt.time(), clock.ZoneInfo(ZONE))
    left = (midnight - clock.now()).total_seconds()
    async with await browser_of(cast.lan) as client:
        today = said(await client.get("/home"))
        with clock.moved(seconds=left + 1):
            await db.execute("UPDATE session SET seen_at = ?", clock.now())
            assert said(await client.get("/home")) != today


async def test_a_visit_is_noted_also_where_pages_are_kept(cast):
    async with await browser_of(cast.lan) as client:
        await client.get("/home")
        with clock.moved(minutes=11):
            await client.get("/home")
            seen = db.instant(await db.value("SELECT MAX(seen_at) FROM session"))
            assert clock.now() - seen < dt.timedelta(minutes=1)


async def test_a_database_that_does_not_answer_is_told_by_the_page_itself(cast, monkeypatch):
    async with await browser_of(cast.lan) as client:
        assert (await client.get("/home")).status_code == 200

        def broken() -> None:
            raise db.OperationalError("disk I/O error")

        monkeypatch.setattr(views.db, "commits", broken)
        assert (await client.get("/home")).status_code == 200  # asked again, the long way


async def test_pages_of_visitors_are_not_kept(cast):
    async with visitor() as client:
        for path in ("/", "/sign-in", "/home"):
            assert "etag" not in (await client.get(path)).headers


def test_the_shelf_holds_so_many_bytes_and_lets_the_oldest_go() -> None:
    def view(size: int) -> views.View:
        moment = clock.now()
        return views.View("", "", (), 0, moment, moment, b"", b"x" * size, b"", [], [], [])

    shelf = Shelf(most_bytes=10_000)
    keys = [(str(number).encode(), b"", b"", b"") for number in range(4)]
    for key in keys[:3]:
        shelf.keep(key, view(1000))
    assert shelf.find(keys[0]) is not None  # now the last to go
    shelf.keep(keys[3], view(1000))
    assert [shelf.find(key) is not None for key in keys] == [True, False, True, True]
    shelf.keep(keys[3], view(9000))
    assert shelf.find(keys[3]) is None  # larger than all there is room for
    shelf.keep(keys[0], view(10))
    shelf.clear()
    assert shelf.find(keys[0]) is None


async def test_two_writers_of_the_same_sources_wait_for_each_other_and_not_for_ever(database):
    async def write(*sources: str) -> None:
        async with db.transaction():
            for source in sources:
                versions.bump(source)
                await asyncio.sleep(0)

    async with asyncio.timeout(20):
        await asyncio.gather(*(write(*names) for _ in range(20) for names in (("a", "b", "c"), ("c", "b", "a"))))
    assert await versions.current(["a", "b", "c"]) == 120


async def test_many_sources_at_once_outdate_everything_with_one_row(database):
    async with db.transaction():
        versions.bump(*(versions.student(number) for number in range(versions.MANY + 1)))
    assert await db.rows("SELECT source, version FROM view_version") == [(versions.CENTRE, 1)]
