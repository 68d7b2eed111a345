"""What a server costs: CPU and memory of a process with everything it has started, as Linux counts them."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds since the processes began, and megabytes that they keep resident now."""

    cpu: float = 0.0
    megabytes: float = 0.0


def of(roots: list[int]) -> Cost:
    """The processes of these numbers and all below them; those that have ended count where their parents live."""
    known = _processes()
    children: dict[int, list[int]] = {}
    for pid, (parent, _, _) in known.items():
        children.setdefault(parent, []).append(pid)
    todo, seen, ticks, pages = list(roots), set[int](), 0, 0
    while todo:
        pid = todo.pop()
        if pid in seen or pid not in known:
            continue
        seen.add(pid)
        ticks += known[pid][1]
        pages += known[pid][2]
        todo += children.get(pid, [])
    return Cost(ticks / _TICK, pages * _PAGE / 1e6)


def read_stat(line: str) -> tuple[int, int, int]:
    """(parent, ticks with those of waited-for children, resident pages) of a line of /proc/PID/stat."""
    cells = line[line.rindex(")") + 2 :].split()  # a name may hold spaces and brackets
    return int(cells[1]), sum(int(cell) for cell in cells[11:15]), int(cells[21])


def _processes() -> dict[int, tuple[int, int, int]]:
    found = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                found[int(place.name)] = read_stat((place / "stat").read_text())
            except OSError:
                continue  # it ended meanwhile
    return found
