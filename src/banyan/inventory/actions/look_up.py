"""Questions: what can be bought, what lies where, who holds what, what moved. A hold that is over counts as ended."""

from collections.abc import Sequence
from typing import Any

from banyan.contracts.inventory import AskStock, StockLevel, StockLevels
from banyan.foundation.db import Row
from banyan.foundation.gathering import Asked
from banyan.foundation.service import Ports
from banyan.inventory import storage
from banyan.inventory.domain import State, is_id, is_sku
from banyan.kernel.refusals import NotFound


async def ask_stock(ports: Ports, call: AskStock) -> StockLevels:
    """Answer AskStock."""
    return await ports.together(_ask_round, call)


async def _ask_round(ports: Ports, asked: Sequence[Asked[AskStock]]) -> list[StockLevels | Exception]:
    """One statement for all who ask."""
    calls = [each.wish for each in asked]
    skus = {sku for call in calls for sku in call.skus if is_sku(sku)}
    carts = {call.for_cart for call in calls if call.for_cart and is_id(call.for_cart)}
    found = await storage.available(ports.db, skus, carts)
    place = {sku: number for number, sku in enumerate(found)}
    levels = {sku: StockLevel(sku=sku, available=each.units(), backorder=each.backorder) for sku, each in found.items()}
    told = list[StockLevels | Exception]()
    for call in calls:
        known = sorted({sku for sku in call.skus if sku in found}, key=place.__getitem__)
        own = (
            StockLevel(sku=sku, available=found[sku].units(call.for_cart), backorder=found[sku].backorder)
            if call.for_cart in found[sku].held
            else levels[sku]
            for sku in known
        )
        told.append(StockLevels(levels=tuple(own)))
    return told


async def stock_of(ports: Ports, skus: list[str]) -> list[Row]:
    """How it stands with these SKUs, in the order asked; unknown ones are absent."""
    found = {row["sku"]: row for row in await storage.look_up(ports.db, skus)}
    return [found[sku] for sku in dict.fromkeys(skus) if sku in found]


async def stock_page(
    ports: Ports, *, after: str | None, below: int | None, low: bool | None, limit: int
) -> tuple[list[Row], str | None]:
    """SKUs in order, and where the next page begins."""
    rows = await storage.list_stock(ports.db, after=after, below=below, low=low, limit=limit + 1)
    return rows[:limit], rows[limit - 1]["sku"] if len(rows) > limit else None


async def movements_of(
    ports: Ports, sku: str, *, before: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """What moved of a SKU, newest first, and where the next page begins. NotFound."""
    found = await storage.list_movements(ports.db, sku, before=before, limit=limit + 1)
    if not found and not await storage.sku_is_known(ports.db, sku):
        raise NotFound("no such SKU")
    return found[:limit], int(found[limit - 1]["id"].removeprefix("mov_")) if len(found) > limit else None


async def warehouse(ports: Ports, id: str) -> dict[str, Any]:
    found = await storage.read_warehouse(ports.db, id)
    if found is None:
        raise NotFound("there is no such warehouse")
    return found


async def warehouses(ports: Ports, *, after: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    found = await storage.list_warehouses(ports.db, after=after, limit=limit + 1)
    return found[:limit], found[limit - 1]["id"] if len(found) > limit else None


async def reservation(ports: Ports, id: str) -> dict[str, Any]:
    found = await storage.read_reservation(ports.db, id)
    if found is None:
        raise NotFound("there is no such reservation")
    return found


async def reservations(
    ports: Ports,
    *,
    before: str | None,
    cart_id: str | None,
    order_id: str | None,
    state: State | None,
    sku: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """Newest first, and where the next page begins."""
    found = await storage.list_reservations(
        ports.db, before=before, cart_id=cart_id, order_id=order_id, state=state, sku=sku, limit=limit + 1
    )
    return found[:limit], found[limit - 1]["id"] if len(found) > limit else None
