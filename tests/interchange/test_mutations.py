"""A good bundle, broken at random: whatever comes, the reader answers with problems or a bundle and never
raises.

500 examples by default; `PORTAL_TEST_EXAMPLES=20000` tries harder.
"""

import os
import zipfile

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.interchange import oneroster
from tests.interchange.builder import bundle, unzipped, zipped

EXAMPLES = int(os.environ.get("PORTAL_TEST_EXAMPLES", "500"))

GOOD = {version: bundle(version) for version in ("1.1", "1.2", "SDS 2.1")}
FILES = {version: unzipped(packed) for version, packed in GOOD.items()}
HOSTILE = [
    *(
        b"",
        b"\0",
        b'"',
        b'""',
        b",",
        b"\r",
        b"\n",
        b'"\n"',
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xc3",
        b"\xed\xa0\x80",
    ),
    *(
        b"nobody",
        b"minh",
        b"O",
        b"E1",
        b"T",
        b"tobedeleted",
        b"true",
        b"student",
        b"2026-02-30",
        b"9" * 40,
        b"-1",
    ),
    *(
        b"=1+1",
        b"delta",
        b"absent",
        b"1.1",
        b"x" * 300,
        b"," * 50,
        b"{0}",
        b"%s",
        "Nguyễn".encode(),
        "\u202e".encode(),
    ),
]
Edit = tuple[str, int, int, bytes]
edits = st.lists(
    st.tuples(
        st.sampled_from(["insert", "delete", "replace", "cell", "line", "drop", "rename"]),
        st.integers(0, 1 << 16),
        st.integers(0, 1 << 16),
        st.sampled_from(HOSTILE) | st.binary(max_size=8),
    ),
    min_size=1,
    max_size=6,
)


def judged(packed: bytes) -> oneroster.Reading:
    """Read; what is said must hang together."""
    reading = oneroster.read(packed)
    assert (reading.bundle is None) == (reading.errors > 0)
    assert reading.errors == reading.more + sum(problem.severity == "error" for problem in reading.problems)
    for problem in reading.problems:
        assert str(problem)
        assert problem.line is None or problem.line >= 1
    for note in reading.notes:
        assert str(note)
    assert "hunter2" not in repr(reading.bundle)
    return reading


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from(sorted(FILES)), edits)
def test_files_broken_at_random_give_problems_or_a_bundle(version: str, changes: list[Edit]) -> None:
    files = dict(FILES[version])
    for change in changes:
        edit(files, *change)
    reading = judged(zipped(files, zipfile.ZIP_STORED))
    if reading.bundle:
        coherent(reading.bundle)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.sampled_from(sorted(GOOD)),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=8),
    st.integers(0),
)
def test_a_zip_broken_at_random_gives_problems_or_a_bundle(
    version: str, flips: list[tuple[int, int]], cut: int
) -> None:
    packed = bytearray(GOOD[version])
    for at, byte in flips:
        packed[-1 - at % len(packed)] = byte
    judged(bytes(packed[: len(packed) - cut % 40]))


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(FILES["1.2"])), st.binary(max_size=200) | st.text(max_size=200), max_size=3)
)
def test_files_of_noise_give_problems(noise: dict[str, bytes | str]) -> None:
    made = {name: each if isinstance(each, bytes) else each.encode("utf-8", "replace") for name, each in noise.items()}
    judged(zipped(FILES["1.2"] | made, zipfile.ZIP_STORED))


def edit(files: dict[str, bytes], kind: str, where: int, at: int, what: bytes) -> None:
    """One change to one file."""
    if not files:
        return
    name = sorted(files)[where % len(files)]
    content = files[name]
    at %= len(content) + 1
    if kind == "insert":
        files[name] = content[:at] + what + content[at:]
    elif kind == "delete":
        files[name] = content[:at] + content[at + max(1, len(what)) :]
    elif kind == "replace":
        files[name] = content[:at] + what + content[at + len(what) :]
    elif kind == "cell":
        cells = content.split(b",")
        cells[at % len(cells)] = what
        files[name] = b",".join(cells)
    elif kind == "line":
        lines = content.split(b"\r\n")
        files[name] = b"\r\n".join([*lines, lines[at % len(lines)]])
    elif kind == "drop":
        del files[name]
    elif kind == "rename":
        files[name.swapcase()] = files.pop(name)


def coherent(read: oneroster.Bundle) -> None:
    """What the records promise: unique keys, references that resolve, scores in range, no circle."""
    kinds = {
        **{"orgs": read.orgs, "sessions": read.sessions, "courses": read.courses, "classes": read.classes},
        **{"users": read.users, "items": read.line_items, "categories": read.categories},
    }
    ids = {kind: {each.source_id for each in found} for kind, found in kinds.items()}
    for kind, found in kinds.items():
        assert len(ids[kind]) == len(found), kind
    assert len({user.username.casefold() for user in read.users}) == len(read.users)
    for class_ in read.classes:
        assert class_.course is None or class_.course in ids["courses"]
        assert class_.school in ids["orgs"]
        assert set(class_.terms) <= ids["sessions"]
    for role in read.roles:
        assert role.user in ids["users"]
        assert role.org in ids["orgs"]
        assert role.role
    for relation in read.relations:
        assert {relation.child, relation.guardian} <= ids["users"]
        assert relation.child != relation.guardian
    for enrollment in read.enrollments:
        assert enrollment.class_ in ids["classes"]
        assert enrollment.user in ids["users"]
        assert enrollment.role
    items = {item.source_id: item for item in read.line_items}
    enrolled = {(each.class_, each.user) for each in read.enrollments if each.role == "student"}
    for result in read.results:
        item = items[result.line_item]
        assert (item.class_, result.student) in enrolled
        if result.score is not None:
            assert item.lowest is None or result.score >= item.lowest
            assert item.highest is None or result.score <= item.highest
    for parents in (
        {org.source_id: org.parent for org in read.orgs},
        {session.source_id: session.parent for session in read.sessions},
    ):
        for name in parents:
            seen = set()
            step: str | None = name
            while step is not None:
                assert step not in seen
                seen.add(step)
                step = parents[step]
