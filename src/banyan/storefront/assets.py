"""Style, script and icons: kept in memory, compressed once, named by their content so that browsers may keep them for ever."""

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    gzipped: bytes
    media_type: str


class Assets:
    """All files of static/. Read once: a changed file is seen at the next start."""

    def __init__(self) -> None:
        self._served: dict[str, Asset] = {}
        self._names: dict[str, str] = {}
        for file in sorted(_FOLDER.iterdir()):
            body = file.read_bytes()
            served = f"{file.stem}.{sha256(body).hexdigest()[:10]}{file.suffix}"
            self._served[served] = Asset(body, gzip.compress(body, 9, mtime=0), _TYPES[file.suffix])
            self._names[file.name] = f"/static/{served}"

    def url(self, name: str) -> str:
        """Where the file is served now. KeyError for none of ours."""
        return self._names[name]

    def serve(self, request: Request) -> Response | None:
        """The file of this address; None for none of ours."""
        asset = self._served.get(request.path_params["name"])
        if asset is None:
            return None
        headers = {"cache-control": _FOR_EVER, "vary": "accept-encoding", "x-content-type-options": "nosniff"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.gzipped, 200, {**headers, "content-encoding": "gzip"}, asset.media_type)
        return Response(asset.body, 200, headers, asset.media_type)


@cache
def assets() -> Assets:
    """Those of this process."""
    return Assets()
