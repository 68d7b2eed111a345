"""What orders do when payments speak: whoever waited for it looks again at once; refunds made elsewhere are noted."""

from collections.abc import Mapping

from banyan.contracts import Event
from banyan.contracts.payments import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
)
from banyan.foundation.db import Tx
from banyan.foundation.service import Ports, Reaction
from banyan.orders.actions.refunding import note_refund
from banyan.orders.storage import sagas


async def look_again(
    ports: Ports, tx: Tx, told: PaymentAuthorized | PaymentDeclined | PaymentCaptured | PaymentVoided
) -> None:
    """The payment moved: its order's saga need not wait any longer."""
    await sagas.wake(tx, told.order_id)
    ports.due["saga"].ring()


async def refunded(ports: Ports, tx: Tx, told: PaymentRefunded) -> None:
    """Money went back, asked for here or anywhere."""
    await note_refund(ports, tx, told)
    await sagas.wake(tx, told.order_id)
    ports.db.wake.ring()
    ports.due["saga"].ring()


REACTIONS: Mapping[type[Event], Reaction] = {
    PaymentAuthorized: look_again,
    PaymentDeclined: look_again,
    PaymentCaptured: look_again,
    PaymentVoided: look_again,
    PaymentRefunded: refunded,
}
