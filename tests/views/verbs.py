"""Every verb of the domain, found in the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

PORTAL = Path(__file__).parents[2] / "portal"
NOT_DOMAIN = {"db", "web", "pages", "commands", "migrations"}
NO_VERB = {
    *("jobs.run_one", "jobs.drain", "jobs.work", "interchange.orders.write"),  # others' verbs run in these
    "backup.restoring.restore",  # into an empty database only, of which no page was kept
}


def all_verbs() -> set[str]:
    """Their names (`gradebook.recording.publish`): public coroutines that open a transaction, themselves or in a helper
    of their module, and the handlers of jobs."""
    return {
        name
        for path in PORTAL.rglob("*.py")
        if path.relative_to(PORTAL).parts[0] not in NOT_DOMAIN
        for name in _verbs(path)
    } - NO_VERB


def _verbs(path: Path) -> Iterator[str]:
    room = ".".join(path.relative_to(PORTAL).with_suffix("").parts).removesuffix(".__init__")
    functions = {one.name: one for one in ast.parse(path.read_text()).body if isinstance(one, ast.AsyncFunctionDef)}
    writing = {name for name, one in functions.items() if "transaction" in _called(one)}
    while more := {name for name, one in functions.items() if _called(one) & writing} - writing:
        writing |= more
    for name, one in functions.items():
        if (name in writing and not name.startswith("_") and not one.decorator_list) or _is_handler(one):
            yield f"{room}.{name}"


def _called(function: ast.AsyncFunctionDef) -> set[str]:
    """The last names of what a function calls: `transaction` of `db.transaction()`, `_written` of `_written()`."""
    called = (call.func for call in ast.walk(function) if isinstance(call, ast.Call))
    own = {one.id for one in called if isinstance(one, ast.Name)}
    called = (call.func for call in ast.walk(function) if isinstance(call, ast.Call))
    doors = {one.attr for one in called if isinstance(one, ast.Attribute) and one.attr == "transaction"}
    return own | doors


def _is_handler(function: ast.AsyncFunctionDef) -> bool:
    calls = [one.func for one in function.decorator_list if isinstance(one, ast.Call)]
    return any(isinstance(one, ast.Attribute) and one.attr == "handles" for one in calls)
