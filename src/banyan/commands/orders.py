"""`banyan orders …`: the view of orders, rebuilt from their facts and compared."""

from typing import Annotated

import typer

from banyan.commands import DataDir, Json, opened, run, settings, tell
from banyan.orders.actions.rebuild import Rebuilt, rebuild

app = typer.Typer(no_args_is_help=True, help="Orders: rebuild their view from the facts and compare.")


@app.callback()
def _orders() -> None: ...


@app.command("rebuild")
def rebuild_(
    repair: Annotated[
        bool, typer.Option("--repair", help="Replace rows that are not what their facts come to.")
    ] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Fold every order anew from its facts and compare with the view; exit status 1 when they differ. Safe while open.

    Example: `banyan orders rebuild`
    """
    told = run(_rebuild(data_dir, repair))
    if as_json:
        tell({"orders": told.orders, "wrong": list(told.wrong), "repaired": told.repaired})
    else:
        typer.echo(f"{told.orders} orders folded anew, {len(told.wrong)} differ from the view")
        for order in told.wrong:
            typer.echo(f"  {order}{' (repaired)' if told.repaired else ''}")
    if told.wrong and not told.repaired:
        raise typer.Exit(1)


async def _rebuild(data_dir: DataDir, repair: bool) -> Rebuilt:
    async with opened(settings(data_dir), "orders") as process:
        return await rebuild(process.shop.ports["orders"].db, repair=repair)
