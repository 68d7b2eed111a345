"""The table `address`. Who changes something holds the account's row (accounts.lock), so one change comes after the other."""

from typing import Any

from banyan.foundation.db import Row, Tx
from banyan.users.domain.views import AddressView
from banyan.users.storage import Source

FIELDS = ("name", "line1", "line2", "city", "region", "postal_code", "country", "phone")
_COLUMNS = f"id, {', '.join(FIELDS)}, is_default, version, created_at"
_ADD = f"""
INSERT INTO address (id, account_id, {", ".join(FIELDS)}, is_default)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 WHERE (SELECT count(*) FROM address WHERE account_id = $2) < $12
RETURNING {_COLUMNS}"""
_CHANGE = f"""
UPDATE address SET {", ".join(f"{name} = ${place}" for place, name in enumerate(FIELDS, 4))}, is_default = $12,
    version = version + 1
WHERE account_id = $1 AND id = $2 AND version = $3 RETURNING {_COLUMNS}"""


async def of_account(source: Source, account_id: str, after: str | None, limit: int) -> list[AddressView]:
    """In the order they were added, from behind the one with id `after`."""
    rows = await source.fetch(
        f"SELECT {_COLUMNS} FROM address WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        account_id,
        after or "",
        limit,
    )
    return [_address(row) for row in rows]


async def by_id(source: Source, account_id: str, address_id: str) -> AddressView | None:
    row = await source.fetchrow(
        f"SELECT {_COLUMNS} FROM address WHERE account_id = $1 AND id = $2", account_id, address_id
    )
    return None if row is None else _address(row)


async def default(source: Source, account_id: str) -> AddressView | None:
    row = await source.fetchrow(f"SELECT {_COLUMNS} FROM address WHERE account_id = $1 AND is_default", account_id)
    return None if row is None else _address(row)


async def has_default(tx: Tx, account_id: str) -> bool:
    return bool(await tx.fetchval("SELECT true FROM address WHERE account_id = $1 AND is_default", account_id))


async def no_default(tx: Tx, account_id: str, *, but: str = "") -> None:
    """Take the mark off the default address, unless it is `but`."""
    await tx.execute(
        """UPDATE address SET is_default = false, version = version + 1
        WHERE account_id = $1 AND is_default AND id <> $2""",
        account_id,
        but,
    )


async def add(
    tx: Tx, account_id: str, address_id: str, fields: dict[str, Any], *, default: bool, most: int
) -> AddressView | None:
    """None when the account has `most` addresses already."""
    values = [fields[name] for name in FIELDS]
    row = await tx.fetchrow(_ADD, address_id, account_id, *values, default, most)
    return None if row is None else _address(row)


async def change(
    tx: Tx, account_id: str, address_id: str, version: int, fields: dict[str, Any], *, default: bool
) -> AddressView | None:
    """None when it is none of this account's, or has another version."""
    values = [fields[name] for name in FIELDS]
    row = await tx.fetchrow(_CHANGE, account_id, address_id, version, *values, default)
    return None if row is None else _address(row)


async def remove(tx: Tx, account_id: str, address_id: str) -> bool | None:
    """Whether the removed one was the default; None when there was none to remove."""
    was_default: bool | None = await tx.fetchval(
        "DELETE FROM address WHERE account_id = $1 AND id = $2 RETURNING is_default", account_id, address_id
    )
    return was_default


async def promote_newest(tx: Tx, account_id: str) -> None:
    """Make the address added last the default."""
    await tx.execute(
        """UPDATE address SET is_default = true, version = version + 1
        WHERE id = (SELECT max(id) FROM address WHERE account_id = $1)""",
        account_id,
    )


def _address(row: Row) -> AddressView:
    return AddressView(**dict(row))
