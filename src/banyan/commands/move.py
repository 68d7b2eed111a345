"""`banyan move …`: a live legacy shop moves in. Each command acts through the mover, tells what is so now and what comes next."""

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import typer
from pydantic import SecretStr

from banyan import topology
from banyan.commands import DataDir, Json, opened, progress, run, settings, tell
from banyan.foundation.service import Ports
from banyan.foundation.settings import Settings, WrongSettings

if TYPE_CHECKING:
    from banyan.move.cutover.turn import Turn
    from banyan.move.mover import Mover
    from banyan.process import Process

T = TypeVar("T")
app = typer.Typer(no_args_is_help=True, help="Move a live legacy shop in, and back at any moment.")
quarantine = typer.Typer(
    no_args_is_help=True, help="What could not be taken over, in plain words.\n\nExample: `banyan move quarantine list`"
)
throttle = typer.Typer(
    no_args_is_help=True, help="How hard the copy may push the legacy shop.\n\nExample: `banyan move throttle show`"
)
app.add_typer(quarantine, name="quarantine")
app.add_typer(throttle, name="throttle")
mapping = typer.Typer(
    no_args_is_help=True,
    help="The mapping file of a shop nobody knows.\n\nExample: `banyan move map check my-shop.yaml`",
)
app.add_typer(mapping, name="map")

SERVICES = ("move", "users", "catalog", "inventory", "orders", "payments")
SourceUrl = Annotated[
    str | None,
    typer.Option(
        "--source", help="mysql://user:password@host:port/database of the legacy shop.", envvar="BANYAN_LEGACY_URL"
    ),
]
ShopKind = Annotated[
    str | None,
    typer.Option("--shop", help="opencart4, opencart3, or the path of a mapping file.", envvar="BANYAN_LEGACY_SHOP"),
]
Group = Annotated[str, typer.Argument(help="A group such as catalog, users, orders; or all.")]
OneGroup = Annotated[str, typer.Argument(help="A group such as catalog, users, orders.")]
Who = Annotated[str, typer.Option("--who", help="Who decides this; kept in the log.", envvar="USER")]


class Told(Protocol):
    """What a capability answers with."""

    def lines(self) -> list[str]: ...

    def as_json(self) -> Any: ...


def _settings(data_dir: Path | None, source: str | None, shop: str | None, http: str | None = None) -> Settings:
    return settings(data_dir, legacy_url=source, legacy_shop=shop, legacy_http=http)


def _say(told: Told, as_json: bool, *, failed: bool = False) -> None:
    if as_json:
        tell(told.as_json())
    else:
        typer.echo("\n".join(told.lines()))
    if failed:
        raise typer.Exit(1)


def _ask(read: Settings, act: Callable[[Ports], Awaitable[T]]) -> T:
    """Run `act` with the mover's ports, the services it speaks to opened beside it."""

    async def work() -> T:
        async with opened(read, *SERVICES) as process:
            return await act(process.shop.ports["move"])

    return run(work())


def _with_mover(read: Settings, act: Callable[["Mover"], Awaitable[T]], *, at_work: bool = True) -> T:
    """Run `act` with a mover. `at_work`: it does the move's work too, for as long as nobody else does."""
    from banyan.move import working

    async def go() -> T:
        async with opened(read, *SERVICES) as process:
            ports = process.shop.ports["move"]
            if not at_work:
                return await act(await working.opened(ports))
            _relays(process)
            async with working.at_work(ports) as mover:
                return await act(mover)

    _url(read)
    return run(go())


def _relays(process: "Process") -> None:
    """What our services tell has to reach the way back also where no shop runs."""
    for name in SERVICES:
        if name != "move":
            process.shop.work(topology.service(name))


