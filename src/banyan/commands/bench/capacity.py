"""`banyan bench capacity`: tasks needed for so many users, from what requests cost here."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from banyan.commands import Json, run, table, tell
from banyan.commands.bench.notes import note

if TYPE_CHECKING:
    from banyan.trial.capacity.report import Report


def capacity(
    users: Annotated[int, typer.Option(help="How many shoppers at a time.", min=1)] = 50_000,
    think: Annotated[float, typer.Option(help="Seconds between two requests of a shopper.", min=0.1)] = 25.0,
    p95: Annotated[float, typer.Option(help="Milliseconds within which 95 % are to be answered.", min=1)] = 300.0,
    mix: Annotated[str, typer.Option(help="What they do: a known mix, or a TOML file.")] = "day",
    database_cores: Annotated[float, typer.Option(help="Cores of the database.", min=1)] = 8.0,
    target: Annotated[float, typer.Option(help="How busy scaling keeps a task.", min=0.05, max=0.9)] = 0.6,
    misses: Annotated[
        float, typer.Option(help="Share of catalogue reads that no prepared answer is there for.", min=0, max=1)
    ] = 0.06,
    measured: Annotated[
        Path | None, typer.Option(help="JSON of `banyan bench --json` instead of measuring now.", dir_okay=False)
    ] = None,
    seconds: Annotated[float, typer.Option(help="How long each operation is measured.", min=0.5)] = 2.0,
    check: Annotated[bool, typer.Option("--check", help="Let the model foretell two runs, and make them.")] = False,
    check_seconds: Annotated[float, typer.Option(help="How long each of these runs is.", min=5)] = 15.0,
    as_json: Json = False,
) -> None:
    """How many tasks (workers of one core) so many shoppers need, and how scaling follows ten times as many.

    What requests cost is measured on a shop of its own, or taken from a file. The model is in docs/capacity.md.

    Example: `banyan bench capacity --users 50000 --think 25 --p95 300`

    Example: `banyan bench --json > here.json; banyan bench capacity --measured here.json`
    """
    from banyan.foundation.settings import WrongSettings
    from banyan.trial.capacity import checking, services
    from banyan.trial.capacity.report import Asked, report
    from banyan.trial.shoppers import mixes

    try:
        read = mixes.read(mix)
        known = services.read(measured) if measured else None
    except (mixes.WrongMix, services.WrongServices) as error:
        raise WrongSettings(str(error)) from None
    with tempfile.TemporaryDirectory(prefix="banyan-capacity-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if known is None:
            known = run(services.measure(_made(folder, "shop"), seconds, note))
        asked = Asked(users, think, p95 / 1e3, database_cores, target)
        made = report(asked, read, known, misses)
        if check:
            made.checked = run(checking.check(_made(folder, "check"), read, known, check_seconds, note))
    if as_json:
        tell(made.as_json())
    else:
        _show(made)


def _made(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir(mode=0o755)
    return made


def _show(made: "Report") -> None:
    from banyan.trial.capacity.model import WORDS

    typer.echo(f"What a request costs ({made.mix.title}), ms of CPU alone and in company:")
    head = ("act", "share", "task, alone", "in company", "database, alone", "in company", "waits, ms")
    table(head, made.act_rows())
    typer.echo(f"The model: {WORDS}\n")
    typer.echo("\n".join(made.lines()) + "\n")
    plan = ("tasks", "a task is busy", "the database", "p50 ms", "p95 ms")
    table(("users", "requests/s", *plan), made.plan_rows())
    if rows := made.around_rows():
        typer.echo(f"{made.asked.users:,} users with fewer and with more tasks:")
        table(plan, rows)
    typer.echo("Ten times as many from one second to the next, for ten minutes:")
    table(
        ("policy", "tasks before", "most", "all served after", "turned away until then", "task hours"),
        made.policy_rows(),
    )
    typer.echo(f"Second by second, {made.asked.target:.0%} busy wanted (0: the spike begins):")
    table(("second", "asked/s", "served/s", "turned away/s", "waiting", "tasks"), made.moment_rows())
    if made.checked:
        typer.echo("The model against runs on this machine, predicted / seen:")
        head = ("requests/s", "workers", "a worker is busy", "the database", "p95 ms", "others took", "failed")
        table(head, [each.cells() for each in made.checked])
