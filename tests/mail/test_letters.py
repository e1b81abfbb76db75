"""Letters, against a real SMTP server on loopback."""

import socket
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from portal import db, jobs, mail


class Mailbox:
    """What an SMTP server was given."""

    def __init__(self) -> None:
        self.letters = []

    async def handle_DATA(self, server, session, envelope):
        self.letters.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


@pytest.fixture
def mailbox():
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    mail.configure(mail.Post(f"smtp://127.0.0.1:{port}", "no-reply@school.vn", "Sân Trường", "https://school.vn"))
    yield box
    server.stop()
    mail.configure(mail.Post())


async def send(recipient: str, language: str = "") -> None:
    async with db.transaction():
        await mail.send(recipient, "reset", language, name="Lan", path="/reset/abc")
    await jobs.drain()


async def test_a_letter_is_text_and_html_in_the_readers_language(database, mailbox):
    await send("lan@school.vn")
    ((recipients, letter),) = mailbox.letters
    assert recipients == ["lan@school.vn"]
    assert letter["Subject"] == "Mật khẩu mới cho Sân Trường"
    assert letter["Auto-Submitted"] == "auto-generated"
    text, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "https://school.vn/reset/abc" in text
    assert '<a href="https://school.vn/reset/abc">' in html
    assert "Xin chào Lan" in text


async def test_the_account_chooses_the_language(database, mailbox):
    await send("lan@school.vn", "en")
    assert mailbox.letters[0][1]["Subject"] == "A new password for Sân Trường"


async def test_what_has_left_is_not_kept(database, mailbox):
    await send("lan@school.vn")
    recipient, text, html, sent = await db.row("SELECT recipient, text, html, sent_at FROM letter")
    assert (recipient, text, html) == ("lan@school.vn", "", "")
    assert sent is not None


@pytest.mark.parametrize("recipient", ["lan@example.com", "lan@mail.EXAMPLE.org", "lan@school.test", "lan@localhost"])
async def test_a_letter_to_an_example_never_leaves(database, mailbox, recipient):
    await send(recipient)
    assert mailbox.letters == []
    assert await db.row("SELECT recipient, sent_at FROM letter") == (recipient, None)


async def test_nothing_leaves_a_demo_and_its_letters_can_be_read(database, mailbox):
    mail.configure(replace(mail.post, demo=True))
    await send("lan@school.vn")
    assert mailbox.letters == []
    assert "/reset/abc" in await db.value("SELECT text FROM letter")


async def test_a_server_that_is_away_is_tried_again(database, mailbox):
    reachable = mail.post
    mail.configure(mail.Post("smtp://127.0.0.1:1", "no-reply@school.vn"))
    await send("lan@school.vn")
    assert mailbox.letters == []
    attempts, done = await db.row("SELECT attempts, done_at FROM job")
    assert (attempts, done) == (1, None)
    mail.configure(reachable)
    from portal import clock

    with clock.moved(minutes=1):
        await jobs.drain()
    assert len(mailbox.letters) == 1


async def test_a_real_centre_keeps_no_words_of_a_letter(database):
    mail.configure(mail.Post())
    await send("lan@school.vn")
    assert await db.row("SELECT recipient, text, html, sent_at FROM letter") == ("lan@school.vn", "", "", None)


@pytest.mark.parametrize("centre", ["Sao Mai, Ltd", "Trường (HN)", "A;B", '"x" <y>', "a@b.vn", "Anh ngữ Bến Thành"])
async def test_the_centres_name_is_only_a_name(database, mailbox, centre):
    mail.configure(replace(mail.post, centre=centre))
    await send("lan@school.vn")
    ((_, letter),) = mailbox.letters
    (sender,) = letter["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (centre, "no-reply@school.vn")


async def test_a_hostile_name_stays_text(database, mailbox):
    async with db.transaction():
        await mail.send("lan@school.vn", "reset", "en", name="<b>Lan</b>\r\nBcc: all@school.vn", path="/reset/abc")
    await jobs.drain()
    ((recipients, letter),) = mailbox.letters
    assert recipients == ["lan@school.vn"]
    assert letter["Bcc"] is None
    assert "<b>Lan" not in letter.get_body(("html",)).get_content()
