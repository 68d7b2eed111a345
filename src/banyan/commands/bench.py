"""`banyan bench …`: what the shop does on this machine, beside a bare server, and when it is full of shoppers."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from banyan.commands import Json, progress, run, table, tell

if TYPE_CHECKING:
    from banyan.trial.shoppers.market import Progress

app = typer.Typer(no_args_is_help=False, help="What the shop does on this machine, in figures.")


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

    def note(what: str) -> None:
        if sys.stderr.isatty():
            print(f"  measuring: {what}", file=sys.stderr)

    with tempfile.TemporaryDirectory(prefix="banyan-bench-") as folder:
        Path(folder).chmod(0o755)
        report = run(measure.measure(Path(folder), seconds, note))
    if as_json:
        tell(report.as_json())
        return
    table(
        ("operation", "per second", "p50 ms", "p95 ms", "p99 ms", "bare server", "ratio", "failed"),
        [line.cells() for line in report.lines],
    )
    typer.echo(
        f"first start to ready {report.first_start:.1f} s (with the demo catalogue), second {report.second_start:.1f} s"
    )
    typer.echo(f"the application process idles at {report.resident_megabytes:.0f} MB resident")


@app.command()
def load(
    mix: Annotated[str, typer.Option(help="What they do: a known mix, or a TOML file.")] = "day",
    shoppers: Annotated[int, typer.Option(help="How many, each on a connection of his own.", min=1)] = 1000,
    products: Annotated[int, typer.Option(help="How many products the shop has.", min=1)] = 1000,
    workers: Annotated[
        int, typer.Option(help="Worker processes of the shop; 0: as the connections demand.", min=0)
    ] = 0,
    hot: Annotated[int, typer.Option(help="Units of the one thing that a flash sale is about.", min=0)] = 0,
    url: Annotated[str, typer.Option(help="A running shop instead of one of its own. Shoppers buy there!")] = "",
    seconds: Annotated[float, typer.Option(help="Make all phases together so long; 0: as the mix says.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="Decides what each shopper wants.")] = 1,
    as_json: Json = False,
) -> None:
    """Send shoppers with time to think through a shop: times as they feel them, errors, costs, and nothing lost.

    Open loop: a slow answer does not make a shopper ask less. Mixes: day, black-friday, step, flash-sale.

    Example: `banyan bench load --shoppers 2000 --seconds 30`
    """
    from banyan.foundation.settings import WrongSettings
    from banyan.trial.shoppers import mixes
    from banyan.trial.shoppers.full import full

    try:
        read = mixes.read(mix)
    except mixes.WrongMix as error:
        raise WrongSettings(str(error)) from None
    read = mixes.lasting(read, seconds) if seconds else read
    hot = hot or (1000 if read.hot and not url else 0)
    with tempfile.TemporaryDirectory(prefix="banyan-full-") as name, progress(read.title, int(read.seconds)) as advance:
        Path(name).chmod(0o755)
        report = run(
            full(
                *(Path(name), read, shoppers),
                products=products,
                workers=workers,
                hot=hot,
                url=url,
                seed=seed,
                note=lambda told: _note(told, advance),
            )
        )
    if as_json:
        tell(report.as_json())
    else:
        head = ("act", "requests", "share", "per second", "p50 ms", "p90 ms", "p95 ms", "p99 ms", "failed", "refused")
        table(head, report.rows())
        typer.echo("\n".join(report.lines()))
    if report.wrong:
        raise typer.Exit(1)


def _note(told: "str | Progress", advance: Callable[..., None]) -> None:
    if isinstance(told, str):
        if sys.stderr.isatty():
            print(f"  {told}", file=sys.stderr)
    elif told.second:
        advance(told.second)
