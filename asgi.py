"""Schoolyard as an ASGI application: everything is put together here, read from top to bottom."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

import portal.interchange.working  # the worker must know the job of imports
import portal.pages
import staff
from portal import db, files, jobs, mail, settings
from portal.access import secrets, throttle
from portal.centre import centres
from portal.errors import Refusal
from portal.privacy import retention
from portal.web import exposition, health, metrics, oidc, problems
from portal.web.assets import Assets
from portal.web.guard import check_routes, unguarded
from portal.web.limits import BodyLimit
from portal.web.logs import RequestLog
from portal.web.origins import allowed_origins
from portal.web.security import SameOrigin, SecurityHeaders
from portal.web.views import Shelf, Views


def build(config: settings.Settings) -> Starlette:
    """The application for these settings; raises LookupError when a route declares no right."""
    assets = Assets()
    routes = [
        Route("/static/{path:path}", unguarded(assets.serve)),
        *health.routes,
        *exposition.routes,
        *portal.pages.routes,
        *staff.routes,
    ]
    check_routes(routes)
    app = Starlette(
        routes=routes,
        lifespan=_lifespan,
        middleware=[
            Middleware(SameOrigin, origins=allowed_origins(config)),
            Middleware(GZipMiddleware, minimum_size=500, compresslevel=5),
            Middleware(BodyLimit),
        ],
        exception_handlers={
            Refusal: problems.refused,
            HTTPException: problems.http_error,
            db.IntegrityError: problems.collided,
            db.OperationalError: problems.unavailable,
            500: problems.broken,
        },
    )
    app.router.redirect_slashes = False  # it would believe the Host header
    app.state.settings = config
    app.state.assets = assets
    app.state.clients = oidc.clients(config)
    # Around Starlette's own error handling, so that a 500 has its headers and its number as well.
    guarded = SecurityHeaders(app.build_middleware_stack(), map_source=assets.map_source, secure=config.secure)
    app.state.views = Shelf(guarded.raw)
    app.middleware_stack = RequestLog(Views(guarded, shelf=app.state.views))
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    config: settings.Settings = app.state.settings
    throttle.enforced = config.limits
    secrets.configure(config.secret)
    files.configure(config.media)
    await db.open(config.database_url)
    try:
        centre = await centres.facts()
        mail.configure(
            mail.Post(
                smtp_url=config.smtp_url,
                sender=config.sender,
                centre=centre.name,
                public_url=config.public_url,
                language=centre.locale,
                demo=centre.demo,
            )
        )
        await jobs.take_over()
        await retention.schedule()
        stopping = asyncio.Event()
        async with asyncio.TaskGroup() as workers:
            workers.create_task(jobs.work(stopping, but="import"), name="letters and the like")
            workers.create_task(jobs.work(stopping), name="whatever there is")
            workers.create_task(metrics.heartbeat(stopping), name="heartbeat")
            yield
            stopping.set()
    finally:
        await db.close()


app = build(settings.read())
