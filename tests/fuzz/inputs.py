"""Requests that nobody would send on purpose, drawn for every form and query of the running application."""

from dataclasses import dataclass
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st
from starlette.routing import Route

from tests.architecture.addresses import fields_of
from tests.architecture.test_hostile import BODIES, HOSTILE
from tests.architecture.test_matrix import addresses, filled

NOT_ASKED = {"/sign-out", "/metrics"}  # nobody is signed in afterwards; what it counts changes by itself
# What people type, so that a request comes further than its first field.
PLAUSIBLE = [
    *("1", "2", "3", "4", "5", "12", "yes", "on", "new", "all", "skip", "same", "vi", "en", "dark", "auto"),
    *("mother", "teacher", "manager", "administrator", "privacy", "students", "guardians", "staff", "csv", "xlsx"),
    *("Nguyễn", "Văn An", "lan@example.com", "0912345678", "2014-03-09", "9/3/2014", "schoolyard", "a new pass phrase"),
    *("/home", "//evil.example", "https://evil.example/", "female", "asked", "full_name", "birth_date", "365"),
]
UPLOADS = [
    b"",
    b"PK\x03\x04",
    b"PK\x05\x06" + b"\0" * 18,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0",
    b"%PDF-1.7",
    b"\xff\xfe" + "Họ tên;Ngày sinh\nAn;1\n".encode("utf-16-le"),
    "Họ và tên,Ngày sinh\nNguyễn An,9/3/2014\n".encode(),
    b'a,"b\n',
    b"=1+1,@x\n",
    b"\0" * 5000,
    b"a,b\r" * 3000,
]


@dataclass(frozen=True, slots=True)
class Input:
    """One request, ready to be sent."""

    method: str
    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


values = st.one_of(
    st.sampled_from(PLAUSIBLE).map(_bytes),
    st.sampled_from(HOSTILE).map(_bytes),
    st.text(max_size=30).map(_bytes),
    st.binary(max_size=20),
    st.integers(-3, 30).map(lambda number: str(number).encode()),
)
identities = st.sampled_from([1, 1, 1, 2, 2, 3, 4, 5, 7, 10, 0, 10**17])
odd_headers = st.sampled_from(
    [
        (b"accept-language", b"vi;q=x, \xff"),
        (b"accept-encoding", b"gzip;q=0, *;q=9"),
        (b"if-none-match", b'W/"' + b"a" * 300),
        (b"x-request-id", b"\x01" * 20),
        (b"user-agent", b"\xe9" * 500),
        (b"x-forwarded-for", b"1.2.3.4, \xff"),
        (b"range", b"bytes=0-1,5-"),
        (b"content-encoding", b"gzip"),
        (b"cookie", b"look=\xff.\xff; flash=saved; device=\x00; secret=x"),
    ]
)
TYPES = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json", "text/plain"]

ROUTES: list[tuple[str, Route]] = [(method, route) for method, route in addresses() if route.path not in NOT_ASKED]


@st.composite
def inputs(draw: st.DrawFn) -> Input:
    """A request to one of the routes: its fields, or some of them, twice, others besides, or no form at all."""
    method, route = draw(st.sampled_from(ROUTES))
    path = filled(route.path, draw(identities))
    names = sorted(fields_of(route.endpoint))
    pairs = [(name, draw(values)) for name in names if draw(st.integers(0, 9)) > 0]
    if pairs and draw(st.integers(0, 19)) == 0:
        pairs.append((draw(st.sampled_from(names)), draw(values)))
    if draw(st.integers(0, 19)) == 0:
        pairs.append(("no_such_field", draw(values)))
    headers = [draw(odd_headers)] if draw(st.integers(0, 5)) == 0 else []
    if method != "POST":
        query = b"&".join(b"%s=%s" % (name.encode(), quote_from_bytes(value).encode()) for name, value in pairs)
        return Input(method, path, query, tuple(headers), b"")
    kind, body = _body(draw, pairs)
    return Input(method, path, b"", (*headers, (b"content-type", kind.encode())), body)


def _body(draw: st.DrawFn, pairs: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    if draw(st.integers(0, 24)) == 0:
        content, kind = draw(st.sampled_from(BODIES))
        return kind, content
    if "file" not in dict(pairs) and draw(st.integers(0, 4)) > 0:
        joined = b"&".join(b"%s=%s" % (name.encode(), quote_from_bytes(value).encode()) for name, value in pairs)
        return TYPES[0], joined
    parts = [_part(draw, name, value) for name, value in pairs]
    return TYPES[1], b"".join(parts) + b"--x--\r\n"


def _part(draw: st.DrawFn, name: str, value: bytes) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="%s"' % name.encode()
    if name == "file" and draw(st.integers(0, 9)) > 0:
        head += b'; filename="a.%s"\r\nContent-Type: application/octet-stream' % draw(st.sampled_from([b"csv", b"zip"]))
        value = draw(st.sampled_from(UPLOADS))
    return head + b"\r\n\r\n" + value + b"\r\n"
