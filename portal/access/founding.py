"""The first day: a centre, its first branch, its first administrator."""

from portal import audit, clock, db
from portal.access import links
from portal.access.models import Account, AccountRole
from portal.access.roles import Role
from portal.centre import centres
from portal.errors import Invalid, say
from portal.people import contacts, persons
from portal.people.models import StaffMember, WorksAt
from portal.scope import SYSTEM


async def found(admin: str, *, name: str, branch: str, time_zone: str, locale: str) -> str:
    """Found the centre of an empty database; returns the path of the administrator's invitation.

    Raises `Invalid` for an address that is none, `Conflict` when there is a centre already.
    """
    email, trouble = contacts.email(admin)
    if trouble or not email:
        raise Invalid({"admin": trouble or say("Please fill this in.")})
    async with db.transaction():
        await centres.found(SYSTEM, name=name, time_zone=time_zone, locale=locale)
        site = await centres.add_branch(SYSTEM, code="main", name=branch)
        person = await persons.add(
            SYSTEM,
            family_name=email.partition("@")[0].title(),
            given_name="Admin",
            email=email,
            branch_id=site.id,
        )
        await StaffMember.create(person_id=person.id, code="NV001", position="")
        await WorksAt.create(person_id=person.id, branch_id=site.id)
        account = await Account.create(person_id=person.id, email=email, made_at=clock.now())
        await AccountRole.create(account_id=account.id, role=Role.ADMINISTRATOR, given_at=clock.now())
        await audit.record(SYSTEM, "account.open", "account", account.id)
        return await links.invite(SYSTEM, account, person.given_name)
