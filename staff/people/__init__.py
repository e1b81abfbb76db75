"""People: finding somebody by whatever one knows of them, and their card."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import clock
from portal.access import holders
from portal.people import guardians, persons
from portal.privacy import readings
from portal.scope import Permission
from portal.web.forms import read_query, whole
from portal.web.guard import guard
from portal.web.templating import page
from staff import words
from staff.paging import pager

KINDS = ("students", "guardians", "teachers", "staff")
CONTACTS = (Permission.SEE_CONTACTS, Permission.SEE_PAYER_CONTACTS, Permission.SEE_ACCOUNT_CONTACTS)


@guard(Permission.SEE_PEOPLE, Permission.SEE_OWN_CLASSES)
async def search(request: Request) -> Response:
    """The whole page, or, while somebody types, its results alone."""
    scope, query = request.state.scope, read_query(request, "q", "only", "page")
    only = query["only"] if query["only"] in KINDS else ""
    found = await persons.search(scope, query["q"], only=only, page=whole(query["page"], name="page", default=1))
    context: dict[str, Any] = {
        "q": query["q"],
        "only": only,
        "found": found,
        "counted": persons.COUNTED,
        "pages": pager(
            request,
            number=found.number,
            size=persons.PAGE,
            shown=len(found.people),
            total=found.total,
            counted=persons.COUNTED,
            q=query["q"],
            only=only,
        ),
        "contacts": any(scope.may(right) for right in CONTACTS),
        "words": words,
    }
    alone = request.headers.get("X-Fragment") == "results"
    response = page(request, "people/results.html" if alone else "people/people.html", **context)
    response.headers["Vary"] = "X-Fragment"
    if found.people:
        readings.note(scope, "list")
    return response


@guard(Permission.SEE_PEOPLE, Permission.SEE_OWN_CLASSES)
async def person(request: Request) -> Response:
    """Everything the reader may know of one person."""
    scope, person_id = request.state.scope, request.path_params["id"]
    card = await persons.find(scope, person_id)
    response = page(
        request,
        "people/person.html",
        person=card,
        wards=await guardians.wards(scope, person_id),
        account=await holders.of_person(scope, person_id),
        may_open=await holders.may_open(scope, person_id),
        minor=persons.is_minor(card.birth_date, clock.today(request.state.centre.time_zone)),
        words=words,
    )
    readings.note(scope, "person", person_id)
    return response


routes = [
    Route("/staff/people", search),
    Route("/staff/people/{id:id}", person),
]
