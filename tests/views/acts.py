"""One act for every verb of the domain, with drawn arguments; whether the verb refuses them does not matter."""

from collections.abc import Awaitable, Callable, Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from portal import clock, db, files, jobs
from portal.access import (
    accounts,
    founding,
    identities,
    links,
    preferences,
    provider_visits,
    sessions,
    signing_in,
    throttle,
)
from portal.backup import making
from portal.centre import centres
from portal.gradebook import recording
from portal.interchange import loading, minds, runs, undo
from portal.interchange.sheets import exporting, uploads
from portal.oversight import acts, dead_jobs
from portal.people import admission, guardians, names, persons, students
from portal.people.models import Person
from portal.privacy import consents, erasing, exports, retention, wordings
from portal.providers import Provider
from portal.scope import SYSTEM
from tests.cast import PASSWORD, ZONE
from tests.interchange.builder import bundle, more, row
from tests.interchange.sheets.sending import HEADERS, MINOR, written
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


# Files and imports


def bundles() -> list[bytes]:
    """What may be imported: nothing new, or a changed mark, name, class or piece of work."""
    return [
        bundle(),
        bundle(results=row("results", score="3.5", comment="Again")),
        bundle(users=row("users", 1, givenName="Minh Anh")),
        bundle(classes=row("classes", title="English A1, Tuesday")),
        bundle(lineItems=more("lineItems", sourcedId="L2", title="Unit 2")),
        bundle(results=row("results", scoreStatus="exempt", score="")),
    ]


async def _chunks(content: bytes) -> Any:
    with BytesIO(content) as source:
        yield source.read()


@act("files.receive")
async def receive(world: World, picks: Picks) -> object:
    return await files.receive(await world.scope("lan"), _chunks(b"a text"), "a.txt", largest=1000)


@act("interchange.runs.start", "interchange.working.work_off")
async def import_by_the_worker(world: World, picks: Picks) -> object:
    son = await world.scope("son")
    run = await runs.start(son, _chunks(picks.of(bundles())), "a.zip")
    await jobs.drain()
    if picks.of((True, False)):
        await runs.go_on(son, run, agreed=True)
    return await jobs.drain()


@act("interchange.runs.check_again", "interchange.runs.go_on")
async def import_after_all(world: World, picks: Picks) -> object:
    son = await world.scope("son")
    run = await runs.start(son, _chunks(picks.of(bundles())), "a.zip")
    await jobs.drain()
    await runs.check_again(son, run)
    await jobs.drain()
    await runs.go_on(son, run)
    return await jobs.drain()


@act("interchange.loading.load")
async def import_here(world: World, picks: Picks) -> object:
    return await loading.load(SYSTEM, picks.of(bundles()), dry_run=False)


@act("interchange.minds.stop")
async def stop_an_import(world: World, picks: Picks) -> object:
    son = await world.scope("son")
    run = await runs.start(son, _chunks(picks.of(bundles())), "a.zip")
    await minds.stop(son, run)
    return await jobs.drain()


@act("interchange.minds.take_back")
async def take_an_import_back(world: World, picks: Picks) -> object:
    son = await world.scope("son")
    run = await undo.last()
    if run is None:
        outcome = await loading.load(SYSTEM, picks.of(bundles()), dry_run=False)
        run = outcome.run_id
    assert run is not None
    await minds.take_back(son, run, (await runs.find(son, run)).file_name)
    return await jobs.drain()


@act("interchange.undo.take_back", "interchange.undo.weigh", "interchange.undo.restoring.restore")
async def take_an_import_back_here(world: World, picks: Picks) -> object:
    run = await undo.last()
    if run is None:
        return await loading.load(SYSTEM, picks.of(bundles()), dry_run=False)
    told = await undo.weigh(SYSTEM, run)
    return told, await undo.take_back(SYSTEM, run)


# Privacy


@act("privacy.consents.give")
async def consent(world: World, picks: Picks) -> object:
    kind = picks.of(wordings.KINDS)
    lan = await world.scope("lan")
    return await consents.give(lan, world.cast.minh.person, kind, version=wordings.CURRENT[kind], language="vi")


@act("privacy.consents.withdraw")
async def withdraw_consent(world: World, picks: Picks) -> object:
    return await consents.withdraw(await world.scope("lan"), world.cast.minh.person, picks.of(wordings.KINDS))


@act("privacy.consents.note")
async def note_consent(world: World, picks: Picks) -> object:
    return await consents.note(
        await world.scope("mai"),
        world.cast.minh.person,
        picks.of(wordings.KINDS),
        giver=str(world.cast.lan.person),
        note="on paper",
        agreed=picks.of((True, False)),
        language="vi",
    )


@act("privacy.erasing.erase", "privacy.erasing.sweep")
async def erase(world: World, picks: Picks) -> object:
    person = await picks.id("person")
    name = await db.row("SELECT family_name, middle_name, given_name FROM person WHERE id = ?", person)
    typed = names.shown(*name) if name else ""
    counts = await erasing.erase(await world.scope("son"), person, picks.of(erasing.GROUNDS), typed_name=typed)
    return counts, await jobs.drain()


