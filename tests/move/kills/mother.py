"""Processes to be killed, made quickly: one that has imported what they need, and makes a child of itself for each.

`python -m tests.move.kills.mother MODULE` says `ready`, then for each line of JSON arguments `born PID` and, when a child
that runs MODULE.main(*arguments) has ended, `ended PID CODE` (-9: killed). A child has no more in common with another than
two workers on one machine have.
"""

import asyncio
import importlib
import json
import os
import signal
import sys
import traceback
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


@dataclass(slots=True)
class Child:
    """A process of its own; `ended` tells its exit code."""

    pid: int
    ended: "asyncio.Future[int]"

    async def kill(self) -> int:
        """kill -9, and wait until it is gone."""
        if not self.ended.done():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        return await asyncio.wait_for(asyncio.shield(self.ended), 10)


@dataclass(slots=True)
class Mother:
    """What the children complain of stands in `log`."""

    process: asyncio.subprocess.Process
    log: Path
    _born: "asyncio.Queue[int]" = field(default_factory=asyncio.Queue)
    _ended: "dict[int, asyncio.Future[int]]" = field(
        default_factory=lambda: defaultdict(lambda: asyncio.get_running_loop().create_future())
    )
    _hearing: "asyncio.Task[None] | None" = None

    @classmethod
    async def of(cls, module: str, log: Path) -> "Mother":
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", __name__, module,
                cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        assert process.stdout is not None
        said = await process.stdout.readline()
        assert said == b"ready\n", log.read_text()[-2000:]
        mother = cls(process, log)
        mother._hearing = asyncio.create_task(mother._hear())
        return mother

    async def child(self, *arguments: str) -> Child:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(arguments).encode() + b"\n")
        pid = await asyncio.wait_for(self._born.get(), 10)
        return Child(pid, self._ended[pid])

    async def close(self) -> None:
        """No child outlives its mother."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        await asyncio.wait_for(self.process.wait(), 10)
        if self._hearing is not None:
            await self._hearing

    async def _hear(self) -> None:
        assert self.process.stdout is not None
        while said := (await self.process.stdout.readline()).split():
            if said[0] == b"born":
                self._born.put_nowait(int(said[1]))
            else:
                self._ended[int(said[1])].set_result(int(said[2]))


def main(name: str) -> None:
    module, living = importlib.import_module(name), set[int]()

    def bury(*_: Any) -> None:
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                living.discard(found[0])
                _say(f"ended {found[0]} {os.waitstatus_to_exitcode(found[1])}")

    signal.signal(signal.SIGCHLD, bury)
    _say("ready")
    for line in sys.stdin:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # so that none is buried before it was born
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            _live(module, json.loads(line))
        living.add(pid)
        _say(f"born {pid}")
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    for pid in list(living):
        os.kill(pid, signal.SIGKILL)


def _live(module: Any, arguments: list[str]) -> None:
    code = 1
    try:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        asyncio.run(module.main(*arguments))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _say(what: str) -> None:
    os.write(1, what.encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1])
