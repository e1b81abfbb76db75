"""The outbox of a demo centre."""

from collections.abc import AsyncIterator

import pytest

from portal import jobs, mail
from tests.cast import Cast, browser_of, gather, said


@pytest.fixture
async def demo(database: str) -> AsyncIterator[Cast]:
    before = mail.post
    mail.configure(mail.Post(demo=True))
    yield await gather(demo=True)
    mail.configure(before)


async def write_letter() -> None:
    await mail.send("lan@example.com", "reset", "en", name="Lan <b>", path="/reset/some-key")
    await jobs.drain()


async def test_an_administrator_of_a_demo_reads_letters_and_follows_their_links(demo: Cast) -> None:
    async with await browser_of(demo.son) as browser:
        assert "No letter was written yet." in said(await browser.get("/staff/outbox"))
        await write_letter()
        assert "lan@example.com" in said(await browser.get("/staff/outbox"))
        letter = await browser.get("/staff/outbox/1")
        assert letter.status_code == 200
        assert 'href="/reset/some-key"' in letter.text
        assert "Lan &lt;b&gt;" in letter.text
        assert "Lan <b>" not in letter.text
        assert (await browser.get("/staff/outbox/2")).status_code == 404
        assert 'href="/staff/outbox"' in letter.text


async def test_a_real_centre_has_no_outbox(cast: Cast) -> None:
    await write_letter()
    async with await browser_of(cast.son) as browser:
        assert (await browser.get("/staff/outbox")).status_code == 404
        assert (await browser.get("/staff/outbox/1")).status_code == 404
        assert 'href="/staff/outbox"' not in (await browser.get("/staff")).text


async def test_nobody_else_reads_letters(demo: Cast) -> None:
    await write_letter()
    for reader in (demo.quang, demo.mai, demo.lan):
        async with await browser_of(reader) as browser:
            assert (await browser.get("/staff/outbox")).status_code == 403
            assert (await browser.get("/staff/outbox/1")).status_code == 403
