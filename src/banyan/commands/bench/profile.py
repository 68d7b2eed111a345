"""`banyan bench profile PATH`: a flame graph of one hot path, and where its time goes by layer."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from banyan.commands import Json, run, table, tell
from banyan.commands.bench.notes import note


def profile(
    path: Annotated[str, typer.Argument(help="A hot path: checkout, product, add …", metavar="PATH")],
    file: Annotated[
        Path | None, typer.Argument(help="The SVG to write; profile-PATH.svg when left out.", dir_okay=False)
    ] = None,
    seconds: Annotated[float, typer.Option(help="How long it is sampled.", min=1)] = 8.0,
    top: Annotated[int, typer.Option(help="Functions shown of each layer.", min=1)] = 6,
    as_json: Json = False,
) -> None:
    """Drive one path of a shop of its own, sample it with py-spy, write a flame graph, and say where the time goes.

    Paths: product, list, search, search-new, suggest, account, order-read, graphql, add, steps, checkout.

    Example: `banyan bench profile checkout`
    """
    from banyan.foundation.settings import WrongSettings
    from banyan.trial import profiling
    from banyan.trial.paths import PATHS

    if path not in PATHS:
        raise WrongSettings(f"{path} is no hot path; known: {', '.join(PATHS)}")
    file = file or Path(f"profile-{path}.svg")
    with tempfile.TemporaryDirectory(prefix="banyan-profile-") as folder:
        Path(folder).chmod(0o755)
        try:
            got = run(profiling.profile(path, Path(folder), file, seconds, note))
        except (profiling.CannotSample, profiling.WrongFlames) as error:
            raise WrongSettings(str(error)) from None
    if as_json:
        tell(got.as_json())
        return
    table(("layer", "own time", "of it", "function"), got.rows(top))
    typer.echo(f"{got.samples:,} samples at {got.measured.rate():,.0f} a second; the flame graph is {file}")
