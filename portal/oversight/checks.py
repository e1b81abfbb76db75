"""Whether the house is well, in sentences: the thresholds and what to do where one is passed."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from portal.errors import Sentence, say
from portal.oversight.facts import Disk, Facts

MEGABYTE, GIGABYTE = 1_000_000, 1_000_000_000


class Check(NamedTuple):
    """One thing looked at: what, how it is ("good", "attention", "danger"), and the sentence that says so."""

    what: Sentence
    tone: str
    said: Sentence


class Post(NamedTuple):
    """Whether letters can leave: a mail server is set, and this is no demo."""

    server: bool
    demo: bool


def look(
    facts: Facts, *, missing: Sequence[str], disks: Sequence[Disk], post: Post, redis: str, lag: float
) -> list[Check]:
    """Everything that is looked at.

    `missing` are the migrations not applied, `redis` is "ok", "down" or "unused", `lag` the seconds that the process
    was late at most in the last minute.
    """
    return [
        _database(facts, missing),
        *(_disk(disk) for disk in disks),
        _work(facts),
        _failed(facts),
        _letters(facts, post),
        _haste(lag),
        *_backplane(redis),
    ]


def worst(checks: Sequence[Check]) -> str:
    """The tone of all together."""
    tones = {check.tone for check in checks}
    return next(tone for tone in ("danger", "attention", "good") if tone in tones)


def _database(facts: Facts, missing: Sequence[str]) -> Check:
    what = say("Database")
    if missing:
        told = say("Migrations are missing: {count}. Run: python -m portal migrate", count=len(missing))
        return Check(what, "danger", told)
    name = "PostgreSQL" if facts.dialect == "postgres" else "SQLite"
    size = max(1, round(facts.database / MEGABYTE))
    return Check(what, "good", say("{name} answers, every migration is applied, {size} MB.", name=name, size=size))


def _disk(disk: Disk) -> Check:
    """Below half a gigabyte the next import or backup may stop everything."""
    percent = 100 * disk.free // max(disk.total, 1)
    small = disk.free < 2 * GIGABYTE or (percent < 10 and disk.free < 20 * GIGABYTE)
    tone = "danger" if disk.free < GIGABYTE // 2 else "attention" if small else "good"
    free, total = (f"{size / GIGABYTE:.1f}" if size < 10 * GIGABYTE else str(size // GIGABYTE) for size in disk)
    told = say("{free} GB of {total} GB are free ({percent}%).", free=free, total=total, percent=percent)
    return Check(say("Disk"), tone, told)


def _work(facts: Facts) -> Check:
    """An idle worker looks every second; five minutes mean something in its way, half an hour that none runs."""
    what, minutes = say("Work behind the pages"), int(facts.oldest // 60)
    if minutes < 5:
        return Check(what, "good", say("Nothing waits longer than it should."))
    told = say("The first in line has waited for {minutes} minutes. Something is in its way.", minutes=minutes)
    return Check(what, "danger" if minutes >= 30 else "attention", told)


def _failed(facts: Facts) -> Check:
    what = say("Failed for good")
    if not facts.dead:
        return Check(what, "good", say("Nothing was given up."))
    told = say("Work that was given up: {count}. It can be tried again, or let go.", count=facts.dead)
    return Check(what, "attention", told)


def _letters(facts: Facts, post: Post) -> Check:
    what, mail = say("Letters"), facts.of("mail")
    waiting = mail.due + mail.running + mail.later
    if mail.dead:
        told = say(
            "Letters not sent: {count}. Look at the reason, mend it, and have them tried again.", count=mail.dead
        )
        return Check(what, "danger", told)
    if post.demo:
        return Check(what, "good", say("This is the demo: letters stay in the outbox."))
    if not post.server:
        told = say("No mail server is set (PORTAL_SMTP_URL): letters are made and never sent.")
        return Check(what, "attention", told)
    told = say("Sent in the last day: {sent}. Waiting: {waiting}.", sent=facts.sent, waiting=waiting)
    return Check(what, "good", told)


def _haste(lag: float) -> Check:
    """A page waits at least as long as the process is late; half a second is felt by everybody."""
    what, milliseconds = say("Haste"), round(lag * 1000)
    if lag < 0.5:
        return Check(what, "good", say("At most {ms} ms late in the last minute.", ms=milliseconds))
    told = say("Up to {ms} ms late in the last minute: the machine is busy, or too small.", ms=milliseconds)
    return Check(what, "danger" if lag >= 2 else "attention", told)


def _backplane(redis: str) -> Iterator[Check]:
    if redis == "ok":
        yield Check(Sentence("Redis"), "good", say("Redis answers."))
    elif redis == "down":
        yield Check(
            Sentence("Redis"), "attention", say("Redis does not answer. Pages work; workers cannot tell each other.")
        )
