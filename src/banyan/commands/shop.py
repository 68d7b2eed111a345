"""`banyan up`, `serve` and `work`: the shop in one process, or part of it in one of many."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from banyan import process, topology
from banyan.commands import ORIGIN, DataDir, run, settings
from banyan.commands.vault_beside import vault_beside
from banyan.foundation import databases, embedded, undumped
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.clock import SystemClock
from banyan.process import Process
from banyan.workers import DidNotStart, Workers

Port = Annotated[int | None, typer.Option(help="Where to listen.", min=1, max=65535)]
Host = Annotated[str, typer.Option(help="The address to listen on.")]
Count = Annotated[int, typer.Option("--workers", help="So many processes share the port and the work.", min=1, max=64)]
Number = Annotated[int | None, typer.Option("--worker", hidden=True)]
Parts = Annotated[str, typer.Argument(help="Services and faces, separated by commas.", metavar="PARTS")]

EVERYTHING = ("gateway", *topology.SERVICES, "storefront", "console")
KNOWN = (*EVERYTHING, *topology.APART)


def up(
    port: Port = 8000,
    host: Host = "127.0.0.1",
    data_dir: DataDir = None,
    empty: Annotated[bool, typer.Option("--empty", help="Without the demo catalogue.")] = False,
    workers: Count = 1,
    worker: Number = None,
) -> None:
    """Start the whole shop in one process, on an embedded PostgreSQL. Ctrl-C stops it; its data stays.

    Example: `banyan up --port 8000 --data-dir .banyan`

    Example: `banyan up --workers 2`, a process for each core
    """
    run(_up(host, port or 8000, data_dir, empty, workers, worker))


async def _up(host: str, port: int, data_dir: Path | None, empty: bool, workers: int, worker: int | None) -> None:
    origin = os.environ.get("BANYAN_ORIGIN") or f"http://{host}:{port}"
    read = settings(data_dir, origin=origin)
    if worker is None and read.card_fields == "vault":
        process.free(host, port)
        async with vault_beside(read, host, port) as placed:
            return await _up_with(placed, host, port, empty, workers, worker)
    await _up_with(read, host, port, empty, workers, worker)


async def _up_with(read: Settings, host: str, port: int, empty: bool, workers: int, worker: int | None) -> None:
    greet = partial(_greet, read.shop_name, f"http://{host}:{port}", str(read.data_dir))
    if worker is None:
        process.free(host, port)
        if workers > 1:
            given = ["up", "--port", str(port), "--host", host, *(["--empty"] if empty else [])]
            return await _several(read, given, workers, greet)
    _keep_memory(read, EVERYTHING)
    opened = await process.open_parts(read, EVERYTHING, several=worker is not None)
    (read.data_dir / ORIGIN).write_text(read.origin)
    if not empty and worker in (None, 1):
        await _fill(opened)
    await process.listen(opened, host, port, greet if worker is None else _ready, worker=worker is not None)


async def _several(read: Settings, given: Sequence[str], count: int, started: Callable[[], None]) -> None:
    """Watch over workers, and keep their database server for as long as any of them is there."""
    server = None
    if not read.postgres_url.get_secret_value() and not all(read.database_url(name) for name in topology.SERVICES):
        server = await asyncio.to_thread(embedded.start, read.data_dir)
        await databases.ensure(server.url, (*topology.SERVICES, "bus"))
    options = ["--data-dir", str(read.data_dir), "--worker"]
    try:
        await Workers(
            lambda number: [sys.executable, "-m", "banyan.cli", *given, *options, str(number)],
            count,
            read.data_dir / "metrics",
            SystemClock(),
        ).run(started)
    except DidNotStart as error:
        raise WrongSettings(str(error)) from None
    finally:
        if server is not None:
            await asyncio.to_thread(server.stop)


def _keep_memory(read: Settings, names: Sequence[str]) -> None:
    """No core dump before the first card number may come by; on a laptop a profiler may still look at all but the vault."""
    closed = read.environment == "production" or "vault" in names
    undumped.closed_to_others() if closed else undumped.no_core_dumps()


def _ready() -> None:
    print("ready", flush=True)


async def _fill(opened: Process) -> None:
    """Put the demo catalogue into an empty shop."""
    from banyan.commands.catalog import fill_with_demo

    await fill_with_demo(opened.shop.ports["catalog"])


def _greet(name: str, url: str, data_dir: str) -> None:
    lines = (
        f"{name} is open.",
        "",
        f"  Shop      {url}/",
        f"  Console   {url}/console      (banyan users create-operator YOU@example.com)",
        f"  API       {url}/docs",
        f"  GraphQL   {url}/graphql",
        f"  Data      {data_dir}",
        "",
        "Ctrl-C stops it.",
    )
    print("\n".join(lines), file=sys.stderr, flush=True)


def serve(
    parts: Parts,
    port: Port = None,
    host: Host = "127.0.0.1",
    data_dir: DataDir = None,
    workers: Count = 1,
    worker: Number = None,
) -> None:
    """Run one service (or gateway, storefront, console) as a process of its own; others are reached by BANYAN_*_URL.

    Example: `banyan serve orders --port 8004`
    """
    names = _known(parts)
    run(_serve(names, host, port or topology.PORTS[names[0]], data_dir, workers, worker))


async def _serve(
    names: tuple[str, ...], host: str, port: int, data_dir: Path | None, workers: int, worker: int | None
) -> None:
    read = process.for_separate_processes(settings(data_dir, log_level=None))

    def started() -> None:
        print(f"{', '.join(names)} at http://{host}:{port}", file=sys.stderr, flush=True)

    if worker is None:
        process.free(host, port)
        if workers > 1:
            given = ["serve", ",".join(names), "--port", str(port), "--host", host]
            return await _several(read, given, workers, started)
    _keep_memory(read, names)
    opened = await process.open_parts(read, names, several=worker is not None)
    await process.listen(opened, host, port, started if worker is None else _ready, worker=worker is not None)


def work(service: Annotated[str, typer.Argument(help="One service.")], data_dir: DataDir = None) -> None:
    """Do a service's background work alone: relay, reactions, timers. For where these scale apart from its API.

    Example: `banyan work orders`
    """
    names = _known(service)
    run(_work(names, data_dir))


async def _work(names: tuple[str, ...], data_dir: Path | None) -> None:
    import signal

    read = process.for_separate_processes(settings(data_dir, log_level=None))
    _keep_memory(read, names)
    opened = await process.open_parts(read, names, serve=False)
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    print(f"{', '.join(names)}: at work", file=sys.stderr, flush=True)
    await stopping.wait()
    await opened.close()


def _known(parts: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in parts.split(",") if part.strip())
    unknown = [name for name in names if name not in KNOWN]
    if unknown or not names:
        raise WrongSettings(f"{', '.join(unknown) or 'nothing'} is no part of the shop; known: {', '.join(KNOWN)}")
    return names
