"""Reading a legacy server: one pass over its schema, its settings and what is going on there."""

from collections.abc import Mapping

from banyan.move.assess import catalogue, goings_on
from banyan.move.assess.asking import Asking
from banyan.move.assess.found import OURS, Found, Knowledge, Survey
from banyan.move.legacy import Use


def survey(ask: Asking, source: str, adapter: Knowledge | None) -> Survey:
    """Read it all. Raises what the connection raises where not even the tables can be listed."""
    ((database, version, user),) = ask.texts("SELECT DATABASE(), VERSION(), CURRENT_USER()")
    variables = {name or "": value or "" for name, value in ask.texts("SHOW GLOBAL VARIABLES")}
    tables, views = catalogue.tables(ask)
    uses, missing, unknown = _placed(adapter, tables)
    do_db, ignore_db = goings_on.filters(ask)
    statements, truncates = goings_on.logged(ask, database or "")
    return Survey(
        source=source,
        database=database or "",
        version=version or "",
        user=user or "",
        variables=variables,
        tables=tables,
        views=views,
        foreign_keys=catalogue.foreign_keys(ask),
        programs=catalogue.programs(ask),
        grants=tuple(row[0] or "" for row in ask.tried("grants", "SHOW GRANTS") or ()),
        refused=goings_on.refused(ask, variables),
        do_db=do_db,
        ignore_db=ignore_db,
        gtid_state=variables.get("gtid_binlog_state", ""),
        readers=goings_on.readers(ask),
        is_replica=goings_on.is_replica(ask),
        transactions=goings_on.transactions(ask),
        prepared=goings_on.prepared(ask),
        statements=statements,
        truncates=truncates,
        disks=goings_on.disks(ask),
        uses=uses,
        missing=missing,
        unknown=unknown,
        unseen=tuple(ask.unseen),
    )


def _placed(
    adapter: Knowledge | None, tables: Mapping[str, Found]
) -> tuple[dict[str, Use], tuple[str, ...], tuple[str, ...]]:
    """What each table is to us; which the adapter needs and are not there; which nobody told us about."""
    if adapter is None:
        return {}, (), ()
    prefix = adapter.prefix(tables)
    uses = {prefix + name: use for name, use in adapter.uses.items() if prefix + name in tables}
    missing = tuple(
        prefix + name for name, use in adapter.uses.items() if prefix + name not in tables and not use.optional
    )
    known = {prefix + name for name in adapter.ignored}
    unknown = tuple(n for n in tables if n not in uses and n not in known and not n.startswith(OURS))
    return uses, missing, unknown
