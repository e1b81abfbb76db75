"""In the process that is measured: `python -m benchmarks.serving portal|floor`, on PORT of 127.0.0.1.

`portal` is the application as it is; `floor` a bare Starlette application with one route, which gives back the bytes
it is told to (`recorded` answers in the folder FLOOR). Both are served with the settings of `python -m portal serve`
and one more route, the last one, by which the benchmark asks what it needs and changes what it wants to see:

    /-benchmark/usage        processor nanoseconds this process has used so far, and the process ids of its database
    /-benchmark/fresh, kept  keep no pages from here on, or keep them as the product does
    /-benchmark/count, time  say in a header of each answer how many statements it took, or leave the requests alone
    /-benchmark/<number>     (floor) give this answer from here on
"""

import os
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal import db
from portal.commands.serve import UVICORN


class Recorded(NamedTuple):
    """An answer as it went over the wire, without the headers that uvicorn adds."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Counting:
    """Says in `x-statements` how many statements the answer took; BEGIN and the like are none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with db.counting() as statements:

            async def send_with_count(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], (b"x-statements", b"%d" % len(statements))]
                await send(message)

            await self.app(scope, receive, send_with_count)


def portal() -> Starlette:
    """The application. What is asked of it is changed in its objects: nothing is added to the way of a request."""
    import asgi

    app = asgi.app
    shelf, stack = app.state.views, app.middleware_stack

    def fresh() -> None:
        shelf.clear()
        shelf.find = lambda key: None

    def kept() -> None:
        vars(shelf).pop("find", None)

    def count() -> None:
        app.middleware_stack = Counting(stack)

    def leave() -> None:
        app.middleware_stack = stack

    app.router.routes.append(_control({"fresh": fresh, "kept": kept, "count": count, "time": leave}))
    return app


def floor() -> Starlette:
    """One route, and answers that are made before they are asked for."""
    answers: list[Response] = []
    for one in pickle.loads(Path(os.environ["FLOOR"]).read_bytes()):
        response = Response(one.body, one.status)
        response.raw_headers = one.headers
        answers.append(response)
    chosen = answers[0]

    async def endpoint(request: Request) -> Response:
        return chosen

    def choose(number: int) -> Callable[[], None]:
        def chosen_from_here() -> None:
            nonlocal chosen
            chosen = answers[number]

        return chosen_from_here

    control = _control({str(number): choose(number) for number in range(len(answers))})
    return Starlette(routes=[Route("/", endpoint), control])


def _control(acts: dict[str, Callable[[], None]]) -> Route:
    async def control(request: Request) -> Response:
        act = request.path_params["act"]
        if act == "usage":
            used = time.process_time_ns()
            return JSONResponse({"used": used, "backends": await _backends()})
        acts[act]()
        return Response("done")

    return Route("/-benchmark/{act}", control)


async def _backends() -> list[int]:
    """The server's processes that work for this one."""
    if "FLOOR" in os.environ or db.dialect() == "sqlite":
        return []
    return [pid for (pid,) in await db.rows("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")]


if __name__ == "__main__":
    made = {"portal": portal, "floor": floor}[sys.argv[1]]()
    uvicorn.run(made, host="127.0.0.1", port=int(os.environ["PORT"]), **UVICORN)
