"""Who acts: the permissions there are, and the `Scope` that every domain function takes first."""

from dataclasses import dataclass, field
from enum import StrEnum

from portal.errors import Forbidden


class Permission(StrEnum):
    """What a role may do. `access.roles` says which role holds which, docs/access.md for whom it is meant."""

    SEE_FAMILY_PAGES = "see_family_pages"
    USE_STAFF_ROOM = "use_staff_room"
    SEE_OWN_CLASSES = "see_own_classes"
    SEE_PEOPLE = "see_people"
    SEE_CONTACTS = "see_contacts"
    SEE_PAYER_CONTACTS = "see_payer_contacts"
    SEE_ACCOUNT_CONTACTS = "see_account_contacts"
    SEE_GRADES = "see_grades"
    EDIT_PEOPLE = "edit_people"
    LINK_GUARDIANS = "link_guardians"
    SEE_ACCOUNTS = "see_accounts"
    EDIT_ACCOUNTS = "edit_accounts"
    SEE_ROLES = "see_roles"
    SEE_IMPORTS = "see_imports"
    IMPORT_DATA = "import_data"
    IMPORT_PEOPLE = "import_people"
    TAKE_LISTS = "take_lists"
    READ_OUTBOX = "read_outbox"
    NOTE_CONSENT = "note_consent"
    SEE_READERS = "see_readers"
    EXPORT_PEOPLE = "export_people"
    ERASE_PEOPLE = "erase_people"
    SET_RETENTION = "set_retention"
    WATCH_HOUSE = "watch_house"
    SEE_AUDIT = "see_audit"
    EXPORT_AUDIT = "export_audit"


@dataclass(frozen=True, slots=True)
class Scope:
    """An account and its rights, as they were when the request began.

    `grants` maps each permission to the branches it holds in: `None` is every branch. Rights of several
    roles add up, record by record, so what one role grants in a branch never widens what another grants.
    """

    account_id: int | None = None
    person_id: int | None = None
    grants: dict[Permission, frozenset[int] | None] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()
    children: frozenset[int] = frozenset()
    student_id: int | None = None

    @property
    def signed_in(self) -> bool:
        return self.account_id is not None

    def may(self, permission: Permission) -> bool:
        """Whether the account holds the permission in at least one branch."""
        return permission in self.grants

    def require(self, *any_of: Permission) -> None:
        """Raise `Forbidden` unless the account holds one of the permissions."""
        if not any(self.may(permission) for permission in any_of):
            raise Forbidden

    def branches_for(self, permission: Permission) -> frozenset[int] | None:
        """The branches the permission holds in; `None` means all, the empty set none."""
        return self.grants.get(permission, frozenset())


ANYONE = Scope()
SYSTEM = Scope(grants=dict.fromkeys(Permission, None), roles=frozenset({"system"}))
