"""What identities do to accounts, without a provider: ways in that are given, taken, and never the last one."""

import asyncio

import pytest

from portal import clock, db
from portal.access import accounts, identities, links, provider_visits, scopes, secrets, sessions, signing_in
from portal.access.identities import Unknown, Vouched
from portal.errors import Conflict, Forbidden, Gone, Invalid, NotFound, TooMany
from portal.providers import Provider
from portal.scope import Scope
from tests.cast import PASSWORD, Cast, Member

SCHOOL = Provider("school", "School", "https://login.school.example", "us")
OTHER = Provider("other", "Other", "https://login.other.example", "us")


async def scope_of(member: Member) -> Scope:
    return await scopes.build(member.account, member.person)


async def session_of(member: Member) -> int:
    token = await sessions.start(member.account)
    return int(await db.value("SELECT id FROM session WHERE token_hash = ?", secrets.hashed(token)))


async def link(member: Member, subject: str, provider: Provider = SCHOOL) -> int:
    """Linked in a session of its own; the identity."""
    session = await session_of(member)
    await identities.link(await scope_of(member), Vouched(provider, subject, ""), session_id=session, begun_in=session)
    return int(await db.value("SELECT id FROM identity WHERE subject = ? AND issuer = ?", subject, provider.issuer))


async def without_password(member: Member) -> None:
    await db.execute("UPDATE account SET password_hash = NULL WHERE id = ?", member.account)


async def test_the_same_subject_of_two_issuers_is_two_identities(cast: Cast):
    await link(cast.lan, "1", SCHOOL)
    await link(cast.an, "1", OTHER)
    entered = [await identities.sign_in(Vouched(provider, "1", "")) for provider in (SCHOOL, OTHER)]
    assert [entry.account_id for entry in entered] == [cast.lan.account, cast.an.account]


async def test_a_subject_is_compared_letter_by_letter(cast: Cast):
    await link(cast.lan, "Abc")
    for other in ("abc", "Abc ", "ABC"):
        with pytest.raises(Unknown):
            await identities.sign_in(Vouched(SCHOOL, other, ""))


async def test_the_last_way_in_is_not_unlinked_by_its_owner(cast: Cast):
    first, second = await link(cast.lan, "1"), await link(cast.lan, "2")
    await without_password(cast.lan)
    scope, session = await scope_of(cast.lan), await session_of(cast.lan)
    issuers = {SCHOOL.issuer}
    await identities.unlink(scope, first, session_id=session, issuers=issuers)
    with pytest.raises(Conflict, match="only way in"):
        await identities.unlink(scope, second, session_id=session, issuers=issuers)
    assert [one.id for one in await identities.of_account(scope)] == [second]


async def test_an_identity_of_a_provider_that_is_gone_is_no_way_in(cast: Cast):
    first, _ = await link(cast.lan, "1", SCHOOL), await link(cast.lan, "2", OTHER)
    await without_password(cast.lan)
    with pytest.raises(Conflict):
        scope = await scope_of(cast.lan)
        await identities.unlink(scope, first, session_id=1, issuers={SCHOOL.issuer})
    assert len(await identities.of_account(await scope_of(cast.lan))) == 2


async def test_unlinking_ends_the_other_sessions_and_the_way_in(cast: Cast):
    identity = await link(cast.lan, "1")
    await identities.sign_in(Vouched(SCHOOL, "1", ""))
    scope, session = await scope_of(cast.lan), await session_of(cast.lan)
    await identities.unlink(scope, identity, session_id=session, issuers={SCHOOL.issuer})
    assert await db.rows("SELECT id FROM session WHERE ended_at IS NULL") == [(session,)]
    with pytest.raises(Unknown):
        await identities.sign_in(Vouched(SCHOOL, "1", ""))
    verb, issuer = await db.row("SELECT verb, changes FROM audit_entry ORDER BY id DESC")
    assert verb == "identity.unlink"
    assert SCHOOL.issuer in str(issuer)


async def test_nobody_unlinks_what_is_anothers(cast: Cast):
    identity = await link(cast.an, "1")
    with pytest.raises(NotFound):
        await identities.unlink(await scope_of(cast.lan), identity, session_id=1, issuers=set())


async def test_an_account_takes_only_so_many(cast: Cast):
    for number in range(identities.MOST):
        await link(cast.lan, f"{number}")
    with pytest.raises(Conflict, match=f"At most {identities.MOST}"):
        await link(cast.lan, "one more")


