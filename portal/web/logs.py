"""Structured logs: one JSON object a line, with the request's id; and the middleware that gives it."""

import json
import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.audit import request_id

logger = logging.getLogger("portal.requests")

# Addresses that carry a key are logged without it.
_SECRET_PATH = re.compile(r"^(/(?:reset|invitation)/)[^/]+")


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request"] = request_id.get()
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


# Everything goes to standard error as JSON lines; the server hands this to every worker, a process of its own.
CONFIG = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "portal.web.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
}


class RequestLog:
    """Gives every request an id, and logs it with method, path, status and milliseconds: never a body or query."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("x-request-id", "")
        identity = sent if re.fullmatch(r"[0-9A-Za-z-]{8,32}", sent) else secrets.token_hex(8)
        token = request_id.set(identity)
        begun = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = identity
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            if not status:
                raise
            # The reader has the error page already; here the trace still stands beside the request's id.
            logger.exception("%s %s broke", scope["method"], _SECRET_PATH.sub(r"\1…", scope["path"]))
        finally:
            if not scope["path"].startswith("/static/"):
                self._log(scope, status, time.perf_counter() - begun)
            request_id.reset(token)

    def _log(self, scope: Scope, status: int, seconds: float) -> None:
        path = _SECRET_PATH.sub(r"\1…", scope["path"])
        facts = {"method": scope["method"], "path": path, "status": status, "ms": round(seconds * 1000, 1)}
        logger.info("%s %s %s", scope["method"], path, status, extra={"facts": facts})
