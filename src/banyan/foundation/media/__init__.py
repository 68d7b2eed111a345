"""Pictures and other files of the shop, as a promise: bytes by a path the shop chose, with their media type."""

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
