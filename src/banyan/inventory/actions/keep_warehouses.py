"""Warehouses are opened, renamed, reordered and closed."""

from collections.abc import Callable
from typing import Any

from pydantic_core import to_json

from banyan.foundation import idempotency
from banyan.foundation.db import Tx
from banyan.foundation.idempotency import Answer, Key
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.actions.telling import tell_crossings
from banyan.kernel.refusals import NotFound


async def add_warehouse(ports: Ports, key: Key | None, new: dict[str, Any]) -> Answer:
    """Open a warehouse; 201 with it."""

    async def effect(tx: Tx) -> Answer:
        made = await storage.add_warehouse(tx, {**new, "id": ports.ids.new("wh")})
        return Answer(201, to_json(made))

    return await idempotency.once(ports.db, key, effect)


async def change_warehouse(
    ports: Ports, id: str, check: Callable[[int], None], changes: dict[str, Any]
) -> dict[str, Any]:
    """Change what is given; how it is then. What lies in a closed warehouse is not for sale. NotFound."""

    async def effect(tx: Tx) -> dict[str, Any]:
        before = await storage.lock_warehouse(tx, id)
        if before is None:
            raise NotFound("there is no such warehouse")
        check(before["version"])
        after = {**before, **changes}
        if after == before:
            return before
        changed = await storage.change_warehouse(tx, after)
        if changed["active"] != before["active"]:
            await tell_crossings(tx, await storage.skus_in(tx, id))
        return changed

    return await ports.db.retrying(effect)
