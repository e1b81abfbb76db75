"""Codes: short names that are unique in a table, wanted by records and given to one of them."""

import hashlib
from collections import Counter
from typing import NamedTuple

from portal import db
from portal.errors import say
from portal.interchange.writing import bulk
from portal.interchange.writing.drafts import Codes
from portal.interchange.writing.findings import Findings

LONGEST = 64


class Claim(NamedTuple):
    """A record that wants one of these codes; `own` is its id when it is there already."""

    key: str
    own: int | None
    codes: Codes


def candidates(findings: Findings, file: str, source_id: str, *wanted: tuple[str, str]) -> Codes:
    """The codes a row may have, the best first: what its columns say, then its sourcedId."""
    codes: dict[str, str] = {}
    for column, code in wanted:
        if len(code) > LONGEST:
            sentence = say("A code has at most {longest} characters; this one is not used.", longest=LONGEST)
            findings.warn(file, source_id, column, sentence)
        elif code:
            codes.setdefault(code, column)
    own = source_id
    if len(own) > LONGEST:
        own = f"{own[:51]}~{hashlib.blake2b(own.encode(), digest_size=6).hexdigest()}"
    codes.setdefault(own, "sourcedId")
    return tuple((column, code) for code, column in codes.items())


async def allot(findings: Findings, file: str, table: str, claims: list[Claim]) -> dict[str, str]:
    """One code for each claim, by its key.

    Who has a code they still want keeps it; a code that several want is nobody's, and they take their next one.
    The codes that are given up here are free at once: in a school every class moves up a name in summer.
    """
    if not claims:
        return {}
    held = {int(record_id): code for record_id, code in await db.rows(f'SELECT id, code FROM "{table}"')}
    given, taken = _given(claims, held)
    for claim in claims:
        if claim.key not in given:
            code = _next(claim, taken)
            _say(findings, file, claim, code)
            given[claim.key] = code or f"\x7f{claim.key[:50]}"  # an error was found: nothing of this is kept
    changing = [c.own for c in claims if c.own is not None and given[c.key] != held[c.own]]
    # No code may be there twice even for a moment, and no code of anybody's has a control character.
    await bulk.run(f'UPDATE "{table}" SET code = ? WHERE id = ?', [(f"\x7f{each}", each) for each in changing])
    return given


def _given(claims: list[Claim], held: dict[int, str]) -> tuple[dict[str, str], set[str]]:
    """Who gets the first of their codes, and all codes that are taken then."""
    writing = {claim.own for claim in claims}
    taken = {code for record_id, code in held.items() if record_id not in writing}
    first = {claim.key: claim.codes[0][1] for claim in claims}
    keeping = {claim.key for claim in claims if claim.own is not None and held[claim.own] == first[claim.key]}
    taken |= {first[key] for key in keeping}
    wanted = Counter(first[claim.key] for claim in claims)
    given = {}
    for claim in claims:
        code = first[claim.key]
        if claim.key in keeping or (code not in taken and (wanted[code] == 1 or len(claim.codes) == 1)):
            given[claim.key] = code
    return given, taken | set(given.values())


def _next(claim: Claim, taken: set[str]) -> str:
    for _, code in claim.codes[1:]:
        if code not in taken:
            taken.add(code)
            return code
    return ""


def _say(findings: Findings, file: str, claim: Claim, code: str) -> None:
    column, wanted = claim.codes[0]
    if code:
        sentence = say(
            'The code "{code}" belongs to another record; "{other}" is used instead.', code=wanted, other=code
        )
        findings.warn(file, claim.key, column, sentence)
    else:
        sentence = say('The code "{code}" belongs to another record.', code=claim.codes[-1][1])
        findings.error(file, claim.key, claim.codes[-1][0], sentence)
