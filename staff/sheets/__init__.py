"""People from a spreadsheet: sending it, saying what its columns are, deciding who is who; and lists to take along."""

import csv
import io
from collections.abc import AsyncIterator
from pathlib import PurePath
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from portal.errors import Invalid, NotFound, Refusal, Sentence, TooLarge, say
from portal.interchange import runs
from portal.interchange.sheets import columns, exporting, files, judging, loading, uploads
from portal.interchange.sheets.arrived import new_people
from portal.interchange.sheets.exporting import Words
from portal.interchange.sheets.files import FORMATS
from portal.interchange.sheets.table import LARGEST, Table
from portal.people import staffing
from portal.privacy import readings
from portal.scope import Permission
from portal.text import defused
from portal.web.forms import Form, read_form, read_query, whole
from portal.web.guard import guard
from portal.web.templating import page, see
from portal.words import translated
from staff import words
from staff.paging import Pager, pager

CHUNK = 1 << 20
OVERHEAD = 100_000  # what a multipart form adds around the file
SHOWN = 40  # rows and questions on one page
WRONG = say("What is wrong")
TEMPLATES = {
    columns.STUDENTS: (
        *("full_name", "birth_date", "sex", "phone", "email", "address", "code", "branch"),
        *("guardian_full_name", "guardian_relation", "guardian_phone", "guardian_email"),
        *("guardian2_full_name", "guardian2_relation", "guardian2_phone", "guardian2_email"),
    ),
    columns.GUARDIANS: ("student_code", "full_name", "relation", "phone", "email", "address"),
    columns.STAFF: ("full_name", "phone", "email", "branch", "position", "birth_date", "sex", "address", "code"),
}
NAMES = {
    columns.STUDENTS: say("students"),
    columns.GUARDIANS: say("guardians"),
    columns.STAFF: say("staff"),
}


@guard(Permission.IMPORT_PEOPLE)
async def send_page(request: Request) -> Response:
    """The form that takes a spreadsheet, and empty ones to fill in."""
    return _send(request, Form(language=request.state.language))


@guard(Permission.IMPORT_PEOPLE, largest_body=LARGEST + OVERHEAD)
async def send(request: Request) -> Response:
    """Keep the spreadsheet; the next page asks what its columns are."""
    form = await read_form(request, "kind", files=["file"])
    file = form.files.get("file")
    chosen = file is not None and bool(file.filename)
    try:
        sheet_id = await uploads.receive(
            request.state.scope,
            form["kind"],
            _chunks(file) if file is not None and chosen else None,
            (file.filename if file is not None else "") or "",
        )
    except (Invalid, TooLarge) as no:
        return _send(request, form.refused(no), no)
    finally:
        if file is not None:
            await file.close()
    return see(request, f"/staff/imports/people/{sheet_id}")


@guard(Permission.IMPORT_PEOPLE)
async def template(request: Request) -> Response:
    """An empty spreadsheet with our headers, in the reader's language."""
    query = read_query(request, "kind", "format")
    kind, form = query["kind"], query["format"]
    if kind not in TEMPLATES or form not in FORMATS:
        raise NotFound
    header = [_say(request, columns.FIELDS[kind][name]) for name in TEMPLATES[kind]]
    file = await files.written(FORMATS[form], header, _nothing())
    return _download(request, file, NAMES[kind], form)


@guard(Permission.IMPORT_PEOPLE)
async def columns_page(request: Request) -> Response:
    """What the columns seem to be; of another sheet of the workbook when one is asked for."""
    number = _number(read_query(request, "sheet")["sheet"])
    upload = await uploads.find(request.state.scope, request.path_params["id"], number)
    return await _columns(request, upload, Form(language=request.state.language))


@guard(Permission.IMPORT_PEOPLE)
async def match(request: Request) -> Response:
    """Take what was said of the columns, and have the rows checked."""
    form = await read_form(request, "sheet", "branch_id", "assigned_to", "relation_1", "relation_2", several=["column"])
    sheet_id, number = request.path_params["id"], _number(form["sheet"])
    chosen = form.chosen("column")
    try:
        run_id = await uploads.match(request.state.scope, sheet_id, chosen, form.values, number)
    except Invalid as no:
        upload = await uploads.find(request.state.scope, sheet_id, number)
        values = form.values | {f"column_{place}": value for place, value in enumerate(chosen)}
        return await _columns(request, upload, Form(values, language=request.state.language).refused(no), no)
    return see(request, f"/staff/imports/{run_id}")


@guard(Permission.IMPORT_PEOPLE)
async def decide(request: Request) -> Response:
    """Take what was decided on people who look known, and have the rows checked again."""
    form = await read_form(request, "all_person", "all_guardian", several=["question", "answer"])
    run_id = request.path_params["id"]
    said = dict(zip(form.chosen("question"), form.chosen("answer"), strict=False))
    general = {name: form[name] for name in ("all_person", "all_guardian") if name in form.values}
    await uploads.decide(request.state.scope, run_id, said | general)
    return see(request, f"/staff/imports/{run_id}")


