"""`banyan move …`: a live legacy shop moves in. Each command acts through the mover, tells what is so now and what comes next."""

from collections.abc import Callable

import typer

from banyan.commands.move.assessing import doctor, map_check, plan
from banyan.commands.move.copying import copy, prepare, resume, verify
from banyan.commands.move.hands import abort, cutover, finalize, rehearse, revert
from banyan.commands.move.quarantining import quarantine
from banyan.commands.move.shifting import dual, route, shadow
from banyan.commands.move.showing import demo
from banyan.commands.move.throttling import throttle
from banyan.commands.move.watching import log, report, status

app = typer.Typer(no_args_is_help=True, help="Move a live legacy shop in, and back at any moment.")
mapping = typer.Typer(
    no_args_is_help=True,
    help="The mapping file of a shop nobody knows.\n\nExample: `banyan move map check my-shop.yaml`",
)
mapping.command("check")(map_check)
_COMMANDS: tuple[Callable[..., None], ...] = (
    *(doctor, plan, prepare, copy, status, verify, resume),
    *(rehearse, cutover, revert, finalize, abort),
    *(log, report, route, shadow, demo, dual),
)
for command in _COMMANDS:  # as --help lists them
    app.command()(command)
app.add_typer(quarantine, name="quarantine")
app.add_typer(throttle, name="throttle")
app.add_typer(mapping, name="map")
