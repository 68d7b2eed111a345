"""Units held for orders leave the books.

A round is the sales with their movements, their facts, and last the shelves: with BEGIN and COMMIT five statements.
"""

from collections import Counter
from collections.abc import Sequence

from banyan.contracts.inventory import Done, SellStock, StockSold
from banyan.foundation.db import Tx
from banyan.foundation.gathering import Asked
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.actions import rounds
from banyan.inventory.domain import Overtaken, State, is_id, parcels
from banyan.inventory.storage import Shift
from banyan.kernel.refusals import Conflict, Invalid


async def sell_stock(ports: Ports, call: SellStock) -> Done:
    """Answer SellStock. Conflict when nothing is held for the order and nothing was sold."""
    if not is_id(call.order_id):
        raise Invalid("an order has an id of 1 to 100 printable characters")
    return await rounds.ask(ports, call, _sell_round, _sell_round)


async def _sell_round(ports: Ports, asked: Sequence[Asked[SellStock]]) -> list[Done | Exception]:
    return await rounds.serve(ports, asked, _sell, lambda call: (call.order_id,))


async def _sell(ports: Ports, asked: Sequence[Asked[SellStock]], surely: bool, tx: Tx) -> list[Done | Exception]:
    sold = await storage.sell_all(tx, [each.wish.order_id for each in asked])
    others = [each.wish.order_id for each in asked if each.wish.order_id not in sold]
    states = await storage.states(tx, others) if others else {}
    for each in asked:
        if found := sold.get(each.wish.order_id):
            id, units = found
            fact = StockSold(reservation_id=id, order_id=each.wish.order_id, parcels=parcels(units))
            tx.tell(fact, trace=each.trace)
    await tx.flush()  # before the shelves, so that a hot one is locked for one statement and the COMMIT
    sums = Counter[tuple[str, str]]()
    for _, units in sold.values():
        sums.update(units)
    await storage.shift(tx, [Shift(*place, on_hand=-n, reserved=-n) for place, n in sums.items()])
    return [
        Done(changed=True) if each.wish.order_id in sold else _otherwise(states.get(each.wish.order_id))
        for each in asked
    ]


def _otherwise(state: State | None) -> Done | Exception:
    """The answer for an order that had no promise to be sold."""
    match state:
        case State.SOLD:
            return Done(changed=False)
        case State.PROMISED:
            return Overtaken()
    return Conflict("nothing is held for this order", code="nothing_held")
