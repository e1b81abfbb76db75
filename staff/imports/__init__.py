"""Imports: uploading a bundle, watching it being read, and what came of it."""

import csv
import hashlib
import io
from collections.abc import AsyncIterator

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.errors import Conflict, Invalid, Refusal, Sentence, TooLarge, say
from portal.interchange import beside, minds, previews, runs, undo
from portal.interchange.sheets.files import attachment
from portal.scope import Permission
from portal.text import defused
from portal.web.forms import Form, read_form, read_query, whole
from portal.web.guard import guard
from portal.web.templating import page, see
from portal.words import translated
from staff import sheets, words
from staff.imports import fields as preview_words
from staff.paging import pager

CHUNK = 1 << 20
OVERHEAD = 100_000  # what a multipart form adds around the file
PROBLEMS = 100
HEADER = (say("File"), say("Line"), say("Column"), say("Kind"), say("What it is"), say("Rows"))


@guard(Permission.SEE_IMPORTS)
async def listed(request: Request) -> Response:
    """The runs there were, and the form for the next one."""
    return await _list(request, Form(language=request.state.language))


@guard(Permission.IMPORT_DATA, largest_body=runs.LARGEST + OVERHEAD)
async def upload(request: Request) -> Response:
    """Keep the file and have it imported; its page tells how far that is."""
    form = await read_form(request, files=["file"])
    file = form.files.get("file")
    chosen = file is not None and bool(file.filename)
    try:
        run_id = await runs.start(
            request.state.scope,
            _chunks(file) if file is not None and chosen else None,
            (file.filename if file is not None else "") or "",
        )
    except (Invalid, TooLarge) as no:
        return await _list(request, form.refused(no), no)
    finally:
        if file is not None:
            await file.close()
    return see(request, f"/staff/imports/{run_id}", flash="uploaded")


@guard(Permission.IMPORT_DATA, Permission.IMPORT_PEOPLE)
async def go_on(request: Request) -> Response:
    """Import the file that was checked."""
    form = await read_form(request, "agreed")
    run_id = request.path_params["id"]
    try:
        await runs.go_on(request.state.scope, run_id, agreed=form["agreed"] == "1")
    except Invalid as no:
        return await _run(request, "imports/run.html", form.refused(no), no.status)
    return see(request, f"/staff/imports/{run_id}")


@guard(Permission.IMPORT_DATA)
async def weigh_leaving(request: Request) -> Response:
    """Have a file checked once more: whether those it does not name any more leave."""
    form = await read_form(request, "leave")
    run_id = request.path_params["id"]
    await runs.weigh_leaving(request.state.scope, run_id, leave=form["leave"] == "1")
    return see(request, f"/staff/imports/{run_id}")


@guard(Permission.IMPORT_DATA, Permission.IMPORT_PEOPLE)
async def stop(request: Request) -> Response:
    """Stop what is at work."""
    await read_form(request)
    run_id = request.path_params["id"]
    await minds.stop(request.state.scope, run_id)
    return see(request, f"/staff/imports/{run_id}")


@guard(Permission.IMPORT_DATA, Permission.IMPORT_PEOPLE)
async def before_undo(request: Request) -> Response:
    """What taking the import back would do."""
    return await _before_undo(request, Form(language=request.state.language))


@guard(Permission.IMPORT_DATA, Permission.IMPORT_PEOPLE)
async def take_back(request: Request) -> Response:
    """Have the last import taken back."""
    form = await read_form(request, "name")
    run_id = request.path_params["id"]
    try:
        await minds.take_back(request.state.scope, run_id, form["name"])
    except Invalid as no:
        return await _before_undo(request, form.refused(no), no.status)
    return see(request, f"/staff/imports/{run_id}")


async def _before_undo(request: Request, form: Form, status: int = 200) -> Response:
    scope = request.state.scope
    found = await runs.find(scope, request.path_params["id"])
    runs.require(scope, found.kind)
    if not found.undoable:
        raise Conflict(undo.LAST_ONLY)
    counts = await undo.sums(found.id)
    return page(request, "imports/undo.html", status=status, form=form, run=found, counts=counts, words=words)


