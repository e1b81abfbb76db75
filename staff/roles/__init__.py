"""Roles: what each may do, in words. Read-only: a role's rights are the product's, who holds it is the centre's."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.access import holders
from portal.access.roles import PERMISSIONS, STAFF, Role
from portal.scope import Permission
from portal.web.guard import guard
from portal.web.templating import page
from staff import words

SHOWN = (Role.GUARDIAN, Role.STUDENT, *STAFF)


@guard(Permission.SEE_ROLES)
async def show(request: Request) -> Response:
    """The table of roles and rights, and how many accounts hold each role."""
    return page(
        request,
        "roles/roles.html",
        roles=SHOWN,
        staff_roles=STAFF,
        held=PERMISSIONS,
        permissions=words.PERMISSIONS,
        counts=await holders.count(request.state.scope),
        words=words,
    )


routes = [Route("/staff/roles", show)]
