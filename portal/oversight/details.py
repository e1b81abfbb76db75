"""Who may know what an act changed, besides that it was done: by the kind of record, and closed for what is not named.

docs/access.md has the rule in words. The acts on the centre, on accounts and on the house itself are open to whoever
may search the record. Acts on people may hold contacts, marks, grounds of guardians: those are for who may see all of
these everywhere. With which account elsewhere somebody signs in is nobody's but their own.
"""

from portal.scope import Permission, Scope

OPEN = frozenset(
    {"account", "audit", "backup", "branch", "centre", "export", "import", "import_run", "job", "role", "session"}
)
THEIR_OWN = "identity."
ALL_OF = (Permission.SEE_CONTACTS, Permission.SEE_GRADES, Permission.LINK_GUARDIANS)


def may_know(scope: Scope, verb: str, record: str) -> bool:
    """Whether the scope may read what was changed by such an act."""
    if verb.startswith(THEIR_OWN):
        return False
    return record in OPEN or knows_people(scope)


def knows_people(scope: Scope) -> bool:
    """Whether the scope may read everything about everybody."""
    return all(scope.branches_for(permission) is None for permission in ALL_OF)
