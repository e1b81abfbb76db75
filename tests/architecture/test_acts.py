"""Every act that the code writes down is told in words."""

import ast
from collections.abc import Iterator
from pathlib import Path

from portal.oversight import details
from staff.audit import words

HOUSE = Path(__file__).parent.parent.parent
# Verbs that are put together where they are recorded: what may stand in their place.
MADE = {
    "f'password.set_by_{purpose}'": {"password.set_by_reset", "password.set_by_invitation"},
    "verb": {"import.oneroster", "import.students", "import.guardians", "import.staff"},
}


def recorded() -> Iterator[tuple[str, str]]:
    """The verb and the kind of record of each `audit.record(...)`."""
    for file in [*(HOUSE / "portal").rglob("*.py"), *(HOUSE / "staff").rglob("*.py")]:
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "audit.record":
                verb, record = call.args[1:3]
                assert isinstance(record, ast.Constant), ast.unparse(call)
                made = {str(verb.value)} if isinstance(verb, ast.Constant) else MADE[ast.unparse(verb)]
                yield from ((each, str(record.value)) for each in made)


def test_every_act_has_its_words():
    acts = set(recorded())
    assert len(acts) > 40
    assert sorted({verb for verb, _ in acts} - set(words.VERBS)) == []
    assert sorted({record for _, record in acts} - set(words.RECORDS)) == []


def test_acts_on_people_are_not_open_to_whoever_searches():
    assert {"person", "student", "assessment", "guardian", "household", "consent"}.isdisjoint(details.OPEN)
