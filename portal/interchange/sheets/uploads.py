"""A spreadsheet on its way: sent, its columns matched, checked, decided on, imported.

Its run begins with the first match of its columns; matching again, or deciding who is who, checks the same file once
more. How the columns were matched is remembered for the next sheet with these headers, whoever sends it.
"""

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal import audit, clock, db, files, jobs
from portal.errors import Conflict, Invalid, NotFound, Sentence, say
from portal.interchange import runs
from portal.interchange.models import ColumnMatch, ImportRun, Sheet
from portal.interchange.sheets import columns, loading, reading
from portal.interchange.sheets.columns import KINDS, STAFF, STUDENTS
from portal.interchange.sheets.table import LARGEST, MOST_COLUMNS, Table
from portal.people import staffing
from portal.people.guardians import RELATIONS
from portal.scope import Permission, Scope

_RIGHT = Permission.IMPORT_PEOPLE
UNFINISHED = dt.timedelta(days=7)  # how long a sheet whose columns were never matched is kept
_CHOOSE = say("Choose one of the list.")


@dataclass(frozen=True, slots=True)
class Upload:
    """A spreadsheet that was sent, with its table; `chosen` is the match so far: made, remembered or guessed."""

    id: int
    kind: str
    file_name: str
    run_id: int | None
    table: Table
    fields: Sequence[str]
    options: Mapping[str, Any]
    remembered: bool


def visible_to(scope: Scope) -> db.Condition:
    """Rows of `sheet t` that the scope may work on: all, or its own where it imports into some branches only."""
    scope.require(_RIGHT)
    if scope.branches_for(_RIGHT) is None:
        return db.Condition("1 = 1")
    return db.Condition("t.made_by = ?", (scope.account_id,))


async def receive(scope: Scope, kind: str, chunks: AsyncIterator[bytes] | None, name: str) -> int:
    """Keep a spreadsheet; returns its id. Raises `Invalid` beside `kind` or `file`, and `TooLarge`."""
    scope.require(_RIGHT)
    wrong: dict[str, Sentence] = {}
    if kind not in KINDS:
        wrong["kind"] = _CHOOSE
    if chunks is None:
        wrong["file"] = say("Choose a file.")
    if wrong or chunks is None:
        raise Invalid(wrong)
    file = await files.receive(scope, chunks, name, largest=LARGEST, only=loading.ACCEPTS)
    try:
        table = await reading.read(files.path_of(file.sha256))
    except Invalid:
        async with db.transaction():
            await files.discard([file.id])  # nobody can do anything with it, and it may hold names
        raise
    fields, options, _ = await _proposed(scope, kind, table)
    async with db.transaction():
        await _forget_unfinished()
        sheet = await Sheet.create(
            kind=kind,
            file_id=file.id,
            file_name=file.name,
            number=table.sheet,
            columns=list(fields),
            options=dict(options),
            made_at=clock.now(),
            made_by=scope.account_id,
        )
        await files.take(file, "sheet", sheet.id)
    return sheet.id


async def _forget_unfinished() -> None:
    """Delete what was sent long ago and never matched."""
    old = await db.rows("SELECT file_id FROM sheet WHERE run_id IS NULL AND made_at < ?", clock.now() - UNFINISHED)
    if old:
        await files.discard([file_id for (file_id,) in old])


async def find(scope: Scope, sheet_id: int, number: int | None = None) -> Upload:
    """A spreadsheet and its table, of sheet `number` of its workbook; raises `NotFound`, `Invalid` beside `file`."""
    sheet = await _find(scope, sheet_id)
    table = await reading.read(await _path(sheet), sheet.number if number is None else number)
    fields, options, remembered = sheet.columns, sheet.options, False
    if table.sheet != sheet.number or len(fields) != len(table.headers) or sheet.run_id is None:  # type: ignore[attr-defined]
        fields, options, remembered = await _proposed(scope, sheet.kind, table)
    return Upload(
        id=sheet.id,
        kind=sheet.kind,
        file_name=sheet.file_name,
        run_id=sheet.run_id,  # type: ignore[attr-defined]
        table=table,
        fields=fields,
        options=options,
        remembered=remembered,
    )


