"""`banyan payments …`: providers' reports compared with the ledger."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from banyan.commands import DataDir, Json, opened, run, settings, table, tell
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.clock import SystemClock
from banyan.kernel.money import Money

app = typer.Typer(no_args_is_help=True, help="Payments: providers' reports compared with the ledger.")


@app.callback()
def _payments() -> None: ...


@app.command()
def reconcile(
    provider: Annotated[str, typer.Option(help="stripe, paypal, razorpay or testbank.")],
    file: Annotated[
        Path | None, typer.Option(help="A report downloaded from the provider (CSV); without it, it is asked.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day (UTC).", show_default="yesterday")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day after the last (UTC).", show_default="today")
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Compare a provider's report with the ledger, line by line; exit status 1 while anything is unexplained.

    Fees, payouts and disputes that the ledger did not have are booked. The same report twice is as once.

    Example: `banyan payments reconcile --provider stripe --file report.csv`
    """
    text = file.read_text("utf-8", "replace") if file else None
    made, left = run(_reconcile(settings(data_dir), provider, text, since, until))
    if as_json:
        tell(made | {"differences": left})
    else:
        typer.echo(
            f"{made['lines']} lines of {made['provider']}, {made['new_lines']} of them new; {made['booked']} transfers booked"
        )
        names = ("theirs", "ours", "timing", "unexplained")
        rows = [[str(Money(each[name], each["currency"])) for name in names] for each in made["totals"]]
        table(names, rows)
        for each in left:
            ours, theirs = (Money(each[name], each["currency"]) for name in ("ours", "theirs"))
            typer.echo(f"{each['kind']}: {each['subject']}, {theirs} theirs, {ours} ours ({each['id']})")
    if any(each["unexplained"] for each in made["totals"]):
        raise typer.Exit(1)


async def _reconcile(
    read: Settings, provider: str, text: str | None, since: datetime | None, until: datetime | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    from banyan.payments import actions
    from banyan.payments.providers.desk import Desk, known
    from banyan.payments.providers.statements import reporter_of

    if reporter_of(provider) is None:
        raise WrongSettings(f"there are no reports of {provider}: stripe, paypal, razorpay and testbank have some")
    today = SystemClock().now().replace(hour=0, minute=0, second=0, microsecond=0)
    begin = since.replace(tzinfo=UTC) if since else today - timedelta(days=1)
    end = until.replace(tzinfo=UTC) if until else today
    bank = ("testbank",) if provider == "testbank" and read.environment == "laptop" else ()
    async with opened(read, "payments", *bank) as process:
        desk, ports = Desk(known()), process.shop.ports["payments"]
        if text is not None:
            made = await actions.reconcile_file(desk, ports, provider, text, "command")
        else:
            made = await actions.reconcile(desk, ports, provider, begin, end, "command")
        left = await actions.differences(ports, provider=provider, below=None, only_open=True, limit=100)
        return made, left
