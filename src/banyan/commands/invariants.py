"""`banyan invariants`: what must hold, checked over every service."""

import typer

from banyan import topology
from banyan.commands import DataDir, Json, opened, run, settings, table, tell
from banyan.foundation.operate import Finding
from banyan.foundation.settings import Settings
from banyan.trial import invariants as proof


def invariants(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Check every invariant over all services; exit status 1 and the rows where one is broken.

    Example: `banyan invariants`
    """
    findings = run(_check(data_dir))
    if as_json:
        tell([finding.as_json() for finding in findings])
    else:
        table(
            ("invariant", "service", "promise", "violations"),
            [(each.id, each.service, each.promise, each.count or "none") for each in findings],
        )
        for each in findings:
            for row in each.rows[:10]:
                typer.echo(f"{each.id} {each.service}: {row}")
    if any(each.count for each in findings):
        raise typer.Exit(1)


async def _check(data_dir: DataDir) -> list[Finding]:
    read = settings(data_dir)
    names = (*topology.SERVICES, *(topology.APART if reaches_the_vault(read) else ()))
    async with opened(read, *names) as process:
        dbs = {name: ports.db for name, ports in process.shop.ports.items()}
        return await proof.check(dbs, [topology.service(name) for name in names])


def reaches_the_vault(read: Settings) -> bool:
    """Its database lies in the data folder here, or its address is set; else `banyan vault check` is for where it runs."""
    embedded = not read.postgres_url.get_secret_value() and read.environment == "laptop"
    return bool(read.database_url("vault")) or (embedded and read.card_fields == "vault")
