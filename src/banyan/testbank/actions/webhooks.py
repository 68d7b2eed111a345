"""Webhooks go out at least once, signed, until the merchant says 2xx or three days are over."""

import asyncio
import logging

from banyan.foundation import deadlines
from banyan.foundation.db import Row
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Refusal
from banyan.testbank import domain, storage
from banyan.testbank.actions.secrets import webhook_secret

_log = logging.getLogger(__name__)
AT_ONCE = 8
PATIENCE = 5.0  # seconds for one delivery
LONGEST_WAIT = 3600.0
IDLE = 1.0


async def deliver(ports: Ports) -> float:
    """Send what is due, in no particular order; seconds until there may be more."""
    async with ports.db.transaction() as tx:
        due = await storage.claim_webhooks(tx, AT_ONCE, 2 * PATIENCE)
    await asyncio.gather(*(_send(ports, each) for each in due))
    left = await storage.next_webhook(ports.db)
    return IDLE if left is None else min(IDLE, max(0.0, left))


async def _send(ports: Ports, webhook: Row) -> None:
    body = webhook["body"].encode()
    now = int(ports.clock.now().timestamp())
    headers = {
        "content-type": "application/json",
        "testbank-signature": domain.signature(webhook_secret(ports.settings), now, body),
    }
    try:
        async with deadlines.within(PATIENCE):
            answer = await ports.peers.http("payments", "POST", "/webhooks/testbank", headers=headers, body=body)
        arrived = 200 <= answer.status < 300
    except Refusal:
        arrived = False
    async with ports.db.transaction() as tx:
        if arrived:
            await storage.delivered(tx, webhook["id"])
            return
        pause = min(LONGEST_WAIT, 0.5 * 2.0 ** (webhook["attempts"] - 1)) * (0.5 + ports.ids.fraction() / 2)
        await storage.deliver_later(tx, webhook["id"], pause)
    _log.info("webhook not taken", extra={"event": webhook["id"], "attempts": webhook["attempts"]})
