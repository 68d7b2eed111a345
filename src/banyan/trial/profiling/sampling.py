"""Drives one path of a shop of its own while py-spy samples it."""

import asyncio
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.trial.load import Measured
from banyan.trial.paths import PATHS
from banyan.trial.profiling.flames import LAYERS, Frame, frames
from banyan.trial.stand import stand

RATE = 200
"""Samples a second: enough for a picture in seconds, and few enough that the shop is hardly slower."""
_WARM = 1.0  # seconds before the samples, so that what is done once is done


class CannotSample(Exception):
    """py-spy is not there or may not look at another process; the text says what to do."""


@dataclass(slots=True)
class Profile:
    """`own`: the functions by own time, most first; `samples`: of all of them."""

    path: str
    file: Path
    samples: int
    own: list[Frame]
    measured: Measured

    def layers(self) -> list[tuple[str, int]]:
        """Samples by layer, most first."""
        found = Counter(dict.fromkeys(LAYERS, 0))
        for frame in self.own:
            found[frame.layer] += frame.own
        return found.most_common()

    def rows(self, each: int) -> list[tuple[str, ...]]:
        """Layer by layer, most first: its share, and its top functions with theirs."""
        rows = list[tuple[str, ...]]()
        for name, samples in self.layers():
            if not samples:
                continue
            rows.append((name, f"{samples / self.samples:.1%}", "", ""))
            inside = [frame for frame in self.own if frame.layer == name][:each]
            rows += [("", "", f"{frame.own / self.samples:.1%}", frame.name) for frame in inside]
        return rows

    def as_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "file": str(self.file),
            "per_second": self.measured.rate(),
            "statuses": {str(status): count for status, count in self.measured.statuses.items()},
            "samples": self.samples,
            "layers": {name: samples / self.samples for name, samples in self.layers()},
            "own": [asdict(frame) for frame in self.own],
        }


def sampler(beside: Path = Path(sys.executable).parent) -> str:
    """The path of py-spy, on PATH or beside our Python. CannotSample with the command that installs it."""
    found = shutil.which("py-spy") or shutil.which("py-spy", path=str(beside))
    if not found:
        raise CannotSample(f"py-spy is not there; install it with: {sys.executable} -m pip install py-spy")
    return found


async def profile(name: str, folder: Path, file: Path, seconds: float, note: Callable[[str], None]) -> Profile:
    """Drive the path for so many seconds, write the flame graph, and read it. CannotSample when py-spy cannot."""
    program, path, clock = sampler(), PATHS[name], SystemClock()
    note("starting a shop")
    async with stand(folder, clock, SystemIds(clock)) as (shop, scene):
        drive = await path.prepare(scene)
        await drive(_WARM, path.connections)
        drive = await path.prepare(scene)
        note(f"{path.title} for {seconds:g} s")
        # Holders of the interpreter's lock only: threads that wait in C look busy, and the lock is what all wait for.
        asked = asyncio.ensure_future(drive(seconds + 0.5, path.connections))
        words = ("record", "--pid", str(shop.pid), "--duration", str(max(1, round(seconds))), "--rate", str(RATE))
        spy = await asyncio.create_subprocess_exec(
            *(program, *words, "--gil", "--format", "flamegraph", "--output", str(file)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await spy.communicate()
        measured = await asked
    if spy.returncode:
        raise CannotSample(
            f"py-spy could not sample the shop: {_last(said)}\nLinux lets only root look at a process that is no child; "
            "run it as root, or allow it with: sysctl kernel.yama.ptrace_scope=0"
        )
    samples, own = frames(await asyncio.to_thread(file.read_text, errors="replace"))
    return Profile(name, file, samples, own, measured)


def _last(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
