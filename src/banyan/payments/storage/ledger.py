"""The ledger: balanced transfers that are only ever added, each at most once by its name."""

from collections.abc import Mapping
from typing import Any

from banyan.foundation.db import Db, Tx

_POST = """
WITH made AS (INSERT INTO transfer (id, payment_id, kind) VALUES ($1, $2, $3) RETURNING id)
INSERT INTO entry (transfer_id, account, amount, currency)
SELECT made.id, moved.account, moved.amount, $4 FROM made, unnest($5::text[], $6::bigint[]) AS moved (account, amount)"""
_ENTRIES = """
SELECT transfer.id AS transfer_id, kind, account, amount, currency, made_at
FROM transfer JOIN entry ON transfer_id = transfer.id WHERE payment_id = $1
ORDER BY made_at, transfer.id, account"""


async def post(tx: Tx, name: str, payment_id: str, kind: str, currency: str, moved: Mapping[str, int]) -> None:
    """Add a transfer. A name that is taken, or entries that do not balance, end the transaction."""
    await tx.execute(_POST, name, payment_id, kind, currency, list(moved), list(moved.values()))


async def of_payment(db: Db, payment_id: str) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch(_ENTRIES, payment_id)]
