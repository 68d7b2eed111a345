"""A case is tried again: an aggregate is offered to its service once more, a row is placed as the adapter places it today.

A row is taken from where the stream or the copy left it, never from a second look at the source that could be older or newer
than what the mirror has: the source is only asked whether the row is still the one that was put aside.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from banyan.foundation.db import Db, Row, Tx
from banyan.kernel.refusals import Conflict
from banyan.move.legacy import Adapter, views
from banyan.move.quarantine.cases import STEPS, Case, Cases, case_of, find
from banyan.move.rows import Row as LegacyRow
from banyan.move.rows import Table, Unreadable, Values, pack, unpack
from banyan.move.source import Source, select, watermark, where
from banyan.move.storage import checkpoints, due, log, mirror, quarantine, tables
from banyan.move.storage.mirror import Writes
from banyan.move.storage.tables import Mirrored, Mirrors

AT_ONCE = 100_000


async def retry(
    db: Db,
    id_: str | None = None,
    group: str | None = None,
    *,
    source: Source | None = None,
    adapter: Adapter | None = None,
    who: str = "operator",
) -> Cases:
    """Try one case, or all that are not solved, again: how they stand now. An aggregate's outcome is seen once it was told.

    `source` and `adapter` are needed where a row is among them. Conflict without them, or for a case that is solved.
    """
    rows = [await find(db, id_)] if id_ else await quarantine.cases(db, group=group, state=None, limit=AT_ONCE)
    if id_ and rows[0]["state"] == "solved":
        raise Conflict(f"{id_} is solved: it was taken after all", code="solved")
    wanted = [row for row in rows if row["state"] != "solved"]
    offered = [row for row in wanted if row["kind"] != "row"]
    odd = [row for row in wanted if row["kind"] == "row"]
    if odd and (source is None or adapter is None):
        raise Conflict("rows of the legacy shop are among them; which shop? --source and --shop", code="not_moving")
    await _offer(db, offered, group, who)
    told = [case_of(row) for row in offered]
    if odd and source is not None and adapter is not None:
        mirrors = await tables.read(db, adapter)
        told += [await _place(db, source, mirrors, row["id"], who) for row in odd]
    return Cases(told, STEPS if any(case.state != "solved" for case in told) else ())


async def _offer(db: Db, rows: Sequence[Row], group: str | None, who: str) -> None:
    if not rows:
        return
    async with db.transaction() as tx:
        checkpoint = await checkpoints.read(tx)
        at = checkpoint.at if checkpoint else 0
        changed = {(row["kind"], row["key"]): (row["group_name"], max(at, row["at"]), None) for row in rows}
        await due.mark(tx, changed)
        await log.add(tx, "quarantine: offered again", group=group, who=who, cases=len(changed))


async def _place(db: Db, source: Source, mirrors: Mirrors, id_: str, who: str) -> Case:
    """Put a row where it belongs, if it is still the one that was put aside and can be placed now."""
    case = await find(db, id_)
    mirrored = mirrors.by_name.get(case["table_name"])
    if mirrored is None or case["image"] is None:
        async with db.transaction() as tx:
            await _solved(tx, case, who, "its table is not mirrored any more")
        return case_of(await find(db, id_))
    values = unpack(case["image"])
    now = await asyncio.to_thread(_now, source, mirrored.table, values)
    if now == values:
        why = await _take(db, mirrored, case, values, who)
    elif now is None:
        why = await _gone(db, mirrored, case, who)
    else:
        why = "the row was changed in the legacy shop since; the change is taken when the stream brings it"
        if await mirror.image(db, mirrored.number, mirrored.table.key_of(values)) == pack(now):
            why = await _take(db, mirrored, case, now, who)
    told = case_of(await find(db, id_))
    return told if told.state == "solved" else replace(told, why=why or told.why)


def _now(source: Source, table: Table, values: Values) -> Values | None:
    """The row as the legacy shop has it, all that the log told before being visible."""
    key = [values[place] for place in table.key_places]
    name = table.name.replace("`", "``")
    with source.connect() as con:
        watermark.mark(con)
        asked = con.images(f"SELECT {select(table)} FROM `{name}` WHERE ".encode() + where(table, key))
        rows = [unpack(image) for images in asked for image in images]
    return rows[0] if rows else None


async def _take(db: Db, mirrored: Mirrored, case: Row, values: Values, who: str) -> str:
    """Write the row with its place, and what it makes due; why not, where it cannot be."""
    use, row = mirrored.use, LegacyRow(mirrored.table, values)
    key = mirrored.table.key_of(values)
    try:
        if len(key) > mirror.LONGEST_KEY:
            raise Unreadable(mirror.too_long(mirrored.name, key))
        parent = views.parent(use, row)
        concerned = views.concerned(use, mirrored.table, None, values)
    except Unreadable as error:
        return str(error)
    writes = Writes()
    async with db.transaction() as tx:
        await checkpoints.stand(tx)
        held = await quarantine.case(tx, case["id"])
        if held is None or held["state"] == "solved" or (held["image"], held["at"]) != (case["image"], case["at"]):
            return "it changed while it was tried; try again"
        had = await mirror.at(tx, mirrored.number, key)
        at = max(case["at"], had or 0)
        writes.put(key, parent, pack(values), at)
        if mirrored.state == "live":
            await mirror.upsert(tx, mirrored.number, writes)
        else:
            await mirror.hold(tx, mirrored.number, writes)
        await due.mark(tx, {(kind, each): (group, at, None) for kind, each, group in concerned})
        if use.reference:
            await due.references_changed(tx, [mirrored.name], at)
        await _solved(tx, case, who, "it can be placed now")
    return ""


async def _gone(db: Db, mirrored: Mirrored, case: Row, who: str) -> str:
    """The legacy shop has no such row any more. Whatever the mirror has of it goes when the stream says so."""
    async with db.transaction() as tx:
        await _solved(tx, case, who, "the legacy shop does not have the row any more")
    return ""


async def _solved(tx: Tx, case: Row, who: str, why: str) -> None:
    await quarantine.solve_rows(tx, case["table_name"], [case["key"]])
    await log.add(tx, "quarantine: a row is solved", group=case["group_name"], who=who, case=case["id"], why=why)
