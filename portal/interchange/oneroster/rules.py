"""What a row cannot know alone: rules between rows and between files.

Each method named after a record judges one as it is read, after the files it refers to; False leaves the
record out of the bundle. `finish` judges what only the whole can show.
"""

import datetime as dt
from bisect import bisect
from collections.abc import Iterable, Mapping
from typing import Any

from portal.errors import say
from portal.interchange.oneroster import records
from portal.interchange.oneroster.problems import EARLIER, Problems, shown
from portal.interchange.oneroster.spec import GUARDIANS
from portal.interchange.oneroster.table import Known, Rule

_THERE = say("This is there already, from an earlier import.")


class Rules:
    """Keeps what the rules need of the rows before."""

    def __init__(self, bundle: records.Bundle, index: dict[str, Known], problems: Problems) -> None:
        self.bundle = bundle
        self.index = index
        self.problems = problems
        self._session_types: dict[str, str] = {}
        self._class_schools: dict[str, str] = {}
        self._usernames: dict[str, int] = {}
        self._roles: dict[str, set[str]] = {}
        self._primary: dict[tuple[str, str], int] = {}
        self._orgs_of: dict[tuple[str, str], int] = {}
        self._enrolled: dict[tuple[str, str, str], list[tuple[dt.date, dt.date, int]]] = {}
        self._students: set[str] = set()
        self._primary_teachers: dict[str, int] = {}
        self._items: dict[str, records.LineItem] = {}
        self._results: dict[tuple[str, str], int] = {}

    def of(self, record: type) -> Rule:
        """The rule for the records of a file."""
        rules: Mapping[type, Rule] = {
            records.Session: self.session,
            records.Course: self.course,
            records.Class: self.class_,
            records.User: self.user,
            records.Role: self.role,
            records.Enrollment: self.enrollment,
            records.Category: self.category,
            records.LineItem: self.line_item,
            records.Result: self.result,
        }
        return rules.get(record, _any)

    def session(self, session: records.Session, line: int, _: list[Any]) -> bool:
        self._session_types[session.source_id] = session.type
        if session.end <= session.start:
            self._error("academicSessions", line, "endDate", say("The end is not after the start."))
        if session.school_year is None:
            self._warn("academicSessions", line, "schoolYear", say("This should be filled in."))
        return True

    def course(self, course: records.Course, line: int, _: list[Any]) -> bool:
        year = course.school_year
        if year and self._session_types.get(year, "schoolYear") != "schoolYear":
            self._warn("courses", line, "schoolYearSourcedId", say("The session it names is not a school year."))
        return True

    def class_(self, class_: records.Class, _line: int, _: list[Any]) -> bool:
        self._class_schools[class_.source_id] = class_.school
        return True

    def user(self, user: records.User, line: int, extra: list[Any]) -> bool:
        folded = user.username.casefold()
        first = self._usernames.setdefault(folded, line)
        if first != line:
            sentence = say('"{value}" is on line {line} already.', value=shown(user.username), line=first)
            self._error("users", line, "username", sentence if first else _THERE)
        if extra:
            self._roles_of(user, *extra)
        return True

    def role(self, role: records.Role, line: int, _: list[Any]) -> bool:
        if not role.role:
            return False
        self._roles.setdefault(role.user, set()).add(role.role)
        place = (role.user, role.org)
        self._orgs_of.setdefault(place, line)
        if role.primary:
            first = self._primary.setdefault(place, line)
            if first != line:
                self._error(
                    "roles",
                    line,
                    "roleType",
                    say("This person has a primary role at this org on line {line} already.", line=first)
                    if first
                    else _THERE,
                )
        self._period("roles", line, role.begin, role.end)
        return True

    def enrollment(self, enrollment: records.Enrollment, line: int, extra: list[Any]) -> bool:
        if not enrollment.role:
            return False
        file = "enrollments"
        school = self._class_schools.get(enrollment.class_)
        if extra and school and extra[0] != school:
            self._warn(file, line, "schoolSourcedId", say("The class is of another school; the class decides."))
        self._period(file, line, enrollment.begin, enrollment.end)
        self._once(enrollment, line)
        if enrollment.role == "student":
            self._students.add(enrollment.user)
        if enrollment.role == "student" and "student" not in self._roles.get(enrollment.user, ()):
            self._warn(file, line, "role", say("The person is enrolled as a student without the role of one."))
        if enrollment.primary and enrollment.role != "teacher":
            self._warn(file, line, "primary", say("Only a teacher is primary; this is not read."))
            enrollment.primary = False
        if enrollment.primary:
            first = self._primary_teachers.setdefault(enrollment.class_, line)
            if first != line:
                self._warn(
                    file,
                    line,
                    "primary",
                    say("The class has a primary teacher on line {line} already.", line=first),
                )
        return True

    def category(self, category: records.Category, line: int, _: list[Any]) -> bool:
        if category.weight is not None and category.weight < 0:
            self._error("categories", line, "weight", say("A weight is not below 0."))
        return True

    def line_item(self, item: records.LineItem, line: int, extra: list[Any]) -> bool:
        self._items[item.source_id] = item
        if item.lowest is not None and item.highest is not None and item.highest <= item.lowest:
            self._error("lineItems", line, "resultValueMax", say("The highest value is not above the lowest."))
        if item.due < item.assigned:
            self._warn("lineItems", line, "dueDate", say("It is due before it is assigned."))
        if extra and extra[0] != self._class_schools.get(item.class_, extra[0]):
            self._warn(
                "lineItems",
                line,
                "schoolSourcedId",
                say("The class is of another school; the class decides."),
            )
        return True

    def result(self, result: records.Result, line: int, extra: list[Any]) -> bool:
        item = self._items.get(result.line_item)
        self._score(result, item, line)
        first = self._results.setdefault((result.line_item, result.student), line)
        if first != line:
            self._error(
                "results",
                line,
                "studentSourcedId",
                say("This student has a result for this line item on line {line} already.", line=first)
                if first
                else _THERE,
            )
        if item and extra and extra[0] not in ("", item.class_):
            self._error("results", line, "classSourcedId", say("The line item is of another class."))
        if item and (item.class_, result.student, "student") not in self._enrolled and self._sound("enrollments"):
            sentence = say("This student is not enrolled in the class of the line item.")
            if result.student in self._students or "student" in self._roles.get(result.student, ()):
                # Who has changed class during the term keeps the marks of it.
                self._warn("results", line, "studentSourcedId", sentence)
            elif line == EARLIER:
                return False  # a student no more
            else:
                self._error("results", line, "studentSourcedId", sentence)
        return True

    def finish(self) -> None:
        """Cycles, people without a role, and who is whose guardian."""
        orgs = {each.source_id: [each.parent] for each in self.bundle.orgs if each.parent}
        sessions = {each.source_id: [each.parent] for each in self.bundle.sessions if each.parent}
        self._acyclic("orgs", "parentSourcedId", orgs)
        self._acyclic("academicSessions", "parentSourcedId", sessions)
        if "users" in self.index and self._sound("users") and self._sound("roles"):
            self._without_role()
            self._relations()

    def _roles_of(self, user: records.User, orgs: Iterable[str], role: str) -> None:
        """1.1 and SDS 2: one role, at all orgs of the person."""
        if not role:
            return
        self._roles.setdefault(user.source_id, set()).add(role)
        for org in orgs:
            made = records.Role(f"{user.source_id}/{org}", user.source_id, org, role, True, None, None)
            self.bundle.roles.append(made)

    def _period(self, file: str, line: int, begin: dt.date | None, end: dt.date | None) -> None:
        if begin and end and end < begin:
            self._error(file, line, "endDate", say("The end is before the beginning."))

    def _once(self, enrollment: records.Enrollment, line: int) -> None:
        """A person may come back to a class, but is not in it twice at a time."""
        begin, end = enrollment.begin or dt.date.min, enrollment.end or dt.date.max
        others = self._enrolled.setdefault((enrollment.class_, enrollment.user, enrollment.role), [])
        if end <= begin:
            return
        at = bisect(others, (begin, end, line))
        for other_begin, other_end, first in others[max(0, at - 1) : at + 1]:
            if begin < other_end and other_begin < end:
                self._error(
                    "enrollments",
                    line,
                    "userSourcedId",
                    say("This person is enrolled in this class on line {line} already.", line=first)
                    if first
                    else _THERE,
                )
                break
        others.insert(at, (begin, end, line))

    def _score(self, result: records.Result, item: records.LineItem | None, line: int) -> None:
        score = result.score
        if score is None:
            if result.status == "fully graded" and not result.text_score:
                self._error("results", line, "score", say("It is fully graded but has no score."))
            return
        if result.status in ("exempt", "not submitted"):
            self._warn(
                "results",
                line,
                "score",
                say('There is a score, although the status is "{status}".', status=result.status),
            )
        if item and item.highest is not None and score > item.highest:
            self._error(
                "results",
                line,
                "score",
                say("The score {score} is above the highest value, {limit}.", score=score, limit=item.highest),
            )
        if item and item.lowest is not None and score < item.lowest:
            self._error(
                "results",
                line,
                "score",
                say("The score {score} is below the lowest value, {limit}.", score=score, limit=item.lowest),
            )

    def _acyclic(self, file: str, column: str, edges: Mapping[str, Iterable[str]]) -> None:
        for name in circular(edges):
            line = self.index[file].lines.get(name)
            self._error(file, line, column, say('"{value}" comes back to itself.', value=shown(name)))

    def _without_role(self) -> None:
        lines = self.index["users"].lines
        for user in self.bundle.users:
            if user.source_id not in self._roles:
                self._warn("users", lines.get(user.source_id), "", say("This person has no role."))
        for place, line in self._orgs_of.items():
            if place not in self._primary and not self.bundle.version.startswith("SDS"):
                self._warn("roles", line, "roleType", say("This person has no primary role at this org."))

    def _relations(self) -> None:
        """The child names its grown-ups; where a grown-up names the child, their roles show who is who."""
        lines = self.index["users"].lines
        found = {(each.child, each.guardian): each for each in self.bundle.relations}
        for user in self.bundle.users:
            for agent in user.agents:
                line = lines.get(user.source_id)
                if agent == user.source_id:
                    self._error("users", line, "agentSourcedIds", say("A person cannot be their own agent."))
                elif self._answers_for(agent, user.source_id):
                    found[user.source_id, agent] = self._relation(user.source_id, agent)
                elif self._answers_for(user.source_id, agent):
                    self._warn(
                        "users",
                        line,
                        "agentSourcedIds",
                        say("The child should name the grown-up; here it is the other way round."),
                    )
                    found.setdefault((agent, user.source_id), self._relation(agent, user.source_id))
                else:
                    self._warn(
                        "users",
                        line,
                        "agentSourcedIds",
                        say("Neither is a guardian, parent or relative; the link is not read."),
                    )
        self.bundle.relations[:] = found.values()
        edges: dict[str, list[str]] = {}
        for child, guardian in found:
            edges.setdefault(child, []).append(guardian)
        self._acyclic("users", "agentSourcedIds", edges)

    def _answers_for(self, guardian: str, child: str) -> bool:
        theirs, own = self._roles.get(guardian, set()), self._roles.get(child, set())
        return bool(theirs & GUARDIANS) and ("student" in own or not own & GUARDIANS)

    def _relation(self, child: str, guardian: str) -> records.Relation:
        role = next(role for role in ("parent", "guardian", "relative") if role in self._roles[guardian])
        return records.Relation(child, guardian, role)

    def _sound(self, file: str) -> bool:
        """Whether no row of the file was refused, so that what is missing in it is really missing."""
        known = self.index.get(file)
        return known is None or not known.flawed

    def _error(self, file: str, line: int | None, column: str, sentence: Any) -> None:
        self.problems.error(f"{file}.csv", line, column, sentence)

    def _warn(self, file: str, line: int | None, column: str, sentence: Any) -> None:
        self.problems.warn(f"{file}.csv", line, column, sentence)


def circular(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """One name on each circle that is found, walking without recursion."""
    done: set[str] = set()
    found = []
    for start in edges:
        path: dict[str, None] = {}
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                del path[name]
                done.add(name)
            elif name in path:
                found.append(name)
            elif name not in done:
                path[name] = None
                stack.append((name, True))
                stack.extend((each, False) for each in edges.get(name, ()))
    return found


def _any(_record: Any, _line: int, _extra: list[Any]) -> bool:
    return True
