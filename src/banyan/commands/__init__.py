"""The commands of `banyan`, one file per noun. They open what they need, act through the services, and tell the outcome."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import orjson
import typer
from pydantic import SecretStr

from banyan import process, topology
from banyan.foundation import settings as known
from banyan.foundation import telemetry
from banyan.foundation.settings import Settings
from banyan.process import Process

T = TypeVar("T")
ORIGIN = "origin"  # a file in the data folder

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where the shop keeps its data.", show_default=".banyan")
]
Json = Annotated[bool, typer.Option("--json", help="Tell the outcome as JSON.")]


def settings(data_dir: Path | None = None, **given: object) -> Settings:
    """Settings out of the environment and a command's options; logging as they say.

    Without BANYAN_LOG_LEVEL a person at a terminal sees warnings only: what goes well is not news there.
    """
    given.setdefault("log_level", None if "BANYAN_LOG_LEVEL" in os.environ else "warning")
    read = known.read(os.environ, data_dir=data_dir, **given)
    if "BANYAN_ORIGIN" not in os.environ and "origin" not in given:
        # Where the shop of this folder was last opened; links that a command prints must lead there.
        place = read.data_dir / ORIGIN
        if place.exists():
            read = read.model_copy(update={"origin": place.read_text().strip()})
    telemetry.start_logging(read.log_level)
    return read


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work on uvloop. SIGTERM ends it in order, what it opened closed again: exit status 143."""
    import uvloop

    async def to_its_end() -> T:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return uvloop.run(to_its_end())
    except asyncio.CancelledError:
        raise typer.Exit(128 + signal.SIGTERM) from None


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[..., None]]:
    """A bar on a terminal, nothing elsewhere; yields a function that is told how many are done, and of how many if that
    was not known at the start."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    bar = Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(title, total=total)
        yield lambda done, of=None: bar.update(task, completed=done, total=of)


@asynccontextmanager
async def opened(read: Settings, *services: str) -> AsyncIterator[Process]:
    """Services opened for a command beside a running shop, or without one: no HTTP, no background work.

    Peers that are not opened here are reached where settings say they are.
    """
    # A running shop holds the index of this folder; a command has no use for it.
    read = read.model_copy(update={"search_url": SecretStr("embedded://memory")})
    here, urls = await process.connect(read, services)
    try:
        for name in services:
            await here.shop.open(topology.service(name), urls[name])
        yield here
    finally:
        await here.close()


def tell(value: object) -> None:
    """Print JSON for programs."""
    sys.stdout.buffer.write(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2) + b"\n")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows for people, aligned."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    shown = Table(*head, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        shown.add_row(*(str(cell) for cell in row))
    console = Console()
    if not console.is_terminal:
        console.width = 200  # a file or a pipe has no edge to wrap at
    console.print(shown)
