"""Media as files in a folder."""

import asyncio
from pathlib import Path

from banyan.foundation.media import File, type_of


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
        media_type = type_of(path)
        return self._folder / path, media_type


def _write(file: Path, body: bytes) -> None:
    """Whole or not at all: readers never see half a picture."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(file.name + ".part")
    beside.write_bytes(body)
    beside.replace(file)
