"""Building the scope of an account: one statement, made once a request."""

from portal import db
from portal.access.roles import PERMISSIONS, Role
from portal.scope import Permission, Scope

_RIGHTS = """
SELECT 'role', r.role, r.branch_id FROM account_role r WHERE r.account_id = ?
UNION ALL
SELECT 'child', CASE WHEN g.may_see AND g.restricted_at IS NULL THEN 'sees' ELSE '' END, g.student_id
  FROM guardian g WHERE g.person_id = ?
UNION ALL
SELECT 'self', s.status, s.id FROM student s WHERE s.person_id = ?
"""


async def build(account_id: int, person_id: int) -> Scope:
    """The scope of a signed-in account, from the roles it was given and from what its person is here."""
    roles: set[Role] = set()
    grants: dict[Permission, frozenset[int] | None] = {}
    children: set[int] = set()
    student_id: int | None = None
    for kind, detail, identity in await db.rows(_RIGHTS, account_id, person_id, person_id):
        if kind == "role":
            roles.add(Role(detail))
            _grant(grants, Role(detail), identity)
        elif kind == "child":
            roles.add(Role.GUARDIAN)
            _grant(grants, Role.GUARDIAN, None)
            if detail == "sees":
                children.add(identity)
        else:
            roles.add(Role.STUDENT)
            _grant(grants, Role.STUDENT, None)
            student_id = identity
    return Scope(
        account_id=account_id,
        person_id=person_id,
        grants=grants,
        roles=frozenset(roles),
        children=frozenset(children),
        student_id=student_id,
    )


def _grant(grants: dict[Permission, frozenset[int] | None], role: Role, branch_id: int | None) -> None:
    for permission in PERMISSIONS[role]:
        held = grants.get(permission, frozenset())
        if held is None or branch_id is None:
            grants[permission] = None
        else:
            grants[permission] = held | {branch_id}
