"""Warehouses: where units lie, and which sends first."""

from typing import Any

from banyan.foundation.db import Db, Tx
from banyan.foundation.narrowing import where

_COLUMNS = "id, name, country, priority, active, version"
_ADD = f"INSERT INTO warehouse ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, 1) RETURNING {_COLUMNS}"
_CHANGE = f"""
UPDATE warehouse SET name = $2, country = $3, priority = $4, active = $5, version = version + 1
WHERE id = $1 RETURNING {_COLUMNS}"""
_ONE = f"SELECT {_COLUMNS} FROM warehouse WHERE id = $1"

Warehouse = dict[str, Any]


async def list_warehouses(db: Db, *, after: str | None, limit: int) -> list[Warehouse]:
    """Ordered by id, from behind `after` on."""
    narrowed, values = where({"after": "id > {}"}, 1, after=after)
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM warehouse {narrowed} ORDER BY id LIMIT $1", limit, *values)
    return [dict(row) for row in rows]


async def read_warehouse(db: Db | Tx, id: str) -> Warehouse | None:
    row = await db.fetchrow(_ONE, id)
    return dict(row) if row else None


async def lock_warehouse(tx: Tx, id: str) -> Warehouse | None:
    """As it is, and nobody else changes it meanwhile."""
    row = await tx.fetchrow(f"{_ONE} FOR NO KEY UPDATE", id)
    return dict(row) if row else None


async def add_warehouse(tx: Tx, new: Warehouse) -> Warehouse:
    return _made(await tx.fetchrow(_ADD, *_values(new)))


async def change_warehouse(tx: Tx, changed: Warehouse) -> Warehouse:
    return _made(await tx.fetchrow(_CHANGE, *_values(changed)))


async def skus_in(tx: Tx, id: str) -> list[str]:
    """What has a place in this warehouse."""
    return [row[0] for row in await tx.fetch("SELECT sku FROM level WHERE warehouse_id = $1", id)]


def _values(warehouse: Warehouse) -> tuple[Any, ...]:
    return tuple(warehouse[name] for name in ("id", "name", "country", "priority", "active"))


def _made(row: Any) -> Warehouse:
    assert row is not None
    return dict(row)
