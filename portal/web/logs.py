"""Structured logs: one JSON object a line, with the request's id; and the middleware that gives it."""

import logging
import re
import secrets
import time
from functools import lru_cache

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal import db
from portal.audit import request_id
from portal.web import metrics

logger = logging.getLogger("portal.requests")

# Addresses that carry a key are logged without it.
_SECRET_PATH = re.compile(r"^(/(?:reset|invitation)/)[^/]+")
_IDENTITY = re.compile(rb"[0-9A-Za-z-]{8,32}")

# Our lines name neither; asking for them would cost every request as much as writing the line.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": _second(int(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request"] = request_id.get()
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


@lru_cache(maxsize=8)
def _second(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(moment))


# Everything goes to standard error as JSON lines; the server hands this to every worker, a process of its own.
CONFIG = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "portal.web.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
}


class RequestLog:
    """Gives every request an id, counts it, and logs method, path, status and milliseconds: never a body or query."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        identity = sent.decode() if _IDENTITY.fullmatch(sent) else secrets.token_hex(8)
        header = (b"x-request-id", identity.encode())
        token = request_id.set(identity)
        spent = db.Spent()
        spending = db.spending.set(spent)
        begun = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append(header)
            await send(message)

        try:
            with db.hurried():  # a person waits
                await self.app(scope, receive, send_with_id)
        except Exception:
            if not status:
                raise
            # The reader has the error page already; here the trace still stands beside the request's id.
            logger.exception("%s %s broke", scope["method"], _SECRET_PATH.sub(r"\1…", scope["path"]))
        finally:
            seconds = time.perf_counter() - begun
            metrics.request(scope, status, seconds, spent)
            if not scope["path"].startswith("/static/"):
                self._log(scope, status, seconds)
            request_id.reset(token)
            db.spending.reset(spending)

    def _log(self, scope: Scope, status: int, seconds: float) -> None:
        if logger.isEnabledFor(logging.INFO):
            method, path = scope["method"], _SECRET_PATH.sub(r"\1…", scope["path"])
            # Made here and not by logger.info(), which looks through the stack for who called it.
            record = logging.LogRecord(logger.name, logging.INFO, "", 0, f"{method} {path} {status}", None, None)
            record.facts = {"method": method, "path": path, "status": status, "ms": round(seconds * 1000, 1)}
            logger.handle(record)
