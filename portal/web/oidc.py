"""Speaking OpenID Connect with a provider: where a browser is sent, and whom the provider saw when it comes back.

The authorization code flow (OpenID Connect Core 1.0, section 3.1) with PKCE (RFC 7636), nonce and state, by Authlib.
A provider is trusted with who somebody is, and with nothing else: its answers are bounded in time and size, read as
data, and whatever is wrong with them is `Unanswered`, never an error of ours.
"""

import asyncio
import base64
import datetime as dt
import json
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry

from portal import clock
from portal.access.identities import Vouched
from portal.access.provider_visits import Keys
from portal.errors import Forbidden, Unanswered, say
from portal.providers import Provider, is_near
from portal.settings import Settings

PATIENCE = 5.0  # seconds for all that one request of ours asks of a provider
LARGEST_ANSWER = 256 * 1024  # bytes
KEPT = dt.timedelta(hours=1)  # how long what a provider says of itself is believed
SKEW = 60  # seconds by which its clock may differ from ours
# Signatures that only the provider can make: no "none", and nothing that is made with the secret we share.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")

logger = logging.getLogger(__name__)


class Metadata(NamedTuple):
    """What a provider says of itself, as far as it concerns us."""

    authorization: str
    token: str
    keys: str
    auth_method: str
    names_itself: bool  # in every answer (RFC 9207)


