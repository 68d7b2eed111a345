"""`banyan bus …`: where facts travel, how far everybody is, and the move of a running shop to another bus."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from pydantic import SecretStr

from banyan import process, topology
from banyan.commands import DataDir, Json, opened, progress, run, settings, table, tell
from banyan.foundation.bus import Bus, OtherBus, moving
from banyan.foundation.bus.moving import Part, Stand
from banyan.foundation.running import inbox_of
from banyan.foundation.settings import Settings, WrongSettings
from banyan.move.storage import groups
from banyan.process import Process

OWN = "own"

app = typer.Typer(no_args_is_help=True, help="The bus: who waits for what, and the move to another one.")

From = Annotated[
    str, typer.Option("--from", help="The bus the shop has now; BANYAN_BUS_URL when left out.", metavar="URL")
]
To = Annotated[
    str,
    typer.Option(
        "--to",
        help="The bus it is to have; `own`: the log in PostgreSQL that a shop has without BANYAN_BUS_URL.",
        metavar="URL",
        envvar="NEW_BUS_URL",
    ),
]


@app.command()
def status(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Which bus each service's facts go to, how many wait to be sent, and how many it has not handled yet.

    Exit status 1 where a service's facts go to another bus than BANYAN_BUS_URL names.

    Example: `banyan bus status`
    """
    name, stands = run(_status(settings(data_dir)))
    if as_json:
        tell({"bus": name, "services": [asdict(each) for each in stands]})
    else:
        typer.echo(f"This process would use {name}.")
        table(
            ("service", "its facts go to", "unsent", "not handled"),
            [(each.service, each.bus or "(none sent yet)", each.unsent, each.unhandled) for each in stands],
        )
    if any(each.bus not in (None, name) for each in stands):
        raise typer.Exit(1)


async def _status(read: Settings) -> tuple[str, list[Stand]]:
    async with opened(read, *topology.SERVICES) as here:
        bus = here.shop.bus
        return bus.name, [await moving.stand(part, bus) for part in _parts(here)]


@app.command()
def move(
    to: To,
    old: From = "",
    seconds: Annotated[float, typer.Option(help="How long to wait for everything to be handled.", min=1)] = 300,
    cancel: Annotated[bool, typer.Option("--cancel", help="Take back a move that was interrupted.")] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Move the shop to another bus, beside its running processes: nothing is lost, and shoppers go on buying.

    Facts are held back in the services' databases until everybody has handled what the old bus holds; then they go to the
    new one. Start every process again with the new BANYAN_BUS_URL, before or after this.

    Example: `banyan bus move --to kafka://broker1:9092,broker2:9092/banyan`

    Example: `NEW_BUS_URL=kafkas://user:password@broker:9093/banyan banyan bus move`, which shows no password to others
    """
    read = settings(data_dir)
    was, now = run(_move(_with_bus(read, old) if old else read, to, seconds, cancel))
    if as_json:
        tell({"from": was, "to": now, "moved": not cancel})
    elif cancel:
        typer.echo(f"Facts go to {was}, as before.")
    else:
        typer.echo(f"Facts go to {now} from now on. Start every process of the shop with BANYAN_BUS_URL set to it.")


async def _move(read: Settings, to: str, seconds: float, cancel: bool) -> tuple[str, str]:
    async with opened(read, *topology.SERVICES) as here, _bus(read, to) as new:
        old, parts = here.shop.bus, _parts(here)
        if cancel:
            await moving.stay(parts, old, new)
            return old.name, new.name
        known = await groups.read(here.shop.ports["move"].db)
        if ways := [name for name, group in known.items() if group.way_back_from is not None]:
            raise WrongSettings(
                f"{', '.join(ways)} can still go back to the legacy shop, from a place on this bus: "
                "finalize or revert first (banyan move status)"
            )
        with progress("handled", 0) as bar:
            most = 0

            def look(left: Mapping[str, int]) -> None:
                nonlocal most
                most = max(most, sum(left.values()))
                bar(most - sum(left.values()), most)

            try:
                await moving.move(parts, old, new, clock=here.shop.clock, seconds=seconds, look=look)
            except OtherBus as other:
                raise WrongSettings(str(other)) from None
        return old.name, new.name


@asynccontextmanager
async def _bus(read: Settings, url: str) -> AsyncIterator[Bus]:
    """The bus of this URL, or the shop's own log in PostgreSQL."""
    here, _ = await process.connect(_with_bus(read, url), ())
    try:
        yield here.shop.bus
    finally:
        await here.close()


def _with_bus(read: Settings, url: str) -> Settings:
    return read.model_copy(update={"bus_url": SecretStr("" if url == OWN else url)})


def _parts(here: Process) -> list[Part]:
    parts = []
    for name, ports in here.shop.ports.items():
        service = topology.service(name)
        box = inbox_of(service, ports) if service.reactions else None
        parts.append(Part(name, ports.db, service.outbox, box))
    return parts
