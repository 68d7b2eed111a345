"""`banyan cluster …`: the shop as separate services on real engines, started on this machine."""

import asyncio
import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from banyan.commands import DataDir, Json, run, table, tell

app = typer.Typer(
    no_args_is_help=True, help="The shop as separate services on Kafka, Redis, OpenSearch and PostgreSQL."
)
_NEEDED = {  # Debian's package → its programs
    "default-jdk-headless maven": ("java", "mvn"),
    "redis-server": ("redis-server", "redis-cli"),
    "haproxy": ("haproxy",),
}
_DRIVERS = {"kafka": "aiokafka", "redis": "redis", "opensearch": "opensearchpy"}  # extra → its module


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Of the one door.", min=1, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="The address the door listens on.")] = "127.0.0.1",
    copies: Annotated[int, typer.Option(help="Of each service and face.", min=1, max=8)] = 2,
    data_dir: DataDir = None,
    empty: Annotated[bool, typer.Option("--empty", help="Without the demo catalogue.")] = False,
) -> None:
    """Start the whole topology as processes of this machine: PostgreSQL with a synchronous standby, Kafka, Redis,
    OpenSearch, HAProxy, and every service in copies. Ctrl-C stops it; its data stays.

    What ends is begun again; where the primary database ends, its standby takes over. Needs Java, Maven, redis-server
    and haproxy.

    Example: `banyan cluster up --copies 2 --port 8000 --data-dir .banyan-cluster`
    """
    run(_up(port, host, copies, (data_dir or Path(".banyan-cluster")).resolve(), empty))


async def _up(port: int, host: str, copies: int, folder: Path, empty: bool) -> None:
    from banyan import process
    from banyan.cluster.engines.program import DidNotStart, NotHere, needed
    from banyan.cluster.layout import Layout
    from banyan.cluster.running import Cluster
    from banyan.foundation.settings import WrongSettings
    from banyan.kernel.clock import SystemClock
    from banyan.kernel.ids import SystemIds

    process.free(host, port)
    try:  # before anything is started: an engine that is on its way up cannot be called back
        for package, programs in _NEEDED.items():
            needed(*programs, package=package)
    except NotHere as missing:
        raise WrongSettings(str(missing)) from None
    if lacking := [extra for extra, module in _DRIVERS.items() if find_spec(module) is None]:
        raise WrongSettings(
            f"drivers are missing: pip install 'banyan-commerce[{','.join(lacking)}]', or `make cluster` in a checkout"
        )
    clock = SystemClock()
    cluster = Cluster(Layout.of(folder, port, copies, SystemIds(clock), host), clock, _say)
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    starting = asyncio.create_task(cluster.start())
    stopped = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait([starting, stopped], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            if not empty:
                await _fill(cluster.env)
            _say(f"open at {cluster.layout.origin}; who runs where: {folder / 'cluster.json'}; Ctrl-C stops it")
            await stopped
        starting.cancel()
    except (NotHere, DidNotStart) as error:
        raise WrongSettings(str(error)) from None
    finally:
        await cluster.stop()


async def _fill(env: dict[str, str]) -> None:
    """Put the demo catalogue into an empty shop, as a process that is told what the parts are told."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "banyan.cli", "catalog", "demo"), env={**os.environ, **env}
    )
    await process.wait()


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


@app.command()
def status(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Who runs where, and whether each copy answers.

    Example: `banyan cluster status --data-dir .banyan-cluster`
    """
    import orjson

    from banyan.cluster.engines.program import listens
    from banyan.foundation.settings import WrongSettings

    file = (data_dir or Path(".banyan-cluster")) / "cluster.json"
    if not file.exists():
        raise WrongSettings(f"no cluster was started in {file.parent}: banyan cluster up --data-dir {file.parent}")
    found = orjson.loads(file.read_bytes())
    places = [(name, part["port"], part["pid"]) for name, part in found["parts"].items()]
    for name, engine in found["engines"].items():
        places += [(name, port, "") for port in engine.get("ports", [engine.get("port")]) if port]
    rows = [(*each, "listens" if listens(each[1]) else "does not answer") for each in places]
    if as_json:
        tell([dict(zip(("what", "port", "pid", "state"), row, strict=True)) for row in rows])
    else:
        table(("what", "port", "pid", "state"), rows)
