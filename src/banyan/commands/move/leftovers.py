"""A rehearsal's folder on this machine, with a database server of its own in it: gone afterwards, or at the next rehearsal."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_BEGINS, _HELD = "banyan-rehearsal-", "held"


@contextlib.contextmanager
def own_folder(within: Path | None = None) -> Iterator[Path]:
    """A fresh one, among the machine's temporary files unless said; those that killed rehearsals left are cleared away before."""
    within = within or Path(tempfile.gettempdir())
    _clear(within)
    with tempfile.TemporaryDirectory(prefix=_BEGINS, dir=within) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the embedded server may run as another user
        with (folder / _HELD).open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)  # let go of when this process ends, however it does
            yield folder


def _clear(within: Path) -> None:
    """Only what bears our mark, is ours, and is held by nobody."""
    from banyan.foundation import embedded

    for folder in within.glob(f"{_BEGINS}*"):
        with contextlib.suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / _HELD).open("r+") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if (folder / "postgres").exists():
                    embedded.start(folder).stop()  # it runs on after a kill; the last one to hold it stops it
                shutil.rmtree(folder, ignore_errors=True)