class Client:
    """Our side of one provider."""

    def __init__(self, provider: Provider, public_url: str) -> None:
        self.provider = provider
        self.redirect_uri = f"{public_url}/sign-in/with/{provider.name}/callback"
        self._metadata: Metadata | None = None
        self._metadata_at = clock.now()
        self._keys: KeySet | None = None
        self._keys_at = clock.now()

    async def address(self, keys: Keys, language: str) -> str:
        """Where to send the browser of this visit; raises `Unanswered`."""
        async with self._asked(), self._session() as session:
            metadata = await self._described(session)
            address, _ = session.create_authorization_url(
                metadata.authorization,
                state=keys.state,
                nonce=keys.nonce,
                code_verifier=keys.verifier,
                response_mode="query",
                ui_locales=language,
            )
        return str(address)

    async def vouched(self, answer: Mapping[str, str], keys: Keys) -> Vouched:
        """Whom the provider saw, by the query it sent the browser back with.

        Raises `Forbidden` when the person said no there, `Unanswered` for everything else that is not as it must be.
        """
        async with self._asked(), self._session() as session:
            metadata = await self._described(session)
            self._check_answer(answer, metadata)
            if answer["error"] == "access_denied":
                raise Forbidden(say("{provider} was not allowed to tell who you are.", provider=self.provider.label))
            if answer["error"] or not answer["code"]:
                raise ValueError(f"the answer is an error: {answer['error'][:80]!r}")
            token = await session.fetch_token(
                metadata.token,
                grant_type="authorization_code",
                code=answer["code"],
                code_verifier=keys.verifier,
                auth=session.client_auth(metadata.auth_method),
            )
            return self._seen(await self._claims(session, metadata, token, keys))

    def _check_answer(self, answer: Mapping[str, str], metadata: Metadata) -> None:
        """Refuse an answer of one provider that comes in the place of another's (RFC 9207)."""
        if answer["iss"] != self.provider.issuer and (answer["iss"] or metadata.names_itself):
            raise ValueError(f"the answer is in the name of {answer['iss'][:200]!r}")

    async def _claims(
        self, session: AsyncOAuth2Client, metadata: Metadata, token: Mapping[str, Any], keys: Keys
    ) -> dict[str, Any]:
        signed = token.get("id_token")
        if not isinstance(signed, str):
            raise ValueError("the answer has no id_token")
        began = clock.now()
        try:
            read = _verified(signed, await self._key_set(session, metadata, read_since=began - KEPT))
        except InvalidKeyIdError:  # it has new keys, unless these are the newest
            read = _verified(signed, await self._key_set(session, metadata, read_since=began))
        wanted = {"iss": {"value": self.provider.issuer}, "aud": {"value": self.provider.client_id}}
        known = {"nonce": keys.nonce, "client_id": self.provider.client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(read.claims, read.header, wanted, known)
        claims.validate(now=int(clock.now().timestamp()), leeway=SKEW)
        return dict(claims)

    def _seen(self, claims: Mapping[str, Any]) -> Vouched:
        subject = claims["sub"]
        if not (isinstance(subject, str) and subject.isascii() and subject.isprintable() and 0 < len(subject) < 256):
            raise ValueError("the subject is no text of 1 to 255 ASCII characters")
        shown = (claims.get(name) for name in ("email", "preferred_username", "name"))
        label = next((text for text in shown if isinstance(text, str) and text), "")
        return Vouched(self.provider, subject, "".join(letter for letter in label if letter.isprintable())[:200])

    async def _described(self, session: AsyncOAuth2Client) -> Metadata:
        if self._metadata is None or clock.now() - self._metadata_at > KEPT:
            address = self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
            self._metadata = _metadata(self.provider, await _read(session, address))
            self._metadata_at = clock.now()
        return self._metadata

    async def _key_set(self, session: AsyncOAuth2Client, metadata: Metadata, *, read_since: dt.datetime) -> KeySet:
        if self._keys is None or self._keys_at < read_since:
            self._keys = _key_set(await _read(session, metadata.keys))
            self._keys_at = clock.now()
        return self._keys

    def _session(self) -> AsyncOAuth2Client:
        session = AsyncOAuth2Client(
            self.provider.client_id,
            self.provider.client_secret,
            scope="openid email",
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
            transport=_Bounded(verify=_tls()),
            timeout=PATIENCE,
            headers={"Accept-Encoding": "identity"},
        )
        session.register_client_auth_method(("client_secret_basic", _basic))
        session.register_compliance_hook("access_token_response", _checked)
        return session

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[None]:
        """Have what the block asks of the provider end in time, and its faults end as `Unanswered`."""
        try:
            async with asyncio.timeout(PATIENCE):
                yield
        except _FAULTS as fault:
            told = " ".join(f"{type(fault).__name__}: {fault}"[:300].split())  # its words, on one line of ours
            logger.warning("the identity provider %s did not answer as it must: %s", self.provider.name, told)
            name = self.provider.label
            sentence = say("{provider} did not answer as it should. Please try again in a minute.", provider=name)
            raise Unanswered(sentence) from fault


def clients(settings: Settings) -> dict[str, Client]:
    """Our side of every provider in the settings, by name."""
    return {provider.name: Client(provider, settings.public_url) for provider in settings.oidc}


_FAULTS = (
    httpx2.HTTPError,
    httpx2.InvalidURL,
    httpx2.StreamError,
    AuthlibBaseError,
    JoseError,
    TimeoutError,
    ValueError,
)


class _Bounded(httpx2.AsyncHTTPTransport):
    """Reads no more than `LARGEST_ANSWER` bytes of an answer, and none that is packed."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx2.DecodingError("the answer is packed", request=request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Limited(response.stream),
            extensions=response.extensions,
        )


class _Limited(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in self._stream:
            read += len(chunk)
            if read > LARGEST_ANSWER:
                raise httpx2.ReadError(f"the answer has more than {LARGEST_ANSWER} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the certificates of this machine takes longer than a sign-in."""
    return httpx2.create_ssl_context()


def _basic(client: AsyncOAuth2Client, method: str, uri: str, headers: Any, body: Any) -> tuple[str, Any, Any]:
    """Who we are, in a header, written as RFC 6749, 2.3.1 says: Authlib leaves `+` and `%` of a secret as they are."""
    known = ":".join(quote_plus(text) for text in (client.client_id, client.client_secret))
    headers["Authorization"] = "Basic " + base64.b64encode(known.encode()).decode()
    return uri, headers, body


async def _read(session: AsyncOAuth2Client, address: str) -> Any:
    """The JSON at an address of the provider's."""
    response = await session.request("GET", address, withhold_token=True)
    if response.status_code != 200:
        raise ValueError(f"{urlsplit(address).path} answers {response.status_code}")
    return _json(response)


def _json(response: httpx2.Response) -> Any:
    try:
        return json.loads(response.content)
    except RecursionError as error:
        raise ValueError("the answer is nested too deeply") from error


def _checked(response: httpx2.Response) -> httpx2.Response:
    """The token endpoint's answer, when Authlib can read it."""
    answer = _json(response)
    if not isinstance(answer, dict) or not isinstance(answer.get("error", ""), str):
        raise ValueError("the answer with the token is not as it must be")
    if response.status_code != 200 and "error" not in answer:
        raise ValueError(f"the token endpoint answers {response.status_code}")
    return response


def _metadata(provider: Provider, answer: Any) -> Metadata:
    if not isinstance(answer, dict) or answer.get("issuer") != provider.issuer:
        found = answer.get("issuer") if isinstance(answer, dict) else answer
        raise ValueError(f"it calls itself {str(found)[:200]!r}, not {provider.issuer!r}")
    methods = answer.get("token_endpoint_auth_methods_supported")
    only_post = isinstance(methods, list) and "client_secret_basic" not in methods
    auth_method = "client_secret_post" if only_post else "client_secret_basic"
    return Metadata(
        authorization=_endpoint(provider, answer.get("authorization_endpoint")),
        token=_endpoint(provider, answer.get("token_endpoint")),
        keys=_endpoint(provider, answer.get("jwks_uri")),
        auth_method=auth_method if provider.client_secret else "none",
        names_itself=answer.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(provider: Provider, address: Any) -> str:
    """An address of the provider's where browsers and we may be sent: https, or near like its issuer."""
    if not isinstance(address, str) or not address.isascii() or not address.isprintable():
        raise ValueError("an address of it is no text")
    parts = urlsplit(address)
    near = provider.near and parts.scheme == "http" and is_near(parts.hostname or "")
    if not (parts.scheme == "https" or near) or not parts.hostname or parts.username or parts.fragment:
        raise ValueError(f"an address of it is {address[:200]!r}")
    return address


def _key_set(answer: Any) -> KeySet:
    """The keys that verify signatures; one of a kind that is not known here is let be."""
    offered = answer.get("keys") if isinstance(answer, dict) else None
    found = []
    for entry in offered if isinstance(offered, list) else []:
        if isinstance(entry, dict) and entry.get("kty") in ("RSA", "EC") and entry.get("use", "sig") == "sig":
            try:
                key = JWKRegistry.import_key({k: v for k, v in entry.items() if k in _PUBLIC})
                _ = key.public_key  # joserfc reads it only now
                found.append(key)
            except Exception as error:  # joserfc and cryptography raise what they please for what is no key
                logger.warning("a key of an identity provider cannot be read: %r", error)
    if not found:
        raise ValueError("it has no key that verifies a signature")
    return KeySet(found)


_PUBLIC = ("kty", "kid", "alg", "use", "n", "e", "crv", "x", "y")


def _verified(signed: str, keys: KeySet) -> jwt.Token:
    """The token, when one of the keys signed it; raises `InvalidKeyIdError` when none has the name it gives."""
    try:
        return jwt.decode(signed, key=keys, registry=_registry())
    except JoseError:
        raise
    except Exception as error:  # as above: the header may hold anything in the place of anything
        raise ValueError(f"the id_token cannot be read: {type(error).__name__}") from error


@cache
def _registry() -> JWSRegistry:
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    registry.max_header_length = 8192  # some carry their certificate
    return registry
