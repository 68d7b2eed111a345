"""A guest's order forgets its person, apart from any account: who has its link asks for it, or an operator does for them."""

import logging
from typing import Any

from banyan.contracts.orders import OrderStatus
from banyan.contracts.privacy import ForgetPayments, Person
from banyan.foundation.auth import Principal
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict
from banyan.orders.actions import reading
from banyan.orders.domain.order import Order
from banyan.orders.domain.shown import shown
from banyan.orders.saga.links import links
from banyan.orders.storage import events, people

_log = logging.getLogger(__name__)
PERMISSION = "users:write"


async def forget(ports: Ports, who: Principal, order_id: str, access: str | None) -> dict[str, Any]:
    """Destroy the key of a guest's order, and what else leads to its person: the order as it is then. Asked again: the same.

    NotFound as for reading. Conflict: `order_of_an_account`, which is closed instead; `being_settled`, for a minute or so;
    `not_sent_yet`, where goods are paid and still to be sent, unless an operator asks.
    """
    row = await reading.readable(ports, who, order_id, access, also=PERMISSION)
    if row["user_id"] is not None:
        raise Conflict("this order is an account's; close the account to be forgotten", code="order_of_an_account")
    if not await people.is_forgotten(ports.db, order_id):
        order = await events.load(ports.db, order_id)
        assert order is not None
        await _may_go(ports, who, order)
        await ports.mail.forget(order.placed.email)
        # Before the order, which says whose it is. It has no account: this person is known by the order alone.
        await ports.peers.ask(ForgetPayments(person=Person(user_id=order_id), order_ids=(order_id,)))
        await _destroy(ports, who, order_id)
    order = await events.load(ports.db, order_id)
    assert order is not None
    return (await links(ports)).answer(shown(order))


async def _destroy(ports: Ports, who: Principal, order_id: str) -> None:
    async with ports.db.transaction() as tx:
        order = await events.locked(tx, order_id)
        assert order is not None
        await _may_go(ports, who, order)
        if await people.goes_on(tx, order_id):
            raise _being_settled()
        await people.destroy(tx, ports.ids, [order_id])
        await people.forget_traces(tx, order_id)
    _log.warning("a guest's order was forgotten", extra={"order": order_id, "by": who.user_id or "its link"})


async def _may_go(ports: Ports, who: Principal, order: Order) -> None:
    if await people.goes_on(ports.db, order.id):
        raise _being_settled()
    if order.status is OrderStatus.CONFIRMED and not who.may(PERMISSION):
        raise Conflict("it has not been sent yet; cancel it, or wait for the parcel", code="not_sent_yet")


def _being_settled() -> Conflict:
    return Conflict("this order is being settled; try again in a minute", code="being_settled")
