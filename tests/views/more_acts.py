"""All acts: those of `acts`, and files, imports, privacy, sheets, other issuers, backups, the record, dead jobs."""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from portal import clock, db, files, jobs
from portal.access import (
    identities,
    provider_visits,
)
from portal.backup import making
from portal.interchange import loading, minds, runs, undo
from portal.interchange.sheets import exporting, uploads
from portal.oversight import acts, dead_jobs
from portal.people import names
from portal.privacy import consents, erasing, exports, retention, wordings
from portal.providers import Provider
from portal.scope import SYSTEM
from tests.cast import ZONE
from tests.interchange.builder import bundle, more, row
from tests.interchange.sheets.sending import HEADERS, MINOR, written
from tests.views.world import World

__all__ = ["ACTS", "bundles"]

from tests.views.acts import ACTS, Picks, act, open_for

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


@act("interchange.runs.weigh_leaving")
async def let_go_who_is_missing(world: World, picks: Picks) -> object:
    son = await world.scope("son")
    run = await runs.start(son, _chunks(picks.of(bundles())), "a.zip")
    await jobs.drain()
    await runs.weigh_leaving(son, run, leave=True)
    await jobs.drain()
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
    words = acts.Words("When", "Who", "What", "Record", "Number", "Whom", "Changes", "Request")
    return await acts.take(await world.scope("son"), {"record": "student"}, ZONE, words, "family_first")


@act("oversight.dead_jobs.try_again", "oversight.dead_jobs.try_all_again", "oversight.dead_jobs.let_go")
async def decide_on_dead_jobs(world: World, picks: Picks) -> object:
    son = await world.scope("son")
    dead = {"kind": "sweep", "payload": '{"erasure": 0}', "dead_at": clock.now(), "attempts": 8}
    for _ in range(2):
        await db.insert("job", **dead, due_at=clock.now())
    await dead_jobs.try_again(son, await picks.id("job", "dead_at IS NOT NULL"))
    await dead_jobs.let_go(son, await picks.id("job", "dead_at IS NOT NULL"))
    return await dead_jobs.try_all_again(son, "sweep")
