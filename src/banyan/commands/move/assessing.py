"""Before anything changes: what stands in the way, what there is, and whether a mapping file holds together."""

from pathlib import Path
from typing import Annotated

import typer

from banyan.commands import DataDir, Json, run, tell
from banyan.commands.move.acting import say, settings_of, url_of
from banyan.commands.move.options import ShopKind, SourceUrl


def doctor(
    source: SourceUrl = None,
    shop: ShopKind = None,
    connector: Annotated[
        str | None,
        typer.Option(
            help="The Debezium connector's settings: its URL in Kafka Connect, or a file of JSON or properties."
        ),
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Look for what would lose data in silence or stop a move, each with the SQL or setting that mends it. Changes nothing.

    Where BANYAN_LEGACY_STREAM says that Debezium is followed, its newest events and its topics are examined too.

    Exit status 1 when something blocks the move.

    Example: `banyan move doctor --source mysql://root@127.0.0.1:3306/shop --shop opencart4`
    """
    from banyan.move.assess.doctor import doctor as examine
    from banyan.move.legacy import adapter
    from banyan.move.source import Source

    read = settings_of(data_dir, source, shop)
    legacy = Source(url_of(read))
    known = adapter(read.legacy_shop) if read.legacy_shop else None
    if connector and not read.legacy_stream:
        raise typer.BadParameter(
            "BANYAN_LEGACY_STREAM is empty: the binlog is followed, and no connector", param_hint="--connector"
        )
    diagnosis = run(examine(legacy, known, stream=read.legacy_stream, connector=connector or ""))
    say(diagnosis, as_json, failed=bool(diagnosis.blockers))


def plan(
    source: SourceUrl = None,
    shop: ShopKind = None,
    code: Annotated[
        Path | None, typer.Option(help="The shop's PHP tree: which files read or write which tables.")
    ] = None,
    access_log: Annotated[
        Path | None, typer.Option("--access-log", help="nginx or Apache, .gz too: which routes, how often, how fast.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Where to draw the service boundaries, as SVG.")] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """What there is, which service each table belongs to, what crosses the boundaries, and in which order to move.

    Example: `banyan move plan --source mysql://root@127.0.0.1/shop --shop opencart4 --picture boundaries.svg`
    """
    from banyan.move.assess.plan import plan as draw_up
    from banyan.move.legacy import adapter
    from banyan.move.source import Source

    read = settings_of(data_dir, source, shop)
    made = run(
        draw_up(
            Source(url_of(read)),
            adapter(read.legacy_shop) if read.legacy_shop else None,
            code=code,
            access_log=access_log,
        )
    )
    if picture is not None:
        picture.write_text(made.picture(), encoding="utf-8")
    say(made, as_json)


def map_check(
    file: Annotated[Path, typer.Argument(help="The mapping file.", dir_okay=False)],
    source: SourceUrl = None,
    as_json: Json = False,
) -> None:
    """Tell every fault of a mapping file with its line; with `--source` also what does not fit the shop's tables.

    Example: `banyan move map check my-shop.yaml --source mysql://mover:secret@127.0.0.1/shop`
    """
    from banyan.move.legacy.mapping import read as read_mapping
    from banyan.move.source import Source, read_tables

    if not file.exists():
        raise typer.BadParameter(f"there is no file {file}")
    shop = read_mapping(file)
    wrong: list[str] = []
    if source:
        with Source(source).connect() as con:
            found = read_tables(con)
        prefix = shop.prefix(found)
        wrong = shop.wrong({name.removeprefix(prefix): table for name, table in found.items()})
    if as_json:
        tell({"file": str(file), "groups": shop.groups, "tables": sorted(shop.uses), "faults": wrong})
    elif wrong:
        typer.echo("\n".join(f"{file}:{each}" for each in wrong))
    else:
        typer.echo(f"{file} holds together: {len(shop.uses)} tables in the groups {', '.join(shop.groups)}")
    if wrong:
        raise typer.Exit(1)
