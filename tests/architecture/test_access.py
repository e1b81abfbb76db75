"""docs/access.md and the code say the same."""

from pathlib import Path

from portal.access.roles import FROM_RECORDS, PERMISSIONS, Role
from portal.scope import Permission

PAGE = Path(__file__).parent.parent.parent / "docs" / "access.md"


def agreed() -> dict[str, set[str]]:
    """The permissions table of the page: for each role what it holds."""
    lines = PAGE.read_text().split("## Permissions")[1].splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    roles = table[0][1:]
    held: dict[str, set[str]] = {role: set() for role in roles}
    for permission, *cells in table[2:]:
        for role, cell in zip(roles, cells, strict=True):
            assert cell in ("-", "yes", "own", "branch"), cell
            if cell != "-":
                held[role].add(permission)
    return held


def test_every_role_holds_what_the_page_says():
    page = agreed()
    code = {role.value: {permission.value for permission in held} for role, held in PERMISSIONS.items()}
    assert code.pop("visitor") == set()
    assert code == page


def test_the_page_knows_every_permission_and_every_role():
    page = agreed()
    assert {permission for held in page.values() for permission in held} == {
        permission.value for permission in Permission
    }
    assert set(page) == {role.value for role in Role if role is not Role.VISITOR}


def test_the_roles_that_follow_from_records_open_nothing_of_the_staff():
    for role in FROM_RECORDS:
        assert PERMISSIONS[role] <= {Permission.SEE_FAMILY_PAGES}
