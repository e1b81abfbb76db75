"""An export in words: the facts as lines that anybody can read, in the language of who asked."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal

from portal.access import devices
from portal.errors import Sentence, say
from portal.privacy import codes
from portal.words import LANGUAGES, translated

LABELS: dict[str, Sentence] = {
    "person": say("Person"),
    "name": say("Name"),
    "birth_date": say("Birth date"),
    "sex": say("Sex"),
    "address": say("Address"),
    "branch": say("Branch"),
    "entered_at": say("Entered"),
    "changed_at": say("Last changed"),
    "emails": say("Emails"),
    "phones": say("Phone numbers"),
    "number": say("Number"),
    "is_primary": say("The first one"),
    "opted_out_at": say("Wants no mailings since"),
    "account": say("Account"),
    "email": say("Email"),
    "phone": say("Phone"),
    "language": say("Language"),
    "theme": say("Theme"),
    "made_at": say("Made"),
    "password_set_at": say("Password set"),
    "roles": say("Roles"),
    "role": say("Role"),
    "given_at": say("Given"),
    "sessions": say("Where you were signed in"),
    "device": say("Device"),
    "network_address": say("Network address"),
    "begun_at": say("Begun"),
    "seen_at": say("Last seen"),
    "ended_at": say("Ended"),
    "identities": say("Accounts elsewhere that sign you in"),
    "issuer": say("Provider"),
    "called_there": say("Called there"),
    "used_at": say("Last used"),
    "devices": say("Known devices"),
    "work": say("Work"),
    "posts": say("Posts"),
    "code": say("Code"),
    "position": say("Position"),
    "left_on": say("Left on"),
    "branches": say("Branches"),
    "classes": say("Classes"),
    "student": say("Student"),
    "status": say("Status"),
    "level": say("Level"),
    "since": say("Since"),
    "until": say("Until"),
    "grades": say("Grades"),
    "class": say("Class"),
    "teachers_words_and_marks": say("Marks with the teachers’ comments"),
    "kind": say("Kind"),
    "due_on": say("Due on"),
    "state": say("State"),
    "points": say("Points"),
    "most_points": say("Out of"),
    "comment": say("Comment"),
    "scored_on": say("Marked on"),
    "average_percent": say("Average in percent"),
    "children": say("Children"),
    "relation": say("Relation"),
    "may_pay": say("May pay"),
    "is_told": say("Is told what happens"),
    "linked_at": say("Linked"),
    "consents": say("Consents"),
    "version": say("Version of the words"),
    "way": say("How"),
    "withdrawn_at": say("Withdrawn"),
    "given_by_oneself": say("Given by you"),
    "about_oneself": say("About you"),
    "letters": say("Letters sent to you"),
    "subject": say("Subject"),
    "sent_at": say("Sent"),
    "readers": say("Who looked at it"),
    "day": say("Day"),
    "pages": say("Pages"),
    "acts": say("What was done, by you or to your record"),
    "act": say("Act"),
    "at": say("When"),
}
# What is called otherwise inside of another part.
LABELS_IN: dict[tuple[str, str], Sentence] = {
    ("classes", "name"): say("Class"),
    ("teachers_words_and_marks", "work"): say("Piece of work"),
}
WORDS: dict[str, Mapping[str, Sentence]] = {
    "sex": codes.SEXES,
    "status": codes.STATUSES,
    "state": codes.MARK_STATES,
    "relation": codes.RELATIONS,
    "role": codes.READERS,
    "theme": codes.THEMES,
    "way": codes.WAYS,
    "pages": codes.PAGES,
    "act": codes.VERBS,
}
# `kind` is a word of the teacher's where it is about marks.
WORDS_IN: dict[tuple[str, str], Mapping[str, Sentence]] = {("consents", "kind"): codes.CONSENTS}
YES, NO = say("yes"), say("no")
TITLE = say("What {centre} holds about {name}")
NOTE = say(
    "Marks that are not published yet, and what is written about other people, are not in it."
    " The same stands in data.json for programs."
)


def title(centre: str, name: str, language: str) -> str:
    """The first line."""
    return translated(say(TITLE.msgid, centre=centre, name=name), language)


def text(held: dict[str, Any], title: str, language: str, zone: str) -> str:
    """The whole file."""
    printer = _Printer(language, ZoneInfo(zone))
    lines = [title, "=" * len(title), "", translated(NOTE, language), ""]
    for name, part in held.items():
        heading = printer.label(name)
        lines += [heading, "-" * len(heading), *printer.lines(part, 0, name), ""]
    return "\n".join(lines)


class _Printer:
    """Facts as indented lines."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self._language = language
        self._zone = zone

    def label(self, name: str, part: str = "") -> str:
        """What a fact is called; `part` is the name of the list or dictionary that it stands in."""
        sentence = LABELS_IN.get((part, name)) or LABELS.get(name)
        return translated(sentence, self._language) if sentence else name.replace("_", " ")

    def lines(self, value: Any, depth: int, part: str) -> Iterator[str]:
        """The lines of a dictionary or list; what is not known (None, "") is left out."""
        blank = "  " * depth
        if isinstance(value, dict):
            for name, one in value.items():
                yield from self._entry(name, one, depth, part)
        elif isinstance(value, list):
            for place, one in enumerate(value):
                if isinstance(one, dict):
                    if place:
                        yield ""
                    yield from self.lines(one, depth, part)
                else:
                    yield f"{blank}{self._told(part, one, part)}"

    def _entry(self, name: str, one: Any, depth: int, part: str) -> Iterator[str]:
        label = f"{'  ' * depth}{self.label(name, part)}:"
        if isinstance(one, list) and one and not isinstance(one[0], dict):
            yield f"{label} {', '.join(self._told(name, each, part) for each in one)}"
        elif isinstance(one, dict | list):
            if one:
                yield label
                yield from self.lines(one, depth + 1, name)
        elif one is not None and one != "":
            yield f"{label} {self._told(name, one, part)}"

    def _told(self, name: str, value: Any, part: str) -> str:
        """A fact in the words of the pages, if it is a code; else as it is written."""
        if name == "language":
            return LANGUAGES.get(str(value), str(value))
        if name == "device":
            return translated(devices.spoken(value), self._language)
        words = WORDS_IN.get((part, name)) or WORDS.get(name)
        return translated(words[value], self._language) if words and value in words else self.written(value)

    def written(self, value: Any) -> str:
        if isinstance(value, bool):
            return translated(YES if value else NO, self._language)
        if isinstance(value, dt.datetime):
            return value.astimezone(self._zone).strftime("%d/%m/%Y %H:%M")
        if isinstance(value, dt.date):
            return value.strftime("%d/%m/%Y")
        if isinstance(value, float):
            return str(format_decimal(value, "#,##0.###", locale=self._language))
        return " ".join(str(value).split())