@guard(Permission.SEE_IMPORTS)
async def run(request: Request) -> Response:
    """How far a run is, then what came of it."""
    return await _run(request, "imports/run.html")


@guard(Permission.SEE_IMPORTS)
async def progress(request: Request) -> Response:
    """The same part of the page alone, for whoever watches: 304 while nothing has changed."""
    response = await _run(request, "imports/progress.html")
    etag = f'W/"{hashlib.sha256(bytes(response.body)).hexdigest()[:20]}"'
    if request.headers.get("If-None-Match") == etag:
        response = Response(status_code=304)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@guard(Permission.SEE_IMPORTS)
async def problems(request: Request) -> Response:
    """Everything that was noticed in a file, as CSV: to be mended where the file came from."""
    found = await runs.find(request.state.scope, request.path_params["id"])

    def told(sentence: Sentence) -> str:
        return translated(sentence, request.state.language)

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(map(told, HEADER))
    for one in found.problems:
        place = [defused(one.file), one.line or "", defused(one.column)]
        writer.writerow([*place, told(words.SEVERITIES[one.severity]), defused(told(one.sentence)), one.times])
    name = f"{told(say('mistakes'))}-{found.id}.csv"
    headers = {"Content-Disposition": attachment(name), "Cache-Control": "private, no-store"}
    return Response(text.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(CHUNK):
        yield chunk


async def _list(request: Request, form: Form, no: Refusal | None = None) -> Response:
    number = whole(read_query(request, "page")["page"], name="page", default=1)
    found = await runs.listed(request.state.scope, page=number)
    pages = pager(
        request,
        number=found.number,
        size=runs.PAGE,
        shown=len(found.runs),
        total=found.total,
        counted=runs.COUNTED,
    )
    return page(
        request,
        "imports/imports.html",
        status=no.status if no else 200,
        form=form,
        runs=found.runs,
        beside=beside.seen(),
        pages=pages,
        largest=runs.LARGEST // 1_000_000,
        words=words,
    )


async def _run(request: Request, template: str, form: Form | None = None, status: int = 200) -> Response:
    number = whole(read_query(request, "page")["page"], name="page", default=1)
    found = await runs.find(request.state.scope, request.path_params["id"])
    shown = found.problems[(number - 1) * PROBLEMS : number * PROBLEMS]
    pages = pager(
        request,
        number=number,
        size=PROBLEMS,
        shown=len(shown),
        total=len(found.problems),
        counted=len(found.problems),
        path=f"/staff/imports/{found.id}",
    )
    scope = request.state.scope
    more = await sheets.of_run(request, found, number) if found.kind == "people" else {}
    shown_form = {"form": form} if form is not None else {}
    return page(
        request,
        template,
        status=status,
        **{**more, **shown_form},
        run=found,
        beside=None if found.ended else beside.seen(),
        problems=shown,
        pages=pages,
        words=words,
        preview_words=preview_words,
        may_act=runs.may(scope, found.kind),
        sections=previews.told(found.preview, scope) if found.stand == "ready" else (),
    )


routes = [
    Route("/staff/imports", listed),
    Route("/staff/imports", upload, methods=["POST"]),
    Route("/staff/imports/{id:id}", run),
    Route("/staff/imports/{id:id}/progress", progress),
    Route("/staff/imports/{id:id}/problems", problems),
    Route("/staff/imports/{id:id}/import", go_on, methods=["POST"]),
    Route("/staff/imports/{id:id}/leaving", weigh_leaving, methods=["POST"]),
    Route("/staff/imports/{id:id}/stop", stop, methods=["POST"]),
    Route("/staff/imports/{id:id}/undo", before_undo),
    Route("/staff/imports/{id:id}/undo", take_back, methods=["POST"]),
]
