"""What several actions have in common: trying again when overtaken, ending holds, and telling that a line was crossed."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeVar

from banyan.contracts.inventory import AvailabilityChanged, StockLow, StockReleased
from banyan.foundation.db import Tx
from banyan.inventory import storage
from banyan.inventory.domain import Overtaken, Reservation, State, lines_of, summed
from banyan.inventory.storage import Shift
from banyan.kernel.refusals import Unavailable

T = TypeVar("T")
_TRIES = 8


async def again(effect: Callable[[bool], Awaitable[T]]) -> T:
    """Run `effect(False)`; each time it is overtaken, `effect(True)`, which is to lock before it looks.

    Unavailable in the end: being overtaken is no reason to refuse anyone anything.
    """
    for attempt in range(_TRIES):
        try:
            return await effect(attempt > 0)
        except Overtaken:
            continue
    raise Unavailable("too many want the same units at this moment", retry_after=1)


async def end_holds(tx: Tx, locked: Sequence[Reservation], state: State, reason: str) -> set[str]:
    """Give back what these locked, live reservations hold, and tell so; the SKUs that came near a line."""
    ended = await storage.pass_on(tx, locked, state, [reason] * len(locked))
    freed: dict[tuple[str, str], int] = {}
    for each in ended:
        for place, units in each.units.items():
            freed[place] = freed.get(place, 0) + units
    tx.tell(
        *(
            StockReleased(
                reservation_id=each.id,
                cart_id=each.cart_id,
                order_id=each.order_id,
                reason=reason,
                lines=lines_of(summed(each.units)),
            )
            for each in ended
        )
    )
    return await storage.shift(tx, [Shift(*place, reserved=-units) for place, units in freed.items()])


async def tell_crossings(tx: Tx, skus: Collection[str]) -> None:
    """Tell of SKUs that can or can no longer be bought, and of those that fell to their threshold."""
    for seen in await storage.settle(tx, skus):
        if seen.sellable != seen.was_sellable:
            tx.tell(AvailabilityChanged(sku=seen.sku, available=seen.sellable))
        if seen.low and not seen.was_low:
            tx.tell(StockLow(sku=seen.sku, available=seen.available, threshold=seen.low_stock_at))
