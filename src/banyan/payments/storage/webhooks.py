"""Webhooks that came, with what they said: a provider's event counts once, and one that is refused not at all."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
       AND webhook_event.event_id = said.event_id AND refused IS NULL LIMIT 1
) AS before ON true
LEFT JOIN LATERAL (SELECT * FROM payment WHERE payment.id = said.payment_id LIMIT 1) AS payment ON true
ORDER BY place"""
# Of an event that was refused before, what it says now counts.
_TAKE = """
INSERT INTO webhook_event (provider, event_id, digest, payment_id, said)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::jsonb[])
    AS said (provider, event_id, digest, payment_id, said) ORDER BY 1, 2
ON CONFLICT (provider, event_id) DO UPDATE SET digest = excluded.digest, payment_id = excluded.payment_id,
    said = excluded.said, refused = NULL, received_at = shop_now() WHERE webhook_event.refused IS NOT NULL
RETURNING provider, event_id"""
_REFUSE = """
INSERT INTO webhook_event (provider, event_id, digest, payment_id, said, refused)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::jsonb[], $6::text[])
    AS said (provider, event_id, digest, payment_id, said, refused) ORDER BY 1, 2
ON CONFLICT (provider, event_id) DO UPDATE SET digest = excluded.digest, payment_id = excluded.payment_id,
    said = excluded.said, refused = excluded.refused, received_at = shop_now() WHERE webhook_event.refused IS NOT NULL"""
_BEFORE = """
SELECT provider, event_id, digest FROM webhook_event
WHERE refused IS NULL AND (provider, event_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))"""


@dataclass(frozen=True, slots=True)
class Heard:
    """What is kept of an event: the digest of its body as it came, whose payment it names, what it says of it."""

    digest: bytes
    payment_id: str
    said: dict[str, Any]


async def seen(db: Db, said: Sequence[tuple[str, str, str]]) -> list[tuple[bytes | None, Standing | None, bool]]:
    """By provider, event and payment: the body's digest with which it came before, the payment, whether it waits."""
    rows = await db.fetch(_SEEN, *(list(column) for column in zip(*said, strict=True)))
    return [(row["digest"], standing(row) if row["id"] else None, bool(row["waits"])) for row in rows]


async def before(tx: Tx, events: Collection[Event]) -> dict[Event, bytes]:
    """The digests of bodies with which these events came before; new ones are absent."""
    rows = await tx.fetch(_BEFORE, *(list(column) for column in zip(*events, strict=True)))
    return {(row["provider"], row["event_id"]): row["digest"] for row in rows}


async def take(db: Db | Tx, heard: Mapping[Event, Heard]) -> set[Event]:
    """Note events; those of them that were not taken before."""
    if not heard:
        return set()
    rows = await db.fetch(_TAKE, *_columns(heard))
    return {(row["provider"], row["event_id"]) for row in rows}


async def refuse(db: Db, heard: Mapping[Event, Heard], why: Mapping[Event, str]) -> None:
    """Note events that are not believed, and why. One that was taken stays as it was."""
    await db.execute(_REFUSE, *_columns(heard), [why[each] for each in heard])


def _columns(heard: Mapping[Event, Heard]) -> list[list[Any]]:
    rows = [(*event, each.digest, each.payment_id, each.said) for event, each in heard.items()]
    return [list(column) for column in zip(*rows, strict=True)]


async def forget_old(tx: Tx, days: int = 30) -> int:
    """Delete events older than any provider goes on trying: three days is usual."""
    return await tx.execute(
        "DELETE FROM webhook_event WHERE received_at < shop_now() - make_interval(days => $1)", days
    )
