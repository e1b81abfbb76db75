"""One act for every verb of the domain, with drawn arguments; whether the verb refuses them does not matter."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from portal import clock, db, jobs
from portal.access import (
    accounts,
    founding,
    links,
    preferences,
    sessions,
    signing_in,
    throttle,
)
from portal.centre import centres
from portal.gradebook import recording
from portal.people import admission, guardians, persons, students
from portal.people.models import Person
from portal.scope import SYSTEM
from tests.cast import PASSWORD, ZONE
from tests.views.world import World

ROLES = ("teacher", "counsellor", "care", "manager", "administrator")


class Picks:
    """The numbers that were drawn for an act, one after another."""

    def __init__(self, numbers: tuple[int, ...]) -> None:
        self._numbers: Iterator[int] = iter(numbers)

    def number(self) -> int:
        return next(self._numbers, 0)

    def of(self, some: list[Any] | tuple[Any, ...]) -> Any:
        """One of several, None of none."""
        return some[self.number() % len(some)] if some else None

    async def id(self, table: str, where: str = "1 = 1") -> int:
        """The id of a row there is, else 0."""
        return self.of([found for (found,) in await db.rows(f"SELECT id FROM {table} WHERE {where} ORDER BY id")]) or 0


Act = Callable[[World, Picks], Awaitable[object]]
ACTS: dict[str, Act] = {}


def act(*verbs: str) -> Callable[[Act], Act]:
    """Register what plays one verb, or several that come together."""

    def register(function: Act) -> Act:
        ACTS.update(dict.fromkeys(verbs, function))
        return function

    return register


# Access


@act("access.accounts.open_for")
async def open_for(world: World, picks: Picks) -> object:
    person = await picks.id("person", "id NOT IN (SELECT person_id FROM account)")
    return await accounts.open_for(await world.scope("son"), person, f"new{person}@example.com")


@act("access.accounts.invite_again")
async def invite_again(world: World, picks: Picks) -> object:
    return await accounts.invite_again(await world.scope("son"), await picks.id("account"))


@act("access.accounts.give_role")
async def give_role(world: World, picks: Picks) -> object:
    role = picks.of(ROLES)
    branch = None if role == "administrator" else picks.of((1, 2, None))
    return await accounts.give_role(await world.scope("son"), await picks.id("account"), role, branch)


@act("access.accounts.take_role")
async def take_role(world: World, picks: Picks) -> object:
    grant = await picks.id("account_role")
    account = await db.value("SELECT account_id FROM account_role WHERE id = ?", grant)
    return await accounts.take_role(await world.scope("son"), account or 0, grant)


@act("access.accounts.disable")
async def disable(world: World, picks: Picks) -> object:
    return await accounts.disable(await world.scope("son"), await picks.id("account"))


@act("access.accounts.enable")
async def enable(world: World, picks: Picks) -> object:
    return await accounts.enable(await world.scope("son"), await picks.id("account"))


@act("access.founding.found")
async def found_again(world: World, picks: Picks) -> object:
    return await founding.found("x@example.com", name="Other", branch="There", time_zone=ZONE, locale="en")


@act("access.links.ask_for_reset", "access.links.send_reset", "mail.deliver")
async def forget_a_password(world: World, picks: Picks) -> object:
    await links.ask_for_reset(picks.of(("lan@example.com", "minh@example.com", "nobody@example.com")))
    return await jobs.drain()


@act("access.links.set_password")
async def set_password(world: World, picks: Picks) -> object:
    account = await picks.id("account")
    async with db.transaction():
        token = await links._make(account, links.RESET, links.RESET_LIFETIME, made_by=None)
    return await links.set_password(token, links.RESET, "a new pass phrase")


@act("access.links.change_password")
async def change_password(world: World, picks: Picks) -> object:
    reader = picks.of(("lan", "minh", "an"))
    return await links.change_password(await world.scope(reader), PASSWORD, "a new pass phrase", session_id=1)


@act("access.preferences.set_look")
async def set_look(world: World, picks: Picks) -> object:
    scope = await world.scope(picks.of(("lan", "minh", "an", "hoa")))
    return await preferences.set_look(
        scope, language=picks.of(("", "en", "vi")), theme=picks.of(("auto", "light", "dark"))
    )


@act("access.sessions.end")
async def end_session(world: World, picks: Picks) -> object:
    session = await picks.id("session")
    account = await db.value("SELECT account_id FROM session WHERE id = ?", session)
    scope = await world.scope(next(name for name, one in world.cast.people.items() if one.account == account))
    return await sessions.end(scope, session)


@act("access.signing_in.enter")
async def enter(world: World, picks: Picks) -> object:
    member = world.cast.people[picks.of(("lan", "minh", "an"))]
    return await signing_in.enter(member.account, member.person)


@act("access.signing_in.sign_in")
async def sign_in(world: World, picks: Picks) -> object:
    return await signing_in.sign_in("lan@example.com", picks.of((PASSWORD, "a wrong one")))


@act("access.signing_in.sign_out")
async def sign_out(world: World, picks: Picks) -> object:
    return await signing_in.sign_out(await world.scope(picks.of(("lan", "minh", "an"))), await picks.id("session"))


@act("access.throttle.attempt")
async def attempt(world: World, picks: Picks) -> object:
    return await throttle.attempt("lan@example.com", "127.0.0.1")


# The centre and its people


@act("centre.centres.found")
async def found_centre(world: World, picks: Picks) -> object:
    return await centres.found(SYSTEM, name="Another", time_zone=ZONE, locale="en")


@act("centre.centres.add_branch")
async def add_branch(world: World, picks: Picks) -> object:
    number = picks.number()
    return await centres.add_branch(SYSTEM, code=f"B{number}", name=f"Branch {number}")


@act("people.admission.enter")
async def enter_student(world: World, picks: Picks) -> object:
    scope = await world.scope(picks.of(("son", "mai", "duc")))
    guardian = picks.of(("lan", "an", "hoa"))
    typed = {
        "family_name": "Lý",
        "given_name": picks.of(("Nam", "Bảo")),
        "birth_date": "2016-02-03",
        "branch_id": "1",
        "assigned_to": str(scope.person_id),
        "guardian_id": str(world.cast.people[guardian].person),
        "guardian_relation": "mother",
    }
    return await admission.enter(scope, typed, today=clock.today(ZONE), confirmed=True)


@act("people.guardians.link", "people.guardians.write_to_others")
async def link(world: World, picks: Picks) -> object:
    await guardians.link(
        await world.scope("mai"),
        person_id=await picks.id("person"),
        student_id=await picks.id("student"),
        relation="mother",
        ground="a test",
    )
    return await jobs.drain()


async def _link(picks: Picks) -> tuple[int, int]:
    guardian = await picks.id("guardian")
    return await db.value("SELECT student_id FROM guardian WHERE id = ?", guardian), guardian


@act("people.guardians.allow")
async def allow(world: World, picks: Picks) -> object:
    student, guardian = await _link(picks)
    return await guardians.allow(
        await world.scope("quang"),
        student,
        guardian,
        may_see=picks.of((True, False)),
        may_pay=True,
        is_told=True,
        ground="a test",
    )


@act("people.guardians.restrict")
async def restrict(world: World, picks: Picks) -> object:
    return await guardians.restrict(await world.scope("quang"), *await _link(picks), ground="a test")


@act("people.guardians.release")
async def release(world: World, picks: Picks) -> object:
    return await guardians.release(await world.scope("quang"), *await _link(picks), ground="a test")


@act("people.persons.add")
async def add_person(world: World, picks: Picks) -> object:
    return await persons.add(await world.scope("mai"), family_name="Lý", given_name="Tư", branch_id=1)


@act("people.students.admit")
async def admit(world: World, picks: Picks) -> object:
    person = await Person.get(id=await picks.id("person"))
    return await students.admit(await world.scope("mai"), person, branch_id=1)


# Marks


@act("gradebook.recording.record")
async def record(world: World, picks: Picks) -> object:
    return await recording.record(
        await world.scope("hoa"),
        assessment_id=await picks.id("assessment"),
        student_id=picks.of((world.cast.minh.student, world.cast.chi.student)),
        points=picks.of((None, 1000, 7500, 10_000)),
        comment=picks.of(("", "Tiến bộ rõ")),
    )


@act("gradebook.recording.publish")
async def publish(world: World, picks: Picks) -> object:
    return await recording.publish(await world.scope("hoa"), await picks.id("assessment"))
