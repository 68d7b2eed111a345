"""The ledger, to be read: balanced transfers that `accounts` adds, each at most once by its name."""

from typing import Any

from banyan.foundation.db import Db

_ENTRIES = """
SELECT transfer.id AS transfer_id, kind, account, amount, currency, made_at
FROM transfer JOIN entry ON transfer_id = transfer.id WHERE payment_id = $1
ORDER BY made_at, transfer.id, account"""


async def of_payment(db: Db, payment_id: str) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch(_ENTRIES, payment_id)]