@guard(Permission.IMPORT_PEOPLE)
async def mistakes(request: Request) -> Response:
    """The rows that were wrong as they were sent, with what is wrong: to be mended and sent again."""
    run, table = await uploads.table_of(request.state.scope, request.path_params["id"])
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*map(defused, table.headers), _say(request, WRONG)])
    wrong = loading.told(run.preview).wrong
    for number, cells in judging.original(table, wrong).items():
        told = [_told(request, run.options["kind"], one) for one in wrong[number]]
        sentence = _say(request, say("Row {row}: {what}", row=number, what=" ".join(told)))
        writer.writerow([*map(defused, cells), defused(sentence)])
    name = f"{PurePath(run.file_name).stem} - {_say(request, say('mistakes'))}.csv"
    headers = {"Content-Disposition": files.attachment(name), "Cache-Control": "private, no-store"}
    return Response(text.getvalue().encode("utf-8-sig"), media_type=FORMATS["csv"].media_type, headers=headers)


@guard(Permission.TAKE_LISTS)
async def export(request: Request) -> Response:
    """The people of a search as a file; the record says who took how many along, and families who took theirs."""
    form = await read_form(request, "q", "only", "format")
    spoken = Words(lambda sentence: _say(request, sentence), words.RELATIONS, words.SEXES)
    taken = await exporting.take(request.state.scope, form["only"], form["q"], form["format"], spoken)
    try:
        await readings.note_taken(request.state.scope, taken.students)
    except BaseException:
        taken.file.close()
        raise
    return _download(request, taken.file, NAMES[form["only"]], form["format"])


async def of_run(request: Request, run: runs.Run, number: int) -> dict[str, Any]:
    """What the page of a run shows of its rows, `number` being the page of its lists."""
    seen = loading.told(run.preview)
    first = (number - 1) * SHOWN
    rows = list(seen.wrong.items())
    most = max(len(rows), len(seen.questions))
    shown = max(len(rows[first : first + SHOWN]), len(seen.questions[first : first + SHOWN]))
    path = f"/staff/imports/{run.id}"
    scope = request.state.scope
    arrived, more = await new_people(scope, run.id) if run.stand == "done" else ([], 0)
    called = seen.called if scope.may(Permission.IMPORT_PEOPLE) else {}
    pages: Pager = pager(request, number=number, size=SHOWN, shown=shown, total=most, counted=most, path=path)
    return {
        "seen": seen,
        "wrong": [
            (
                row,
                called.get(row),
                [(one.column or _say(request, loading.label(run.options["kind"], one.field)), one.sentence)],
            )
            for row, found in rows[first : first + SHOWN]
            for one in found
        ],
        "questions": seen.questions[first : first + SHOWN],
        "decisions": run.options.get("decisions", {}),
        "arrived": arrived,
        "more_arrived": more,
        "sheet_pages": pages,
        "sheet_id": await uploads.open_sheet_of(scope, run.id),
    }


def _send(request: Request, form: Form, no: Refusal | None = None) -> Response:
    return page(
        request,
        "sheets/people.html",
        status=no.status if no else 200,
        form=form,
        kinds=columns.KINDS,
        names=NAMES,
        largest=LARGEST // 1_000_000,
    )


async def _columns(request: Request, upload: uploads.Upload, form: Form, no: Refusal | None = None) -> Response:
    scope, right = request.state.scope, Permission.IMPORT_PEOPLE
    table: Table = upload.table
    return page(
        request,
        "sheets/columns.html",
        status=no.status if no else 200,
        form=form,
        upload=upload,
        table=table,
        samples=[table.samples(place) for place in range(len(table.headers))],
        fields=columns.FIELDS[upload.kind],
        kinds=columns.KINDS,
        branches=await staffing.branches(scope, right),
        colleagues=await staffing.colleagues(scope, right),
        words=words,
    )


def _told(request: Request, kind: str, mistake: loading.Mistake) -> str:
    column = mistake.column or _say(request, loading.label(kind, mistake.field))
    sentence = _say(request, mistake.sentence)
    return f"{column}: {sentence}" if column else sentence


def _download(request: Request, file: Any, name: Sentence, form: str) -> Response:
    kind = FORMATS[form]
    headers = {
        "Content-Disposition": files.attachment(f"{_say(request, name)}.{kind.ending}"),
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(files.chunks(file), media_type=kind.media_type, headers=headers)


def _say(request: Request, sentence: Sentence) -> str:
    return translated(sentence, request.state.language) if sentence.msgid else ""


def _number(typed: str) -> int | None:
    """The place of a sheet in its workbook, counted from 1 where people see it."""
    return whole(typed, name="sheet", default=1, most=100) - 1 if typed else None


async def _nothing() -> AsyncIterator[list[list[files.Cell]]]:
    """No rows: only the header is written."""
    return
    yield


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(CHUNK):
        yield chunk


routes = [
    Route("/staff/imports/people", send_page),
    Route("/staff/imports/people", send, methods=["POST"]),
    Route("/staff/imports/people/template", template),
    Route("/staff/imports/people/{id:id}", columns_page),
    Route("/staff/imports/people/{id:id}", match, methods=["POST"]),
    Route("/staff/imports/{id:id}/decisions", decide, methods=["POST"]),
    Route("/staff/imports/{id:id}/mistakes", mistakes),
    Route("/staff/people/export", export, methods=["POST"]),
]
