"""Where numbers may have been left: files, everything that databases hold, the memory of processes."""

import os
from collections.abc import Iterator
from pathlib import Path

from banyan.trial.cards.canaries import Search

_PIECE = 8 * 2**20
_OVERLAP = 128


def in_files(folder: Path, search: Search) -> tuple[int, dict[str, set[str]]]:
    """(Bytes looked at, numbers by file) of every file below."""
    size, found = 0, dict[str, set[str]]()
    for file in sorted(folder.rglob("*")):
        if file.is_symlink() or not file.is_file():
            continue
        try:
            with file.open("rb") as opened:
                tail = b""
                while piece := opened.read(_PIECE):
                    size += len(piece)
                    if here := search(tail + piece):
                        found.setdefault(str(file.relative_to(folder)), set()).update(here)
                    tail = piece[-_OVERLAP:]
        except FileNotFoundError:  # a database lets go of files while it works
            continue
    return size, found


def in_memory(pid: int, search: Search, *, shared: bool = True) -> tuple[int, set[str]]:
    """(Bytes looked at, numbers) in all that a process has written: what a core dump of it would hold. PermissionError where
    it may not be looked into. `shared`: also what it shares with others, as a database server's processes do."""
    size, found = 0, set[str]()
    with Path(f"/proc/{pid}/maps").open() as maps:
        parts = [line.split() for line in maps]
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for part in parts:
            if (
                "w" not in part[1]
                or (not shared and "s" in part[1])
                or (len(part) > 5 and part[5] in ("[vvar]", "[vsyscall]"))
            ):
                continue
            start, _, end = part[0].partition("-")
            at, last = int(start, 16), int(end, 16)
            tail = b""
            while at < last:
                try:
                    memory.seek(at)
                    piece = memory.read(min(_PIECE, last - at))
                except OSError:
                    break
                if not piece:
                    break
                size += len(piece)
                found |= search(tail + piece)
                tail = piece[-_OVERLAP:]
                at += len(piece)
    return size, found


def below(pid: int) -> Iterator[tuple[int, str]]:
    """Processes that this one has started, and theirs: (pid, command line)."""
    children: dict[int, list[int]] = {}
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                parent = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(each.name))
    left = [pid]
    while left:
        here = left.pop()
        left += children.get(here, [])
        try:
            yield here, Path(f"/proc/{here}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue


def may_look() -> bool:
    """Whether memory of other processes can be looked into here."""
    return Path("/proc/self/mem").exists() and os.geteuid() == 0
