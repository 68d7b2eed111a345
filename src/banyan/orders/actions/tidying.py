"""Carts that nobody came back to are forgotten."""

from banyan.foundation.service import Ports
from banyan.orders.storage import carts

_PAUSE = 600.0
_MOST = 1000


async def forget_carts(ports: Ports) -> float:
    """Delete carts past their end, some at a time; seconds until the next pass."""
    async with ports.db.transaction() as tx:
        gone = await carts.forget_old(tx, _MOST)
    return 0 if gone == _MOST else _PAUSE
