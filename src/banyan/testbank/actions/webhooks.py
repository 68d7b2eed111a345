"""Webhooks go out at least once, signed, each in a request of its own, until the merchant says 2xx or three days are over."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from banyan.foundation import deadlines
from banyan.foundation.db import Row
from banyan.foundation.gathering import Asked
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Refusal
from banyan.testbank import domain, storage
from banyan.testbank.actions.secrets import webhook_secret

_log = logging.getLogger(__name__)
AT_ONCE = 64
PATIENCE = 5.0  # seconds for one delivery
LONGEST_WAIT = 3600.0
IDLE = 1.0
REST = 0.1  # seconds after a pass: what comes meanwhile goes with the next


@dataclass(frozen=True, slots=True)
class _Tried:
    event_id: str
    again: float | None  # seconds until the next try; None: it was taken


async def deliver(ports: Ports) -> float:
    """Send what is due, in no particular order; seconds until there may be more."""
    due = await storage.claim_webhooks(ports.db, AT_ONCE, 2 * PATIENCE)
    await asyncio.gather(*(_send(ports, each) for each in due))
    if 0 < len(due) < AT_ONCE:
        await ports.clock.sleep(REST)
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
    pause = min(LONGEST_WAIT, 0.5 * 2.0 ** (webhook["attempts"] - 1)) * (0.5 + ports.ids.fraction() / 2)
    await ports.together(_note_all, _Tried(webhook["id"], None if arrived else pause))
    if not arrived:
        _log.info("webhook not taken", extra={"event": webhook["id"], "attempts": webhook["attempts"]})


async def _note_all(ports: Ports, asked: Sequence[Asked[_Tried]]) -> list[Exception | None]:
    await storage.note_webhooks(ports.db, {each.wish.event_id: each.wish.again for each in asked})
    return [None] * len(asked)
