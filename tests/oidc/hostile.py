"""A provider that answers whatever a test tells it to: the outside world at its worst, on a port of its own."""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import uvicorn
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT = "schoolyard"
SECRET = "a secret that only we and the provider know"
Claims = dict[str, Any]


class Hostile:
    """Serves discovery, keys and tokens. The tests change what they say; `asked` counts by path."""

    def __init__(self) -> None:
        self.key = new_key("first")
        self.keys = [self.key]
        self.asked: dict[str, int] = {}
        self.described: Callable[[dict[str, Any]], Any] = lambda told: told
        self.key_set: Callable[[dict[str, Any]], Any] = lambda told: told
        self.token: Callable[[], Any] = dict
        self.nonce = ""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.issuer = f"http://127.0.0.1:{port}"
        routes = [
            Route("/.well-known/openid-configuration", self._describe),
            Route("/jwks", self._jwks),
            Route("/token", self._token, methods=["POST"]),
        ]
        config = uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=port, log_level="critical", ws="none")
        config.timeout_graceful_shutdown = 1
        self._server = uvicorn.Server(config)

    async def __aenter__(self) -> "Hostile":
        self._task = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        with suppress(asyncio.CancelledError):
            await self._task

    def claims(self, **others: Any) -> Claims:
        """What a faultless provider would sign; `others` replace, None leaves out."""
        now = int(time.time())
        told = {
            "iss": self.issuer,
            "sub": "lan-elsewhere",
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": self.nonce,
        } | others
        return {name: value for name, value in told.items() if value is not None}

    def signed(self, claims: Claims | None = None, *, key: Any = None, **header: Any) -> str:
        """An ID token."""
        key = key or self.key
        said = {"alg": "RS256", "kid": key.kid} | header
        said = {name: value for name, value in said.items() if value is not None}
        registry = JWSRegistry(algorithms=[said["alg"]], strict_check_header=False)
        return jwt.encode(said, self.claims() if claims is None else claims, key, registry=registry)

    def answer(self, signed: Any) -> dict[str, Any]:
        """The token endpoint's answer around it."""
        return {"access_token": "for nothing", "token_type": "Bearer", "expires_in": 60, "id_token": signed}

    async def _describe(self, request: Request) -> Response:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }
        return await self._said(request, self.described(told))

    async def _jwks(self, request: Request) -> Response:
        told = {"keys": [key.as_dict(private=False, use="sig") for key in self.keys]}
        return await self._said(request, self.key_set(told))

    async def _token(self, request: Request) -> Response:
        return await self._said(request, self.token())

    async def _said(self, request: Request, answer: Any) -> Response:
        self.asked[request.url.path] = self.asked.get(request.url.path, 0) + 1
        if callable(answer):
            answer = await answer(request)
        return answer if isinstance(answer, Response) else JSONResponse(answer)


@cache
def new_key(kid: str, whose: str = "") -> RSAKey:
    """A key that signs; another one of the same name for somebody else."""
    return RSAKey.generate_key(2048, {"kid": kid, "alg": "RS256"}, private=True)


def shared_key() -> OctKey:
    """The key that is our common secret, which anybody who has it could sign with."""
    return OctKey.import_key(SECRET, {"kid": "first"})
