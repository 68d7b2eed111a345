"""`banyan orders …`: the view of orders, rebuilt from their facts and compared."""

import typer

app = typer.Typer(no_args_is_help=True, help="Orders: rebuild their view from the facts and compare.")


@app.callback()
def _orders() -> None: ...
