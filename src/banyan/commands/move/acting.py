"""What every command of a move stands on: who it asks, a mover for it, and how the outcome is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import typer
from pydantic import SecretStr

from banyan import topology
from banyan.commands import opened, run, settings, tell
from banyan.commands.move.leftovers import own_folder
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings, WrongSettings

if TYPE_CHECKING:
    from banyan.move.mover import Mover
    from banyan.process import Process

T = TypeVar("T")
SERVICES = ("move", "users", "catalog", "inventory", "orders", "payments")


class Told(Protocol):
    """What a capability answers with."""

    def lines(self) -> list[str]: ...

    def as_json(self) -> Any: ...


def settings_of(data_dir: Path | None, source: str | None, shop: str | None, http: str | None = None) -> Settings:
    return settings(data_dir, legacy_url=source, legacy_shop=shop, legacy_http=http)


def say(told: Told, as_json: bool, *, failed: bool = False) -> None:
    if as_json:
        tell(told.as_json())
    else:
        typer.echo("\n".join(told.lines()))
    if failed:
        raise typer.Exit(1)


def ask(read: Settings, act: Callable[[Ports], Awaitable[T]]) -> T:
    """Run `act` with the mover's ports, the services it speaks to opened beside it."""

    async def work() -> T:
        async with opened(read, *SERVICES) as process:
            return await act(process.shop.ports["move"])

    return run(work())


def with_mover(read: Settings, act: Callable[["Mover"], Awaitable[T]], *, at_work: bool = True) -> T:
    """Run `act` with a mover. `at_work`: it does the move's work too, for as long as nobody else does."""
    from banyan.move import working

    async def go() -> T:
        async with opened(read, *SERVICES) as process:
            ports = process.shop.ports["move"]
            if not at_work:
                return await act(await working.opened(ports))
            async with working.at_work(ports, {"relays": lambda _: _relaying(process)}) as mover:
                return await act(mover)

    url_of(read)
    return run(go())


async def _relaying(process: "Process") -> None:
    """Where a shop works already, its services relay by themselves."""
    _relays(process)
    await asyncio.Event().wait()


def _relays(process: "Process") -> None:
    """What our services tell has to reach the way back also where no shop runs."""
    for name in SERVICES:
        if name != "move":
            process.shop.work(topology.service(name))


@asynccontextmanager
async def scratch(read: Settings, url: str) -> "AsyncIterator[Mover]":
    """A mover on a copy of the legacy database, with services and a memory of its own that are gone afterwards."""
    from banyan.move import working

    with own_folder() as folder:
        own = ("postgres_url", "bus_url", *(f"{name}_database_url" for name in topology.SERVICES))
        apart = read.model_copy(
            update={**dict.fromkeys(own, SecretStr("")), "data_dir": folder, "legacy_url": SecretStr(url)}
        )
        async with opened(apart, *SERVICES) as process:
            _relays(process)
            mover = await working.opened(process.shop.ports["move"])
            yield mover
            await mover.source.close()


def groups_of(mover: "Mover", name: str) -> list[str]:
    from banyan.move.mover.preparing import known_groups

    return known_groups(mover.adapter, None if name == "all" else [name])


def url_of(read: Settings) -> str:
    url = read.legacy_url.get_secret_value()
    if not url:
        raise WrongSettings("which shop? --source mysql://user:password@host:port/database (or BANYAN_LEGACY_URL)")
    return url
