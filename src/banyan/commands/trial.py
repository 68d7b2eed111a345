"""`banyan trial …`: proofs a user can run: the crowd, crashes, faults in a cluster, the simulator."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from banyan.commands import Json, progress, run, table, tell
from banyan.kernel.clock import SystemClock
from banyan.kernel.ids import SeededIds, SystemIds

app = typer.Typer(
    no_args_is_help=True, help="Proofs to run yourself: a crowd on few units, crashes, faults, the simulator."
)


@app.command()
def crowd(
    buyers: Annotated[int, typer.Option(help="How many shoppers want one unit each.", min=1)] = 2000,
    units: Annotated[int, typer.Option(help="How many units there are.", min=1)] = 100,
    parallel: Annotated[int, typer.Option(help="How many shoppers at a time.", min=1, max=2000)] = 64,
    warehouses: Annotated[int, typer.Option(help="Over how many warehouses the units lie.", min=1, max=10)] = 1,
    leave: Annotated[
        float, typer.Option(help="Share of shoppers who take a hold and never pay.", min=0, max=0.9)
    ] = 0.0,
    as_json: Json = False,
) -> None:
    """Many buyers on few units of one SKU, through HTTP checkout on a shop of its own: exactly as many are sold as there are.

    With `--leave 0.3` units are held from the delivery step on, and holds that were left expire within seconds.

    Example: `banyan trial crowd --buyers 2000 --units 100 --parallel 64`
    """
    from banyan.trial import crowd_trial

    with tempfile.TemporaryDirectory(prefix="banyan-crowd-") as folder, progress("Buyers", buyers) as advance:
        Path(folder).chmod(0o755)
        verdict = run(
            crowd_trial.crowd_trial(
                Path(folder),
                buyers=buyers,
                units=units,
                parallel=parallel,
                warehouses=warehouses,
                leave=leave,
                progress=advance,
            )
        )
    _say(verdict.lines(), verdict.as_json(), as_json, failed=bool(verdict.wrong))


@app.command()
def crash(
    checkouts: Annotated[int, typer.Option(help="How many orders are placed.", min=1)] = 500,
    kills: Annotated[int, typer.Option(help="How often the process is killed.", min=0)] = 20,
    parallel: Annotated[int, typer.Option(help="How many shoppers at a time.", min=1)] = 16,
    seed: Annotated[int, typer.Option(help="Decides who pays how, and when it dies.")] = 1,
    as_json: Json = False,
) -> None:
    """Kill the shop (kill -9) in the middle of checkouts: nothing acknowledged is lost, and every order ends.

    Every other time its database server is killed with it, as in a power cut.

    Example: `banyan trial crash --checkouts 500 --kills 20`
    """
    from banyan.trial import crash_trial

    with tempfile.TemporaryDirectory(prefix="banyan-crash-") as folder, progress("Checkouts", checkouts) as advance:
        Path(folder).chmod(0o755)
        clock = SystemClock()
        verdict = run(
            crash_trial.crash_trial(
                Path(folder),
                checkouts=checkouts,
                kills=kills,
                parallel=parallel,
                ids=SeededIds(clock, seed),
                progress=advance,
            )
        )
    _say(verdict.lines(), verdict.as_json(), as_json, failed=bool(verdict.wrong))


@app.command()
def sim(
    seeds: Annotated[int, typer.Option(help="How many runs.", min=1)] = 200,
    first: Annotated[
        int, typer.Option(help="The first seed; give a failing one and --seeds 1 to see it again.", min=0)
    ] = 1,
    exhaustive: Annotated[
        bool, typer.Option(help="Crash one checkout before and after each of its awaits instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """The real checkout on a virtual clock, with messages lost, doubled and late, an ambiguous bank, and crashes.

    Every invariant is checked at the end of each seed, and that everything finished once the faults stopped.

    Example: `banyan trial sim --seeds 200`
    """
    from banyan.trial.sim import runs

    with tempfile.TemporaryDirectory(prefix="banyan-sim-") as folder, progress("Seeds", seeds) as advance:
        Path(folder).chmod(0o755)
        verdict = run(runs.series(Path(folder), first=first, seeds=seeds, exhaustive=exhaustive, progress=advance))
    _say(verdict.lines(), verdict.as_json(), as_json, failed=bool(verdict.failures))


@app.command()
def faults(
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A fault by its name; once more for another. All without it.")
    ] = None,
    parallel: Annotated[int, typer.Option(help="Shoppers who buy at a time.", min=1)] = 8,
    copies: Annotated[int, typer.Option(help="Of each service.", min=1)] = 2,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="Where to keep it; its logs stay there.")] = None,
    as_json: Json = False,
) -> None:
    """A cluster on real engines under load: each service and each engine is killed in turn, everything is told again.

    What shoppers were told is their own log's; nothing acknowledged may be lost, and nothing done twice.

    Example: `banyan trial faults --only "kafka killed" --only "primary database killed"`
    """
    from banyan.cluster.engines.program import DidNotStart, NotHere
    from banyan.cluster.layout import Layout
    from banyan.cluster.running import Cluster
    from banyan.commands.bench.notes import note
    from banyan.foundation.free_ports import free_port
    from banyan.foundation.settings import WrongSettings
    from banyan.trial import faults as trial

    chosen, clock = trial.chosen(tuple(only or ())), SystemClock()
    ids = SystemIds(clock)

    async def going(folder: Path) -> "trial.Verdict":
        cluster = Cluster(Layout.of(folder, free_port(), copies, ids), clock, note)
        try:
            await cluster.start(rate_limits="false")
            return await trial.fault_trial(cluster, chosen, parallel=parallel, clock=clock, ids=ids, say=note)
        finally:
            await cluster.stop()

    with tempfile.TemporaryDirectory(prefix="banyan-faults-") as folder:
        Path(folder).chmod(0o755)
        try:
            verdict = run(going(data_dir or Path(folder)))
        except (NotHere, DidNotStart) as error:
            raise WrongSettings(str(error)) from None
    if not as_json:
        head = ("fault", "failed answers", "last of them after s", "longest without an order s", "orders")
        table(head, [each.cells() for each in verdict.struck])
    _say(verdict.lines(), verdict.as_json(), as_json, failed=bool(verdict.wrong))


@app.command()
def cards(
    count: Annotated[int, typer.Option(help="How many card numbers are typed where none belongs.", min=1)] = 2000,
    kept: Annotated[int, typer.Option(help="How many more are typed into the vault's own fields.", min=1)] = 200,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="Where to keep it; its logs stay there.")] = None,
    as_json: Json = False,
) -> None:
    """Card numbers typed into every text field and header of every API: found nowhere that is kept but sealed in the vault.

    Looked at are the files of databases, their write-ahead log and all rows as text, logs, traces, metrics; as root also the
    memory of every process, which is what a core dump would hold.

    Example: `banyan trial cards --count 2000`
    """
    from banyan.trial import cards as trial

    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="banyan-cards-") as folder, progress("Requests", 0) as advance:
        Path(folder).chmod(0o755)
        verdict = run(
            trial.cards_trial(
                data_dir or Path(folder), count=count, kept=kept, clock=clock, ids=SystemIds(clock), progress=advance
            )
        )
    _say(verdict.lines(), verdict.as_json(), as_json, failed=bool(verdict.wrong))


@app.command()
def canary(
    orders: Annotated[int, typer.Option(help="How many orders as account, and as many as guest.", min=1)] = 3,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="Where to keep it; its files stay there.")] = None,
    as_json: Json = False,
) -> None:
    """A person with a canary in every field signs up, buys, is erased, and is then looked for in everything the shop keeps.

    Looked at are all rows, a full dump, the bytes of every file (databases, write-ahead log, mail, logs, media) and metrics.
    Exit status 1 when a canary is found anywhere but where that is declared.

    Example: `banyan trial canary`
    """
    from banyan.commands.bench.notes import note
    from banyan.trial.canary import canary_trial

    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="banyan-canary-") as folder:
        Path(folder).chmod(0o755)
        verdict = run(
            canary_trial(data_dir or Path(folder), orders=orders, clock=clock, ids=SystemIds(clock), say=note)
        )
    _say(verdict.lines(), verdict.as_json(), as_json, failed=bool(verdict.wrong))


@app.command()
def money(
    attempts: Annotated[int, typer.Option(help="How many orders are paid, or tried to be.", min=1)] = 20_000,
    seed: Annotated[int, typer.Option(help="Decides who pays how, and what goes wrong.")] = 1,
    as_json: Json = False,
) -> None:
    """Payments at four played providers among time-outs, lost answers, early, late and doubled webhooks, and crashes.

    The providers' own books judge: no double capture, no payment without an order, every minor unit explained.

    Example: `banyan trial money --attempts 20000 --seed 1`
    """
    from banyan.trial import money as trial

    with tempfile.TemporaryDirectory(prefix="banyan-money-") as folder, progress("Attempts", attempts) as advance:
        Path(folder).chmod(0o755)
        verdict = run(trial.money_trial(Path(folder), attempts=attempts, seed=seed, progress=advance))
    _say(verdict.lines(), verdict.as_json(), as_json, failed=bool(verdict.wrong))


@app.command()
def outage(
    rounds: Annotated[int, typer.Option(help="Calm turns, each with one after it in which Stripe hangs.", min=1)] = 2,
    seconds: Annotated[float, typer.Option(help="Of each of these turns.", min=5)] = 40.0,
    away: Annotated[float, typer.Option(help="Seconds for which Stripe is killed.", min=1)] = 20.0,
    looks: Annotated[float, typer.Option(help="Of people who only look, a second.", min=1)] = 20.0,
    checkouts: Annotated[float, typer.Option(help="A second.", min=0.5)] = 2.0,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="Where to keep it; its logs stay there.")] = None,
    as_json: Json = False,
) -> None:
    """Stripe's simulator hangs, and is killed, while people look and buy: another provider takes the money, nobody waits long.

    The breaker must show in metrics, API and console; looks may be 10 % slower at p95 while Stripe hangs, or by what calm
    turns differ. At the end the providers' own books are read: each acknowledged order is paid once, and nothing else.

    Example: `banyan trial outage --rounds 2 --seconds 40`
    """
    from banyan.commands.bench.notes import note
    from banyan.trial import outage as trial
    from banyan.trial.outage.judging import HEAD

    clock, wish = SystemClock(), trial.Wish(rounds, seconds, seconds, away, looks, checkouts)
    with tempfile.TemporaryDirectory(prefix="banyan-outage-") as folder, progress("Checkouts", 0) as advance:
        Path(folder).chmod(0o755)
        verdict = run(
            trial.outage_trial(
                data_dir or Path(folder), wish, clock=clock, ids=SystemIds(clock), progress=advance, say=note
            )
        )
    if not as_json:
        table(HEAD, verdict.rows())
    _say(verdict.lines(), verdict.as_json(), as_json, failed=bool(verdict.wrong))


@app.command("cutover-model")
def cutover_model(
    large: Annotated[bool, typer.Option("--large", help="Up to 2.5 million states: over a minute, a few GB.")] = False,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Make each deliberate mistake, and see it caught.")
    ] = False,
    as_json: Json = False,
) -> None:
    """How a group changes hands, as a model: every state with crashes, doubled deliveries, two gateways and bypassing writers.

    Example: `banyan trial cutover-model --mutants`
    """
    from banyan.trial import cutover_model as model

    if mutants:
        caught = model.catch()
        lines = [line for each in caught for line in each.lines()]
        _say(
            lines,
            {"mutants": [each.as_json() for each in caught]},
            as_json,
            failed=any(c.verdict.holds for c in caught),
        )
        return
    verdict = model.explore(model.LARGE if large else model.SMALL)
    _say(verdict.lines(), verdict.as_json(), as_json, failed=not verdict.holds)


def _say(lines: list[str], value: dict[str, Any], as_json: bool, *, failed: bool) -> None:
    if as_json:
        tell(value)
    else:
        typer.echo("\n".join(lines))
    if failed:
        raise typer.Exit(1)
