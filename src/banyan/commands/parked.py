"""`banyan parked …`: events that could not be handled; each holds back its own stream only."""

from typing import Annotated, Any

import typer

from banyan import topology
from banyan.commands import DataDir, Json, opened, run, settings, table, tell
from banyan.foundation import inbox
from banyan.foundation.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Events that could not be handled: look, retry, discard.")

Service = Annotated[str, typer.Argument(help="The service whose stream waits.")]
Number = Annotated[int, typer.Argument(help="The event's number, from `banyan parked list`.")]


@app.command("list")
def show(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Every stream that waits behind an event, in every service.

    Example: `banyan parked list`
    """
    found = run(_found(settings(data_dir)))
    if as_json:
        tell(found)
    elif not found:
        typer.echo("Nothing waits.")
    else:
        table(
            ("service", "number", "event", "stream", "behind", "attempts", "state", "error"),
            [
                (
                    row["service"],
                    row["seq"],
                    row["type"],
                    row["key"],
                    row["behind"],
                    row["attempts"],
                    "parked" if row["parked_at"] else "waiting",
                    row["error"],
                )
                for row in found
            ],
        )


async def _found(read: Settings) -> list[dict[str, Any]]:
    async with opened(read, *topology.SERVICES) as process:
        return [
            {"service": name, **row}
            for name, ports in process.shop.ports.items()
            for row in await inbox.parked(ports.db)
        ]


@app.command()
def retry(service: Service, number: Number, data_dir: DataDir = None) -> None:
    """Let a waiting event be tried again at once.

    Example: `banyan parked retry catalog 17`
    """
    run(_act(data_dir, service, number, give_up=False))
    typer.echo(f"{service} tries event {number} again.")


@app.command()
def discard(service: Service, number: Number, data_dir: DataDir = None) -> None:
    """Give a waiting event up, so that its stream goes on without it.

    Example: `banyan parked discard catalog 17`
    """
    run(_act(data_dir, service, number, give_up=True))
    typer.echo(f"Event {number} of {service} is given up; its stream goes on.")


async def _act(data_dir: DataDir, service: str, number: int, *, give_up: bool) -> None:
    if service not in topology.SERVICES:
        raise typer.BadParameter(f"{service} is no service; known: {', '.join(topology.SERVICES)}")
    async with opened(settings(data_dir), service) as process:
        await (inbox.discard if give_up else inbox.retry)(process.shop.ports[service].db, number)
