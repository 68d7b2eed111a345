"""`banyan bench costs`: the cost model, path by path."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from banyan.commands import Json, run, table, tell
from banyan.commands.bench.notes import note


def costs(
    paths: Annotated[str, typer.Option(help="Which operations, separated by commas; all when left out.")] = "",
    products: Annotated[int, typer.Option(help="How many products the shop has.", min=50)] = 1000,
    seconds: Annotated[float, typer.Option(help="How long each is driven.", min=1)] = 4.0,
    as_json: Json = False,
) -> None:
    """What one request costs: SQL statements alone and in company, rows, bytes, CPU of the application and of PostgreSQL.

    Rows are counted as PostgreSQL's statistics do, which takes half a minute for each operation.

    Example: `banyan bench costs --paths product,checkout`
    """
    from banyan.foundation.settings import WrongSettings
    from banyan.trial import costing
    from banyan.trial.gate import CannotCompare, chosen

    with tempfile.TemporaryDirectory(prefix="banyan-costs-") as folder:
        Path(folder).chmod(0o755)
        try:
            found = run(costing.model(Path(folder), chosen(paths), products, seconds, note))
        except (CannotCompare, RuntimeError) as error:
            raise WrongSettings(str(error)) from None
    if as_json:
        tell([each.as_json() for each in found])
        return
    head = ("operation", "statements alone", "together", "rows read", "written", "answer bytes")
    table((*head, "app CPU us", "database CPU us"), [each.cells() for each in found])
