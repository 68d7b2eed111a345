"""Webhooks that tell of money beside payments: payouts and disputes. Each counts once, and so does what it moves."""

from collections.abc import Mapping
from hashlib import sha256

from banyan.foundation.db import Tx
from banyan.foundation.service import Ports
from banyan.kernel.refusals import Conflict
from banyan.payments.actions import booking
from banyan.payments.domain.statement import Statement
from banyan.payments.providers.statements import reporter_of
from banyan.payments.storage import webhooks


async def take(ports: Ports, provider: str, headers: Mapping[str, str], body: bytes) -> bool | None:
    """Book what a webhook says whose signature was checked; False when it was taken before, None when it says nothing.

    Malformed for what cannot be read; Conflict when its id came with another body before.
    """
    reporter = reporter_of(provider)
    told = reporter.hear(ports, headers, body) if reporter else None
    if told is None:
        return None
    event_id, news = told
    event, digest = (provider, event_id), sha256(body).digest()

    async def effect(tx: Tx) -> bool:
        if before := (await webhooks.before(tx, [event])).get(event):
            if before != digest:
                raise Conflict("an event of this id was another one before", code="event_reused")
            return False
        await webhooks.take(tx, {event: webhooks.Heard(digest, "", _kept(news))})
        lines = await booking.named(tx, provider, news.lines)
        await booking.book(tx, provider, lines)
        changed = await booking.hear(tx, provider, news.disputes, "webhook")
        await booking.settle_losses(tx, provider, changed | {each.payment_id for each in lines if each.payment_id})
        return True

    return await ports.db.retrying(effect)


def _kept(news: Statement) -> dict[str, object]:
    moved = [
        {"line": each.id, "kind": each.kind.value, "amount": each.amount.amount, "currency": each.amount.currency}
        for each in news.lines
    ]
    return {"moved": moved, "disputes": {each.id: each.state.value for each in news.disputes}}
