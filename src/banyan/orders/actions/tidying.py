"""Carts that nobody came back to are forgotten."""

from banyan.foundation import tenure
from banyan.foundation.service import Ports
from banyan.orders.storage import carts

_PAUSE = 600.0
_MOST = 1000


async def forget_carts(ports: Ports) -> float:
    """Delete carts past their end, some at a time; seconds until the next pass. Carts of a legacy shop end with it."""
    if await tenure.legacy_owns(ports.db):
        return _PAUSE
    async with ports.db.transaction() as tx:
        gone = await carts.forget_old(tx, _MOST)
    return 0 if gone == _MOST else _PAUSE
