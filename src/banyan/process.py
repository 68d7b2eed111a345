"""One process of the shop: the services and faces it was asked to run, its HTTP server, and its end.

`banyan up` runs everything here on an embedded PostgreSQL; `banyan serve orders` runs one service. Same code, other URLs.
"""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from pydantic import SecretStr

from banyan import topology
from banyan.foundation import allocator, choose, databases, embedded, telemetry
from banyan.foundation.card_guard import CardGuard
from banyan.foundation.edge import Edge
from banyan.foundation.identity.channel import Channel
from banyan.foundation.peers import Local
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings, WrongSettings
from banyan.gateway.legacy.asked import longest_body
from banyan.gateway.limits import max_body
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SystemIds
from banyan.workers import until_nobody_watches

_log = logging.getLogger(__name__)
DRAIN_SECONDS = 10.0
_RENEWALS = 2.0  # seconds between looks for new certificates


@dataclass(slots=True)
class Process:
    """An opened part of the shop; `app` answers HTTP once it is there."""

    shop: Shop
    server: embedded.Embedded | None
    app: Edge | None = None
    closers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def close(self) -> None:
        """Stop the work, let go of every connection, then of the database server."""
        for close in reversed(self.closers):
            await close()
        await self.shop.close()
        if self.server is not None:
            await asyncio.to_thread(self.server.stop)


async def connect(settings: Settings, names: Sequence[str], *, caller: str = "shop") -> tuple[Process, dict[str, str]]:
    """Reach the databases of these services and the bus: the process so far, and each database's URL.

    Without any database setting the embedded server of the data folder is started, or joined where it runs already.
    """
    urls = {name: settings.database_url(name) for name in names}
    bus_url = settings.bus_url.get_secret_value()
    server = None
    missing = [name for name, url in urls.items() if not url] + ([] if bus_url else ["bus"])
    if missing:
        server_url = settings.postgres_url.get_secret_value()
        if not server_url:
            server = await asyncio.to_thread(embedded.start, settings.data_dir)
            server_url = server.url
        made = await databases.ensure(server_url, tuple(dict.fromkeys((*topology.SERVICES, *names, "bus"))))
        urls |= {name: made[name] for name in missing if name != "bus"}
        bus_url = bus_url or made["bus"]
    clock = SystemClock()
    bus = await choose.bus(bus_url)
    return Process(Shop.over(settings, bus, clock=clock, ids=SystemIds(clock), caller=caller), server), urls


async def open_parts(
    settings: Settings, parts: Sequence[str], *, serve: bool = True, work: bool = True, several: bool = False
) -> Process:
    """Open services and faces. With `serve` the process answers HTTP for them, with `work` it does their background work.

    `several` processes of this data folder read one search index, which one of them keeps.
    """
    allocator.few_arenas()
    lone = settings.search_url.get_secret_value().startswith("embedded:")
    if not serve and lone:  # such an index is kept by who answers searches; one process alone can hold its folder
        settings = settings.model_copy(update={"search_url": SecretStr("embedded://memory")})
    elif several:
        shared = choose.search_of_several(settings.search_url.get_secret_value())
        settings = settings.model_copy(update={"search_url": SecretStr(shared)})
    services = [name for name in parts if name not in topology.FACES]
    faces = [name for name in parts if name in topology.FACES]
    if len(parts) > 1 and (apart := set(parts) & set(topology.APART)):
        raise WrongSettings(f"{apart.pop()} is a process of its own, always: banyan serve vault")
    if serve and len(parts) > 1 and "gateway" not in parts:
        raise WrongSettings(
            "several services in one process need the gateway with them: banyan serve users,catalog,gateway"
        )
    alone = len(parts) == 1
    telemetry.start_tracing(parts[0] if alone else "shop")
    process, urls = await connect(settings, services, caller=parts[0] if alone else "shop")
    shop = process.shop
    made = [topology.service(name) for name in services]
    for service in made:
        await shop.open(service, urls[service.name])
    for name in faces:
        if name != "gateway":
            shop.peers.add(name, Local(None, {}, await import_module(f"banyan.{name}.app").face(shop)))
    for service in made:
        if serve:
            await shop.follow(service)
        if work:
            shop.work(service)
    if serve:
        inner = await _inner(process, parts)
        process.app = Edge(
            inner,
            parts[0] if alone else "shop",
            clock=shop.clock,
            ids=shop.ids,
            ready=shop.ready,
            trust="gateway" not in parts,
            max_body=_of_a_card if "vault" in parts else _longest if settings.legacy_http else max_body,
            quick=inner.quick if "gateway" in parts else None,
            guard=_guard(settings, parts),
        )
    return process


