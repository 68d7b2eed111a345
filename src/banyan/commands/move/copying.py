"""The legacy shop is written down, copied and followed, and compared with what is here."""

from typing import TYPE_CHECKING, Annotated

import typer

from banyan.commands import DataDir, Json, progress, tell
from banyan.commands.move.acting import Told, groups_of, say, settings_of, with_mover
from banyan.commands.move.options import Group, ShopKind, SourceUrl, Who

if TYPE_CHECKING:
    from banyan.move.mover import Mover


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
    read = settings_of(data_dir, source, shop)
    say(with_mover(read, lambda mover: mover.prepare(groups_of(mover, group), who=who), at_work=False), as_json)


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
        wanted = groups_of(mover, group)
        await mover.prepare(wanted, who=who)
        await mover.copy(wanted, who=who)
        with progress("Rows", 0) as bar:
            await mover.copied(wanted, lambda done, of: bar(done, of))
        return await look(mover.ports.db, mover.adapter)

    say(with_mover(settings_of(data_dir, source, shop), act), as_json)


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
                for each in groups_of(mover, group)
            ]

    verdicts = with_mover(settings_of(data_dir, source, shop), act)
    if as_json:
        tell([each.as_json() for each in verdicts])
    else:
        typer.echo("\n".join(line for each in verdicts for line in each.lines()))
    if not all(each.clean or each.repaired for each in verdicts):
        raise typer.Exit(1)


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
    read = settings_of(data_dir, source, shop)
    say(with_mover(read, lambda mover: mover.resume(table=table, again=again, who=who), at_work=False), as_json)
