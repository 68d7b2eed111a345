"""Media as files in a folder."""

import asyncio
import re
from pathlib import Path

from banyan.foundation.media import TYPES, File

# No dot at the start of a part, so no "..", no hidden file, no absolute path.
_PATH = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,99}/){0,4}[A-Za-z0-9_][A-Za-z0-9._-]{0,150}\.([a-z0-9]{2,5})")


class FileMedia:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, path: str, body: bytes) -> None:
        file, _ = self._place(path)
        await asyncio.to_thread(_write, file, body)

    async def get(self, path: str) -> File | None:
        try:
            file, media_type = self._place(path)
            return File(await asyncio.to_thread(file.read_bytes), media_type)
        except (ValueError, FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    async def remove(self, path: str) -> None:
        file, _ = self._place(path)
        await asyncio.to_thread(file.unlink, missing_ok=True)

    async def close(self) -> None:
        pass

    def _place(self, path: str) -> tuple[Path, str]:
        fits = _PATH.fullmatch(path)
        if not fits or fits[1] not in TYPES:
            raise ValueError(f"{path!r} is no path for media; use folder/name with one of {', '.join(TYPES)}")
        return self._folder / path, TYPES[fits[1]]


def _write(file: Path, body: bytes) -> None:
    """Whole or not at all: readers never see half a picture."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(file.name + ".part")
    beside.write_bytes(body)
    beside.replace(file)
