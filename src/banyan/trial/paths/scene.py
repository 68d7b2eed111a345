"""What the driver of a path has in hand: where the shop listens, and what there is to look at and to buy."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.trial.crowd import Buyer
from banyan.trial.load import Measured
from banyan.trial.shoppers.shopper import Goods

Drive = Callable[[float, int], Awaitable[Measured]]
"""Ask for so many seconds over so many connections."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One shop that is running. What there is in `goods` can be bought without end."""

    url: str
    port: int
    clock: Clock
    ids: Ids
    goods: Goods

    @asynccontextmanager
    async def buyers(self, connections: int = 0) -> AsyncIterator[Callable[[], Buyer]]:
        """Makes new shoppers, all on the same connections."""
        connector = aiohttp.TCPConnector(limit=connections)
        async with aiohttp.ClientSession(connector=connector) as http:
            yield lambda: Buyer(http, self.url, clock=self.clock, ids=self.ids)

    def sku(self) -> str:
        return self.goods.skus[int(len(self.goods.skus) * self.ids.fraction())]


@dataclass(frozen=True, slots=True)
class Path:
    """`name` on the command line, `title` in tables. `prepare` makes what its driver needs, and is not measured."""

    name: str
    title: str
    prepare: Callable[[Scene], Awaitable[Drive]]
    connections: int = 32
    lasts: float = 0.0  # seconds after an answer in which the shop still works for it
