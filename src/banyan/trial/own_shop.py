"""A shop of a trial's own: `banyan up` as a separate process on a scratch folder, to be killed and started again."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from banyan.foundation.free_ports import free_port
from banyan.kernel.clock import Clock


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """What a shop's processes are given: ours, and `more`."""
    return {**os.environ, "BANYAN_LOG_LEVEL": "warning", **more}


@dataclass(slots=True)
class OwnShop:
    """The process, where it listens, and where its data lies."""

    data_dir: Path
    clock: Clock
    env: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: "asyncio.subprocess.Process | None" = None
    works_in: Path | None = None  # its working directory; None: ours

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def start(self, seconds: float = 90) -> float:
        """Start and wait until it is ready; how many seconds that took. RuntimeError with its last words if it dies."""
        began = self.clock.monotonic()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        log = (self.data_dir / "shop.log").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "banyan.cli", "up", "--port", str(self.port), "--data-dir", str(self.data_dir), *self.options),
            env=environment(self.env),
            cwd=self.works_in,
            stdout=log,
            stderr=log,
        )
        log.close()
        while not await self._ready():
            if self.process.returncode is not None or self.clock.monotonic() - began > seconds:
                raise RuntimeError(f"the shop did not start:\n{self.last_words()}")
            await self.clock.sleep(0.02)
        return self.clock.monotonic() - began

    async def kill(self, *, database: bool = False) -> None:
        """End it at once: no handler runs. Its database server stays, or ends with it as in a power cut."""
        if database:
            os.kill(int((self.data_dir / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        await self._signal(signal.SIGKILL)

    async def stop(self) -> int:
        """End it in order; its exit status."""
        await self._signal(signal.SIGTERM)
        assert self.process is not None
        return self.process.returncode or 0

    def last_words(self) -> str:
        return (self.data_dir / "shop.log").read_text(errors="replace")[-2000:]

    async def _signal(self, number: int) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)
            await self.process.wait()

    async def _ready(self) -> bool:
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def own_shop(
    data_dir: Path, clock: Clock, *, options: tuple[str, ...] = (), **env: str
) -> AsyncIterator[OwnShop]:
    """A started shop that is stopped, with its database server, at the end."""
    shop = OwnShop(data_dir, clock, {f"BANYAN_{name.upper()}": value for name, value in env.items()}, options)
    try:
        yield shop
    finally:
        await shop.stop()
        await asyncio.to_thread(let_go, data_dir)


def let_go(data_dir: Path) -> None:
    """After a kill the database server is left running; the last one to hold it stops it."""
    from banyan.foundation import embedded

    if (data_dir / "postgres").exists():
        embedded.start(data_dir).stop()
