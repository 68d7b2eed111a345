"""`banyan move demo`: all of it on one machine, with its evidence."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from banyan.commands import Json, run
from banyan.commands.move.acting import say
from banyan.commands.move.options import Pause


def demo(
    writes: Annotated[float, typer.Option(help="Writes a second by the demo's shoppers.", min=1, max=500)] = 30,
    reads: Annotated[float, typer.Option(help="Page views a second.", min=1, max=500)] = 20,
    rounds: Annotated[int, typer.Option(help="How often the groups go over and back.", min=1, max=50)] = 1,
    groups: Annotated[str, typer.Option(help="The groups that go over and back together.")] = "users,orders",
    shoppers: Annotated[int, typer.Option(help="How many of them there are.", min=1, max=5000)] = 300,
    quiet: Annotated[float, typer.Option(help="Seconds of traffic before, between and after.", min=0, max=600)] = 5,
    everything: Annotated[bool, typer.Option(help="Take the other groups over, too.")] = True,
    max_pause: Pause = 1000,
    as_json: Json = False,
) -> None:
    """A live shop moves in, goes back and moves in again, under traffic, on this machine: about three minutes.

    Starts a private MariaDB, a small legacy shop with its own web server, and ours in front of it; types the commands of
    a move; looks at the end for every write that was acknowledged. Needs Debian's `mariadb-server` (it need not run).

    Example: `banyan move demo`
    """
    from banyan.kernel.clock import SystemClock
    from banyan.kernel.ids import SystemIds
    from banyan.move.demo.stocking import Size
    from banyan.move.legacy.opencart.tables import GROUPS
    from banyan.trial.moving import Wish, moving_day

    clock = SystemClock()
    named = {each.strip() for each in groups.split(",") if each.strip()}
    if not named or not named <= set(GROUPS):
        raise typer.BadParameter(f"--groups {groups}: some of {', '.join(GROUPS)}, with commas between")
    wish = Wish(
        writes=writes,
        reads=reads,
        rounds=rounds,
        groups=tuple(each for each in GROUPS if each in named),
        shoppers=shoppers,
        quiet_seconds=quiet,
        everything=everything,
        max_pause=max_pause,
        size=Size(customers=max(Size().customers, shoppers)),
    )
    with tempfile.TemporaryDirectory(prefix="banyan-moving-") as folder:
        Path(folder).chmod(0o755)
        aloud = (lambda line: typer.echo(line, err=True)) if as_json else typer.echo
        evidence = run(moving_day(Path(folder), wish, clock=clock, ids=SystemIds(clock), say=aloud))
    say(evidence, as_json, failed=not evidence.clean)
