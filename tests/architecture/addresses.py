"""The addresses of the application, read from its routes; `python -m tests.architecture.addresses` writes the page."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

PAGE = Path(__file__).parent.parent.parent / "docs" / "addresses.md"
READERS = ("read_form", "read_query")

HEAD = """# Addresses

Every address with the right that opens it (any one of several) and the fields it reads. Kept true by a test;
`python -m tests.architecture.addresses` writes it anew. An `{id:id}` is a whole number of at most 18 digits.

| method | address | right | fields |
| --- | --- | --- | --- |
"""


def written() -> str:
    """The page as it should be."""
    lines = [
        f"| {method} | `{path}` | {', '.join(rights)} | {', '.join(fields)} |"
        for method, path, rights, fields in rows()
    ]
    return HEAD + "\n".join(lines) + "\n"


def rows() -> Iterator[tuple[str, str, list[str], list[str]]]:
    """Method, path, rights and fields of every route."""
    import asgi
    from portal.web.guard import all_routes, rights_of

    for route in all_routes(list(asgi.app.routes)):
        for method in sorted((route.methods or set()) - {"HEAD"}):
            yield method, route.path, [right.value for right in rights_of(route)], sorted(fields_of(route.endpoint))


def fields_of(endpoint: Any) -> set[str]:
    """The names an endpoint reads, itself or through functions of its own module."""
    function = inspect.unwrap(endpoint)
    return _fields(function, set()) if isinstance(function, FunctionType) else set()


def _fields(function: FunctionType, seen: set[FunctionType]) -> set[str]:
    if function in seen:
        return set()
    seen.add(function)
    found: set[str] = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = function.__globals__.get(node.func.id)
            if node.func.id in READERS:
                found |= _names(node, function.__globals__)
            elif isinstance(called, FunctionType) and called.__module__ == function.__module__:
                found |= _fields(inspect.unwrap(called), seen)
    return found


def _names(call: ast.Call, known: dict[str, Any]) -> set[str]:
    """The names in a call of a reader: literals, or a starred constant of the module."""
    found: set[str] = set()
    for part in [*call.args[1:], *(keyword.value for keyword in call.keywords)]:
        inner = part.value if isinstance(part, ast.Starred) else part
        value = ast.literal_eval(inner) if not isinstance(inner, ast.Name) else known[inner.id]
        found |= {value} if isinstance(value, str) else set(value)
    return found


if __name__ == "__main__":
    PAGE.write_text(written())
    sys.stdout.write(f"{PAGE.name} is written\n")