async def test_two_who_link_the_same_at_once_are_one_who_does(cast: Cast):
    tried = [link(member, "1") for member in (cast.lan, cast.an, cast.duc)]
    told = await asyncio.gather(*tried, return_exceptions=True)
    assert sorted(type(one).__name__ for one in told) == ["Conflict", "Conflict", "int"]
    assert await db.value("SELECT COUNT(*) FROM identity") == 1


async def test_linking_asks_for_the_password_unless_the_session_just_began(cast: Cast):
    scope = await scope_of(cast.lan)
    session = await session_of(cast.lan)
    await identities.prove(scope, "", session_id=session)
    with clock.moved(minutes=15):
        for typed in ("", "wrong"):
            with pytest.raises(Invalid) as no:
                await identities.prove(scope, typed, session_id=session)
            assert "present_password" in no.value.errors
        await identities.prove(scope, PASSWORD, session_id=session)
        await without_password(cast.lan)
        with pytest.raises(Conflict, match="Sign out and in again"):
            await identities.prove(scope, PASSWORD, session_id=session)


async def test_the_password_cannot_be_guessed_by_linking(cast: Cast):
    scope, session = await scope_of(cast.lan), await session_of(cast.lan)
    with clock.moved(hours=1):
        for _ in range(5):
            with pytest.raises(Invalid):
                await identities.prove(scope, "wrong", session_id=session)
        with pytest.raises(TooMany):
            await identities.prove(scope, PASSWORD, session_id=session)


async def test_a_session_that_ended_links_nothing(cast: Cast):
    session = await session_of(cast.lan)
    await sessions.end_all(cast.lan.account)
    with pytest.raises(Conflict, match="signed out or in"):
        vouched = Vouched(SCHOOL, "1", "")
        await identities.link(await scope_of(cast.lan), vouched, session_id=session, begun_in=session)
    assert await db.value("SELECT COUNT(*) FROM identity") == 0


async def test_a_new_password_by_a_reset_link_unlinks_what_a_thief_may_have_linked(cast: Cast):
    await link(cast.lan, "of a thief")
    await links.send_reset({"login": "lan@example.com"})
    token = await _key_of_letter()
    await links.set_password(token, links.RESET, "three unrelated words")
    with pytest.raises(Unknown):
        await identities.sign_in(Vouched(SCHOOL, "of a thief", ""))
    changes = await db.value("SELECT changes FROM audit_entry WHERE verb = 'password.set_by_reset'")
    assert "identities_unlinked" in str(changes)


async def test_who_signs_in_by_a_provider_may_have_a_password_sent(cast: Cast):
    await link(cast.lan, "1")
    await without_password(cast.lan)
    await links.send_reset({"login": "lan@example.com"})
    assert await _key_of_letter()


async def test_who_has_no_password_chooses_one_in_a_session_just_begun(cast: Cast):
    await link(cast.lan, "1")
    await without_password(cast.lan)
    scope, session = await scope_of(cast.lan), await session_of(cast.lan)
    with clock.moved(minutes=15), pytest.raises(Conflict):
        await links.change_password(scope, "", "three unrelated words", session_id=session)
    await links.change_password(scope, "", "three unrelated words", session_id=session)
    assert (await signing_in.sign_in("lan@example.com", "three unrelated words")).account_id == cast.lan.account


async def test_closing_an_account_closes_this_way_too(cast: Cast):
    await link(cast.duc, "1")
    await identities.sign_in(Vouched(SCHOOL, "1", ""))
    son = await scope_of(cast.son)
    await accounts.disable(son, cast.duc.account)
    assert await db.value("SELECT COUNT(*) FROM session WHERE ended_at IS NULL") == 0
    with pytest.raises(Unknown):
        await identities.sign_in(Vouched(SCHOOL, "1", ""))
    await accounts.enable(son, cast.duc.account)
    assert (await identities.sign_in(Vouched(SCHOOL, "1", ""))).account_id == cast.duc.account


async def test_an_administrator_unlinks_and_the_account_is_invited_again(cast: Cast):
    identity = await link(cast.duc, "1")
    await without_password(cast.duc)
    son = await scope_of(cast.son)
    assert not (await accounts.find(son, cast.duc.account)).invited
    with pytest.raises(Conflict):
        await accounts.invite_again(son, cast.duc.account)
    await identities.take(son, cast.duc.account, identity)
    assert await db.value("SELECT COUNT(*) FROM session WHERE ended_at IS NULL") == 0
    assert (await accounts.find(son, cast.duc.account)).invited
    await accounts.invite_again(son, cast.duc.account)


