"""Errors are pages too: what happened, what was kept, what to do."""

import logging
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from portal import db
from portal.audit import request_id
from portal.centre import centres
from portal.errors import Conflict, Refusal, Sentence, TooMany, say
from portal.web.forms import Form
from portal.web.requests import choose_look
from portal.web.templating import page

logger = logging.getLogger(__name__)

_HTTP: dict[int, Sentence] = {
    400: say("The request could not be understood. Load the page again and send it once more."),
    404: say("There is no such page, or it is not yours to see."),
    405: say("This address cannot be used that way."),
    413: say("This is more than the limit allows."),
}


async def refused(request: Request, error: Exception) -> Response:
    """A domain's "no" that no page of its own shows."""
    assert isinstance(error, Refusal)
    fields = getattr(error, "errors", {})
    response = await _problem(request, error.status, error.sentence, list(fields.values()))
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def http_error(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: no such route, wrong method, a broken or oversized body."""
    assert isinstance(error, HTTPException)
    status = error.status_code
    sentence = _HTTP.get(status, _HTTP[400])
    response = await _problem(request, status, sentence, [])
    response.headers.update(error.headers or {})
    return response


async def collided(request: Request, error: Exception) -> Response:
    """Two at once wanted what only one can have, and the database let the first one have it."""
    logger.info("a constraint refused the second of two: %s", error)
    return await _problem(request, Conflict.status, Conflict.default, [])


async def unavailable(request: Request, error: Exception) -> Response:
    """Somebody holds the database for longer than we wait; anything else the database says is our fault.

    What was typed comes back, to be sent once more; but for passwords and files, which only the browser keeps.
    """
    if not (isinstance(error, db.ReadTooLong | db.Busy) or "locked" in str(error)):
        raise error
    logger.warning("the database did not answer in time: %s", error)
    sentence = say("The centre's records are busy at this moment. Nothing was saved; please try again in a minute.")
    typed: Form | None = getattr(request.state, "typed", None)
    again = typed if typed is not None and typed.may_come_back else None
    response = await _problem(request, 503, sentence, [], again=again, is_post=request.method == "POST")
    response.headers["Retry-After"] = "60"
    return response


async def broken(request: Request, error: Exception) -> Response:
    """Our own fault: the log has the details, the reader has the request's number."""
    sentence = say("Something broke on our side. What you sent may not have been saved; the problem is written down.")
    try:
        return await _problem(request, 500, sentence, [])
    except Exception:
        logger.exception("the error page itself failed")
        return PlainTextResponse("Something broke on our side. / Có lỗi ở phía chúng tôi.", 500)


async def _problem(request: Request, status: int, sentence: Sentence, details: list[Sentence], **more: Any) -> Response:
    if not hasattr(request.state, "centre"):
        request.state.centre = centres.UNFOUNDED if status >= 500 else await centres.facts()
    choose_look(request)
    template = "errors/problem.html"
    number = request_id.get() if status >= 500 else ""
    shown = {"code": status, "sentence": sentence, "details": details, "number": number}
    return page(request, template, status=status, **shown, **more)
