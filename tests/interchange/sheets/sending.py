"""Sheets as people send them, through the same doors as the pages."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

import portal.interchange.working  # noqa: F401 - the job of imports
from portal import db, jobs
from portal.access import scopes
from portal.interchange import runs
from portal.interchange.sheets import loading, uploads
from portal.scope import Scope
from tests.cast import Cast, Member

HEADERS = ("Họ và tên", "Ngày sinh", "Giới tính", "Họ tên phụ huynh", "Quan hệ", "SĐT phụ huynh", "Email phụ huynh")
MINOR = ("Nguyễn Gia Hân", "5/9/2016", "Nữ", "Nguyễn Văn Khoa", "Bố", "0905111222", "khoa@example.com")


def written(rows: Sequence[Sequence[str]], *, separator: str = ",", encoding: str = "utf-8-sig") -> bytes:
    """A text file as a spreadsheet saves it."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding)


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def scope_of(member: Member) -> Scope:
    return await scopes.build(member.account, member.person)


async def checked(
    cast: Cast,
    rows: Sequence[Sequence[str]] | bytes,
    *,
    by: str = "mai",
    kind: str = "students",
    fields: Sequence[str] | None = None,
    decisions: dict[str, str] | None = None,
    **typed: str,
) -> tuple[runs.Run, loading.Seen]:
    """A sheet that was sent, matched and checked: its run, and what was seen."""
    scope = await scope_of(cast.people[by])
    content = rows if isinstance(rows, bytes) else written(rows)
    sheet = await uploads.receive(scope, kind, chunks(content), "danh sách.csv")
    upload = await uploads.find(scope, sheet)
    told = {
        "branch_id": str(upload.options["branch_id"] or ""),
        "assigned_to": str(scope.person_id),
        "relation_1": upload.options["relations"][0],
        "relation_2": upload.options["relations"][1],
    }
    run_id = await uploads.match(scope, sheet, fields or upload.fields, told | typed)
    await jobs.drain()
    if decisions is not None:
        await uploads.decide(scope, run_id, decisions)
        await jobs.drain()
    return await found(scope, run_id)


async def found(scope: Scope, run_id: int) -> tuple[runs.Run, loading.Seen]:
    run = await runs.find(scope, run_id)
    return run, loading.told(run.preview)


async def imported(cast: Cast, rows: Sequence[Sequence[str]] | bytes, *, by: str = "mai", **more: Any) -> runs.Run:
    """The same, and imported."""
    run, _ = await checked(cast, rows, by=by, **more)
    assert run.stand == "ready", [str(problem.sentence) for problem in run.problems]
    scope = await scope_of(cast.people[by])
    await runs.go_on(scope, run.id)
    await jobs.drain()
    after = await runs.find(scope, run.id)
    assert after.stand == "done", [str(problem.sentence) for problem in after.problems]
    return after


def said(seen: loading.Seen) -> dict[int, dict[str, str]]:
    """What is wrong, by row and column."""
    return {row: {one.column or one.field: str(one.sentence) for one in found} for row, found in seen.wrong.items()}


async def count(table: str) -> int:
    return int(await db.value(f"SELECT COUNT(*) FROM {table}"))
