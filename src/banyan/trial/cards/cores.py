"""Processes are ended by SIGABRT where core files may be written: whether one comes to lie there.

Limit: where the system hands dumps to a program (a pipe in core_pattern) none lies in a folder, and nothing can be told.
"""

import os
import resource
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from banyan.kernel.clock import Clock

_ELF, _ET_CORE = b"\x7fELF", 4  # elf(5)
_SECONDS = 60.0  # that a process may take to end
_EVERY = 0.05


@contextmanager
def allowed() -> Iterator[None]:
    """Meanwhile what we start may write core files of any size, as far as we may allow it."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (ValueError, OSError):  # only root goes beyond the hard limit
        resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def files(folder: Path) -> list[Path]:
    """The core files there, whatever they are called."""
    return [each for each in sorted(folder.iterdir()) if each.is_file() and _is_core(each)]


def are_written(folder: Path) -> bool:
    """Whether a process that allows it leaves a core file when it is ended there: shown with one that has nothing to hide."""
    code = "import os, signal; os.kill(os.getpid(), signal.SIGABRT)"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=False, stderr=subprocess.DEVNULL)  # noqa: S603
    found = files(folder)
    for each in found:
        each.unlink()
    return bool(found)


async def abort(pids: Sequence[int], clock: Clock) -> None:
    """End them by SIGABRT, all at once: none sees another end and starts it again. TimeoutError when one does not end."""
    for number in (signal.SIGSTOP, signal.SIGABRT, signal.SIGCONT):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
    began = clock.monotonic()
    while left := [pid for pid in pids if not _ended(pid)]:
        if clock.monotonic() - began > _SECONDS:
            raise TimeoutError(f"processes {left} did not end by SIGABRT")
        await clock.sleep(_EVERY)


def _ended(pid: int) -> bool:
    """Its core, if any, is written whole by then."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _is_core(file: Path) -> bool:
    with file.open("rb") as opened:
        head = opened.read(18)
    return len(head) == 18 and head.startswith(_ELF) and struct.unpack("=H", head[16:])[0] == _ET_CORE