@act("privacy.exports.ask", "privacy.exports.pack")
async def export(world: World, picks: Picks) -> object:
    lan = await world.scope("lan")
    await exports.ask(lan, picks.of((world.cast.lan.person, world.cast.minh.person)), language="vi")
    return await jobs.drain()


@act("privacy.retention.choose")
async def choose_retention(world: World, picks: Picks) -> object:
    typed = {kind.name: str(kind.least) for kind in retention.KINDS}
    return await retention.choose(await world.scope("son"), typed)


@act("privacy.retention.schedule", "privacy.retention.work_off", "privacy.retention.run")
async def retain(world: World, picks: Picks) -> object:
    await retention.schedule()
    await jobs.drain()
    return await retention.run()


# People from spreadsheets, and lists taken along


@act("interchange.sheets.uploads.receive", "interchange.sheets.uploads.match")
async def import_people(world: World, picks: Picks) -> object:
    mai = await world.scope("mai")
    rows = [HEADERS, MINOR, *([[*MINOR[:3], "", "", "", ""]] if picks.of((True, False)) else [])]
    sheet = await uploads.receive(mai, "students", _chunks(written(rows)), "a.csv")
    upload = await uploads.find(mai, sheet)
    typed = {"branch_id": "1", "assigned_to": str(mai.person_id)}
    run = await uploads.match(mai, sheet, upload.fields, typed)
    await jobs.drain()
    await runs.go_on(mai, run, agreed=True)
    return await jobs.drain()


@act("interchange.sheets.exporting.take")
async def take_a_list(world: World, picks: Picks) -> object:
    taken = await exporting.take(await world.scope("mai"), "students", "", "csv", exporting.Words(str, {}, {}))
    taken.file.close()
    return taken


# Identities at other issuers, and backups


ISSUER = Provider("google", "Google", "https://accounts.example", "client", "secret")


def _vouched(picks: Picks) -> identities.Vouched:
    return identities.Vouched(ISSUER, f"subject {picks.number() % 2}", "somebody@example.com")


@act("access.identities.link")
async def link_identity(world: World, picks: Picks) -> object:
    scope = await world.scope(picks.of(("lan", "an")))
    session = await db.value("SELECT MIN(id) FROM session WHERE account_id = ?", scope.account_id)
    return await identities.link(scope, _vouched(picks), session_id=session, begun_in=session)


@act("access.identities.sign_in")
async def sign_in_by_identity(world: World, picks: Picks) -> object:
    await link_identity(world, picks)
    return await identities.sign_in(_vouched(picks))


@act("access.identities.accept")
async def accept_by_identity(world: World, picks: Picks) -> object:
    invited = await open_for(world, picks)
    key = await db.value("SELECT key_hash FROM secret_link WHERE account_id = ?", invited.id)
    return await identities.accept(key, _vouched(picks))


@act("access.identities.unlink", "access.identities.take")
async def unlink_identity(world: World, picks: Picks) -> object:
    await link_identity(world, picks)
    identity = await picks.id("identity")
    account = await db.value("SELECT account_id FROM identity WHERE id = ?", identity)
    if picks.of((True, False)):
        return await identities.take(await world.scope("son"), account or 0, identity)
    return await identities.unlink(await world.scope("lan"), identity, session_id=1, issuers=[ISSUER.issuer])


@act("access.provider_visits.begin", "access.provider_visits.end")
async def visit_a_provider(world: World, picks: Picks) -> object:
    keys = await provider_visits.begin("google", provider_visits.SIGN_IN)
    return await provider_visits.end("google", keys)


@act("backup.making.make")
async def back_up(world: World, picks: Picks) -> object:
    with TemporaryDirectory() as folder:
        return await making.make(Path(folder) / "backup", tell=lambda *_: None)


@act("oversight.acts.take")
async def take_the_record(world: World, picks: Picks) -> object:
    words = acts.Words("When", "Who", "What", "Record", "Number", "Changes", "Request")
    return await acts.take(await world.scope("son"), {"record": "student"}, ZONE, words, "family_first")


@act("oversight.dead_jobs.try_again", "oversight.dead_jobs.try_all_again", "oversight.dead_jobs.let_go")
async def decide_on_dead_jobs(world: World, picks: Picks) -> object:
    son = await world.scope("son")
    for _ in range(2):
        await db.insert("job", kind="sweep", payload="{}", due_at=clock.now(), dead_at=clock.now(), attempts=8)
    await dead_jobs.try_again(son, await picks.id("job", "dead_at IS NOT NULL"))
    await dead_jobs.let_go(son, await picks.id("job", "dead_at IS NOT NULL"))
    return await dead_jobs.try_all_again(son, "sweep")
