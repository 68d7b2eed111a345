"""Whole shops for journeys: one process, and every service a process of its own, both on scratch folders."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, async_playwright

from banyan import topology
from banyan.foundation.free_ports import free_port
from banyan.kernel.clock import SystemClock
from banyan.trial.own_shop import own_shop
from banyan.trial.stocking import stock

SKU = "JOURNEY-1"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="package")
def scratch() -> Iterator[Path]:
    """A folder whose path is short enough for sockets and open enough for the database's own user."""
    folder = Path(tempfile.mkdtemp(prefix="banyan-j-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
async def one_process(scratch: Path) -> AsyncIterator[str]:
    """By its name: passkeys belong to names, and whoever comes back from a bank is to find their cookies."""
    port = free_port()
    origin = f"http://localhost:{port}"
    async with own_shop(scratch / "one", SystemClock(), origin=origin) as shop:
        shop.port = port
        await shop.start()
        await stock(scratch / "one", SKU, 1000)
        yield origin


@pytest.fixture(scope="package")
async def many_processes(scratch: Path) -> AsyncIterator[str]:
    async with apart(scratch / "many") as url:
        await stock(scratch / "many", SKU, 1000)
        yield url


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed here")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        await started.close()


@asynccontextmanager
async def apart(folder: Path) -> AsyncIterator[str]:
    """Every service and face a process of its own, behind the gateway; the gateway's URL."""
    names = (*topology.SERVICES, "storefront", "console", "gateway")
    ports = {name: free_port() for name in names}
    url = f"http://127.0.0.1:{ports['gateway']}"
    env = {**os.environ, "BANYAN_ORIGIN": url, "BANYAN_LOG_LEVEL": "warning"}
    env |= {f"BANYAN_{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in ports.items()}
    folder.mkdir(parents=True)
    running = []
    try:
        for name in names:
            with (folder / f"{name}.log").open("wb") as log:
                command = ("-m", "banyan.cli", "serve", name, "--port", str(ports[name]), "--data-dir", str(folder))
                running.append(
                    await asyncio.create_subprocess_exec(sys.executable, *command, env=env, stdout=log, stderr=log)
                )
        for name in names:
            await ready(f"http://127.0.0.1:{ports[name]}", folder / f"{name}.log")
        yield url
    finally:
        for process in reversed(running):
            if process.returncode is None:
                process.terminate()
        await asyncio.gather(*(process.wait() for process in running))


async def ready(url: str, log: Path) -> None:
    """Until a process says that it is ready."""
    async with aiohttp.ClientSession() as http:
        for _ in range(600):
            try:
                async with http.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise RuntimeError(f"not ready: {log.read_text(errors='replace')[-2000:]}")
