"""Pictures and other files of the shop, as a promise: bytes by a path the shop chose, with their media type."""

import re
from dataclasses import dataclass
from typing import Protocol

TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
    "gif": "image/gif",
    "pdf": "application/pdf",
}
# No dot at the start of a part, so no "..", no hidden file, no absolute path.
_PATH = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,99}/){0,4}[A-Za-z0-9_][A-Za-z0-9._-]{0,150}\.([a-z0-9]{2,5})")


def type_of(path: str) -> str:
    """The media type of a path. ValueError for one that is none: every backend asks before it looks anywhere."""
    fits = _PATH.fullmatch(path)
    if not fits or fits[1] not in TYPES:
        raise ValueError(f"{path!r} is no path for media; use folder/name with one of {', '.join(TYPES)}")
    return TYPES[fits[1]]


@dataclass(frozen=True, slots=True)
class File:
    body: bytes
    media_type: str


class Media(Protocol):
    async def put(self, path: str, body: bytes) -> None:
        """Keep bytes under `path` (`folder/name.ext`, ext one of TYPES). ValueError for any other path."""
        ...

    async def get(self, path: str) -> File | None: ...

    async def remove(self, path: str) -> None: ...

    async def close(self) -> None: ...
