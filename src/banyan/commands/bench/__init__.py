"""`banyan bench …`: what the shop does on this machine, beside a bare server, and when it is full of shoppers."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from banyan.commands import Json, run, table, tell
from banyan.commands.bench import capacity, costs, gate, load, profile
from banyan.commands.bench.notes import note

app = typer.Typer(no_args_is_help=False, help="What the shop does on this machine, in figures.")
app.command()(load.load)
app.command()(capacity.capacity)
app.command()(profile.profile)
app.command()(gate.gate)
app.command()(costs.costs)


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(help="How long each operation is measured.", min=0.5)] = 6.0,
    as_json: Json = False,
) -> None:
    """Measure a shop of its own with the demo catalogue: start, memory, reads, search, carts and checkouts.

    Example: `banyan bench --seconds 10`
    """
    if context.invoked_subcommand is not None:
        return
    from banyan.trial import measure

    with tempfile.TemporaryDirectory(prefix="banyan-bench-") as folder:
        Path(folder).chmod(0o755)
        report = run(measure.measure(Path(folder), seconds, lambda what: note(f"measuring: {what}")))
    if as_json:
        tell(report.as_json())
        return
    table(
        (
            *("operation", "per second", "p50 ms", "p95 ms", "p99 ms"),
            *("app CPU ms", "database CPU ms", "bare server", "ratio", "failed"),
        ),
        [line.cells() for line in report.lines],
    )
    typer.echo(
        f"first start to ready {report.first_start:.1f} s (with the demo catalogue), second {report.second_start:.1f} s"
    )
    typer.echo(f"the application process idles at {report.resident_megabytes:.0f} MB resident")
