"""A group changes hands: rehearsed, taken over, given back, kept for good, or left where it was."""

from typing import TYPE_CHECKING, Annotated

import typer

from banyan.commands import DataDir, Json
from banyan.commands.move.acting import Told, say, scratch, settings_of, with_mover
from banyan.commands.move.options import Force, OneGroup, Pause, ShopKind, SourceUrl, Who

if TYPE_CHECKING:
    from banyan.move.cutover.turn import Turn
    from banyan.move.mover import Mover


def rehearse(
    group: OneGroup,
    rounds: Annotated[int, typer.Option(help="How often over and back.", min=1, max=50)] = 5,
    max_pause: Pause = 500,
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """The change of hands on a scratch copy beside the shop's database, under load: how long the pause will be.

    Example: `banyan move rehearse catalog`
    """
    from banyan.move.cutover.rehearse import Rehearsal
    from banyan.move.cutover.rehearse import rehearse as practise
    from banyan.move.way_back.ground import ground_of

    read = settings_of(data_dir, source, shop)

    async def act(mover: "Mover") -> Rehearsal:
        ground = await ground_of(mover)
        return await practise(
            ground, group, lambda url: scratch(read, url), rounds=rounds, max_pause=max_pause / 1000, who=who
        )

    told = with_mover(read, act, at_work=False)
    say(told, as_json, failed=not told.went_well)


def cutover(
    group: OneGroup,
    max_pause: Pause = 500,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look at the gates and change nothing.")] = False,
    force: Force = None,
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Take a group's writes over. They wait for a moment; if it takes longer than they may, everything stays as it was.

    Example: `banyan move cutover catalog --max-pause 500`
    """
    from banyan.move.cutover.protocol import cutover as take
    from banyan.move.way_back.ground import ground_of

    passed = _reasons(force)

    async def act(mover: "Mover") -> "Turn":
        ground = await ground_of(mover)
        return await take(ground, group, max_pause=max_pause / 1000, overrides=passed, dry_run=dry_run, who=who)

    turn = with_mover(settings_of(data_dir, source, shop), act)
    say(turn, as_json, failed=turn.outcome == "aborted")


def revert(
    group: OneGroup,
    max_pause: Pause = 500,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look at the gates and change nothing.")] = False,
    force: Force = None,
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Give a group's writes back to the legacy shop, with everything that was written here since.

    Example: `banyan move revert catalog`
    """
    from banyan.move.cutover.reverting import revert as give_back
    from banyan.move.way_back.ground import ground_of

    passed = _reasons(force)

    async def act(mover: "Mover") -> "Turn":
        ground = await ground_of(mover)
        return await give_back(ground, group, max_pause=max_pause / 1000, overrides=passed, dry_run=dry_run, who=who)

    turn = with_mover(settings_of(data_dir, source, shop), act)
    say(turn, as_json, failed=turn.outcome == "aborted")


def finalize(
    group: OneGroup,
    name: Annotated[
        str, typer.Option("--name", help="The group's name again: ends the way back before its time.")
    ] = "",
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """End the way back: the group stays here. The legacy tables are kept, under another name at the very end.

    Example: `banyan move finalize catalog`
    """
    from banyan.move.cutover.ending import finalize as end
    from banyan.move.way_back.ground import ground_of

    async def act(mover: "Mover") -> Told:
        return await end(await ground_of(mover), group, typed=name, who=who)

    say(with_mover(settings_of(data_dir, source, shop), act, at_work=False), as_json)


def abort(
    group: OneGroup,
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Call a group's move off, in any state before its cutover is decided. Nothing changes on the legacy side.

    Example: `banyan move abort catalog`
    """
    from banyan.move.cutover.ending import abort as call_off
    from banyan.move.way_back.ground import ground_of

    async def act(mover: "Mover") -> Told:
        return await call_off(await ground_of(mover), group, who=who)

    say(with_mover(settings_of(data_dir, source, shop), act, at_work=False), as_json)


def _reasons(force: list[str] | None) -> dict[str, str]:
    """`GATE=REASON` as given; a gate without a reason stays shut."""
    given = dict(each.partition("=")[::2] for each in force or ())
    for gate, reason in given.items():
        if not reason.strip():
            raise typer.BadParameter(f"--force {gate}=REASON: say why, for the log")
    return given
