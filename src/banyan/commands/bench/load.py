"""`banyan bench load`: a shop full of shoppers, sent by our own load generator or by a tool a team has already."""

import sys
import tempfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from banyan.commands import Json, progress, run, table, tell
from banyan.commands.bench.notes import note

if TYPE_CHECKING:
    from banyan.trial.shoppers.market import Progress
    from banyan.trial.shoppers.mixes import Mix


class Tool(StrEnum):
    JMETER = "jmeter"
    LOCUST = "locust"


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
    with_: Annotated[
        Tool | None, typer.Option("--with", help="Let JMeter or Locust send them, where it is on PATH.")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="Where to write what JMeter or Locust is given.", dir_okay=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Send shoppers with time to think through a shop: times as they feel them, errors, costs, and nothing lost.

    Open loop: a slow answer does not make a shopper ask less. Mixes: day, black-friday, step, flash-sale.

    Example: `banyan bench load --shoppers 2000 --seconds 30`

    Example: `banyan bench load --with locust --shoppers 200 --seconds 30`
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
    if with_ is not None:
        return _by_another(with_, plan, read, shoppers, products, workers, hot, url, as_json)
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


def _by_another(
    tool: Tool,
    plan: Path | None,
    mix: "Mix",
    shoppers: int,
    products: int,
    workers: int,
    hot: int,
    url: str,
    as_json: bool,
) -> None:
    from banyan.foundation.settings import WrongSettings
    from banyan.trial import outsiders

    with tempfile.TemporaryDirectory(prefix="banyan-load-") as name:
        Path(name).chmod(0o755)
        numbers = {"products": products, "workers": workers or 2, "hot": hot}
        try:
            report = run(
                outsiders.send(
                    Path(name), outsiders.Tool(tool), mix, shoppers, **numbers, url=url, file=plan, note=note
                )
            )
        except outsiders.NotHere as error:
            raise WrongSettings(str(error)) from None
    if as_json:
        tell(report.as_json())
    else:
        head = ("act", "requests", "share", "per second", "p50 ms", "p90 ms", "p95 ms", "p99 ms", "failed")
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
