"""Drafts of people, of what they are here, and of who learns and teaches in which class."""

from collections import defaultdict
from collections.abc import Iterable

from portal.errors import Sentence, say
from portal.interchange.oneroster import Bundle, records
from portal.interchange.oneroster.problems import shown
from portal.interchange.oneroster.spec import GUARDIANS
from portal.interchange.writing.codes import candidates
from portal.interchange.writing.draft_places import last_day
from portal.interchange.writing.drafts import Birth, Drafts, Guardian, Membership, Person, Post, Teaching, pair
from portal.interchange.writing.findings import Findings
from portal.people import contacts, persons

_POSITIONS = {
    "administrator": "administrator",
    "aide": "aide",
    "counselor": "counsellor",
    "districtAdministrator": "district administrator",
    "principal": "principal",
    "proctor": "proctor",
    "siteAdministrator": "site administrator",
    "systemAdministrator": "system administrator",
}


def draft(bundle: Bundle, drafts: Drafts, findings: Findings, notes: list[Sentence]) -> None:
    """People, births, guardians, memberships and teachings."""
    drafts.people = _People(bundle, findings).all()
    drafts.births = [_birth(each, findings) for each in bundle.demographics]
    drafts.guardians = _guardians(bundle, drafts, findings)
    drafts.memberships = [_membership(each, findings) for each in bundle.enrollments if each.role == "student"]
    drafts.teachings = _teachings(each for each in bundle.enrollments if each.role == "teacher")
    notes += _notes(bundle)


class _People:
    """Puts together what several files say of one person."""

    def __init__(self, bundle: Bundle, findings: Findings) -> None:
        self._users = bundle.users
        self._findings = findings
        self._roles: dict[str, list[records.Role]] = defaultdict(list)
        for role in bundle.roles:
            self._roles[role.user].append(role)
        schools = {each.source_id: each.school for each in bundle.classes}
        self._schools: dict[tuple[str, str], list[str]] = defaultdict(list)
        for enrollment in bundle.enrollments:
            self._schools[enrollment.user, enrollment.role].append(schools[enrollment.class_])

    def all(self) -> list[Person]:
        return [self._person(user) for user in self._users]

    def _person(self, user: records.User) -> Person:
        key, fit = user.source_id, self._findings.fit
        roles = sorted(self._roles.get(key, ()), key=lambda role: not role.primary)
        teaching = [role for role in roles if role.role == "teacher"]
        working = [role for role in roles if role.role in _POSITIONS]
        learns_at = self._schools.get((key, "student"), [])
        teaches_at = self._schools.get((key, "teacher"), [])
        studies = [role.org for role in roles if role.role == "student"] + learns_at
        known = [user.primary_org] if user.primary_org else []
        where = [*known, *(role.org for role in roles), *learns_at, *teaches_at]
        return Person(
            key,
            branch=where[0] if where else None,
            family_name=fit(user.family_name, 80, "users", key, "familyName"),
            middle_name=fit(user.middle_name, 80, "users", key, "middleName"),
            given_name=fit(user.given_name, 80, "users", key, "givenName"),
            email=self._email(user),
            phones=self._phones(user),
            codes=candidates(
                *(self._findings, "users", key), ("identifier", user.identifier), ("username", user.username)
            ),
            student_at=[*known, *studies][0] if studies else None,
            teacher=_post(teaching, bool(teaches_at)),
            staff=_post(working, False),
            works_at=tuple(dict.fromkeys([*(role.org for role in (*teaching, *working)), *teaches_at])),
        )

    def _email(self, user: records.User) -> str:
        address, trouble = contacts.email(user.email)
        if trouble:
            sentence = say('"{value}" is not an email address and is not read.', value=shown(user.email))
            self._findings.warn("users", user.source_id, "email", sentence)
            return ""
        return address

    def _phones(self, user: records.User) -> tuple[str, ...]:
        numbers = []
        for column, typed in (("sms", user.sms), ("phone", user.phone)):
            number, trouble = contacts.phone(typed)
            if trouble:
                sentence = say('"{value}" is not a phone number and is not stored.', value=shown(typed))
                self._findings.warn("users", user.source_id, column, sentence)
            elif number:
                numbers.append(number)
        return tuple(dict.fromkeys(numbers))


def _post(roles: list[records.Role], at_work: bool) -> Post | None:
    """What the roles of one kind make of a person; who still teaches a class has not left."""
    if not roles and not at_work:
        return None
    ends = [role.end for role in roles]
    left = None if at_work or None in ends else max(last_day(end) for end in ends if end)
    return Post(left, ", ".join(dict.fromkeys(_POSITIONS.get(role.role, "") for role in roles))[:80])


def _birth(each: records.Demographics, findings: Findings) -> Birth:
    day = each.birth_date
    if persons.birth_problem(day):
        findings.warn(
            *("demographics", each.source_id, "birthDate"),
            say("The birth date {day} cannot be right and is not stored.", day=day),
        )
        day = None
    return Birth(each.source_id, day, each.sex)


def _guardians(bundle: Bundle, drafts: Drafts, findings: Findings) -> list[Guardian]:
    students = {person.key for person in drafts.people if person.student_at}
    sexes = {birth.key: birth.sex for birth in drafts.births}
    links = []
    for each in bundle.relations:
        if each.child in students:
            relation = _relation(each.role, sexes.get(each.guardian, ""))
            links.append(Guardian(pair(each.child, each.guardian), each.guardian, each.child, relation))
        else:
            findings.warn(
                *("users", each.child, "agentSourcedIds"),
                say("This person is no student, so the link to the guardian is not stored."),
            )
    return links


def _relation(role: str, sex: str) -> str:
    if role == "parent":
        return {"female": "mother", "male": "father"}.get(sex, "guardian")
    return role


def _membership(each: records.Enrollment, findings: Findings) -> Membership:
    until = last_day(each.end) if each.end else None
    if until and each.begin and until < each.begin:
        findings.warn(
            *("enrollments", each.source_id, "endDate"),
            say("It ends on the day it begins; it is stored with that one day."),
        )
        until = each.begin
    return Membership(each.source_id, each.class_, each.user, each.begin, until)


def _teachings(enrollments: Iterable[records.Enrollment]) -> list[Teaching]:
    """Who comes back to a class teaches it once here: they lead it when they do in one of the rows."""
    found = list(enrollments)
    leads = {(each.class_, each.user) for each in found if each.primary}
    return [Teaching(each.source_id, each.class_, each.user, (each.class_, each.user) in leads) for each in found]


def _notes(bundle: Bundle) -> list[Sentence]:
    notes = []
    if any(user.preferred_given_name or user.preferred_family_name for user in bundle.users):
        notes.append(say("users.csv: people stand under their legal names; preferred names are not stored."))
    disabled = sum(not user.enabled for user in bundle.users)
    if disabled:
        notes.append(say("users.csv: {count} are not enabled; they are stored like the others.", count=disabled))
    others = sum(each.role not in ("student", "teacher") for each in bundle.enrollments)
    if others:
        notes.append(say("enrollments.csv: {count} neither learn nor teach and are not stored.", count=others))
    if any(each.role == "teacher" and (each.begin or each.end) for each in bundle.enrollments):
        notes.append(say("enrollments.csv: from when to when a teacher teaches a class is not stored."))
    if any(role.end and role.role in {"student", *GUARDIANS} for role in bundle.roles):
        notes.append(say("roles.csv: when a student or guardian ceases to be one is not stored."))
    return notes
