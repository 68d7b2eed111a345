"""The view of orders made again from their facts, beside the one in use, and compared with it both ways."""

from dataclasses import dataclass

from banyan.foundation.db import Db
from banyan.orders.storage import events, orders

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many orders there are, and those whose row is not what their facts come to (I8)."""

    orders: int
    wrong: tuple[str, ...]
    repaired: bool


async def rebuild(db: Db, *, repair: bool = False, seconds: float = 600) -> Rebuilt:
    """Fold every order anew into a shadow of order_view and compare the two; with `repair`, replace rows that differ.

    All of it sees one moment, so it may run while the shop is open.
    """
    async with db.transaction(seconds=seconds) as tx:
        await tx.one_moment()
        shadow = await orders.shadow(tx)
        count, after = 0, ""
        while batch := await events.streams(tx, after, _BATCH):
            await events.write_view(tx, batch, shadow)
            count, after = count + len(batch), batch[-1].id
        here, there = await orders.compare(tx, shadow)
        wrong = sorted({*here, *there})
        if wrong and repair:
            await orders.replace(tx, shadow, wrong)
    return Rebuilt(count, tuple(wrong), bool(wrong) and repair)
