"""Who answers a group's page views, and what the two sides answer to the same: shares, shadows, dual writes."""

from typing import Annotated

import typer

from banyan.commands import DataDir, Json, settings
from banyan.commands.move.acting import Told, ask, say, settings_of
from banyan.commands.move.options import OneGroup, ShopKind, Who
from banyan.foundation.service import Ports


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

    say(ask(settings(data_dir), lambda ports: steer(ports, group, weight, who=who)), as_json)


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

    say(ask(settings(data_dir), lambda ports: compare(ports, group, percent, who=who)), as_json)


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

    say(ask(settings_of(data_dir, None, shop), act), as_json)
