"""`banyan move throttle …`: how hard the copy may push the legacy shop."""

from typing import Annotated

import typer

from banyan.commands import DataDir, Json, settings
from banyan.commands.move.acting import ask, say
from banyan.commands.move.options import Who

throttle = typer.Typer(
    no_args_is_help=True, help="How hard the copy may push the legacy shop.\n\nExample: `banyan move throttle show`"
)


@throttle.command("show")
def throttle_show(data_dir: DataDir = None, as_json: Json = False) -> None:
    """The limits, and why the copy rests if it does.

    Example: `banyan move throttle show`
    """
    from banyan.move.throttle import look

    say(ask(settings(data_dir), lambda ports: look(ports.db)), as_json)


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

    say(ask(settings(data_dir), lambda ports: turn(ports.db, name, value, who)), as_json)


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

    say(ask(settings(data_dir), lambda ports: rest(ports.db, who, because)), as_json)


@throttle.command("off")
def throttle_off(who: Who = "operator", data_dir: DataDir = None, as_json: Json = False) -> None:
    """Let the copy go on.

    Example: `banyan move throttle off`
    """
    from banyan.move.throttle import go

    say(ask(settings(data_dir), lambda ports: go(ports.db, who)), as_json)