async def match(
    scope: Scope, sheet_id: int, chosen: Sequence[str], typed: Mapping[str, str], number: int | None = None
) -> int:
    """Say what the columns are, and have the sheet checked; returns the run's id.

    Raises `Invalid` beside `column_3`, `columns`, `branch_id`, `assigned_to`, `relation_1`, `relation_2`, `NotFound`,
    and `Conflict` while the sheet is at work, or when it was imported.
    """
    upload = await find(scope, sheet_id, number)
    fields = [*chosen[:MOST_COLUMNS], *[""] * (len(upload.table.headers) - len(chosen))]
    wrong = columns.problems(fields, upload.kind, typed)
    if len(chosen) != len(upload.table.headers):
        wrong["columns"] = say("The columns have changed meanwhile. Look at them again.")
    options, trouble = await _options(scope, upload.kind, typed)
    wrong |= trouble
    if "branch" not in fields and options["branch_id"] is None and upload.kind in (STUDENTS, STAFF):
        wrong["branch_id"] = say("Choose the branch of those whose rows name none.")
    if wrong:
        raise Invalid(wrong)
    async with db.transaction():
        run_id = await _check(scope, upload, fields, options)
        await Sheet.filter(id=sheet_id).update(
            number=upload.table.sheet, columns=fields, options=options, run_id=run_id
        )
        await _remember(scope, upload, fields, options)
    return run_id


async def decide(scope: Scope, run_id: int, decisions: Mapping[str, str]) -> None:
    """Say of people who look known whether they are; the sheet is checked once more.

    A decision is by the key of its question: `new`, `skip`, or the number of a person; `all_person` and `all_guardian`
    hold for those of whom nothing was said: `new`, `skip` or `same`. Others are let be. Raises as `match` does.
    """
    run = await runs.find(scope, run_id)
    if run.kind != loading.KIND:
        raise NotFound
    known = {question.key for question in loading.told(run.preview).questions} | {"all_person", "all_guardian"}
    before: dict[str, str] = dict(run.options.get("decisions", {}))
    said = {key: value for key, value in decisions.items() if key in known}
    options = {name: value for name, value in run.options.items() if name not in ("expected", "agreed")}
    await runs.check_again(scope, run_id, {**options, "decisions": before | said})


async def open_sheet_of(scope: Scope, run_id: int) -> int | None:
    """The sheet that a run is of, where its columns may still be matched anew."""
    if not scope.may(_RIGHT):
        return None
    seen = visible_to(scope)
    found = await db.value(f"SELECT t.id FROM sheet t WHERE t.run_id = ? AND {seen.sql}", run_id, *seen.args)
    return None if found is None else int(found)


async def table_of(scope: Scope, run_id: int) -> tuple[runs.Run, Table]:
    """A run of people with its table, to give rows back; raises `NotFound`."""
    run = await runs.find(scope, run_id)
    if run.kind != loading.KIND:
        raise NotFound
    sha256 = await db.value(
        "SELECT f.sha256 FROM stored_file f JOIN import_run r ON r.file_id = f.id WHERE r.id = ?", run_id
    )
    if sha256 is None or not files.path_of(sha256).is_file():
        raise NotFound(say("The file that was sent is no longer there."))
    return run, await reading.read(files.path_of(sha256), run.options["number"])


async def _find(scope: Scope, sheet_id: int) -> Sheet:
    seen = visible_to(scope)
    if await db.row(f"SELECT 1 FROM sheet t WHERE t.id = ? AND {seen.sql}", sheet_id, *seen.args) is None:
        raise NotFound
    return await Sheet.get(id=sheet_id)


