"""The catalogue's counter as tests see it: ask over HTTP, hear what was told, check what must hold."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel

from banyan.catalog import importing
from banyan.catalog.invariants import INVARIANTS
from banyan.contracts import EVENTS, Call, Event
from banyan.contracts.inventory import AvailabilityChanged, Done, SetStock, StockCount
from banyan.foundation import loopback
from banyan.foundation.auth import GUEST, Principal
from banyan.foundation.peers import HttpAnswer, Local
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports, Service
from banyan.kernel.refusals import Conflict

Answer = TypeVar("Answer", bound=BaseModel)
OPERATOR = Principal("usr_operator", permissions=frozenset({"catalog:write"}))
SHOPPER = Principal("usr_shopper")


class Doorman:
    """Knows people by name: `Bearer operator`."""

    _known = {"operator": OPERATOR, "shopper": SHOPPER}

    async def principal(self, authorization: str = "", cart_cookie: str = "") -> Principal:
        return self._known.get(authorization.removeprefix("Bearer "), GUEST)


@dataclass(slots=True)
class Storeroom:
    """Stands for inventory: remembers what it was told, and refuses what it is made to refuse."""

    counts: dict[str, StockCount] = field(default_factory=dict)
    asked: int = 0
    refuses: set[str] = field(default_factory=set)
    closed: Exception | None = None

    async def set_stock(self, ports: Ports, call: SetStock) -> Done:
        self.asked += 1
        if self.closed:
            raise self.closed
        if any(count.sku in self.refuses for count in call.counts):
            raise Conflict("less than what is reserved")
        self.counts |= {count.sku: count for count in call.counts}
        return Done(changed=True)


@dataclass(slots=True)
class Counter:
    shop: Shop
    service: Service
    storeroom: Storeroom = field(default_factory=Storeroom)
    heard: int = 0

    def __post_init__(self) -> None:
        self.ports.authority = Doorman()  # type: ignore[assignment]
        self.shop.peers.add("inventory", Local(self.ports, {SetStock: self.storeroom.set_stock}, None))

    @property
    def ports(self) -> Ports:
        return self.shop.ports["catalog"]

    async def ask(self, call: Call[Answer]) -> Answer:
        return await self.shop.peers.ask(call)

    async def get(self, path: str, who: str = "", **headers: str) -> HttpAnswer:
        return await self.send("GET", path, who=who, **headers)

    async def json(self, path: str, who: str = "") -> Any:
        answer = await self.get(path, who)
        assert answer.status == 200, (path, answer)
        return answer.json()

    async def send(
        self, method: str, path: str, body: object = None, who: str = "operator", **headers: str
    ) -> HttpAnswer:
        """`if_match="…"` is the header If-Match."""
        local = self.shop.peers.local("catalog")
        assert local is not None
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        return await loopback.request(
            local.app,
            method,
            path,
            headers={"authorization": f"Bearer {who}", "content-type": "application/json", **named},
            body=sent,
        )

    async def made(self, path: str, body: object) -> Any:
        answer = await self.send("POST", path, body)
        assert answer.status == 201, answer
        return answer.json()

    async def product(self, sku: str, **given: object) -> Any:
        """A published product with one variant at 10.00 EUR."""
        variants = [{"sku": sku, "prices": [{"amount": 1000, "currency": "EUR"}]}]
        return await self.made("/v1/products", {"name": sku, "status": "published", "variants": variants} | given)

    async def take(self, *rows: Mapping[str, Any], **given: Any) -> importing.ImportReport:
        return await importing.import_rows(self.ports, rows, **given)

    async def told(self, *kinds: type[Event]) -> list[Any]:
        """Facts told since we last listened, of these kinds."""
        rows = await self.ports.db.fetch(
            "SELECT type, data, pos FROM outbox WHERE pos > $1 ORDER BY txid, pos", self.heard
        )
        self.heard = max((row["pos"] for row in rows), default=self.heard)
        facts = [EVENTS[row["type"]].model_validate(row["data"]) for row in rows]
        return [fact for fact in facts if isinstance(fact, kinds)] if kinds else facts

    async def inventory_tells(self, sku: str, available: bool) -> None:
        """The fact arrives, as the inbox brings it."""
        reaction = self.service.reactions[AvailabilityChanged]
        async with self.ports.db.transaction() as tx:
            await reaction(self.ports, tx, AvailabilityChanged(sku=sku, available=available))

    async def broken(self) -> list[str]:
        """Promises that do not hold."""
        return [each.id for each in INVARIANTS if await self.ports.db.fetch(each.sql)]

    async def rows_of(self, *tables: str) -> dict[str, list[str]]:
        """Everything in these tables, to see that nothing changed."""
        return {
            table: [str(row) for row in await self.ports.db.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")]
            for table in tables
        }


CATALOGUE = ("product", "product_slug", "variant", "price", "media", "brand", "category", "attribute", "availability")


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    """Wait until it holds; a failure when it never does."""
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.02)
