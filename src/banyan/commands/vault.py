"""`banyan vault …`: the card vault's keys and its audit."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from banyan import process, topology
from banyan.commands import DataDir, Json, progress, run, settings, table, tell
from banyan.foundation.operate import Finding, prove
from banyan.foundation.settings import Settings

app = typer.Typer(no_args_is_help=True, help="The card vault: its keys, and who used which card for what.")


@app.callback()
def _vault() -> None: ...


@app.command("rotate")
def rotate(
    again: Annotated[
        bool, typer.Option("--again", help="Also where the key is the same: after KMS has turned over its own.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Wrap the keys of all cards anew by BANYAN_VAULT_KEYS_URL; BANYAN_VAULT_OLD_KEYS_URL names the key before.

    Safe beside a running vault that has both settings, to break off, and to repeat.

    Example: `BANYAN_VAULT_OLD_KEYS_URL=file://vault/keys BANYAN_VAULT_KEYS_URL=file://vault/keys-2 banyan vault rotate`
    """
    with progress("Cards", 0) as advance:
        count = run(_rotate(settings(data_dir), again, lambda done: advance(done)))
    typer.echo(
        f"{count} cards are wrapped by the new key. The old one is needed no more." if count else "None was left."
    )


async def _rotate(read: Settings, again: bool, advance: Any) -> int:
    from banyan.vault import actions
    from banyan.vault.app import service
    from banyan.vault.safe import Safe

    here, urls = await process.connect(read, topology.APART)
    safe = Safe()
    try:
        ports = await here.shop.open(service(safe), urls["vault"])
        return await actions.rotate(safe, ports, again=again, progress=advance)
    finally:
        await safe.close()
        await here.close()


@app.command("check")
def check(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Open every card with the keys that are set, and check the vault's invariants; exit status 1 when something is wrong.

    For after a rotation of keys or a restored backup. It shows no card and changes nothing.

    Example: `banyan vault check`
    """
    with progress("Cards", 0) as advance:
        count, wrong, findings = run(_check(settings(data_dir), lambda done: advance(done)))
    if as_json:
        tell({"cards": count, "wrong": wrong, "invariants": [each.as_json() for each in findings]})
    else:
        table(
            ("invariant", "promise", "violations"), [(each.id, each.promise, each.count or "none") for each in findings]
        )
        typer.echo(f"{count} cards were opened, {len(wrong)} of them not, or not as they should be.")
        for each in wrong:
            typer.echo(f"{each['token']}: {each['why']}")
    if wrong or any(each.count for each in findings):
        raise typer.Exit(1)


async def _check(read: Settings, advance: Any) -> tuple[int, list[dict[str, str]], list[Finding]]:
    from banyan.vault import actions
    from banyan.vault.app import service
    from banyan.vault.safe import Safe

    here, urls = await process.connect(read, topology.APART)
    safe = Safe()
    try:
        vault = service(safe)
        ports = await here.shop.open(vault, urls["vault"])
        count, wrong = await actions.check(safe, ports, progress=advance)
        return count, [asdict(each) for each in wrong], await prove(vault, ports.db)
    finally:
        await safe.close()
        await here.close()


@app.command("audit")
def audit(
    card: Annotated[str | None, typer.Argument(help="A token, card_…; all of them when left out.")] = None,
    most: Annotated[int, typer.Option(help="So many lines, the newest first.", min=1, max=10_000)] = 50,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Who used which card, when, for what.

    Example: `banyan vault audit --most 20`
    """
    rows = run(_audit(settings(data_dir), card, most))
    if as_json:
        return tell(rows)
    names = ("at", "token", "deed", "who", "purpose", "provider", "payment_id", "outcome")
    table(names, [[("" if row[name] is None else str(row[name]))[:40] for name in names] for row in rows])


async def _audit(read: Settings, card: str | None, most: int) -> list[dict[str, Any]]:
    from banyan.vault import storage

    here, urls = await process.connect(read, topology.APART)
    try:
        ports = await here.shop.open(topology.service("vault"), urls["vault"])
        return [dict(row) for row in await storage.audit(ports.db, card, most)]
    finally:
        await here.close()