def _longest(method: str, path: str) -> int:
    """Bytes that a body may have where a legacy shop stands behind the gateway."""
    return longest_body(path, max_body(method, path))


def _guard(settings: Settings, parts: Sequence[str]) -> CardGuard | None:
    """At the doors that strangers come to."""
    if "vault" in parts:
        return CardGuard(bodies=False)
    return CardGuard(legacy=bool(settings.legacy_http)) if "gateway" in parts else None


def _of_a_card(method: str, path: str) -> int:
    """Bytes that a body at the vault may have."""
    return 4_096


async def _inner(process: Process, parts: Sequence[str]) -> Any:
    """What stands behind the edge: the gateway, or the one service."""
    shop = process.shop
    if "gateway" in parts:
        from banyan.gateway.app import open_gateway
        from banyan.gateway.graphql.app import Endpoint

        gateway = await open_gateway(
            shop,
            topology.ROUTES,
            extra={"/graphql": Endpoint(shop.peers, shop.authority)},
            proxies=shop.settings.proxies,
        )
        process.closers.append(gateway.close)
        return gateway
    local = shop.peers.local(parts[0])
    assert local is not None
    return local.app


def free(host: str, port: int) -> None:
    """WrongSettings when nobody could listen there: said before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise WrongSettings(
                f"{host}:{port} cannot be listened on ({error.strerror}); choose another with --port"
            ) from None


async def listen(process: Process, host: str, port: int, started: Callable[[], None], *, worker: bool = False) -> None:
    """Serve HTTP until SIGTERM or SIGINT; then drain: not ready, finish what runs, stop the work, close.

    A `worker` shares the port with others of its kind, and ends with the process that watches them.
    """
    assert process.app is not None
    server = Server(
        process.app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=4096,
        backpressure=60_000,
        http1_settings=HTTP1Settings(max_buffer_size=65_536, header_read_timeout=60_000),
        log_enabled=False,
        **(channel.server() if (channel := process.shop.peers.channel) else {}),
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    if worker:
        until_nobody_watches(stopping)
    try:
        if not worker:
            free(host, port)  # again: the server would share the port with another that took it meanwhile
        allocator.collect_seldom()
        serving = asyncio.create_task(server.serve())
        renewing = asyncio.create_task(renew(server, channel)) if channel else None
        started()
        waiting = asyncio.create_task(stopping.wait())
        await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if renewing is not None:
            renewing.cancel()
        await _drain(process.app)
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait([serving], timeout=DRAIN_SECONDS)
    finally:
        await process.close()
    if serving.done() and (broken := serving.exception()):
        raise RuntimeError(f"the HTTP server ended: {str(broken).partition(chr(10))[0]}")


async def renew(server: Server, channel: Channel, every: float = _RENEWALS) -> None:
    """Serve with new certificates once they are there: who connects from then on; what runs ends as it began."""
    seen = channel.seen
    while True:
        await asyncio.sleep(every)
        channel.refresh()
        if channel.seen != seen:
            seen = channel.seen
            server.reload()  # type: ignore[no-untyped-call]


async def _drain(edge: Edge) -> None:
    """Say that this process is not ready any more, and wait for the requests that run."""
    edge.draining = True
    for _ in range(int(DRAIN_SECONDS / 0.05)):
        if not edge.running:
            return
        await asyncio.sleep(0.05)
    _log.warning("stopped with requests still running", extra={"running": edge.running})


def for_separate_processes(settings: Settings) -> Settings:
    """On a laptop, peers that nobody placed listen on the ports of topology.PORTS, and prove themselves with a secret
    kept in the data folder. In production both must be set."""
    values: dict[str, object] = {}
    if settings.environment == "laptop":
        for name, port in topology.PORTS.items():
            if not settings.peer_url(name):
                values[f"{name}_url"] = f"{'https' if settings.identity == 'mtls' else 'http'}://127.0.0.1:{port}"
        if not settings.vault_origin:
            values["vault_origin"] = settings.vault_url or values["vault_url"]
        if not settings.peer_secret.get_secret_value():
            values["peer_secret"] = laptop_secret(settings)
    elif settings.identity != "mesh" and not settings.peer_secret.get_secret_value():
        raise WrongSettings("BANYAN_PEER_SECRET is not set: separate services prove to each other who they are with it")
    return Settings.model_validate({**settings.model_dump(), **values})


def laptop_secret(settings: Settings) -> str:
    """What the processes of one data folder prove themselves with; made on first use."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    place = settings.data_dir / "peer.secret"
    try:
        with os.fdopen(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(SystemIds(SystemClock()).secret(32).hex())
    except FileExistsError:
        pass
    return place.read_text().strip()
