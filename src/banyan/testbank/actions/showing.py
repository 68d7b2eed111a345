"""A charge as the merchant sees it: in answers, and in the webhooks that tell of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json

from banyan.foundation.db import Db, Row, Tx
from banyan.foundation.service import Ports
from banyan.testbank import storage

Charge = dict[str, Any]


def shown(row: Mapping[str, Any] | Row, refunds: Sequence[Row]) -> Charge:
    return {
        "id": row["id"],
        "reference": row["merchant_key"],
        "amount": row["approved"] or row["amount"],  # a merchant that does not look sells for less than it asked
        "approved": row["approved"],
        "currency": row["currency"],
        "state": row["state"],
        "captured": row["captured"],
        "refunded": row["refunded"],
        "refunds": [dict(each) for each in refunds],
        "reason": row["reason"],
        "action": row["action"] if row["state"] == "requires_action" else None,
        "created_at": row["created_at"],
    }


async def with_refunds(db: Db | Tx, row: Row) -> Charge:
    """A charge as it was just read. Refunds are looked for where there can be some."""
    return shown(row, await storage.refunds(db, row["id"]) if row["refunded"] else ())


def event(ports: Ports, charge: Charge, fact: str) -> tuple[str, str]:
    """A webhook that tells of a change: its id and its body."""
    event_id = ports.ids.new("tbe")
    told = {
        "id": event_id,
        "type": f"charge.{fact}",
        "merchant": "banyan",
        "created_at": ports.clock.now(),
        "charge": charge,
    }
    return event_id, to_json(told).decode()
