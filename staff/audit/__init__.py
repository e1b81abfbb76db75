"""The record of who did what: searched, and taken out as a file."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.errors import Invalid, say
from portal.oversight import acts
from portal.scope import Permission
from portal.web.forms import Form, read_form, read_query
from portal.web.guard import guard
from portal.web.templating import page
from portal.words import translated
from staff.audit import words

FIELDS = acts.FIELDS
# Where the records of an act are shown, if they have a page.
PAGES = {
    "person": "/staff/people/",
    "student": "/staff/students/",
    "account": "/staff/accounts/",
    "import_run": "/staff/imports/",
}


@guard(Permission.SEE_AUDIT)
async def search(request: Request) -> Response:
    """The acts that fit, the latest first, and the form that asks for them."""
    typed = read_query(request, *FIELDS)
    form = Form(typed, language=request.state.language)
    scope, zone = request.state.scope, request.state.centre.time_zone
    try:
        found = await acts.search(scope, typed, zone)
    except Invalid as no:
        return await _page(request, form.refused(no), acts.Found([], None), status=no.status)
    return await _page(request, form, found)


@guard(Permission.EXPORT_AUDIT)
async def take(request: Request) -> Response:
    """The acts that fit as a file."""
    form = await read_form(request, *FIELDS)
    state = request.state
    heads = acts.Words(
        *(
            translated(one, state.language)
            for one in (
                say("When"),
                say("Who did it"),
                say("Which act"),
                say("Record"),
                say("Number"),
                say("Whom"),
                say("Changes"),
                say("Request"),
            )
        )
    )
    try:
        content = await acts.take(state.scope, form.values, state.centre.time_zone, heads, state.centre.name_order)
    except Invalid as no:
        return await _page(request, form.refused(no), acts.Found([], None), status=no.status)
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "private, no-store"}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


async def _page(request: Request, form: Form, found: acts.Found, status: int = 200) -> Response:
    verbs, records = await acts.kinds(request.state.scope)
    asked: dict[str, Any] = {name: form[name] for name in acts.FIELDS if form[name] and name != "before"}
    return page(
        request,
        "audit/audit.html",
        status=status,
        form=form,
        found=found,
        asked=asked,
        verbs=verbs,
        records=records,
        pages=PAGES,
        words=words,
    )


routes = [
    Route("/staff/audit", search),
    Route("/staff/audit/file", take, methods=["POST"]),
]
