"""Who opens which address: written by hand from the tables of docs/access.md, and never read from the routes.

A route that opens to somebody else, and a new one, is a decision: it is written here as well. Adding a role to a line
of this page needs the same care as adding it to the product.
"""

FAMILY = frozenset({"guardian", "student"})
SELLERS = frozenset({"counsellor", "accountant", "marketing"})
BRANCH = frozenset({"care", "manager"})
CENTRE = frozenset({"director", "administrator"})
STAFF = frozenset({"teacher"}) | SELLERS | BRANCH | CENTRE
SIGNED_IN = FAMILY | STAFF
ANYBODY = SIGNED_IN | {"visitor"}

ENTERS_PEOPLE = frozenset({"counsellor", "care", "manager", "director"})
DECIDES_ON_GUARDIANS = frozenset({"care", "manager", "director"})
SEES_ACCOUNTS = frozenset({"manager", "director", "administrator"})
KEEPS_ACCOUNTS = frozenset({"manager", "administrator"})
ADMINISTRATOR = frozenset({"administrator"})
IMPORTS_PEOPLE = frozenset({"manager", "administrator"})
TAKES_LISTS = frozenset({"manager", "director", "administrator"})
SEES_IMPORTS = CENTRE | {"manager"}  # a manager only their own

OPENS: dict[tuple[str, str], frozenset[str]] = {
    ("GET", "/static/{path:path}"): ANYBODY,
    ("GET", "/healthz"): ANYBODY,
    ("GET", "/readyz"): ANYBODY,
    ("GET", "/metrics"): ANYBODY,  # of those on this machine; with its token, from elsewhere
    ("GET", "/"): ANYBODY,
    ("GET", "/sign-in"): ANYBODY,
    ("POST", "/sign-in"): ANYBODY,
    ("POST", "/sign-out"): ANYBODY,
    ("GET", "/forgotten"): ANYBODY,
    ("POST", "/forgotten"): ANYBODY,
    ("GET", "/reset/{key}"): ANYBODY,
    ("POST", "/reset/{key}"): ANYBODY,
    ("GET", "/invitation/{key}"): ANYBODY,
    ("POST", "/invitation/{key}"): ANYBODY,
    ("POST", "/look"): ANYBODY,
    # To an identity provider and back, which says who somebody is.
    ("GET", "/sign-in/with/{provider}"): ANYBODY,
    ("POST", "/sign-in/with/{provider}"): ANYBODY,
    ("GET", "/sign-in/with/{provider}/callback"): ANYBODY,
    ("POST", "/invitation/open/with/{provider}"): ANYBODY,
    ("GET", "/patterns"): ANYBODY,
    # Everybody's own account.
    ("GET", "/profile"): SIGNED_IN,
    ("POST", "/profile/look"): SIGNED_IN,
    ("POST", "/profile/password"): SIGNED_IN,
    ("POST", "/profile/sessions/{id:id}/end"): SIGNED_IN,
    ("GET", "/profile/privacy"): SIGNED_IN,
    ("POST", "/profile/privacy/export"): SIGNED_IN,
    ("GET", "/profile/privacy/exports/{id:id}"): SIGNED_IN,
    ("POST", "/profile/privacy/consents"): SIGNED_IN,
    ("POST", "/profile/privacy/consents/end"): SIGNED_IN,
    ("GET", "/consents"): SIGNED_IN,
    ("POST", "/consents"): SIGNED_IN,
    ("POST", "/profile/identities"): SIGNED_IN,
    ("POST", "/profile/identities/{id:id}/end"): SIGNED_IN,
    # The family's pages.
    ("GET", "/home"): FAMILY,
    ("GET", "/grades"): FAMILY,
    ("GET", "/children/{id:id}/grades"): FAMILY,
    ("GET", "/children/{id:id}/readers"): FAMILY,
    # People, for all of the staff: how much of each, the records say.
    ("GET", "/staff"): STAFF,
    ("GET", "/staff/people"): STAFF,
    ("GET", "/staff/people/{id:id}"): STAFF,
    ("GET", "/staff/students/{id:id}"): STAFF,
    ("GET", "/staff/people/new"): ENTERS_PEOPLE,
    ("POST", "/staff/people/new"): ENTERS_PEOPLE,
    # Who is guardian of whom.
    ("GET", "/staff/students/{id:id}/guardians"): DECIDES_ON_GUARDIANS,
    ("POST", "/staff/students/{id:id}/guardians"): DECIDES_ON_GUARDIANS,
    ("POST", "/staff/students/{id:id}/guardians/{guardian:id}"): DECIDES_ON_GUARDIANS,
    ("POST", "/staff/students/{id:id}/guardians/{guardian:id}/restriction"): DECIDES_ON_GUARDIANS,
    ("POST", "/staff/students/{id:id}/guardians/{guardian:id}/restriction/end"): DECIDES_ON_GUARDIANS,
    # Privacy: care notes consents, the manager also packs and sees who looked, who sees all erases.
    ("GET", "/staff/people/{id:id}/privacy"): DECIDES_ON_GUARDIANS | ADMINISTRATOR,
    ("POST", "/staff/people/{id:id}/privacy/consents"): DECIDES_ON_GUARDIANS,
    ("POST", "/staff/people/{id:id}/privacy/export"): frozenset({"manager", "director"}),
    ("GET", "/staff/people/{id:id}/readers"): SEES_ACCOUNTS,
    ("GET", "/staff/people/{id:id}/erasure"): CENTRE,
    ("POST", "/staff/people/{id:id}/erasure"): CENTRE,
    ("GET", "/staff/privacy"): ADMINISTRATOR,
    ("POST", "/staff/privacy"): ADMINISTRATOR,
    # Accounts and roles: the manager those of the branch's staff, the director reads, the administrator all.
    ("GET", "/staff/accounts"): SEES_ACCOUNTS,
    ("GET", "/staff/accounts/{id:id}"): SEES_ACCOUNTS,
    ("GET", "/staff/roles"): SEES_ACCOUNTS,
    ("GET", "/staff/accounts/new"): KEEPS_ACCOUNTS,
    ("POST", "/staff/accounts/new"): KEEPS_ACCOUNTS,
    ("POST", "/staff/accounts/{id:id}/invitation"): KEEPS_ACCOUNTS,
    ("POST", "/staff/accounts/{id:id}/roles"): KEEPS_ACCOUNTS,
    ("POST", "/staff/accounts/{id:id}/roles/{grant:id}/end"): KEEPS_ACCOUNTS,
    ("POST", "/staff/accounts/{id:id}/identities/{identity:id}/end"): ADMINISTRATOR,
    ("POST", "/staff/accounts/{id:id}/closing"): KEEPS_ACCOUNTS,
    ("POST", "/staff/accounts/{id:id}/opening"): KEEPS_ACCOUNTS,
    # Imports and the outbox concern the whole centre.
    ("GET", "/staff/imports"): SEES_IMPORTS,
    ("GET", "/staff/imports/{id:id}"): SEES_IMPORTS,
    ("GET", "/staff/imports/{id:id}/progress"): SEES_IMPORTS,
    ("GET", "/staff/imports/{id:id}/problems"): SEES_IMPORTS,
    ("POST", "/staff/imports"): ADMINISTRATOR,
    ("POST", "/staff/imports/{id:id}/import"): IMPORTS_PEOPLE,
    ("POST", "/staff/imports/{id:id}/leaving"): ADMINISTRATOR,
    ("POST", "/staff/imports/{id:id}/stop"): IMPORTS_PEOPLE,
    ("GET", "/staff/imports/{id:id}/undo"): IMPORTS_PEOPLE,
    ("POST", "/staff/imports/{id:id}/undo"): IMPORTS_PEOPLE,
    # People from a spreadsheet: the manager into the branch.
    ("GET", "/staff/imports/people"): IMPORTS_PEOPLE,
    ("POST", "/staff/imports/people"): IMPORTS_PEOPLE,
    ("GET", "/staff/imports/people/template"): IMPORTS_PEOPLE,
    ("GET", "/staff/imports/people/{id:id}"): IMPORTS_PEOPLE,
    ("POST", "/staff/imports/people/{id:id}"): IMPORTS_PEOPLE,
    ("POST", "/staff/imports/{id:id}/decisions"): IMPORTS_PEOPLE,
    ("GET", "/staff/imports/{id:id}/mistakes"): IMPORTS_PEOPLE,
    ("POST", "/staff/people/export"): TAKES_LISTS,
    # The server, and work that failed.
    ("GET", "/staff/house"): ADMINISTRATOR,
    ("GET", "/staff/house/jobs"): ADMINISTRATOR,
    ("GET", "/staff/audit"): CENTRE,
    ("POST", "/staff/audit/file"): ADMINISTRATOR,
    ("POST", "/staff/house/jobs/attempts"): ADMINISTRATOR,
    ("POST", "/staff/house/jobs/{id:id}/attempt"): ADMINISTRATOR,
    ("POST", "/staff/house/jobs/{id:id}/end"): ADMINISTRATOR,
    ("GET", "/staff/outbox"): ADMINISTRATOR,
    ("GET", "/staff/outbox/{id:id}"): ADMINISTRATOR,
}
