"""Orders whose shopper confirms the payment at its provider: where that is, and what happens when they come back."""

from contextlib import suppress
from typing import Any

from banyan.contracts.payments import AskPayment, PaymentState, SettlePayment
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Refusal
from banyan.orders import saga
from banyan.orders.domain.order import PaymentStatus
from banyan.orders.storage import orders, sagas

_OPEN = frozenset({PaymentState.CREATED, PaymentState.UNKNOWN, PaymentState.REQUIRES_ACTION})
_MOST_LOOKS = 20


async def where(ports: Ports, shown: dict[str, Any]) -> str | None:
    """The provider's page where this order's payment is confirmed. It is asked for each time, and kept in no fact: whoever
    has it can confirm.
    """
    if shown["payment_status"] != PaymentStatus.REQUIRES_ACTION:
        return None
    with suppress(Refusal):
        return (await ports.peers.ask(AskPayment(order_id=shown["id"]))).action
    return None


async def settle(ports: Ports, order_id: str) -> None:
    """The shopper came back: have payments look at the provider now, and take the order as far as it goes.

    What brought them back says nothing, and nothing of it is read. Whatever fails here, the order goes on by itself.
    """
    with suppress(Refusal):
        payment = await ports.peers.ask(SettlePayment(order_id=order_id))
        if payment.state not in _OPEN:
            await _go_on(ports, order_id)


async def _go_on(ports: Ports, order_id: str) -> None:
    async with ports.db.transaction() as tx:
        await sagas.wake(tx, order_id)
    ends, pause = ports.clock.monotonic() + ports.settings.checkout_seconds, 0.05
    for _ in range(_MOST_LOOKS):
        left = ends - ports.clock.monotonic()
        await saga.advance(ports, order_id, seconds=left, for_shopper=True)
        if await orders.settled(ports.db, order_id) or left < pause:
            return
        await ports.clock.sleep(pause)  # somebody else has it in hand
        pause = min(0.5, pause * 1.4)
