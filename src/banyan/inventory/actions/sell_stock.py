"""Units held for an order leave the books."""

from banyan.contracts.inventory import Done, SellStock, StockSold
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.actions.telling import again
from banyan.inventory.domain import State, is_id, parcels
from banyan.inventory.storage import Move, Shift
from banyan.kernel.refusals import Conflict, Invalid


async def sell_stock(ports: Ports, call: SellStock) -> Done:
    """Answer SellStock. Conflict when nothing is held for the order and nothing was sold."""
    if not is_id(call.order_id):
        raise Invalid("an order has an id of 1 to 100 printable characters")

    async def effect(tx: Tx) -> Done:
        sold = await storage.sell(tx, call.order_id)
        if sold is None:
            before = await storage.lock_live(tx, order_id=call.order_id)
            if not before or before[0].state is not State.SOLD:
                raise Conflict("nothing is held for this order", code="nothing_held")
            return Done(changed=False)
        await storage.shift(tx, [Shift(*place, on_hand=-n, reserved=-n) for place, n in sold.units.items()])
        moves = [Move(*place, -n) for place, n in sold.units.items()]
        await storage.write_movements(
            tx, moves, kind="sold", reason="sold", order_id=sold.order_id, reservation_id=sold.id
        )
        tx.tell(StockSold(reservation_id=sold.id, order_id=call.order_id, parcels=parcels(sold.units)))
        return Done(changed=True)

    return await again(lambda _: ports.db.retrying(effect))
