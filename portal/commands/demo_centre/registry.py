"""Puts the demo's people down, with the rows that belong to a person."""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from portal.commands.demo_centre import names
from portal.commands.demo_centre.cast import Star
from portal.commands.demo_centre.classes import Course
from portal.commands.demo_centre.names import Name
from portal.commands.demo_centre.rows import Draft
from portal.people.names import contact_key, search_key, sort_key
from portal.text import fold

MORNING = 9 * 60
CAST = 3  # the students with the lowest ids: Minh, Chi, Bảo


class Facts(NamedTuple):
    """What is known of a person before there is a row."""

    name: Name
    sex: str
    age: int
    site: int
    address: str
    since: dt.date


@dataclass(slots=True)
class Learner:
    """A student as classes and marks need them: how able they are, and the classes they are in."""

    id: int
    site: int
    age: int
    ability: float
    courses: list[Course] = field(default_factory=list)


class Registry:
    """The people put down so far; `counsellors` is the account at each site that admits students."""

    def __init__(self, draft: Draft, hashes: dict[str, str]) -> None:
        self.draft = draft
        self.dice = draft.dice("people")
        self.learners: list[Learner] = []
        self.counsellors: list[int] = []
        self._persons: dict[int, int] = {}
        self._phones = names.phones()
        self._hashes = hashes

    def person(self, facts: Facts, *, email: str = "", phone: str = "", codes: Sequence[str] = ()) -> int:
        """A person, and how they are reached."""
        made_at = self.draft.at(facts.since, MORNING)
        by = self.counsellors[facts.site] if self.counsellors else None
        person = self.draft.add(
            "person",
            branch_id=facts.site + 1,
            family_name=facts.name.family,
            middle_name=facts.name.middle,
            given_name=facts.name.given,
            birth_date=_birthday(self.dice, self.draft.today, facts.age),
            sex=facts.sex,
            address=facts.address,
            search_key=search_key(*facts.name, codes),
            contact_key=contact_key(filter(None, [email]), filter(None, [phone])),
            sort_key=sort_key(*facts.name),
            made_at=made_at,
            made_by=by,
            changed_at=made_at,
            changed_by=by,
        )
        if email:
            self._email(person, email)
        if phone:
            self.draft.add("phone_number", person_id=person, number=phone, is_primary=True)
        return person

    def adult(self, facts: Facts, *, email: str | None = None, codes: Sequence[str] = ()) -> int:
        """A person with a phone; where no email is given, one is made for those who work here and most others."""
        if email is None:
            email = self.new_email(facts.name) if codes or self.dice.random() < 0.85 else ""
        return self.person(facts, email=email, phone=next(self._phones), codes=codes)

    def student(self, facts: Facts, course: Course, *, email: str = "", phone: str = "") -> Learner:
        """A student in a class; the phone is theirs, a child's is left out."""
        student = self.draft.next_id("student")
        code = f"HV{student:05}"
        person = self.person(facts, email=email, phone=phone, codes=(code,))
        made_at = self.draft.at(facts.since, MORNING)
        by = self.counsellors[facts.site]
        self.draft.add(
            "student",
            person_id=person,
            branch_id=facts.site + 1,
            code=code,
            status="suspended" if student > CAST and self.dice.random() < 0.015 else "learning",
            assigned_to_id=self._persons[by],
            made_at=made_at,
            made_by=by,
            changed_at=made_at,
            changed_by=by,
        )
        ability = min(max(self.dice.gauss(7.0, 1.05), 3.5), 9.7)
        learner = Learner(student, facts.site, facts.age, ability, [course])
        self.learners.append(learner)
        course.members.append(student)
        return learner

    def household(self, site: int, since: dt.date) -> int:
        """A household without guardians yet."""
        return self.draft.add("household", branch_id=site + 1, made_at=self.draft.at(since, MORNING))

    def guardian(
        self, person: int, learner: Learner, household: int, relation: str, since: dt.date, *, may_see: bool = True
    ) -> None:
        """A guardian's link to a student."""
        self.draft.add(
            "guardian",
            person_id=person,
            student_id=learner.id,
            household_id=household,
            relation=relation,
            may_see=may_see,
            may_pay=may_see,
            is_told=True,
            restricted_at=None,
            restricted_by=None,
            ground="Phiếu nhập học có chữ ký phụ huynh",
            linked_at=self.draft.at(since, MORNING + 15),
            linked_by=self.counsellors[learner.site],
        )

    def account(self, person: int, star: Star, facts: Facts, *, login: str) -> int:
        """An account: one of the cast signs in, anybody else is only invited."""
        made_at = self.draft.at(facts.since, MORNING + 30)
        password = self._hashes.get(login)
        account = self.draft.add(
            "account",
            person_id=person,
            email=login,
            phone=None,
            password_hash=password,
            language="",
            theme="auto",
            made_at=made_at,
            made_by=None,
            password_set_at=made_at if password else None,
        )
        self._persons[account] = person
        if star.role:
            self.draft.add(
                "account_role",
                account_id=account,
                role=star.role,
                branch_id=None if star.everywhere else facts.site + 1,
                given_at=made_at,
                given_by=None,
            )
        return account

    def person_of(self, learner: Learner) -> int:
        """The person whom a learner is."""
        return int(self.draft.rows["student"][learner.id - 1][1])

    def new_phone(self) -> str:
        """A number nobody else of the demo has."""
        return next(self._phones)

    def new_email(self, name: Name) -> str:
        """An address nobody else of the demo has."""
        return f"{fold(name.given)}.{fold(name.family)}{self.draft.next_id('person')}@example.com"

    def _email(self, person: int, address: str) -> None:
        self.draft.add(
            "email_address",
            person_id=person,
            address=address,
            is_primary=True,
            opted_out_at=None,
            invalid_at=None,
        )


def _birthday(dice: random.Random, today: dt.date, age: int) -> dt.date:
    """A day that makes somebody `age` years old today."""
    last = today - dt.timedelta(days=dice.randrange(360))
    return dt.date(last.year - age, last.month, min(last.day, 28))
