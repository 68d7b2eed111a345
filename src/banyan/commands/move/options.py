"""Options that several commands of a move share, each said once."""

from typing import Annotated

import typer

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
Force = Annotated[
    list[str] | None, typer.Option("--force", help="GATE=REASON: pass this gate; kept in the log. May be given again.")
]
Pause = Annotated[
    float, typer.Option("--max-pause", help="Milliseconds that writes may wait at most.", min=50, max=60_000)
]
