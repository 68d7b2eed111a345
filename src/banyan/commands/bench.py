"""`banyan bench`: what one process does on this machine, beside a bare server that sends the same bytes."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from banyan.commands import Json, run, table, tell


def bench(
    seconds: Annotated[float, typer.Option(help="How long each operation is measured.", min=0.5)] = 6.0,
    as_json: Json = False,
) -> None:
    """Measure a shop of its own with the demo catalogue: start, memory, reads, search, carts and checkouts.

    Example: `banyan bench --seconds 10`
    """
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
