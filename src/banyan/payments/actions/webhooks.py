"""Webhooks: what a provider tells by itself counts once, when it is signed, and only where it fits the payment."""

import logging
from collections.abc import Mapping
from hashlib import sha256

from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict, Invalid
from banyan.payments.actions.settle import Misfit, settle
from banyan.payments.providers import Desk
from banyan.payments.storage import payments, webhooks

_log = logging.getLogger(__name__)


async def take_webhook(desk: Desk, ports: Ports, provider: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Settle by a webhook; False when it was taken before.

    NotFound for a provider we do not have, Malformed for a signature or time that does not hold, Invalid when it fits
    no payment of ours, Conflict when its id came with another body before.
    """
    notice = await desk[provider].verify_webhook(ports, headers, body)
    if notice is None:
        return True
    async with ports.db.transaction() as tx:
        digest = sha256(body).digest()
        before = await webhooks.take(tx, provider, notice.event_id, digest)
        if before is not None:
            if before != digest:
                raise Conflict("an event of this id was another one before", code="event_reused")
            return False
        known = await payments.lock(tx, notice.evidence.reference)
        if known is None or known.provider != provider:
            raise Invalid("this is of no payment of ours", code="unknown_payment")
        try:
            _, more = await settle(tx, ports.ids, known, notice.evidence)
        except Misfit as why:
            extra = {"payment": known.id, "provider": provider, "event": notice.event_id, "why": str(why)}
            _log.error("a signed webhook does not fit its payment", extra=extra)
            raise Invalid("this does not fit the payment it names", code="evidence_mismatch") from None
    if more:
        ports.due["settle"].ring()
    return True


async def forget(ports: Ports) -> float:
    """Delete events older than any provider's retries."""
    async with ports.db.transaction() as tx:
        await webhooks.forget_old(tx)
    return 3600.0
