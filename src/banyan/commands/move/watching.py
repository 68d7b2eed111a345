"""How the move stands, what was done, and the evidence."""

from typing import Annotated

import typer

from banyan.commands import DataDir, Json, settings
from banyan.commands.move.acting import Told, ask, say, settings_of, with_mover
from banyan.commands.move.options import ShopKind, SourceUrl
from banyan.foundation.service import Ports


def status(
    group: Annotated[str | None, typer.Argument(help="Only this group.")] = None,
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

    read = settings_of(data_dir, source, shop)
    known = adapter(read.legacy_shop) if read.legacy_shop else None

    async def act(ports: Ports) -> Told:
        while watch:
            told = (await look(ports.db, known)).of(group)
            typer.echo("\033[2J\033[H", nl=False)
            typer.echo("\n".join(told.lines()))
            await ports.clock.sleep(1)
        return (await look(ports.db, known)).of(group)

    say(ask(read, act), as_json)


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

    say(ask(settings(data_dir), lambda ports: entries(ports.db, group, limit)), as_json)


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

    say(with_mover(settings_of(data_dir, source, shop), write, at_work=False), as_json)
