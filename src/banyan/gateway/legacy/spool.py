"""A worker's memory of what it sent to the legacy shop in dual mode: a file that outlives the process, until it was told.

Written before the legacy shop is asked and after it has answered, into the system's memory and not to the disk: a worker
that is killed loses nothing, a machine that loses its power may lose the last seconds.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

MOST = 10_000  # writes that wait to be told
LARGEST = 32_000_000  # bytes of the file
TIDY = 1_000_000  # bytes from which the file is written anew with what still waits
_END = ".spool"
Entry = dict[str, Any]
_log = logging.getLogger(__name__)


class Spool:
    """`waiting`: entries by id in the order they began; one that has ended has an `answer`. What no file can be written
    for is kept all the same, and lost with the process."""

    def __init__(self, folder: Path, worker: str, *, tidy: int = TIDY) -> None:
        self._tidy = tidy
        self._folder = folder
        self._worker = worker
        self._file: BinaryIO | None = None
        self._count = 0
        self._path = folder
        self._size = 0
        self.waiting: dict[str, Entry] = {}

    def begin(self, entry: Entry) -> bool:
        """About to ask. False when there is no more room: then it is not kept."""
        if len(self.waiting) >= MOST or self._size >= LARGEST:
            return False
        self.waiting[entry["id"]] = entry
        self._write(entry)
        return True

    def end(self, id: str, ended: Entry) -> None:
        """The answer came, or nothing will."""
        self.waiting[id] |= ended
        self._write({"id": id, **ended})

    def told(self, ids: list[str]) -> None:
        """These are kept by somebody else now."""
        for id in ids:
            self.waiting.pop(id, None)
        if self._size and (not self.waiting or self._size > self._tidy):
            self._anew()

    def left(self) -> Iterator[tuple[Path, list[Entry]]]:
        """Files that workers left who are no more, with what was in them. `done` takes them away."""
        for path in sorted(self._folder.glob(f"*{_END}")) if self._folder.exists() else ():
            try:
                with path.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    yield path, list(_entries(file).values())
            except OSError:  # its worker lives, or another one is at it
                continue

    @staticmethod
    def done(path: Path) -> None:
        path.unlink(missing_ok=True)

    def close(self) -> None:
        """The file stays where something in it was not told."""
        if self._file is not None:
            if not self.waiting:
                self._path.unlink(missing_ok=True)
            self._file.close()
            self._file = None

    def _write(self, entry: Entry) -> None:
        line = orjson.dumps(entry) + b"\n"
        try:
            if self._file is None:
                self._file = self._open()
            self._file.write(line)
            self._size += len(line)
        except OSError as error:
            _log.warning("what was written twice is not kept in a file", extra={"why": str(error)})

    def _open(self) -> BinaryIO:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = self._folder / f"{self._worker}.{self._count}{_END}"
        file = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0)
        fcntl.flock(file, fcntl.LOCK_EX)
        return file

    def _anew(self) -> None:
        """A new file with what still waits, then the old one goes."""
        old, path, self._file, self._size = self._file, self._path, None, 0
        self._count += 1
        for entry in self.waiting.values():
            self._write(entry)
        if old is not None:
            path.unlink(missing_ok=True)
            old.close()


def _entries(file: BinaryIO) -> dict[str, Entry]:
    """By id; a line that was cut short by a crash is not one."""
    found: dict[str, Entry] = {}
    for line in file:
        try:
            entry = orjson.loads(line)
            found[entry["id"]] = found.get(entry["id"], {}) | entry
        except (ValueError, KeyError, TypeError):
            continue
    return {id: entry for id, entry in found.items() if "group" in entry}
