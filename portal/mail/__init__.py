"""Letters: asked for inside a transaction, rendered and sent by the worker.

A letter is text and HTML in the reader's language. Where no SMTP server is set, for every address of a domain
reserved for examples (RFC 2606), and in a demo, it never leaves. Only a demo keeps its words, for the outbox page: they
may hold a secret link, of which a real centre stores nothing but the hash.
"""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from portal import clock, jobs
from portal.mail.models import Letter
from portal.words import translations

TEMPLATES = Path(__file__).parent.parent / "templates" / "email"
NEVER_LEAVES = ("example.com", "example.org", "example.net", "example", "test", "invalid", "localhost")


@dataclass(frozen=True, slots=True)
class Post:
    """How letters leave: set once at start from the settings and the centre."""

    smtp_url: str = ""
    sender: str = "no-reply@localhost"
    centre: str = "Schoolyard"
    public_url: str = "http://127.0.0.1:8000"
    language: str = "vi"
    demo: bool = False


post = Post()


def configure(settings: Post) -> None:
    """Use these from now on."""
    global post
    post = settings


async def send(recipient: str, template: str, language: str = "", **context: Any) -> None:
    """Put a letter into the open transaction; `template` names `templates/email/<template>.txt` and `.html`."""
    payload = {"recipient": recipient, "template": template, "language": language, "context": context}
    await jobs.enqueue("mail", payload)


@jobs.handles("mail")
async def deliver(payload: dict[str, Any]) -> None:
    """Render a letter and send it, unless it must not leave. Bears to run twice: then it is sent twice."""
    language = payload["language"] or post.language
    recipient = payload["recipient"]
    subject, text, html = render(payload["template"], language, payload["context"])
    leaves = bool(post.smtp_url) and not post.demo and not stays(recipient)
    if leaves:
        await _transmit(recipient, subject, text, html)
    await Letter.create(
        recipient=recipient,
        subject=subject,
        text=text if post.demo else "",
        html=html if post.demo else "",
        language=language,
        made_at=clock.now(),
        sent_at=clock.now() if leaves else None,
    )


def stays(recipient: str) -> bool:
    """Whether the address is in a domain kept for examples."""
    domain = recipient.rpartition("@")[2].casefold()
    return any(domain == name or domain.endswith("." + name) for name in NEVER_LEAVES)


def render(template: str, language: str, context: dict[str, Any]) -> tuple[str, str, str]:
    """Subject, text and HTML; the subject is the first line of the text template."""
    places = {"centre": post.centre, "public_url": post.public_url, "language": language} | context
    environment = _environment(language)
    subject, _, text = environment.get_template(f"{template}.txt").render(places).strip().partition("\n")
    html = environment.get_template(f"{template}.html").render(places, subject=subject)
    return " ".join(subject.split()), text.strip() + "\n", html


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: bool(name and name.endswith(".html")),  # noqa: S701 (a text letter is not HTML)
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return environment


async def _transmit(recipient: str, subject: str, text: str, html: str) -> None:
    message = EmailMessage()
    message["From"] = Address(display_name=post.centre, addr_spec=post.sender)
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=post.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    server = urlsplit(post.smtp_url)
    await aiosmtplib.send(
        message,
        hostname=server.hostname or "localhost",
        port=server.port or (465 if server.scheme == "smtps" else 25),
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password) if server.password else None,
        use_tls=server.scheme == "smtps",
        timeout=30,
    )
