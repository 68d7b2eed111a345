"""`banyan …`: the commands. Each has `--help` with an example, says what to do next when it fails, and never a traceback."""

import sys
from typing import Annotated

import typer

from banyan import __version__
from banyan.commands import (
    bench,
    bus,
    ca,
    catalog,
    cluster,
    db,
    gateway,
    invariants,
    move,
    orders,
    parked,
    payments,
    shop,
    simulate,
    trial,
    users,
    vault,
)
from banyan.foundation.migrate import WrongSchema
from banyan.foundation.settings import WrongSettings
from banyan.kernel.refusals import Refusal

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Banyan: a commerce platform that grows around a shop's old monolith.",
)
app.command("up")(shop.up)
app.command("serve")(shop.serve)
app.command("work")(shop.work)
app.command("invariants")(invariants.invariants)
app.add_typer(bench.app, name="bench")
for name, group in (
    ("db", db.app),
    ("bus", bus.app),
    ("catalog", catalog.app),
    ("cluster", cluster.app),
    ("users", users.app),
    ("orders", orders.app),
    ("parked", parked.app),
    ("payments", payments.app),
    ("move", move.app),
    ("gateway", gateway.app),
    ("ca", ca.app),
    ("vault", vault.app),
    ("trial", trial.app),
    ("simulate", simulate.app),
):
    app.add_typer(group, name=name)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _banyan(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_say_version)
    ] = False,
) -> None: ...


def main() -> None:
    """The entry point: a user's mistake is one line and exit status 2, a refusal exit status 1."""
    try:
        app()
    except WrongSettings as wrong:
        _leave(str(wrong), 2)
    except (Refusal, WrongSchema) as refusal:
        _leave(str(refusal), 1)
    except OSError as error:
        if error.filename is None:
            raise
        _leave(f"{error.filename}: {error.strerror}", 2)
    except RuntimeError as error:
        _leave(str(error), 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _leave(why: str, status: int) -> None:
    print(f"banyan: {why}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
