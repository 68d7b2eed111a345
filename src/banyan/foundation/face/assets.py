"""Styles, scripts and icons: in memory, compressed once, named by their content so that browsers keep them for ever."""

import gzip
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_KEPT = {
    "cache-control": "public, max-age=31536000, immutable",
    "vary": "accept-encoding",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    gzipped: bytes
    media_type: str


PASSKEYS = Path(__file__).parent / "passkeys.js"  # of every face that people sign in to


class Assets:
    """All files of a folder. Read once: a changed file is seen at the next start."""

    def __init__(self, folder: Path, below: str, *more: Path) -> None:
        """`below`: the path under which they are served, with `more` files.

        KeyError for a file of a type that browsers are not sent.
        """
        self._served: dict[str, Asset] = {}
        self._names: dict[str, str] = {}
        for file in sorted((*folder.iterdir(), *more)):
            body = file.read_bytes()
            served = f"{file.stem}.{sha256(body).hexdigest()[:10]}{file.suffix}"
            self._served[served] = Asset(body, gzip.compress(body, 9, mtime=0), _TYPES[file.suffix])
            self._names[file.name] = f"{below}/{served}"

    def url(self, name: str) -> str:
        """Where the file is served now. KeyError for none of ours."""
        return self._names[name]

    def serve(self, request: Request) -> Response | None:
        """The file that the path's `name` is; None for none of ours."""
        asset = self._served.get(request.path_params["name"])
        if asset is None:
            return None
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.gzipped, 200, {**_KEPT, "content-encoding": "gzip"}, asset.media_type)
        return Response(asset.body, 200, _KEPT, asset.media_type)
