"""What the outlets of BANYAN_OUTLETS are told of orders."""

from banyan.foundation.envelope import Envelope
from banyan.foundation.outlets import Notice
from banyan.orders.domain.notices import status_told


def announce(envelope: Envelope) -> Notice | None:
    """The notice of a fact, under the fact's own id and time; None where nothing is told."""
    told = status_told(envelope.event())
    if told is None:
        return None
    return Notice(
        id=envelope.id,
        type="OrderStatusChanged",
        source="banyan.orders",
        key=told.order_id,
        time=envelope.time,
        data=told.model_dump(mode="json", exclude_none=True),
        about={"status": told.status.value},
    )
