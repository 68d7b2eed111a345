"""Shoppers who buy without end while a cluster is struck, and the log of what they were told."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.trial.crowd import Buyer

_LOOKS = ("/v1/products?limit=5", "/v1/search?q=trial", "/readyz")
_BETWEEN = 0.2  # seconds between two looks of who only looks


@dataclass(slots=True)
class Log:
    """`confirmed`: when, on the monotonic clock; `failed`: when an answer was 500 or above, or a line broke."""

    confirmed: list[float] = field(default_factory=list)
    failed: list[float] = field(default_factory=list)
    orders: dict[str, str] = field(default_factory=dict)  # by id: the last status that was seen
    outcomes: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Shopping:
    """`parallel` shoppers at a time, each of whom buys one unit of `sku` and is followed by another."""

    base: str
    sku: str
    parallel: int
    clock: Clock
    ids: Ids
    log: Log = field(default_factory=Log)
    going_on: bool = True

    async def run(self) -> None:
        """Until `going_on` is false; whoever has begun goes on to the end."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as http:
            await asyncio.gather(self._look(http), *(self._buy(http) for _ in range(self.parallel)))

    async def _buy(self, http: aiohttp.ClientSession) -> None:
        while self.going_on:
            buyer = Buyer(http, self.base, clock=self.clock, ids=self.ids, seen=self._seen)
            what, got = await buyer.buy(self.sku)
            code = got.get("code", "") if isinstance(got, dict) and what.startswith("refused") else ""
            self.log.outcomes[f"{what} {code}".rstrip()] += 1
            if isinstance(got, dict) and str(got.get("id", "")).startswith("ord_"):
                self.log.orders[got["id"]] = what
            if what == "confirmed":
                self.log.confirmed.append(self.clock.monotonic())
            elif what in ("never finished", "refused 0") or what.startswith("refused 5"):
                self.log.odd.append(f"{what}: {str(got)[:200]}")

    async def _look(self, http: aiohttp.ClientSession) -> None:
        while self.going_on:
            for path in _LOOKS:
                try:
                    async with http.get(self.base + path) as answer:
                        await answer.read()
                        self._seen(answer.status)
                except (aiohttp.ClientError, TimeoutError):
                    self._seen(0)
            await self.clock.sleep(_BETWEEN)

    def _seen(self, status: int) -> None:
        if status == 0 or status >= 500:
            self.log.failed.append(self.clock.monotonic())
