"""Headers that every answer carries, and the guard against requests from other sites."""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

# In both languages: this answer is given before anybody knows who reads it.
REFUSAL = "This request came from another site and was refused.\nYêu cầu này đến từ trang khác nên bị từ chối.\n"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class SecurityHeaders:
    """One policy for all pages: scripts and styles are files of our own, and the import map known by its hash."""

    def __init__(self, app: ASGIApp, *, map_source: str, secure: bool) -> None:
        self.app = app
        policy = (
            f"default-src 'self'; script-src 'self' {map_source}; style-src 'self'; img-src 'self' data:;"
            " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )
        self.headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        }
        if secure:
            self.headers["Strict-Transport-Security"] = "max-age=63072000"
        self.raw = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(own for own in self.raw if own[0] not in said)]
            await send(message)

        await self.app(scope, receive, send_with_headers)


class SameOrigin:
    """Unsafe methods and sockets must come from our own pages.

    Browsers always send Origin with them; where they send Fetch-Metadata too, it must agree. A request with neither is
    refused: a program that means to post can say where it comes from.
    """

    def __init__(self, app: ASGIApp, *, origins: frozenset[str]) -> None:
        self.app = app
        self.origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "lifespan"
            or (scope["type"] == "http" and scope["method"] in SAFE)
            or self._is_ours(Headers(scope=scope))
        ):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(4403)(scope, receive, send)
        else:
            await PlainTextResponse(REFUSAL, 403)(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        from_us = origin in self.origins if origin is not None else site in ("same-origin", "none")
        return from_us and site in (None, "same-origin", "none")
