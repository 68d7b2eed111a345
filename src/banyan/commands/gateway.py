"""`banyan gateway …`: the gateway's routes for a proxy that others keep, and its weights while a legacy shop moves in."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from banyan import topology
from banyan.commands import DataDir, Json, opened, run, settings, table, tell
from banyan.foundation.settings import Settings, WrongSettings
from banyan.gateway.render import Plan, Server, Split, haproxy, istio, nginx
from banyan.gateway.render.runtime import Runtime, percent_of
from banyan.kernel.refusals import Refusal
from banyan.move.shift.steering import rules_for, steered_of
from banyan.move.storage import groups

app = typer.Typer(no_args_is_help=True, help="The gateway's routes and weights for HAProxy, nginx and Istio.")
KINDS = {"haproxy": haproxy.files, "nginx": nginx.files, "istio": istio.files}
_EVERY = 0.5  # seconds between looks at the mover
_log = logging.getLogger(__name__)

At = Annotated[str, typer.Option("--haproxy", help="HAProxy's runtime API: unix:/path or tcp:host:port.")]
Pairs = Annotated[
    list[str] | None, typer.Option(help="A process of a service, `orders=http://host:port`; may be repeated.")
]
Shares = Annotated[
    list[str] | None, typer.Option("--weight", help="Percent of a group's reads, `catalog=25`; the others: 100.")
]


@app.callback()
def _gateway() -> None: ...


@app.command("render")
def render(
    kind: Annotated[str, typer.Argument(help="haproxy, nginx or istio.", metavar="haproxy|nginx|istio")],
    into: Annotated[Path, typer.Option(help="The folder that is written, and in which the proxy will find its files.")],
    server: Pairs = None,
    weight: Shares = None,
    listen: Annotated[str, typer.Option(help="Where the proxy listens.")] = "127.0.0.1:8080",
    files: Annotated[int, typer.Option(help="How many files the proxy may hold open.", min=1000)] = 20_000,
    per_server: Annotated[int, typer.Option(help="Requests that one of our processes has at a time.", min=1)] = 256,
    client: Annotated[str, typer.Option(help="The folder with ca.pem and client.pem, for servers at https.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Write a proxy's configuration. Servers are those of --server, or else of BANYAN_*_URL; the rest is the gateway's.

    Example: `banyan gateway render haproxy --into proxy --server gateway=http://127.0.0.1:8000`
    """
    if kind not in KINDS:
        raise typer.BadParameter(f"{kind}: {', '.join(KINDS)}")
    read = settings(data_dir)
    plan = Plan(
        topology.ROUTES,
        _servers(read, server or ()),
        read.origin,
        PurePosixPath(into.absolute()),
        listen,
        _split(read, weight or ()),
        files,
        per_server,
        client,
    )
    into.mkdir(parents=True, exist_ok=True)
    for name, text in KINDS[kind](plan).items():
        (into / name).write_text(text)
        typer.echo(into / name)


@app.command("weights")
def weights(
    at: At,
    group: Annotated[str, typer.Argument(help="A group of the legacy shop.")] = "",
    percent: Annotated[int | None, typer.Argument(help="Percent of its reads that we answer.", min=0, max=100)] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on telling HAProxy what the mover decides.")] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Show HAProxy's weights, or change one from the next request on: nothing is reloaded, and nobody is cut off.

    Example: `banyan gateway weights catalog 25 --haproxy unix:proxy/haproxy.sock`
    """
    runtime = Runtime(at)
    if bool(group) != (percent is not None) or (follow and group):
        raise typer.BadParameter("give a group and its percent, or --follow, or none of them")
    if follow:
        return run(_follow(settings(data_dir, log_level=None), runtime))
    if percent is not None:
        before = runtime.set(group, percent)
        return (
            tell({"group": group, "before": before, "weight": percent})
            if as_json
            else typer.echo(f"{group}: {percent} % (before: {before} %)")
        )
    found = runtime.weights()
    return tell(found) if as_json else table(("group", "percent"), sorted(found.items()))


async def _follow(read: Settings, runtime: Runtime) -> None:
    """Twice a second, until told to end. While either cannot be reached, what was said last goes on to hold."""
    async with opened(read, "move") as process:
        ports = process.shop.ports["move"]
        while True:
            try:
                known = await asyncio.to_thread(runtime.weights)
                for each in steered_of((await groups.read(ports.db)).values()):
                    if each.name in known and known[each.name] != (wanted := percent_of(each)):
                        await asyncio.to_thread(runtime.set, each.name, wanted)
                        _log.info("a weight was changed", extra={"group": each.name, "percent": wanted})
            except Refusal as refusal:
                _log.warning("weights are not followed just now", extra={"why": str(refusal)})
            await ports.clock.sleep(_EVERY)


def _servers(read: Settings, given: Sequence[str]) -> dict[str, list[Server]]:
    found: dict[str, list[Server]] = {}
    for pair in given:
        name, _, url = pair.partition("=")
        if name not in topology.PORTS:
            raise WrongSettings(f"{name} is no part of the shop; known: {', '.join(topology.PORTS)}")
        found.setdefault(name, []).append(Server.of(url))
    for name in topology.PORTS:
        if name not in found and (url := read.peer_url(name)):
            found[name] = [Server.of(url)]
    found.setdefault("gateway", [Server("127.0.0.1", topology.PORTS["gateway"])])
    return found


def _split(read: Settings, given: Sequence[str]) -> Split | None:
    if not read.legacy_http:
        if given:
            raise WrongSettings("there is no legacy shop to share with: set BANYAN_LEGACY_HTTP and BANYAN_LEGACY_SHOP")
        return None
    shares = {}
    for pair in given:
        group, _, percent = pair.partition("=")
        if not percent.isdigit():
            raise WrongSettings("a weight is given as catalog=25")
        shares[group] = int(percent)
    return Split([Server.of(read.legacy_http)], rules_for(read.legacy_shop), shares)
