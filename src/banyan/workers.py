"""Several worker processes of one shop on one port: started, watched, started again, and ended together.

The workers are whole shops that share the listening port (SO_REUSEPORT: the kernel spreads connections over them), the
database, the bus, and nothing else. What only one may do at a time they settle among themselves by locks in PostgreSQL.
"""

import asyncio
import logging
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from banyan.kernel.clock import Clock

READY = b"ready\n"
STEADY = 10.0  # seconds after which a worker that ends has not failed to start
ATTEMPTS = 3  # starts in a row that may fail before all is given up
LONGEST_PAUSE = 15.0  # seconds before another start
_ENDING = 20.0  # seconds that workers may take to end
_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_log = logging.getLogger(__name__)


class DidNotStart(RuntimeError):
    """A worker ended before it was ready; its own words are on standard error."""


@dataclass(slots=True)
class Workers:
    """The workers of one command. `command(number)` is how the one of this number (from 1) is started."""

    command: Callable[[int], Sequence[str]]
    count: int
    folder: Path  # for the metrics they keep together
    clock: Clock
    log: Path | None = None  # where they say what is wrong; None: on standard error
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    processes: dict[int, asyncio.subprocess.Process] = field(default_factory=dict)

    async def run(self, started: Callable[[], None]) -> None:
        """Start them and keep them until SIGTERM or SIGINT. DidNotStart when one of them does not start."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stopping.set)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        watchers: list[asyncio.Task[None]] = []
        try:
            await self._start(1)  # alone: it makes the tables that the others find
            await asyncio.gather(*(self._start(number) for number in range(2, self.count + 1)))
            started()
            watchers = [asyncio.create_task(self._watch(number)) for number in self.processes]
            stopped = asyncio.create_task(self.stopping.wait())
            await asyncio.wait([stopped, *watchers], return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            for watcher in watchers:
                if watcher.done():
                    watcher.result()
        finally:
            self.stopping.set()
            for watcher in watchers:
                watcher.cancel()
            await self._end()
            shutil.rmtree(self.folder, ignore_errors=True)

    async def _start(self, number: int) -> None:
        """Start one and wait until it answers."""
        with self.log.open("ab") if self.log else nullcontext() as log:
            process = await asyncio.create_subprocess_exec(
                *self.command(number),
                env={**os.environ, _METRICS: str(self.folder)},
                stdin=asyncio.subprocess.PIPE,  # its end tells a worker that nobody watches it any more
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        self.processes[number] = process
        assert process.stdout is not None
        told = asyncio.create_task(process.stdout.readline())
        stopped = asyncio.create_task(self.stopping.wait())
        await asyncio.wait([told, stopped], return_when=asyncio.FIRST_COMPLETED)
        for task in (told, stopped):
            task.cancel()
        if not self.stopping.is_set() and told.result() != READY:
            raise DidNotStart(f"worker {number} did not start (exit status {await process.wait()})")

    async def _watch(self, number: int) -> None:
        """Start it again whenever it ends. DidNotStart when it does not come back."""
        failed = 0
        while True:
            began = self.clock.monotonic()
            status = await self.processes[number].wait()
            failed = failed + 1 if self.clock.monotonic() - began < STEADY else 1
            _log.error("a worker ended and is started again", extra={"worker": number, "status": status})
            self._forget(self.processes[number].pid)
            while True:
                await self.clock.sleep(min(LONGEST_PAUSE, 0.25 * 2.0**failed))
                try:
                    await self._start(number)
                    break
                except DidNotStart:
                    failed += 1
                    if failed > ATTEMPTS:
                        raise

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Keep them while something else of this process goes on. DidNotStart when one of them does not start."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        watchers: list[asyncio.Task[None]] = []
        try:
            for number in range(1, self.count + 1):
                await self._start(number)
                watchers.append(asyncio.create_task(self._watch(number)))
            yield
        finally:
            self.stopping.set()
            for watcher in watchers:
                watcher.cancel()
            await self._end()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _forget(self, pid: int) -> None:
        """What a process that is gone was doing just now does not count any more; what it has done does."""
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(pid, str(self.folder))  # type: ignore[no-untyped-call]

    async def _end(self) -> None:
        """All at once; whoever has not ended in time is killed."""
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                process.terminate()
        ends = [asyncio.create_task(process.wait()) for process in self.processes.values()]
        if ends:
            await asyncio.wait(ends, timeout=_ENDING)
        for process in self.processes.values():
            if process.returncode is None:
                _log.error("a worker did not end in time and is killed", extra={"pid": process.pid})
                process.kill()
                await process.wait()


def until_nobody_watches(stopping: asyncio.Event) -> None:
    """In a worker: set `stopping` when the process that watches it is gone, even by a kill."""

    def look() -> None:
        if not os.read(sys.stdin.fileno(), 1024):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            stopping.set()

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), look)
