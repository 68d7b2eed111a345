"""`banyan …` as a process of its own, as a user runs it."""

import asyncio
import os
import sys
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True)
class Said:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        return orjson.loads(self.out)

    def plain(self) -> bool:
        """Whether a user's mistake was told as one: no traceback, no log lines."""
        return "Traceback" not in self.err + self.out and not self.err.startswith("{")


async def banyan(*words: str, seconds: float = 60, **env: str) -> Said:
    """Run a command to its end. Settings of the one who runs the tests are not its own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("BANYAN_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "banyan.cli", *words),
        env={**own, "COLUMNS": "200", "BANYAN_LOG_LEVEL": "warning", **env},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode is not None
    return Said(process.returncode, out.decode(), err.decode())
