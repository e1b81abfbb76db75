"""The server in plain words: is everything well, what waits, what was given up, which pages are slow."""

import os
import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import clock, mail
from portal.db.address import address
from portal.db.migrations import pending
from portal.oversight import checks, dead_jobs, facts
from portal.scope import Permission
from portal.web import health, metrics
from portal.web.forms import Form, read_form, read_query, whole
from portal.web.guard import guard
from portal.web.requests import settings_of
from portal.web.templating import page, see
from staff.house import words
from staff.paging import pager

SLOWEST = 20


@guard(Permission.WATCH_HOUSE)
async def watched(request: Request) -> Response:
    """Everything that is looked at, with the worst first in words; and what this worker remembers of the last hour."""
    known = await facts.gather(request.state.scope)
    looked = checks.look(
        known,
        missing=await pending(),
        disks=await facts.disks(_places(request)),
        post=checks.Post(bool(mail.post.smtp_url), mail.post.demo),
        redis=await health.redis_state(settings_of(request).redis_url),
        lag=metrics.loop_lag(),
    )
    now = time.monotonic()
    return page(
        request,
        "house/house.html",
        facts=known,
        checks=looked,
        worst=checks.worst(looked),
        words=words,
        minutes=metrics.recent.a_minute(now),
        slowest=metrics.recent.pages(now)[:SLOWEST],
        worker=os.getpid(),
        memory=metrics.memory() // checks.MEGABYTE,
        workers=settings_of(request).workers,
        now=clock.now(),
    )


@guard(Permission.WATCH_HOUSE)
async def dead(request: Request) -> Response:
    """The work that was given up."""
    number = whole(read_query(request, "page")["page"], name="page", default=1)
    found = await dead_jobs.listed(request.state.scope, page=number)
    pages = pager(
        request,
        number=found.number,
        size=dead_jobs.PAGE,
        shown=len(found.jobs),
        total=found.total,
        counted=dead_jobs.COUNTED,
    )
    kinds = await dead_jobs.kinds_to_try(request.state.scope)
    return page(request, "house/dead.html", jobs=found.jobs, pages=pages, kinds=kinds, words=words)


@guard(Permission.WATCH_HOUSE)
async def attempt(request: Request) -> Response:
    """Try one again."""
    await dead_jobs.try_again(request.state.scope, request.path_params["id"])
    return see(request, "/staff/house/jobs", flash="tried_again")


@guard(Permission.WATCH_HOUSE)
async def attempts(request: Request) -> Response:
    """Try all of a kind again."""
    form: Form = await read_form(request, "kind")
    await dead_jobs.try_all_again(request.state.scope, form["kind"])
    return see(request, "/staff/house/jobs", flash="tried_again")


@guard(Permission.WATCH_HOUSE)
async def end(request: Request) -> Response:
    """Let one go."""
    await dead_jobs.let_go(request.state.scope, request.path_params["id"])
    return see(request, "/staff/house/jobs", flash="let_go")


def _places(request: Request) -> list[Path]:
    """Where our files lie: uploads, and the database when it is a file."""
    config = settings_of(request)
    file = address(config.database_url).credentials.get("file_path")
    return [config.media, *([Path(file)] if file else [])]


routes = [
    Route("/staff/house", watched),
    Route("/staff/house/jobs", dead),
    Route("/staff/house/jobs/attempts", attempts, methods=["POST"]),
    Route("/staff/house/jobs/{id:id}/attempt", attempt, methods=["POST"]),
    Route("/staff/house/jobs/{id:id}/end", end, methods=["POST"]),
]
