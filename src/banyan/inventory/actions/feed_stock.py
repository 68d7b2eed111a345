"""Warehouses say what lies on their shelves: each message has its effect once, whenever and however often it comes.

In whatever order the messages of a shelf arrive, the books end up the same: a count holds all that happened before it,
what happened after it is added, and of two counts the later one holds.
"""

import logging

from pydantic import ValidationError

from banyan.contracts.inventory import FeedStock, StockFate, StockFated, StockFed, StockMessage
from banyan.foundation import parking, tenure
from banyan.foundation.db import Tx
from banyan.foundation.queue import Delivery, Queue
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.actions.adjust_stock import Adjustment, move, take_hold
from banyan.inventory.actions.telling import again
from banyan.inventory.domain import feed as rules
from banyan.inventory.domain import plain
from banyan.kernel.refusals import Moving, Refusal, Unavailable

BY = "stock feed"
PATIENCE = 5  # times that a message may come before it is parked, where its queue sets none aside
_NEVER = 3600.0  # seconds between looks where there is no feed
_FENCED = 5.0
_log = logging.getLogger(__name__)


async def feed_stock(ports: Ports, call: FeedStock) -> StockFed:
    """Answer FeedStock. Unavailable as a whole when the database is; messages before that are handled, and known."""
    return StockFed(fates=tuple([await _fate(ports, each) for each in call.messages]))


async def feed(ports: Ports) -> float:
    """The chore: take what the queue of BANYAN_STOCK_FEED_URL has. Nothing is taken from it before it is committed."""
    if ports.feed is None:
        return _NEVER
    if await tenure.legacy_owns(ports.db):  # or each look would count as a failure of the message
        return _FENCED
    await _parked(ports)
    came = await ports.feed.receive()
    # One after another: a warehouse can wait, and shoppers need the connections.
    await ports.feed.done([each for each in came if await _settled(ports, ports.feed, each)])
    return 0.0


async def _settled(ports: Ports, queue: Queue, delivery: Delivery) -> bool:
    """Whether the message need not come again: it is handled, or parked where the queue does not set it aside."""
    why, hopeless = await _wrong(ports, delivery.body)
    if not why:
        return True
    _log.warning("stock message refused", extra={"queue": queue.name, "delivery": delivery.id, "why": why})
    if await queue.sets_aside() or not (hopeless or delivery.times >= PATIENCE):
        return False
    await parking.park(
        ports.db, BY, delivery.id, "inventory.StockMessage", delivery.body, why=why, attempts=delivery.times
    )
    return True


async def _wrong(ports: Ports, body: str) -> tuple[str, bool]:
    """Why a message was not handled, empty when it was; and whether it never can be. Unavailable."""
    try:
        message = StockMessage.model_validate_json(body)
    except ValidationError as error:
        return _told(error), True
    fated = await _fate(ports, message)
    return (
        (f"{fated.code}: {fated.detail}", fated.code == "invalid") if fated.fate is StockFate.REFUSED else ("", False)
    )


async def _parked(ports: Ports) -> None:
    """Try those again which an operator wants tried."""
    for id, body in await parking.to_try_again(ports.db, BY):
        why, _ = await _wrong(ports, body)
        if why:
            await parking.park(ports.db, BY, id, "inventory.StockMessage", body, why=why)
        else:
            await parking.handled(ports.db, BY, id)


async def _fate(ports: Ports, message: StockMessage) -> StockFated:
    async def effect(tx: Tx) -> StockFate:
        return await _apply(tx, message)

    try:
        rules.check(message, ports.clock.now())
        return StockFated(id=message.id, fate=await again(lambda _: ports.db.retrying(effect)))
    except (Unavailable, Moving):
        raise
    except Refusal as refusal:
        return StockFated(id=message.id, fate=StockFate.REFUSED, code=refusal.code, detail=plain(refusal.detail))


async def _apply(tx: Tx, message: StockMessage) -> StockFate:
    sku, warehouse, at = message.sku, message.warehouse, message.time
    # The shelf first: what is read of other messages below stays so until this transaction ends.
    shelf = await take_hold(tx, sku, warehouse)
    if not await storage.note(tx, message.id, sku, warehouse, at, on_hand=message.on_hand, change=message.change):
        return StockFate.AGAIN
    if await storage.counted_since(tx, sku, warehouse, at, but=message.id):
        return StockFate.SUPERSEDED
    if message.on_hand is None:
        kind, on_hand = ("received" if (message.change or 0) > 0 else "adjusted"), None
    else:
        kind, on_hand = "counted", message.on_hand + await storage.changed_since(tx, sku, warehouse, at)
    wish = Adjustment(sku, warehouse, kind, plain(f"{BY} {message.id}"), message.change, on_hand)
    await move(tx, wish, shelf, by=BY)
    return StockFate.APPLIED


def _told(error: ValidationError) -> str:
    """What is wrong, without what was sent."""
    faults = error.errors(include_input=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'message'}: {each['msg']}" for each in faults)[:500]
