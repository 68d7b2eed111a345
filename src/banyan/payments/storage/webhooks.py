"""Which webhooks were taken: a provider's event counts once."""

from collections.abc import Collection, Mapping, Sequence

from banyan.foundation.db import Db, Tx
from banyan.payments.domain import Standing
from banyan.payments.storage.payments import standing

Event = tuple[str, str]
"""A provider, and its id of the event."""

# One by one by their keys, whatever the planner thinks of the tables' sizes.
_SEEN = """
SELECT place, digest, payment.*, (
    SELECT true FROM operation WHERE operation.payment_id = payment.id AND next_look_at IS NOT NULL LIMIT 1
) AS waits
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS said (provider, event_id, payment_id, place)
LEFT JOIN LATERAL (
    SELECT digest FROM webhook_event WHERE webhook_event.provider = said.provider
       AND webhook_event.event_id = said.event_id LIMIT 1
) AS before ON true
LEFT JOIN LATERAL (SELECT * FROM payment WHERE payment.id = said.payment_id LIMIT 1) AS payment ON true
ORDER BY place"""
_TAKE = """
INSERT INTO webhook_event (provider, event_id, digest)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[]) AS said (provider, event_id, digest) ORDER BY 1, 2
ON CONFLICT DO NOTHING RETURNING provider, event_id"""
_BEFORE = """
SELECT provider, event_id, digest FROM webhook_event
WHERE (provider, event_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))"""


async def seen(db: Db, said: Sequence[tuple[str, str, str]]) -> list[tuple[bytes | None, Standing | None, bool]]:
    """By provider, event and payment: the body's digest with which it came before, the payment, whether it waits."""
    rows = await db.fetch(_SEEN, *(list(column) for column in zip(*said, strict=True)))
    return [(row["digest"], standing(row) if row["id"] else None, bool(row["waits"])) for row in rows]


async def before(tx: Tx, events: Collection[Event]) -> dict[Event, bytes]:
    """The digests of bodies with which these events came before; new ones are absent."""
    rows = await tx.fetch(_BEFORE, *(list(column) for column in zip(*events, strict=True)))
    return {(row["provider"], row["event_id"]): row["digest"] for row in rows}


async def take(db: Db | Tx, digests: Mapping[Event, bytes]) -> set[Event]:
    """Note events with the digests of their bodies; those of them that were new."""
    if not digests:
        return set()
    providers, events = zip(*digests, strict=True)
    rows = await db.fetch(_TAKE, list(providers), list(events), list(digests.values()))
    return {(row["provider"], row["event_id"]) for row in rows}


async def forget_old(tx: Tx, days: int = 30) -> int:
    """Delete events older than any provider goes on trying: three days is usual."""
    return await tx.execute(
        "DELETE FROM webhook_event WHERE received_at < shop_now() - make_interval(days => $1)", days
    )
