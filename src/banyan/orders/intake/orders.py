"""Orders of a legacy shop become streams like any other: each version of one is a fact that says all of it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from banyan.contracts.legacy import OrderRecord
from banyan.contracts.orders import OrderStatus, OrderTakenOver
from banyan.contracts.payments import LATER
from banyan.contracts.users import Address
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.foundation.taking import Kind, Left, Offer, Overtaken, refused
from banyan.kernel.money import Money
from banyan.orders.domain import handing, taken
from banyan.orders.domain.order import ENDED, Order, apply, fold
from banyan.orders.saga.steps import Step
from banyan.orders.storage import events, sagas, taking

_TOLD_ELSEWHERE = "a legacy shop has told how the order went on"


async def _read(tx: Tx, ids: Sequence[str]) -> dict[str, OrderRecord]:
    facts = await events.facts_of(tx, ids)
    return {id: handing.handed(fold(fact for fact, _ in told), told, 0) for id, told in facts.items()}


async def _write(ports: Ports, tx: Tx, offers: Sequence[Offer[OrderRecord]]) -> dict[str, Left]:
    """Add a fact for each that is other than it is here."""
    records = {offer.record.id: offer.record for offer in offers}
    before = await events.locked_many(tx, sorted(records))
    left = {id: refused(why) for id, record in records.items() if (why := taken.unfit(record))}
    left |= await _not_kept(tx, [record for id, record in records.items() if id not in left], before)
    changes = [change for id in sorted(records) if id not in left and (change := _change(before.get(id), records[id]))]
    if not changes:
        return left
    try:
        await events.append_many(tx, ports.ids, changes)
    except events.VersionTaken:
        raise Overtaken from None
    orders = [order for order, _ in changes]
    if owed := [(order.id, order.version) for order in orders if _moves_money(before.get(order.id), order)]:
        await taking.owe_payments(tx, owed)
    await _redirect(tx, [order for order in orders if order.id in before])
    return left


async def _not_kept(tx: Tx, records: Sequence[OrderRecord], before: dict[str, Order]) -> dict[str, Left]:
    """New ones whose number is another order's, and orders of ours that come back in another currency."""
    new = [record for record in records if record.id not in before and not record.removed]
    owners = await taking.numbers(tx, [record.number for record in new])
    left: dict[str, Left] = {}
    for record in new:
        owner = owners.setdefault(record.number, record.id)
        if owner != record.id:
            left[record.id] = refused(
                f"its number {record.number} is that of order {owner}: one of the two needs another"
            )
        elif taken.looks_like_ours(record.number):
            left[record.id] = refused(f"its number {record.number} is of the form this shop gives its own orders")
    for record in records:
        known = before.get(record.id)
        if known and not known.elsewhere and not record.removed and known.placed.currency != record.total.currency:
            left[record.id] = refused(
                f"it was paid here in {known.placed.currency} and is now in {record.total.currency}"
            )
    return left


def _change(before: Order | None, record: OrderRecord) -> tuple[Order, OrderTakenOver] | None:
    """The order after this record, and the fact of it. None where there is nothing to tell: never here and gone, or as it was."""
    if record.removed:
        if before is None:
            return None
        record = handing.removed(before, record.version)
    untouched = before.taken if before and before.taken_at == before.version else None
    if untouched and untouched.model_copy(update={"version": record.version}) == record:
        return None
    fact = OrderTakenOver(order_id=record.id, record=record)
    return apply(before, fact), fact


def _moves_money(before: Order | None, now: Order) -> bool:
    """Whether the legacy shop has taken or given back money of it; of our own, payments knows best."""
    return now.elsewhere and bool(now.owed.amount or (before and before.owed.amount))


async def _redirect(tx: Tx, known: Sequence[Order]) -> None:
    """Our own work on orders that went on elsewhere: our money is still taken, or given back. Stock is not moved: it
    is counted where orders are owned."""
    going = await sagas.going(tx, [order.id for order in known])
    for order in known:
        if order.id not in going:
            continue
        if not order.elsewhere and order.status in ENDED and not order.compensated:
            await sagas.turn_to(tx, order.id, Step.VOID)
        elif going[order.id] and not order.elsewhere and _to_be_paid(order):
            await sagas.turn_to(tx, order.id, Step.CAPTURE)
        elif going[order.id]:
            await sagas.end(tx, order.id, _TOLD_ELSEWHERE)


def _to_be_paid(order: Order) -> bool:
    good = order.status in (OrderStatus.CONFIRMED, OrderStatus.FULFILLED)
    return good and order.authorized and not order.captured and order.placed.provider not in LATER


def _gone(id: str) -> OrderRecord:
    """One that was deleted before it ever came here: nothing is known of it."""
    nothing = Money(0, "XXX")
    return OrderRecord(
        id=id, version=0, number="", user_id=None, email="", lines=(), shipping_option="", subtotal=nothing,
        address=Address(name="", line1="", city="", postal_code="", country=""), discount=nothing, shipping=nothing,
        tax=nothing, adjustment=nothing, total=nothing, status="cancelled", legacy_status="", paid=False, removed=True,
        placed_at=datetime.fromtimestamp(0, UTC),
    )  # fmt: skip


ORDER = Kind(
    name="order",
    read=_read,
    write=_write,
    gone=_gone,
    words={"order_view_number_key": "its number is that of another order: one of the two needs another"},
)
