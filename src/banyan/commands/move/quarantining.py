"""`banyan move quarantine …`: what could not be taken over, looked at, mended, tried again or left behind by name."""

from typing import Annotated

import typer

from banyan.commands import DataDir, Json, settings
from banyan.commands.move.acting import ask, say, settings_of, url_of
from banyan.commands.move.options import ShopKind, SourceUrl, Who

quarantine = typer.Typer(
    no_args_is_help=True, help="What could not be taken over, in plain words.\n\nExample: `banyan move quarantine list`"
)


@quarantine.command("list")
def quarantine_list(
    name: Annotated[str | None, typer.Argument(metavar="group", help="Only this group's.")] = None,
    group: Annotated[str | None, typer.Option(help="Only this group's.")] = None,
    state: Annotated[str, typer.Option(help="open, waived, solved, or all.")] = "open",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """What waits for somebody to look at it.

    Example: `banyan move quarantine list --group users`
    """
    from banyan.move.quarantine import cases

    say(
        ask(settings(data_dir), lambda ports: cases(ports.db, name or group, None if state == "all" else state)),
        as_json,
    )


@quarantine.command("show")
def quarantine_show(
    id: Annotated[str, typer.Argument(help="As the list names it.")],
    source: SourceUrl = None,
    shop: ShopKind = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """One case with its row.

    Example: `banyan move quarantine show qua_01jd`
    """
    from banyan.move.legacy import adapter
    from banyan.move.quarantine import show

    read = settings_of(data_dir, source, shop)
    say(ask(read, lambda ports: show(ports.db, adapter(read.legacy_shop), id)), as_json)


@quarantine.command("retry")
def quarantine_retry(
    id: Annotated[str | None, typer.Argument(help="One case; all of the group without it.")] = None,
    group: Annotated[str | None, typer.Option(help="All open cases of this group.")] = None,
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Try again: after the legacy row, or the mapping, was mended.

    Example: `banyan move quarantine retry --group users`
    """
    from banyan.move.legacy import adapter
    from banyan.move.quarantine import retry
    from banyan.move.source import Source

    read = settings_of(data_dir, source, shop)
    url = read.legacy_url.get_secret_value()
    legacy = Source(url) if url else None
    known = adapter(read.legacy_shop) if legacy is not None else None

    say(ask(read, lambda ports: retry(ports.db, id, group, source=legacy, adapter=known, who=who)), as_json)


@quarantine.command("fix")
def quarantine_fix(
    id: Annotated[str, typer.Argument(help="As the list names it.")],
    table: Annotated[str, typer.Argument(help="The legacy table, with or without the shop's prefix.")],
    values: Annotated[list[str], typer.Argument(help="COLUMN=VALUE; COLUMN= is empty, COLUMN alone is NULL.")],
    key: Annotated[
        list[str] | None, typer.Option("--key", help="COLUMN=VALUE of the row that is meant, where there are several.")
    ] = None,
    source: SourceUrl = None,
    shop: ShopKind = None,
    who: Who = "operator",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Mend a row where it is at home, in the legacy shop; the change comes back with the stream and is taken then.

    Example: `banyan move quarantine fix qua_01jd customer email=ada@example.com`
    """
    from banyan.move.legacy import adapter
    from banyan.move.quarantine import fix
    from banyan.move.source import Source

    read = settings_of(data_dir, source, shop)
    legacy, known = Source(url_of(read)), adapter(read.legacy_shop)
    said = {name: value if equals else None for name, equals, value in (each.partition("=") for each in values)}
    which = {name: value for name, _, value in (each.partition("=") for each in key or ())}
    say(ask(read, lambda ports: fix(ports.db, legacy, known, id, table, said, who=who, key=which)), as_json)


@quarantine.command("waive")
def quarantine_waive(
    id: Annotated[str, typer.Argument(help="As the list names it.")],
    because: Annotated[str, typer.Option(help="Why it may stay behind.")],
    who: Annotated[str, typer.Option(help="Who says so.")],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Leave this behind, by name and with a reason: it no longer blocks the cutover.

    Example: `banyan move quarantine waive qua_01jd --who "Ada" --because "a test customer of 2019"`
    """
    from banyan.move.quarantine import waive

    say(ask(settings(data_dir), lambda ports: waive(ports.db, id, who, because)), as_json)