async def _path(sheet: Sheet) -> Any:
    sha256 = await db.value("SELECT sha256 FROM stored_file WHERE id = ?", sheet.file_id)  # type: ignore[attr-defined]
    if sha256 is None or not files.path_of(sha256).is_file():
        raise NotFound(say("The file that was sent is no longer there."))
    return files.path_of(sha256)


async def _proposed(scope: Scope, kind: str, table: Table) -> tuple[list[str], dict[str, Any], bool]:
    """What the columns were the last time, else what their headers say; and whether it is remembered."""
    home = await staffing.home_branch(scope, _RIGHT)
    options: dict[str, Any] = {"branch_id": home, "assigned_to": scope.person_id, "relations": ["", ""]}
    before = await ColumnMatch.filter(kind=kind, signature=columns.signature(table.headers)).first()
    if before is not None and len(before.columns) == len(table.headers):
        branches = dict(await staffing.branches(scope, _RIGHT))
        branch_id = before.options.get("branch_id")
        options["branch_id"] = branch_id if branch_id in branches else home
        options["relations"] = before.options.get("relations", ["", ""])
        return list(before.columns), options, True
    guessed = columns.guess(table.headers, kind)
    options["relations"] = list(guessed.relations)
    return list(guessed.fields), options, False


async def _options(scope: Scope, kind: str, typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Sentence]]:
    """What holds for all rows, and what is wrong with it."""
    wrong: dict[str, Sentence] = {}
    branches = {str(branch_id): branch_id for branch_id, _ in await staffing.branches(scope, _RIGHT)}
    colleagues = {str(one.id): one.id for one in await staffing.colleagues(scope, _RIGHT)}
    branch, assigned = typed.get("branch_id", ""), typed.get("assigned_to", "")
    if branch and branch not in branches:
        wrong["branch_id"] = _CHOOSE
    if kind == STUDENTS and assigned not in colleagues:
        wrong["assigned_to"] = _CHOOSE if assigned else say("Please fill this in.")
    relations = [typed.get("relation_1", ""), typed.get("relation_2", "")]
    for place, relation in enumerate(relations, start=1):
        if relation and relation not in RELATIONS:
            wrong[f"relation_{place}"] = _CHOOSE
    return {
        "branch_id": branches.get(branch),
        "assigned_to": colleagues.get(assigned) if kind == STUDENTS else None,
        "relations": relations if kind != STAFF else ["", ""],
    }, wrong


async def _check(scope: Scope, upload: Upload, fields: Sequence[str], options: Mapping[str, Any]) -> int:
    """Begin the run, or have it do its check again."""
    told = {"kind": upload.kind, "number": upload.table.sheet, "columns": list(fields), **options}
    if upload.run_id is not None:
        before = await ImportRun.get(id=upload.run_id)
        await runs.check_again(scope, upload.run_id, {**told, "decisions": before.options.get("decisions", {})})
        return upload.run_id
    sheet = await Sheet.filter(id=upload.id).select_for_update().first()
    if sheet is None or sheet.run_id is not None:  # type: ignore[attr-defined]
        raise Conflict
    run = await ImportRun.create(
        kind=loading.KIND,
        file_id=sheet.file_id,  # type: ignore[attr-defined]
        file_name=sheet.file_name,
        dry_run=True,
        act="check",
        options={**told, "decisions": {}},
        counts={},
        problems=[],
        made_at=clock.now(),
        made_by=scope.account_id,
    )
    await audit.record(scope, "import.start", "import_run", run.id, {"kind": upload.kind})
    await jobs.enqueue("import", {"run": run.id})
    return run.id


async def _remember(scope: Scope, upload: Upload, fields: Sequence[str], options: Mapping[str, Any]) -> None:
    known: dict[str, Any] = {
        "columns": list(fields),
        "options": {name: options[name] for name in ("branch_id", "relations")},
        "used_at": clock.now(),
        "used_by": scope.account_id,
    }
    key: dict[str, Any] = {"kind": upload.kind, "signature": columns.signature(upload.table.headers)}
    if not await ColumnMatch.filter(**key).update(**known):
        await ColumnMatch.create(**key, **known)
