"""What a legacy shop must not get back half done: orders that this side is still taking stock or money for."""

from banyan.contracts.legacy import AskUnsettled, Unsettled
from banyan.foundation.service import Ports
from banyan.orders.storage import sagas

OFTEN = 5  # tries: six seconds in vain, or more
_NAMED = 5


async def unsettled(ports: Ports, call: AskUnsettled) -> Unsettled:
    """Answer AskUnsettled."""
    going, stuck, numbers = await sagas.under_way(ports.db, OFTEN, _NAMED)
    if going and call.hurry:
        async with ports.db.transaction() as tx:
            await sagas.hurry(tx)
        ports.due["saga"].ring()
    return Unsettled(under_way=going, stuck=stuck, numbers=tuple(numbers))
