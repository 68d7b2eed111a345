"""What orders do when payments speak: whoever waited for it looks again at once; refunds made elsewhere are noted."""

from collections.abc import Mapping, Sequence

from banyan.contracts import Event
from banyan.contracts.payments import (
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
)
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports, Reaction, Together
from banyan.orders.actions.refunding import note_refund
from banyan.orders.storage import sagas

Moved = PaymentActionRequired | PaymentAuthorized | PaymentDeclined | PaymentCaptured | PaymentVoided


async def look_again(ports: Ports, tx: Tx, told: Sequence[Moved]) -> None:
    """The payments moved: their orders' sagas need not wait any longer."""
    if await sagas.wake(tx, *(each.order_id for each in told)):
        ports.due["saga"].ring()


async def refunded(ports: Ports, tx: Tx, told: PaymentRefunded) -> None:
    """Money went back, asked for here or anywhere."""
    await note_refund(ports, tx, told)
    await sagas.wake(tx, told.order_id)
    ports.db.wake.ring()
    ports.due["saga"].ring()


_LOOK_AGAIN = Together(look_again)

REACTIONS: Mapping[type[Event], Reaction] = {
    PaymentActionRequired: _LOOK_AGAIN,
    PaymentAuthorized: _LOOK_AGAIN,
    PaymentDeclined: _LOOK_AGAIN,
    PaymentCaptured: _LOOK_AGAIN,
    PaymentVoided: _LOOK_AGAIN,
    PaymentRefunded: refunded,
}
