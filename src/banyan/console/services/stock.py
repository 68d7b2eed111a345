"""Inventory over HTTP: levels, adjustments, movements, reservations and warehouses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from banyan.console.services.parts import Page
from banyan.foundation.face.line import Line, Seen, shaped
from banyan.foundation.face.places import segment

STATES = ("held", "promised", "sold", "released", "expired")
KINDS = ("received", "adjusted", "damaged", "returned")


class Shelf(Seen):
    warehouse_id: str
    on_hand: int
    reserved: int
    available: int


class Level(Seen):
    sku: str
    available: int
    backorder: bool = False
    low: bool = False
    low_stock_at: int | None = None
    version: int | None = None
    warehouses: tuple[Shelf, ...] | None = None

    @property
    def shelves(self) -> tuple[Shelf, ...]:
        return self.warehouses or ()


class Movement(Seen):
    id: str
    warehouse_id: str
    kind: str
    change: int
    reason: str = ""
    order_id: str | None = None
    reservation_id: str | None = None
    by: str | None = None
    at: datetime


class HeldLine(Seen):
    sku: str
    warehouse_id: str
    quantity: int


class Reservation(Seen):
    id: str
    cart_id: str | None = None
    order_id: str | None = None
    state: str
    reason: str | None = None
    expires_at: datetime | None = None
    made_at: datetime
    changed_at: datetime
    lines: tuple[HeldLine, ...] = ()

    @property
    def may_be_released(self) -> bool:
        """A cart's hold; what an order holds ends with the order."""
        return self.state == "held" and self.order_id is None


class Warehouse(Seen):
    id: str
    name: str
    country: str
    priority: int
    active: bool = True
    version: int


class Adjusted(Seen):
    change: int = 0


async def listed(line: Line, *, low: bool = False, below: str = "", cursor: str = "", limit: int = 50) -> Page[Level]:
    query = [("low", "true" if low else ""), ("below", below), ("cursor", cursor), ("limit", str(limit))]
    return await line.get(Page[Level], "inventory", "/v1/stock", query)


async def of_skus(line: Line, skus: Sequence[str]) -> dict[str, Level]:
    """At most a hundred; unknown ones are absent."""
    if not skus:
        return {}
    page = await line.get(Page[Level], "inventory", "/v1/stock", [("sku", sku) for sku in skus])
    return {level.sku: level for level in page.items}


async def movements(line: Line, sku: str, cursor: str = "") -> Page[Movement]:
    """Newest first."""
    at = f"/v1/stock/{segment(sku)}/movements"
    return await line.get(Page[Movement], "inventory", at, [("cursor", cursor), ("limit", "50")])


async def adjust(line: Line, adjustment: Mapping[str, Any], *, key: str) -> Adjusted:
    return shaped(Adjusted, await line.send("inventory", "POST", "/v1/stock/adjustments", adjustment, key=key))


async def set_up(line: Line, sku: str, *, backorder: bool, low_stock_at: int, version: str) -> None:
    """Stale when it was set otherwise meanwhile."""
    body = {"backorder": backorder, "low_stock_at": low_stock_at}
    await line.send("inventory", "PATCH", f"/v1/stock/{segment(sku)}", body, if_match=f'"{version}"')


async def reservations(line: Line, wanted: Mapping[str, str], *, limit: int = 50) -> Page[Reservation]:
    """Newest first. `wanted`: sku, cart_id, order_id, state, cursor, where not empty."""
    query = [*wanted.items(), ("limit", str(limit))]
    return await line.get(Page[Reservation], "inventory", "/v1/reservations", query)


async def reservation(line: Line, reservation_id: str) -> Reservation:
    return await line.get(Reservation, "inventory", f"/v1/reservations/{segment(reservation_id)}")


async def release(line: Line, reservation_id: str) -> None:
    await line.send("inventory", "DELETE", f"/v1/reservations/{segment(reservation_id)}")


async def warehouses(line: Line) -> tuple[Warehouse, ...]:
    """The first hundred; who sends first stands first."""
    page = await line.get(Page[Warehouse], "inventory", "/v1/warehouses", [("limit", "100")])
    return tuple(sorted(page.items, key=lambda each: (not each.active, each.priority, each.name)))


async def warehouse(line: Line, warehouse_id: str) -> Warehouse:
    return await line.get(Warehouse, "inventory", f"/v1/warehouses/{segment(warehouse_id)}")


async def add_warehouse(line: Line, told: Mapping[str, Any], *, key: str) -> None:
    await line.send("inventory", "POST", "/v1/warehouses", told, key=key)


async def change_warehouse(line: Line, warehouse_id: str, told: Mapping[str, Any], *, version: str) -> None:
    await line.send("inventory", "PATCH", f"/v1/warehouses/{segment(warehouse_id)}", told, if_match=f'"{version}"')