@asynccontextmanager
async def _scratch(read: Settings, url: str) -> "AsyncIterator[Mover]":
    """A mover on a copy of the legacy database, with services and a memory of its own that are gone afterwards."""
    from banyan.move import working

    with tempfile.TemporaryDirectory(prefix="banyan-rehearsal-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103  # the embedded server may run as another user
        own = ("postgres_url", "bus_url", *(f"{name}_database_url" for name in topology.SERVICES))
        apart = read.model_copy(
            update={**dict.fromkeys(own, SecretStr("")), "data_dir": Path(folder), "legacy_url": SecretStr(url)}
        )
        async with opened(apart, *SERVICES) as process:
            _relays(process)
            mover = await working.opened(process.shop.ports["move"])
            yield mover
            await mover.source.close()


def _groups(mover: "Mover", name: str) -> list[str]:
    from banyan.move.mover.preparing import known_groups

    return known_groups(mover.adapter, None if name == "all" else [name])


@app.command()
def doctor(
    source: SourceUrl = None,
    shop: ShopKind = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Look for what would lose data in silence or stop a move, each with the SQL or setting that mends it. Changes nothing.

    Exit status 1 when something blocks the move.

    Example: `banyan move doctor --source mysql://root@127.0.0.1:3306/shop --shop opencart4`
    """
    from banyan.move.assess.doctor import doctor as examine
    from banyan.move.legacy import adapter
    from banyan.move.source import Source

    read = _settings(data_dir, source, shop)
    legacy = Source(_url(read))
    diagnosis = run(examine(legacy, adapter(read.legacy_shop) if read.legacy_shop else None))
    _say(diagnosis, as_json, failed=bool(diagnosis.blockers))


@app.command()
def plan(
    source: SourceUrl = None,
    shop: ShopKind = None,
    code: Annotated[
        Path | None, typer.Option(help="The shop's PHP tree: which files read or write which tables.")
    ] = None,
    access_log: Annotated[
        Path | None, typer.Option("--access-log", help="nginx or Apache, .gz too: which routes, how often, how fast.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Where to draw the service boundaries, as SVG.")] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """What there is, which service each table belongs to, what crosses the boundaries, and in which order to move.

    Example: `banyan move plan --source mysql://root@127.0.0.1/shop --shop opencart4 --picture boundaries.svg`
    """
    from banyan.move.assess.plan import plan as draw_up
    from banyan.move.legacy import adapter
    from banyan.move.source import Source

    read = _settings(data_dir, source, shop)
    made = run(
        draw_up(
            Source(_url(read)),
            adapter(read.legacy_shop) if read.legacy_shop else None,
            code=code,
            access_log=access_log,
        )
    )
    if picture is not None:
        picture.write_text(made.picture(), encoding="utf-8")
    _say(made, as_json)


@app.command()
def prepare(
    group: Group = "all",
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Write down the shop, its tables and where its log ends: from there on nothing is missed. Safe to repeat.

    Example: `banyan move prepare --source mysql://mover:secret@127.0.0.1/shop --shop opencart4`
    """
    read = _settings(data_dir, source, shop)
    _say(_with_mover(read, lambda mover: mover.prepare(_groups(mover, group), who=who), at_work=False), as_json)


@app.command()
def copy(
    group: Group = "all",
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Copy a group's tables and follow their changes until it is in sync. Broken off, it goes on where it was.

    Example: `banyan move copy all`
    """
    from banyan.move.status import status as look

    async def act(mover: "Mover") -> Told:
        wanted = _groups(mover, group)
        await mover.prepare(wanted, who=who)
        await mover.copy(wanted, who=who)
        with progress("Rows", 0) as bar:
            await mover.copied(wanted, lambda done, of: bar(done, of))
        return await look(mover.ports.db, mover.adapter)

    _say(_with_mover(_settings(data_dir, source, shop), act), as_json)


@app.command()
def status(
    source: SourceUrl = None,
    shop: ShopKind = None,
    watch: Annotated[bool, typer.Option("--watch", help="Look again each second, until Ctrl-C.")] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Each group's state and owner, how far it is copied, followed, told and verified, and whether it can still go back.

    Example: `banyan move status --watch`
    """
    from banyan.move.legacy import adapter
    from banyan.move.status import status as look

    read = _settings(data_dir, source, shop)
    known = adapter(read.legacy_shop) if read.legacy_shop else None

    async def act(ports: Ports) -> Told:
        while watch:
            told = await look(ports.db, known)
            typer.echo("\033[2J\033[H", nl=False)
            typer.echo("\n".join(told.lines()))
            await ports.clock.sleep(1)
        return await look(ports.db, known)

    _say(_ask(read, act), as_json)


@app.command()
def verify(
    group: Group = "all",
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what differs, and keep in the log what was done.")
    ] = False,
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Compare every row with the source byte for byte, every record with what its service holds, and the books of both.

    Exit status 1 when something differs and was not mended.

    Example: `banyan move verify catalog`
    """
    from banyan.move.verify import Verdict, Verifier

    async def act(mover: "Mover") -> list[Verdict]:
        with progress("Compared", 0) as bar:
            return [
                await Verifier(mover).whole(each, repair=repair, who=who, progress=lambda done: bar(done, done))
                for each in _groups(mover, group)
            ]

    verdicts = _with_mover(_settings(data_dir, source, shop), act)
    if as_json:
        tell([each.as_json() for each in verdicts])
    else:
        typer.echo("\n".join(line for each in verdicts for line in each.lines()))
    if not all(each.clean or each.repaired for each in verdicts):
        raise typer.Exit(1)


@app.command()
def resume(
    table: Annotated[str | None, typer.Option(help="Only this table that stands still.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="The log is lost: copy everything again from its present end.")
    ] = False,
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Go on after a halt, or with a table whose schema changed.

    Example: `banyan move resume --table oc_product`
    """
    read = _settings(data_dir, source, shop)
    _say(_with_mover(read, lambda mover: mover.resume(table=table, again=again, who=who), at_work=False), as_json)


Force = Annotated[
    list[str] | None, typer.Option("--force", help="GATE=REASON: pass this gate; kept in the log. May be given again.")
]
Pause = Annotated[
    float, typer.Option("--max-pause", help="Milliseconds that writes may wait at most.", min=50, max=60_000)
]


@app.command()
def rehearse(
    group: OneGroup,
    rounds: Annotated[int, typer.Option(help="How often over and back.", min=1, max=50)] = 5,
    max_pause: Pause = 500,
    source: SourceUrl = None,
    shop: ShopKind = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """The change of hands on a scratch copy beside the shop's database, under load: how long the pause will be.

    Example: `banyan move rehearse catalog`
    """
    from banyan.move.cutover.rehearse import Rehearsal
    from banyan.move.cutover.rehearse import rehearse as practise
    from banyan.move.way_back.ground import ground_of

    read = _settings(data_dir, source, shop)

    async def act(mover: "Mover") -> Rehearsal:
        ground = await ground_of(mover)
        return await practise(ground, group, lambda url: _scratch(read, url), rounds=rounds, max_pause=max_pause / 1000)

    told = _with_mover(read, act)
    _say(told, as_json, failed=not told.went_well)


@app.command()
def cutover(
    group: OneGroup,
    max_pause: Pause = 500,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look at the gates and change nothing.")] = False,
    force: Force = None,
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Take a group's writes over. They wait for a moment; if it takes longer than they may, everything stays as it was.

    Example: `banyan move cutover catalog --max-pause 500`
    """
    from banyan.move.cutover.protocol import cutover as take
    from banyan.move.way_back.ground import ground_of

    passed = _reasons(force)

    async def act(mover: "Mover") -> "Turn":
        ground = await ground_of(mover)
        return await take(ground, group, max_pause=max_pause / 1000, overrides=passed, dry_run=dry_run, who=who)

    turn = _with_mover(_settings(data_dir, source, shop), act)
    _say(turn, as_json, failed=turn.outcome == "aborted")


@app.command()
def revert(
    group: OneGroup,
    max_pause: Pause = 500,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look at the gates and change nothing.")] = False,
    force: Force = None,
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Give a group's writes back to the legacy shop, with everything that was written here since.

    Example: `banyan move revert catalog`
    """
    from banyan.move.cutover.reverting import revert as give_back
    from banyan.move.way_back.ground import ground_of

    passed = _reasons(force)

    async def act(mover: "Mover") -> "Turn":
        ground = await ground_of(mover)
        return await give_back(ground, group, max_pause=max_pause / 1000, overrides=passed, dry_run=dry_run, who=who)

    turn = _with_mover(_settings(data_dir, source, shop), act)
    _say(turn, as_json, failed=turn.outcome == "aborted")


@app.command()
def finalize(
    group: OneGroup,
    name: Annotated[
        str, typer.Option("--name", help="The group's name again: ends the way back before its time.")
    ] = "",
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """End the way back: the group stays here. The legacy tables are kept, under another name at the very end.

    Example: `banyan move finalize catalog`
    """
    from banyan.move.cutover.ending import finalize as end
    from banyan.move.way_back.ground import ground_of

    async def act(mover: "Mover") -> Told:
        return await end(await ground_of(mover), group, typed=name, who=who)

    _say(_with_mover(_settings(data_dir, source, shop), act, at_work=False), as_json)


@app.command()
def abort(
    group: OneGroup,
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Call a group's move off, in any state before its cutover is decided. Nothing changes on the legacy side.

    Example: `banyan move abort catalog`
    """
    from banyan.move.cutover.ending import abort as call_off
    from banyan.move.way_back.ground import ground_of

    async def act(mover: "Mover") -> Told:
        return await call_off(await ground_of(mover), group, who=who)

    _say(_with_mover(_settings(data_dir, source, shop), act, at_work=False), as_json)


@app.command()
def log(
    group: Annotated[str | None, typer.Argument(help="Only this group's entries.")] = None,
    limit: Annotated[int, typer.Option(help="The newest so many.", min=1, max=10_000)] = 100,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """What was decided and done, by whom and with which numbers.

    Example: `banyan move log catalog`
    """
    from banyan.move.report import entries

    _say(_ask(settings(data_dir), lambda ports: entries(ports.db, group, limit)), as_json)


@app.command()
def report(
    source: SourceUrl = None,
    shop: ShopKind = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """The evidence in one document: positions, counts, digests, pauses, who decided what. For whoever has to sign it.

    Example: `banyan move report > report.txt`
    """
    from banyan.move.report import report as write

    _say(_with_mover(_settings(data_dir, source, shop), write, at_work=False), as_json)


@mapping.command("check")
def map_check(
    file: Annotated[Path, typer.Argument(help="The mapping file.", dir_okay=False)],
    source: SourceUrl = None,
    as_json: Json = False,
) -> None:
    """Tell every fault of a mapping file with its line; with `--source` also what does not fit the shop's tables.

    Example: `banyan move map check my-shop.yaml --source mysql://mover:secret@127.0.0.1/shop`
    """
    from banyan.move.legacy.mapping import read as read_mapping
    from banyan.move.source import Source, read_tables

    if not file.exists():
        raise typer.BadParameter(f"there is no file {file}")
    shop = read_mapping(file)
    wrong: list[str] = []
    if source:
        with Source(source).connect() as con:
            found = read_tables(con)
        prefix = shop.prefix(found)
        wrong = shop.wrong({name.removeprefix(prefix): table for name, table in found.items()})
    if as_json:
        tell({"file": str(file), "groups": shop.groups, "tables": sorted(shop.uses), "faults": wrong})
    elif wrong:
        typer.echo("\n".join(f"{file}:{each}" for each in wrong))
    else:
        typer.echo(f"{file} holds together: {len(shop.uses)} tables in the groups {', '.join(shop.groups)}")
    if wrong:
        raise typer.Exit(1)


@quarantine.command("list")
def quarantine_list(
    group: Annotated[str | None, typer.Option(help="Only this group's.")] = None,
    state: Annotated[str, typer.Option(help="open, waived, solved, or all.")] = "open",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """What waits for somebody to look at it.

    Example: `banyan move quarantine list --group users`
    """
    from banyan.move.quarantine import cases

    _say(_ask(settings(data_dir), lambda ports: cases(ports.db, group, None if state == "all" else state)), as_json)


@quarantine.command("show")
def quarantine_show(
    id: Annotated[str, typer.Argument(help="As the list names it.")],
    source: SourceUrl = None,
    shop: ShopKind = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """One case with its row.

    Example: `banyan move quarantine show qua_01jd`
    """
    from banyan.move.legacy import adapter
    from banyan.move.quarantine import show

    read = _settings(data_dir, source, shop)
    _say(_ask(read, lambda ports: show(ports.db, adapter(read.legacy_shop), id)), as_json)


@quarantine.command("retry")
def quarantine_retry(
    id: Annotated[str | None, typer.Argument(help="One case; all of the group without it.")] = None,
    group: Annotated[str | None, typer.Option(help="All open cases of this group.")] = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Try again: after the legacy row, or the mapping, was mended.

    Example: `banyan move quarantine retry --group users`
    """
    from banyan.move.quarantine import retry

    _say(_ask(settings(data_dir), lambda ports: retry(ports.db, id, group, who=who)), as_json)


@quarantine.command("waive")
def quarantine_waive(
    id: Annotated[str, typer.Argument(help="As the list names it.")],
    because: Annotated[str, typer.Option(help="Why it may stay behind.")],
    who: Annotated[str, typer.Option(help="Who says so.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Leave this behind, by name and with a reason: it no longer blocks the cutover.

    Example: `banyan move quarantine waive qua_01jd --who "Ada" --because "a test customer of 2019"`
    """
    from banyan.move.quarantine import waive

    _say(_ask(settings(data_dir), lambda ports: waive(ports.db, id, who, because)), as_json)


@throttle.command("show")
def throttle_show(data_dir: DataDir = None, as_json: Json = False) -> None:
    """The limits, and why the copy rests if it does.

    Example: `banyan move throttle show`
    """
    from banyan.move.throttle import look

    _say(_ask(settings(data_dir), lambda ports: look(ports.db)), as_json)


@throttle.command("set")
def throttle_set(
    name: Annotated[str, typer.Argument(help="The limit's name; `show` lists them.")],
    value: Annotated[str, typer.Argument(help="Its new value.")],
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Change a limit while the copy runs.

    Example: `banyan move throttle set max_lag 2`
    """
    from banyan.move.throttle import turn

    _say(_ask(settings(data_dir), lambda ports: turn(ports.db, name, value, who)), as_json)


@throttle.command("on")
def throttle_on(
    because: Annotated[str, typer.Option(help="Why the copy should rest.")] = "an operator said so",
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Let the copy rest. The stream goes on: what it falls behind must be caught up.

    Example: `banyan move throttle on --because "a sale begins"`
    """
    from banyan.move.throttle import rest

    _say(_ask(settings(data_dir), lambda ports: rest(ports.db, who, because)), as_json)


@throttle.command("off")
def throttle_off(who: Who = "operator", data_dir: DataDir = None, as_json: Json = False) -> None:
    """Let the copy go on.

    Example: `banyan move throttle off`
    """
    from banyan.move.throttle import go

    _say(_ask(settings(data_dir), lambda ports: go(ports.db, who)), as_json)


@app.command()
def route(
    group: OneGroup,
    weight: Annotated[
        int, typer.Option(help="Percent of the group's page views that we are to answer.", min=0, max=100)
    ],
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Let us answer more of a group's page views, step by step as long as we do well; back by itself when we do not.

    Example: `banyan move route catalog --weight 25`
    """
    from banyan.move.shift.routing import route as steer

    _say(_ask(settings(data_dir), lambda ports: steer(ports, group, weight, who=who)), as_json)


@app.command()
def shadow(
    group: OneGroup,
    percent: Annotated[int, typer.Option(help="Percent of page views to ask again of both sides.", min=0, max=100)],
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Ask both sides what a share of shoppers asked, off their path, and compare the facts in the answers.

    Example: `banyan move shadow catalog --percent 5`
    """
    from banyan.move.shift.routing import shadow as compare

    _say(_ask(settings(data_dir), lambda ports: compare(ports, group, percent, who=who)), as_json)


@app.command()
def demo(
    writes: Annotated[float, typer.Option(help="Writes a second by the demo's shoppers.", min=1, max=500)] = 30,
    reads: Annotated[float, typer.Option(help="Page views a second.", min=1, max=500)] = 20,
    rounds: Annotated[int, typer.Option(help="How often customers go over and back.", min=1, max=50)] = 1,
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
    from banyan.trial.moving import Wish, moving_day

    clock = SystemClock()
    wish = Wish(writes=writes, reads=reads, rounds=rounds, max_pause=max_pause)
    with tempfile.TemporaryDirectory(prefix="banyan-moving-") as folder:
        Path(folder).chmod(0o755)
        say = (lambda line: typer.echo(line, err=True)) if as_json else typer.echo
        evidence = run(moving_day(Path(folder), wish, clock=clock, ids=SystemIds(clock), say=say))
    _say(evidence, as_json, failed=not evidence.clean)


@app.command()
def dual(
    group: OneGroup,
    what: Annotated[str, typer.Argument(help="on, off or report.", metavar="on|off|report")],
    who: Who = "operator",
    shop: ShopKind = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Dual write: while the legacy shop answers a group's writes, play each on our side too and report where they differ.

    Example: `banyan move dual users on`, and later `banyan move dual users report`
    """
    from banyan.move.shift.dual import report as compared
    from banyan.move.shift.dual import switch

    if what not in ("on", "off", "report"):
        raise typer.BadParameter(f"{what}: on, off or report")

    async def act(ports: Ports) -> Told:
        return (
            await compared(ports, group) if what == "report" else await switch(ports, group, on=what == "on", who=who)
        )

    _say(_ask(_settings(data_dir, None, shop), act), as_json)


def _reasons(force: list[str] | None) -> dict[str, str]:
    """`GATE=REASON` as given; a gate without a reason stays shut."""
    given = dict(each.partition("=")[::2] for each in force or ())
    for gate, reason in given.items():
        if not reason.strip():
            raise typer.BadParameter(f"--force {gate}=REASON: say why, for the log")
    return given


def _url(read: Settings) -> str:
    url = read.legacy_url.get_secret_value()
    if not url:
        raise WrongSettings("which shop? --source mysql://user:password@host:port/database (or BANYAN_LEGACY_URL)")
    return url
