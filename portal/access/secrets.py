"""Tokens and passwords: made here, compared here, stored only as hashes."""

import asyncio
import hashlib
import hmac
import re
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.errors import Sentence, say

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200

# OWASP's second choice: 19 MiB and two passes, so that a small server can take an evening's sign-ins.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
_key = secrets.token_bytes(32)  # until the settings bring the real one
# Verified against when there is no account, so that both answers take the same time.
_NOBODY = _hasher.hash(secrets.token_hex(16))


def new_token() -> str:
    """256 random bits for a cookie or an address."""
    return secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    """Whether a text has the form of our tokens; what has not was never made here."""
    return re.fullmatch(r"[A-Za-z0-9_-]{43}", text) is not None


def hashed(token: str) -> str:
    """What is stored of a token: it has 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def configure(secret: str) -> None:
    """Use PORTAL_SECRET from now on for what is hashed with a key."""
    global _key
    _key = secret.encode()


def derived(purpose: str) -> bytes:
    """A key of 32 bytes of our secret for one purpose, so that no two uses share theirs."""
    return hmac.new(_key, b"for " + purpose.encode(), hashlib.sha256).digest()


def keyed(text: str) -> str:
    """A hash that cannot be tried out without our secret, for texts that could be guessed (a login)."""
    return hmac.new(_key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


async def hash_password(password: str) -> str:
    """Argon2id, in a thread: it takes tens of milliseconds on purpose."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one; takes as long when nothing is stored."""

    def verify() -> bool:
        try:
            _hasher.verify(stored or _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    return await asyncio.get_running_loop().run_in_executor(_threads, verify)


def password_problem(password: str, *about: str) -> Sentence | None:
    """Why a new password is refused, if it is; `about` are words it must not be (the login, the name)."""
    if len(password) < SHORTEST_PASSWORD:
        return say("At least {shortest} characters.", shortest=SHORTEST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        return say("At most {longest} characters.", longest=LONGEST_PASSWORD)
    plain = password.casefold()
    if len(set(plain)) < 4 or plain in _COMMON or any(word and plain == word.casefold() for word in about):
        return say("This password is too easy to guess. Three or four unrelated words work well.")
    return None


_COMMON = frozenset(
    [
        "1234567890",
        "12345678910",
        "0123456789",
        "password123",
        "password1234",
        "qwertyuiop",
        "matkhau123",
        "matkhau1234",
        "iloveyou123",
        "abcd123456",
        "abc1234567",
        "123456789a",
        "a123456789",
        "1q2w3e4r5t",
        "adgjmptw00",
        "schoolyard1",
    ]
)
