"""Who may see whom: the doors to persons and students, and to how they are reached.

Rooms above add their own reasons of sight (a teacher sees the students of their classes) with `also`.
"""

from collections.abc import Callable, Iterable

from portal import db
from portal.scope import Permission, Scope

NOBODY = db.Condition("1 = 0", ())
EVERYBODY = db.Condition("1 = 1", ())
HERE = db.Condition("NOT EXISTS (SELECT 1 FROM person gone WHERE gone.id = s.person_id AND gone.erased_at IS NOT NULL)")

Reason = Callable[[Scope], db.Condition | None]
_reasons: list[Reason] = []


def also(reason: Reason) -> Reason:
    """Add a reason: a function that gives a condition on `s` (student), or None when it does not apply."""
    _reasons.append(reason)
    return reason


def persons(scope: Scope) -> db.Condition:
    """Rows of `person p` that the scope may see; of the erased nobody sees more than that they were here."""
    return any_of(_persons(scope)).and_(db.Condition("p.erased_at IS NULL"))


def _persons(scope: Scope) -> list[db.Condition]:
    conditions = [_in_branches(scope, Permission.SEE_PEOPLE)]
    if scope.person_id is not None:
        conditions.append(db.Condition("p.id = ?", (scope.person_id,)))
    students = _by_reasons(scope)
    if students:
        inner = any_of(students)
        conditions.append(
            db.Condition(f"EXISTS (SELECT 1 FROM student s WHERE s.person_id = p.id AND {inner.sql})", inner.args)
        )
    return conditions


async def reaches(scope: Scope, permission: Permission, person_id: int) -> bool:
    """Whether a person in sight belongs to the branches where the permission is held: at home, at work, by a child."""
    if not scope.may(permission):
        return False
    seen, there = persons(scope), _in_branches(scope, permission)
    sql = f"SELECT 1 FROM person p WHERE p.id = ? AND {seen.sql} AND ({there.sql})"
    return await db.row(sql, person_id, *seen.args, *there.args) is not None


def students(scope: Scope) -> db.Condition:
    """Rows of `student s` that the scope may see at all: whose pages it may open."""
    seen = any_of([*_family(scope), students_of_branches(scope, Permission.SEE_PEOPLE), *_by_reasons(scope)])
    return seen.and_(HERE)


def grades(scope: Scope) -> db.Condition:
    """Rows of `student s` all of whose grades the scope may see. A teacher's own classes are the gradebook's matter."""
    return any_of([*_family(scope), students_of_branches(scope, Permission.SEE_GRADES)])


def contacts(scope: Scope) -> db.Condition:
    """Rows of `person p` whose phones, emails and address the scope may see."""
    conditions = [_in_branches(scope, Permission.SEE_CONTACTS)]
    if scope.person_id is not None:
        conditions.append(db.Condition("p.id = ?", (scope.person_id,)))
    payers = _in_branches(scope, Permission.SEE_PAYER_CONTACTS, " AND g.may_pay")
    pays = "EXISTS (SELECT 1 FROM guardian g WHERE g.person_id = p.id AND g.may_pay)"
    conditions.append(db.Condition(f"({payers.sql}) AND {pays}", payers.args))
    holders = _in_branches(scope, Permission.SEE_ACCOUNT_CONTACTS)
    holds = "EXISTS (SELECT 1 FROM account a WHERE a.person_id = p.id)"
    conditions.append(db.Condition(f"({holders.sql}) AND {holds}", holders.args))
    return any_of(conditions)


def guardian_links(scope: Scope) -> db.Condition:
    """Rows of `student s` whose guardians the scope may know by name and relation."""
    rights = (Permission.SEE_CONTACTS, Permission.LINK_GUARDIANS)
    return any_of(students_of_branches(scope, right) for right in rights)


def guardian_decisions(scope: Scope) -> db.Condition:
    """Rows of `student s` on whose guardians the scope decides: who knows restrictions, grounds and what was done."""
    return students_of_branches(scope, Permission.LINK_GUARDIANS)


def students_of_branches(scope: Scope, permission: Permission) -> db.Condition:
    """Rows of `student s` in the branches where the permission is held."""
    branches = scope.branches_for(permission)
    if branches is None:
        return EVERYBODY
    return among("s.branch_id", branches)


def among(column: str, values: Iterable[int]) -> db.Condition:
    """`column IN (...)`, or nobody when there are no values."""
    listed = tuple(sorted(values))
    return db.Condition(f"{column} IN ({db.marks(len(listed))})", listed) if listed else NOBODY


def any_of(conditions: Iterable[db.Condition]) -> db.Condition:
    """One condition or another; conditions that hold for nobody fall away."""
    kept = [condition for condition in conditions if condition.sql != NOBODY.sql]
    if not kept:
        return NOBODY
    joined = " OR ".join(f"({condition.sql})" for condition in kept)
    return db.Condition(f"({joined})", tuple(arg for condition in kept for arg in condition.args))


def _in_branches(scope: Scope, permission: Permission, link: str = "") -> db.Condition:
    """Rows of `person p` at home in a branch, at work there, or with a child who learns there; `link` narrows that."""
    branches = scope.branches_for(permission)
    if branches is None:
        return EVERYBODY
    if not branches:
        return NOBODY
    at_home = among("p.branch_id", branches)
    at_work = among("w.branch_id", branches)
    works = f"EXISTS (SELECT 1 FROM works_at w WHERE w.person_id = p.id AND {at_work.sql})"
    of_child = among("ward.branch_id", branches)
    cares = (
        "EXISTS (SELECT 1 FROM guardian g JOIN student ward ON ward.id = g.student_id"
        f" WHERE g.person_id = p.id AND {of_child.sql}{link})"
    )
    return db.Condition(f"{at_home.sql} OR {works} OR {cares}", at_home.args + at_work.args + of_child.args)


def _family(scope: Scope) -> list[db.Condition]:
    own = scope.children | ({scope.student_id} if scope.student_id is not None else frozenset())
    return [among("s.id", own)]


def _by_reasons(scope: Scope) -> list[db.Condition]:
    return [condition for reason in _reasons if (condition := reason(scope)) is not None]
