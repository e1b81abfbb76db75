"""How much a request may carry. What is too large gets a page with a sentence, like every other mistake."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 256 * 1024


class BodyLimit:
    """Stops a body at `LARGEST_BODY` bytes, or at the `largest_body` that the route's guard allows.

    The endpoint is not asked: reading raises 413 inside of it, where an error becomes a page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        read = 0

        async def receive_within_limit() -> Message:
            nonlocal read
            # Known only now: the route is found after this middleware was passed.
            largest = getattr(scope.get("endpoint"), "largest_body", None) or LARGEST_BODY
            if announced.isdigit() and int(announced[:20]) > largest:
                raise HTTPException(413)
            message = await receive()
            read += len(message.get("body", b""))
            if read > largest:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_within_limit, send)
