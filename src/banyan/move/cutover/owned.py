"""Which columns of which legacy tables a group owns. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from banyan.contracts.legacy import KINDS
from banyan.move.legacy import Adapter, owner
from banyan.move.rows import Table


@dataclass(frozen=True, slots=True)
class Holding:
    """What a group owns of a table. `whole`: rows come and go by the group's word alone."""

    table: Table
    columns: tuple[str, ...]
    whole: bool


def holdings(adapter: Adapter, tables: Mapping[str, Table], group: str) -> list[Holding]:
    """What a group owns, by table; `tables` by their name without the shop's prefix.

    Noise is nobody's: a page view may count itself on either side. A table without views holds no record and is no part
    of what changes hands, unless it is fenced: our side adds rows to it.
    """
    found = []
    for name, use in adapter.uses.items():
        table = tables.get(name)
        if table is None or not (use.views or use.fenced):
            continue
        whole = use.group == group
        columns = tuple(
            column.name
            for column in table.columns
            if owner(use, column.name) == group and column.name not in use.noise and not column.generated
        )
        if whole or columns:
            found.append(Holding(table, columns, whole))
    return sorted(found, key=lambda each: each.table.name)


def services(adapter: Adapter, group: str) -> tuple[str, ...]:
    """The services that own a group's records on our side."""
    kinds_of_group = {view.kind for use in adapter.uses.values() for view in use.views if view.group == group}
    return tuple(sorted({KINDS[kind] for kind in kinds_of_group}))


def kinds(adapter: Adapter, group: str) -> frozenset[str]:
    """The kinds of aggregate that change hands with a group."""
    return frozenset(view.kind for use in adapter.uses.values() for view in use.views if view.group == group)
