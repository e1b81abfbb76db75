"""Whether the process lives, and whether it can do its work."""

import redis.asyncio as redis
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from portal import db
from portal.db import migrations
from portal.web.guard import unguarded
from portal.web.requests import settings_of


@unguarded
async def alive(request: Request) -> Response:
    """200 as long as the loop turns."""
    return JSONResponse({"status": "alive"}, headers={"Cache-Control": "no-store"})


@unguarded
async def ready(request: Request) -> Response:
    """200 when the database answers and is migrated; a lost Redis is `degraded`, still 200."""
    database = await _database()
    backplane = await redis_state(settings_of(request).redis_url)
    status = "down" if database != "ok" else "degraded" if backplane == "down" else "ready"
    answer = {"status": status, "database": database, "redis": backplane}
    return JSONResponse(answer, 503 if status == "down" else 200, headers={"Cache-Control": "no-store"})


async def _database() -> str:
    try:
        return "ok" if await migrations.is_current() else "not migrated"
    except (OSError, db.OperationalError):
        return "down"


async def redis_state(url: str) -> str:
    """ "ok", "down", or "unused" when none is set."""
    if not url:
        return "unused"
    client = redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
    try:
        await client.ping()
    except (OSError, redis.RedisError):
        return "down"
    finally:
        await client.aclose()
    return "ok"


routes = [Route("/healthz", alive), Route("/readyz", ready)]
