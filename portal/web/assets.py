"""Style sheet, scripts and icons: read once at start, named by their hash, cached for a year.

`static/css/` is joined into one sheet in path order. Scripts keep their paths with a hash in the file name, and an
import map sends the plain path, and so every relative import, to the hashed one. All of it is kept in memory, packed.
"""

import base64
import gzip
import hashlib
import json
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

STATIC = Path(__file__).parent.parent.parent / "static"
SHEET = "css/schoolyard.css"
_TEXT = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served."""

    media_type: str
    plain: bytes
    packed: bytes | None


class Assets:
    """All static files of this release; `release` changes when any of them does."""

    def __init__(self, root: Path = STATIC) -> None:
        self._served: dict[str, Asset] = {}
        self._urls: dict[str, str] = {}
        sheet = b"\n".join(path.read_bytes() for path in sorted(root.glob("css/**/*.css")))
        self._add(SHEET, sheet)
        for path in sorted(root.glob("**/*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and not name.startswith("css/"):
                self._add(name, path.read_bytes())
        self.release = hashlib.sha256("".join(sorted(self._served)).encode()).hexdigest()[:12]
        scripts = {f"/static/{name}": url for name, url in self._urls.items() if name.endswith(".js")}
        self._map = json.dumps({"imports": scripts}, separators=(",", ":"))
        digest = base64.b64encode(hashlib.sha256(self._map.encode()).digest()).decode()
        self.map_source = f"'sha256-{digest}'"

    def url(self, name: str) -> str:
        """The hashed address of a file; raises KeyError for a file that is not there."""
        return self._urls[name]

    def stylesheet(self) -> str:
        """The address of the joined sheet."""
        return self._urls[SHEET]

    def import_map(self) -> Markup:
        """The one inline script there is; its hash stands in the content security policy."""
        return Markup(f'<script type="importmap">{self._map}</script>')

    async def serve(self, request: Request) -> Response:
        """A file by its hashed address; anything else is a 404 without a page, for nobody reads it."""
        asset = self._served.get(request.url.path)
        if asset is None:
            return Response(status_code=404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.packed, media_type=asset.media_type, headers=headers | {"Content-Encoding": "gzip"})
        return Response(asset.plain, media_type=asset.media_type, headers=headers)

    def _add(self, name: str, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()[:12]
        stem, dot, suffix = name.rpartition(".")
        url = f"/static/{stem}.{digest}{dot}{suffix}"
        media_type = _TEXT.get(dot + suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        packed = gzip.compress(content, 9, mtime=0) if dot + suffix in _TEXT else None
        self._urls[name] = url
        self._served[url] = Asset(media_type, content, packed)
