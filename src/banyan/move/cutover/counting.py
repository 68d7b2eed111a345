"""Keys that one side gives out, and the other must never give out again: the counters of both, raised at a change of hands."""

import asyncio
from collections.abc import Iterable, Sequence

from banyan.move.cutover.owned import Holding
from banyan.move.source import Connection
from banyan.move.storage import back, identities
from banyan.move.way_back.ground import Ground

GAP = 10
"""Keys left out, for a legacy shop that counted on by itself and has not written yet."""


async def raise_ours(ground: Ground, holdings: Iterable[Holding], con: Connection) -> dict[str, int]:
    """C9: what the way back gives out begins above everything the legacy shop ever did. Table → its next value there."""
    names = {each.name: each.use.table for each in ground.mirrors}
    counters = await asyncio.to_thread(_counters, con, _counting(holdings))
    async with ground.ports.db.transaction() as tx:
        for name, value in sorted(counters.items()):
            await identities.next_values(tx, names[name], 0, value + GAP - 1)
    return counters


async def raise_theirs(ground: Ground, holdings: Iterable[Holding], con: Connection) -> dict[str, int]:
    """R9: the legacy counters begin above every key that was given out here, used or not. Only what lags is touched."""
    names = {each.name: each.use.table for each in ground.mirrors}
    given = await back.next_keys(ground.ports.db)
    wanted = {each: value for each in _counting(holdings) if (value := given.get(names[each.table.name]))}
    return await asyncio.to_thread(_raise, con, wanted) if wanted else {}


def _counting(holdings: Iterable[Holding]) -> list[Holding]:
    return [each for each in holdings if each.whole and each.table.auto_increment]


def _raise(con: Connection, wanted: dict[Holding, int]) -> dict[str, int]:
    counters = _counters(con, list(wanted))
    raised = {}
    for holding, value in wanted.items():
        name = holding.table.name
        if value > counters[name]:
            con.execute(f"ALTER TABLE `{_quoted(name)}` AUTO_INCREMENT = {value:d}")
            raised[name] = value
    return raised


def _counters(con: Connection, holdings: Sequence[Holding]) -> dict[str, int]:
    """What the legacy database would give out next: its counters, which also know of rows that are gone."""
    if not holdings:
        return {}
    if not con.wire.is_mariadb:
        con.set({"information_schema_stats_expiry": 0})
    found = con.query(
        "SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES "
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN %s",
        [each.table.name for each in holdings],
    )
    counters = {(name or b"").decode(): int(value or 1) for name, value in found}
    highest = ", ".join(
        f"(SELECT MAX(`{_quoted(each.table.auto_increment or '')}`) FROM `{_quoted(each.table.name)}`)"
        for each in holdings
    )
    [lasts] = con.query(f"SELECT {highest}")
    return {
        each.table.name: max(counters.get(each.table.name, 1), int(last or 0) + 1)
        for each, last in zip(holdings, lasts, strict=True)
    }


def _quoted(name: str) -> str:
    return name.replace("`", "``")
