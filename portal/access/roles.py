"""The roles of a centre and what each may do (docs/access.md says it in words, a test compares them)."""

from collections.abc import Iterable
from enum import StrEnum

from portal.scope import Permission as P


class Role(StrEnum):
    """What a person is to the centre. Visitors, guardians and students are not given by hand."""

    VISITOR = "visitor"
    GUARDIAN = "guardian"
    STUDENT = "student"
    TEACHER = "teacher"
    COUNSELLOR = "counsellor"
    CARE = "care"
    ACCOUNTANT = "accountant"
    MARKETING = "marketing"
    MANAGER = "manager"
    DIRECTOR = "director"
    ADMINISTRATOR = "administrator"


FROM_RECORDS = frozenset({Role.VISITOR, Role.GUARDIAN, Role.STUDENT})
STAFF = tuple(role for role in Role if role not in FROM_RECORDS)
ABOVE = frozenset({Role.ADMINISTRATOR, Role.DIRECTOR, Role.MANAGER})  # an administrator's to give and to take
EVERYWHERE = frozenset({Role.ADMINISTRATOR, Role.DIRECTOR})  # of the whole centre, never of one branch
_BY_RANK = (Role.MANAGER, Role.DIRECTOR, Role.ADMINISTRATOR)

_STAFF_ROOM = {P.USE_STAFF_ROOM}

PERMISSIONS: dict[Role, frozenset[P]] = {
    Role.VISITOR: frozenset(),
    Role.GUARDIAN: frozenset({P.SEE_FAMILY_PAGES}),
    Role.STUDENT: frozenset({P.SEE_FAMILY_PAGES}),
    Role.TEACHER: frozenset(_STAFF_ROOM | {P.SEE_OWN_CLASSES}),
    Role.COUNSELLOR: frozenset(_STAFF_ROOM | {P.SEE_PEOPLE, P.SEE_CONTACTS, P.EDIT_PEOPLE}),
    Role.CARE: frozenset(
        _STAFF_ROOM | {P.SEE_PEOPLE, P.SEE_CONTACTS, P.SEE_GRADES, P.EDIT_PEOPLE, P.LINK_GUARDIANS} | {P.NOTE_CONSENT}
    ),
    Role.ACCOUNTANT: frozenset(_STAFF_ROOM | {P.SEE_PEOPLE, P.SEE_PAYER_CONTACTS}),
    Role.MARKETING: frozenset(_STAFF_ROOM | {P.SEE_PEOPLE, P.SEE_CONTACTS}),
    Role.MANAGER: frozenset(
        _STAFF_ROOM
        | {P.SEE_PEOPLE, P.SEE_CONTACTS, P.SEE_GRADES, P.EDIT_PEOPLE, P.LINK_GUARDIANS}
        | {P.SEE_ACCOUNTS, P.EDIT_ACCOUNTS, P.SEE_ROLES}
        | {P.NOTE_CONSENT, P.SEE_READERS, P.EXPORT_PEOPLE}
        | {P.SEE_IMPORTS, P.IMPORT_PEOPLE, P.TAKE_LISTS}
    ),
    Role.DIRECTOR: frozenset(
        _STAFF_ROOM
        | {P.SEE_PEOPLE, P.SEE_CONTACTS, P.SEE_GRADES, P.EDIT_PEOPLE, P.LINK_GUARDIANS}
        | {P.SEE_ACCOUNTS, P.SEE_ROLES, P.SEE_IMPORTS, P.SEE_AUDIT}
        | {P.NOTE_CONSENT, P.SEE_READERS, P.EXPORT_PEOPLE, P.ERASE_PEOPLE}
        | {P.TAKE_LISTS}
    ),
    Role.ADMINISTRATOR: frozenset(
        _STAFF_ROOM
        | {P.SEE_PEOPLE, P.SEE_ACCOUNT_CONTACTS}
        | {P.SEE_ACCOUNTS, P.EDIT_ACCOUNTS, P.SEE_ROLES, P.SEE_IMPORTS, P.IMPORT_DATA, P.READ_OUTBOX}
        | {P.SEE_READERS, P.ERASE_PEOPLE, P.SET_RETENTION}
        | {P.IMPORT_PEOPLE, P.TAKE_LISTS}
        | {P.WATCH_HOUSE, P.SEE_AUDIT, P.EXPORT_AUDIT}
    ),
}


def rank(roles: Iterable[str]) -> int:
    """How high the highest of the roles stands: 0 for those that a manager gives, 3 for the administrator."""
    return max((_BY_RANK.index(Role(role)) + 1 for role in roles if role in ABOVE), default=0)
