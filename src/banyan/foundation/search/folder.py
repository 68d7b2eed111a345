"""The folder of an index: held by one process at a time, with a note of its version and position beside it."""

import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from banyan.foundation.search import IndexInUse


@dataclass(frozen=True, slots=True)
class Note:
    version: str
    position: str | None = None


def read_note(path: Path) -> Note | None:
    """The note of the index in this folder; None where there is none that can be read."""
    try:
        note = json.loads((path / "note.json").read_bytes())
        position = note["position"]
        return Note(str(note["version"]), None if position is None else str(position))
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Folder:
    """`index/` is the live index, `index.aside/` the last one which could not be used."""

    def __init__(self, path: Path) -> None:
        """Take hold of it. IndexInUse if somebody else has."""
        path.mkdir(parents=True, exist_ok=True)
        self.index = path / "index"
        self._aside = path / "index.aside"
        self._note = path / "note.json"
        self._lock = (path / "lock").open("a")
        try:
            # The kernel drops this lock with the process, so that a crash leaves nothing to clean up.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as refused:
            self._lock.close()
            raise IndexInUse(f"the search index in {path} is open elsewhere") from refused

    def read(self) -> Note | None:
        return read_note(self._note.parent)

    def write(self, note: Note) -> None:
        """Replace the note as a whole: a crash leaves the old one or the new one."""
        draft = self._note.with_suffix(".draft")
        with draft.open("w") as file:
            json.dump(asdict(note), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._note)

    def set_aside(self) -> None:
        """Start anew. The index that was here is kept for a look, the one set aside before it is not."""
        shutil.rmtree(self._aside, ignore_errors=True)
        self._note.unlink(missing_ok=True)
        if self.index.exists():
            self.index.rename(self._aside)
        self.index.mkdir()

    def release(self) -> None:
        self._lock.close()