async def test_a_manager_sees_identities_without_their_labels_and_takes_none(cast: Cast):
    identity = await link(cast.duc, "1")
    await db.execute("UPDATE identity SET label = 'duc@secret.example'")
    await link(cast.an, "2")
    mai = await scope_of(cast.mai)
    seen = await identities.of_others(mai, cast.duc.account)
    assert [(one.id, one.label) for one in seen] == [(identity, "")]
    assert await identities.of_others(mai, cast.an.account) == []
    with pytest.raises(Forbidden):
        await identities.take(mai, cast.duc.account, identity)


async def test_the_last_administrators_last_way_in_is_kept(cast: Cast):
    identity = await link(cast.son, "1")
    await without_password(cast.son)
    son = await scope_of(cast.son)
    with pytest.raises(Conflict, match="at least one administrator"):
        await identities.take(son, cast.son.account, identity)
    assert await identities.sign_in(Vouched(SCHOOL, "1", ""))


async def test_an_administrator_who_signs_in_by_a_provider_counts_as_one(cast: Cast):
    await link(cast.quang, "1")
    await without_password(cast.quang)
    await db.insert("account_role", account_id=cast.quang.account, role="administrator", given_at=clock.now())
    await accounts.disable(await scope_of(cast.quang), cast.son.account)


async def test_an_invitation_to_a_closed_account_or_too_late_is_not_accepted(cast: Cast):
    son = await scope_of(cast.son)
    invited = await accounts.open_for(son, cast.chi.person, "0911222333")
    hashed = secrets.hashed(invited.path.removeprefix("/invitation/"))
    vouched = Vouched(SCHOOL, "1", "")
    with clock.moved(days=7, seconds=1), pytest.raises(Gone):
        await identities.accept(hashed, vouched)
    await accounts.disable(son, invited.id)
    with pytest.raises(Gone):
        await identities.accept(hashed, vouched)
    await accounts.enable(son, invited.id)
    assert (await identities.accept(hashed, vouched)).account_id == invited.id
    with pytest.raises(Gone):
        await identities.accept(hashed, vouched)


async def test_a_reset_link_is_no_invitation(cast: Cast):
    await links.send_reset({"login": "lan@example.com"})
    with pytest.raises(Gone):
        await identities.accept(secrets.hashed(await _key_of_letter()), Vouched(SCHOOL, "1", ""))


async def test_a_visit_ends_once_in_its_browser_at_its_provider(cast: Cast):
    keys = await provider_visits.begin("school", provider_visits.SIGN_IN, after="/grades")
    strangers = await provider_visits.begin("school", provider_visits.SIGN_IN)
    wrong = [
        ("other", keys),
        ("school", provider_visits.Keys(keys.state, strangers.browser)),
        ("school", provider_visits.Keys(strangers.state, keys.browser)),
        ("school", provider_visits.Keys("", keys.browser)),
        ("school", provider_visits.Keys(keys.state, "")),
    ]
    for provider, tried in wrong:
        with pytest.raises(Gone):
            await provider_visits.end(provider, tried)
    assert (await provider_visits.end("school", keys)).after == "/grades"
    with pytest.raises(Gone):
        await provider_visits.end("school", keys)


async def test_old_visits_are_swept_away(cast: Cast):
    await provider_visits.begin("school", provider_visits.SIGN_IN)
    with clock.moved(minutes=11):
        await provider_visits.begin("school", provider_visits.SIGN_IN)
    assert await db.value("SELECT COUNT(*) FROM provider_visit") == 1


async def test_the_keys_of_a_visit_hang_on_both_halves_and_the_secret():
    keys = provider_visits.Keys("a", "b")
    others = [provider_visits.Keys("x", "b"), provider_visits.Keys("a", "x")]
    made = {text for one in (keys, *others) for text in (one.nonce, one.verifier)}
    assert len(made) == 6
    assert all(43 <= len(text) <= 128 for text in made)


async def _key_of_letter() -> str:
    payload = str(await db.value("SELECT payload FROM job WHERE kind = 'mail' ORDER BY id DESC"))
    return payload.partition("/reset/")[2][:43]
