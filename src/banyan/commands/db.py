"""`banyan db …`: schema changes."""

from typing import Annotated

import typer

from banyan import process, topology
from banyan.commands import DataDir, run, settings
from banyan.foundation import migrate

app = typer.Typer(no_args_is_help=True, help="Databases: bring their tables up to date.")


@app.command()
def upgrade(
    service: Annotated[str | None, typer.Argument(help="One service; all of them when left out.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Apply schema changes that are missing. Safe beside running services, and to repeat.

    Example: `banyan db upgrade orders`
    """
    if service is not None and service not in topology.SERVICES:
        raise typer.BadParameter(f"{service} is no service; known: {', '.join(topology.SERVICES)}")
    applied = run(_upgrade(data_dir, (service,) if service else topology.SERVICES))
    for step in applied:
        typer.echo(f"applied {step}")
    if not applied:
        typer.echo("Everything was up to date.")


async def _upgrade(data_dir: DataDir, names: tuple[str, ...]) -> list[str]:
    here, urls = await process.connect(settings(data_dir), names)
    try:
        applied: list[str] = []
        for name in names:
            applied += await migrate.upgrade(urls[name], name, topology.service(name).folder)
        return applied
    finally:
        await here.close()
