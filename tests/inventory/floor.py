"""The shop floor as tests see it: ask inventory, hear what it told, check what must hold."""

from dataclasses import dataclass
from typing import TypeVar

import orjson
from pydantic import BaseModel

from banyan.contracts import EVENTS, Call, Event
from banyan.contracts.inventory import (
    AskStock,
    AvailabilityChanged,
    HoldStock,
    ReleaseStock,
    SellStock,
    SetStock,
    StockCount,
    StockHold,
    StockLine,
    StockLow,
)
from banyan.foundation import loopback
from banyan.foundation.auth import GUEST, Principal
from banyan.foundation.peers import HttpAnswer
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports
from banyan.inventory.invariants import INVARIANTS

Answer = TypeVar("Answer", bound=BaseModel)
Fact = TypeVar("Fact", bound=Event)
KEEPER = Principal("usr_keeper", permissions=frozenset({"stock:read", "stock:write"}))
READER = Principal("usr_reader", permissions=frozenset({"stock:read"}))
SHOPPER = Principal("usr_shopper")


class Doorman:
    """Knows people by name: `Bearer keeper`."""

    _known = {"keeper": KEEPER, "reader": READER, "shopper": SHOPPER}

    async def principal(self, authorization: str = "", cart_cookie: str = "") -> Principal:
        return self._known.get(authorization.removeprefix("Bearer "), GUEST)


@dataclass(slots=True)
class Floor:
    shop: Shop
    heard: int = 0
    keys: int = 0

    @property
    def ports(self) -> Ports:
        return self.shop.ports["inventory"]

    async def ask(self, call: Call[Answer]) -> Answer:
        return await self.shop.peers.ask(call)

    async def count(self, sku: str, on_hand: int, *, low_stock_at: int = 0, backorder: bool = False) -> bool:
        count = StockCount(sku=sku, on_hand=on_hand, low_stock_at=low_stock_at, backorder=backorder)
        return (await self.ask(SetStock(counts=(count,)))).changed

    async def hold(self, cart: str, order: str | None = None, seconds: int = 900, **wanted: int) -> StockHold:
        lines = tuple(StockLine(sku=sku, quantity=quantity) for sku, quantity in wanted.items())
        return await self.ask(HoldStock(cart_id=cart, order_id=order, lines=lines, seconds=seconds))

    async def sell(self, order: str) -> bool:
        return (await self.ask(SellStock(order_id=order))).changed

    async def release(self, order: str | None = None, cart: str | None = None, reason: str = "cancelled") -> bool:
        return (await self.ask(ReleaseStock(order_id=order, cart_id=cart, reason=reason))).changed

    async def available(self, sku: str, for_cart: str | None = None) -> int:
        [level] = (await self.ask(AskStock(skus=(sku,), for_cart=for_cart))).levels
        return level.available

    async def level(self, sku: str, warehouse: str = "wh_main") -> tuple[int, int]:
        """on_hand and reserved, as written."""
        sql = "SELECT on_hand, reserved FROM level WHERE sku = $1 AND warehouse_id = $2"
        row = await self.ports.db.fetchrow(sql, sku, warehouse)
        assert row is not None
        return row["on_hand"], row["reserved"]

    async def told(self, kind: type[Fact] = Event) -> list[Fact]:  # type: ignore[assignment]
        """Facts told since we last listened, of this kind."""
        rows = await self.ports.db.fetch("SELECT type, data, pos FROM outbox WHERE pos > $1 ORDER BY pos", self.heard)
        self.heard = rows[-1]["pos"] if rows else self.heard
        facts = [EVENTS[row["type"]].model_validate(row["data"]) for row in rows]
        return [fact for fact in facts if isinstance(fact, kind)]

    async def crossings(self) -> list[Event]:
        return [fact for fact in await self.told(Event) if isinstance(fact, AvailabilityChanged | StockLow)]

    async def broken(self) -> list[str]:
        """Promises that do not hold."""
        return [each.promise for each in INVARIANTS if await self.ports.db.fetch(each.sql)]

    async def warehouse(self, name: str, priority: int) -> str:
        answer = await self.post("/v1/warehouses", {"name": name, "country": "FR", "priority": priority})
        return str(answer.json()["id"])

    async def put(self, sku: str, on_hand: int, warehouse: str) -> None:
        wish = {"sku": sku, "warehouse_id": warehouse, "on_hand": on_hand, "reason": "stocktaking"}
        assert (await self.post("/v1/stock/adjustments", wish)).status == 201

    async def get(self, path: str, who: str = "keeper") -> HttpAnswer:
        return await self.request("GET", path, None, who)

    async def post(self, path: str, body: object, who: str = "keeper", key: str | None = None) -> HttpAnswer:
        self.keys += 1
        return await self.request("POST", path, body, who, {"idempotency-key": key or f"key {self.keys}"})

    async def patch(self, path: str, body: object, etag: str | None, who: str = "keeper") -> HttpAnswer:
        return await self.request("PATCH", path, body, who, {"if-match": etag} if etag else {})

    async def request(
        self, method: str, path: str, body: object = None, who: str = "keeper", more: dict[str, str] | None = None
    ) -> HttpAnswer:
        local = self.shop.peers.local("inventory")
        assert local is not None
        headers = {"authorization": f"Bearer {who}", "content-type": "application/json", **(more or {})}
        sent = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        return await loopback.request(local.app, method, path, headers=headers, body=sent)
