"""`banyan bench gate`: what requests cost beside the last release, in one run."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from banyan.commands import Json, run, table, tell
from banyan.commands.bench.notes import note


def gate(
    against: Annotated[
        str, typer.Option(help="A git ref or a folder with another source tree; the last tag when left out.")
    ] = "",
    rounds: Annotated[int, typer.Option(help="How often each takes its turns.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="How long a turn is.", min=0.2)] = 0.6,
    limit: Annotated[float, typer.Option(help="How much dearer an operation may be.", min=0.01)] = 0.15,
    paths: Annotated[str, typer.Option(help="Which operations, separated by commas; all when left out.")] = "",
    as_json: Json = False,
) -> None:
    """Compare CPU and SQL statements of a request with another source tree, turn by turn; exit status 1 when one got dearer.

    Both shops run beside each other in the same environment, and only ratios count: of each round ours, theirs, theirs,
    ours; of all rounds the median.

    Example: `banyan bench gate --against v0.1.0`

    Example: `banyan bench gate --against ../before --paths product,checkout`
    """
    from banyan.foundation.settings import WrongSettings
    from banyan.trial import gate as gating

    with tempfile.TemporaryDirectory(prefix="banyan-gate-") as folder:
        Path(folder).chmod(0o755)
        try:
            chosen = gating.chosen(paths)
            got = run(gating.compare(Path(folder), against, chosen, gating.Turns(rounds, seconds, limit), note))
        except gating.CannotCompare as error:
            raise WrongSettings(str(error)) from None
    if as_json:
        tell(got.as_json())
    else:
        head = ("operation", "app CPU ms, then", "now", "ratio", "database CPU ms, then", "now", "ratio")
        table((*head, "statements, then", "now", "ratio", "verdict"), got.rows())
        typer.echo("\n".join(got.lines()))
    if got.dearer():
        raise typer.Exit(1)
