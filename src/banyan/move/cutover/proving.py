"""C8: under a closed fence, the rows that changed since they were last compared are compared with the source once more."""

import asyncio
from collections.abc import Sequence

from banyan.kernel.refusals import Conflict
from banyan.move.rows import Table, unpack
from banyan.move.source import Connection, select, where
from banyan.move.storage import checks
from banyan.move.storage.mirror import words
from banyan.move.storage.tables import Mirrored
from banyan.move.way_back.ground import Ground

MOST = 5_000  # rows
_AT_ONCE = 200


async def differences(ground: Ground, group: str, con: Connection, *, whole: bool) -> list[str]:
    """Rows that are not equal, in words. Conflict `unverified` when they are too many for a pause and it has to be `whole`."""
    told: list[str] = []
    left = MOST
    for each in ground.mirrors.of_group(group):
        if not each.table.key:
            continue
        rows = await checks.unverified(ground.ports.db, each.number, left + 1)
        if len(rows) > left and whole:
            raise Conflict(
                f"more than {MOST} rows have changed since they were verified: banyan move verify {group}",
                code="unverified",
            )
        held = [(bytes(row["key"]), bytes(row["image"])) for row in rows[:left]]
        left -= len(held)
        for start in range(0, len(held), _AT_ONCE):
            told += await asyncio.to_thread(_compare, con, each, held[start : start + _AT_ONCE])
    return told


def _compare(con: Connection, each: Mirrored, held: Sequence[tuple[bytes, bytes]]) -> list[str]:
    there = _images(con, each.table, [key for key, _ in held])
    return [f"{each.name} {words(key)}" for key, image in held if there.get(key) != image]


def _images(con: Connection, table: Table, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    either = b" OR ".join(b"(" + where(table, unpack(key)) + b")" for key in keys)
    sql = f"SELECT {select(table)} FROM `{table.name.replace('`', '``')}` WHERE ".encode() + either
    found = [image for images in con.images(sql) for image in images]
    return {table.key_of(unpack(image)): image for image in found}
