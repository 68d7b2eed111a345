"""So many signed-in customers at one door: some keep their accounts, some buy, and anybody looks at products."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import aiohttp

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.move.demo import stocking
from banyan.move.demo.shoppers.browser import PATIENCE, Browser, Unanswered
from banyan.move.demo.shoppers.buying import REQUESTS, Buyer
from banyan.move.demo.shoppers.ledger import Ledger, Promise

_FAVOURITES = 5  # products that one customer puts into the cart again and again
_ADDRESSES = 40  # of one customer: nobody has more places to live, and a shop allows 50
_SHARE = 5  # one of so many customers buys
_SHOPPING = ("cart", "edit", "cart", "address", "cart", "edit", "cart", "edit", "cart")  # carts change most
KINDS: tuple[str, ...] = (*_SHOPPING, *_SHOPPING, "order", *[""] * (REQUESTS - 1))
"""Writes in turn; an order is as many requests as there are gaps behind it."""


class Shoppers:
    """`ledger` is what they saw."""

    def __init__(self, base: str, customers: Sequence[int], *, clock: Clock, ids: Ids, products: int) -> None:
        """`customers`: their numbers in the legacy shop, where each one's address has the same number."""
        self.ledger = Ledger()
        self._base = base.rstrip("/")
        self._customers = customers[: len(customers) - len(customers) // _SHARE]
        self._buying = customers[len(self._customers) :]
        self._products = products
        self._clock = clock
        self._ids = ids
        self._browsers: dict[int, Browser] = {}
        self._addresses = Counter[int]()  # that each customer has made
        self._free: deque[Buyer] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def sign_in(self, http: aiohttp.ClientSession) -> None:
        """All of them, four at a time: a password check is made to be slow."""
        todo = iter([*self._customers, *self._buying])

        async def one_after_another() -> None:
            for customer in todo:
                browser = self._browsers[customer] = Browser(self._base, http)
                form = {"email": f"shopper{customer}@example.com", "password": stocking.PASSWORD}
                answer = await browser.post("account/login.login", form)
                if "redirect" not in answer:
                    self.ledger.wrong.append(f"shopper {customer} could not sign in: {answer}")

        await asyncio.gather(*(one_after_another() for _ in range(4)))
        for each in self._buying:
            self._free.append(Buyer(each, each, self._browsers[each], self.ledger, self._clock))

    async def shop(
        self,
        http: aiohttp.ClientSession,
        *,
        writes: float,
        reads: float,
        going_on: Callable[[], bool],
        kinds: Sequence[str] = KINDS,
    ) -> None:
        """Start `writes` and `reads` a second, evenly, while `going_on()`; then wait for those that run."""
        await asyncio.gather(
            self._every(1 / writes, lambda n: self._write(kinds[n % len(kinds)]), going_on),
            self._every(1 / reads, lambda _: self._read(http), going_on),
        )
        while self._running:
            await asyncio.wait(self._running)

    async def view(self, http: aiohttp.ClientSession, *, reads: float, going_on: Callable[[], bool]) -> None:
        """Page views alone, `reads` a second."""
        await self._every(1 / reads, lambda _: self._read(http), going_on)
        while self._running:
            await asyncio.wait(self._running)

    async def _every(
        self, pause: float, act: Callable[[int], Coroutine[Any, Any, None]], going_on: Callable[[], bool]
    ) -> None:
        begun, count = self._clock.monotonic(), 0
        while going_on():
            due = begun + count * pause
            await self._clock.sleep(max(0.0, due - self._clock.monotonic()))
            task = asyncio.create_task(act(count))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            count += 1

    async def _write(self, kind: str) -> None:
        if kind == "order":
            await self._buy()
        elif kind:
            await self._change(kind)

    async def _buy(self) -> None:
        """Whoever has been idle for longest buys something; nobody does while all are at it."""
        if not self._free:
            return
        buyer = self._free.popleft()
        units = {self._any_product(): 1 + int(self._ids.fraction() * 3)}
        if self._ids.fraction() < 0.3:
            units[self._any_product()] = 1
        await buyer.buy(units)
        self._free.append(buyer)

    async def _change(self, kind: str) -> None:
        customer = self._customers[int(self._ids.fraction() * len(self._customers))]
        if kind == "address" and self._addresses[customer] == _ADDRESSES:
            kind = "edit"
        self._addresses[customer] += kind == "address"
        due, token = self._clock.monotonic(), self._ids.secret(9).hex()
        promise = Promise(kind, customer, token, due, due)
        route, form = self._wish(kind, token, customer)
        try:
            answer = await self._browsers[customer].post(route, form)
        except Unanswered as error:
            self.ledger.unsure.append(promise)
            self.ledger.wrong.append(f"{route}: {error}")
            return
        finally:
            self.ledger.writes.append((due, self._clock.monotonic() - due))
        if "success" not in answer:
            self.ledger.wrong.append(f"{route}: {str(answer)[:200]}")
        elif kind in ("address", "edit"):
            self.ledger.promises.append(Promise(kind, customer, token, due, self._clock.monotonic()))

    def _wish(self, kind: str, token: str, customer: int) -> tuple[str, dict[str, str]]:
        if kind == "address":
            place = {"firstname": "A", "lastname": "Shopper", "city": "Berlin", "postcode": "10115"}
            return "account/address.save", {**place, "address_1": token, "country_id": str(stocking.COUNTRY)}
        if kind == "cart":
            favourite = 1 + (customer * 7 + int(self._ids.fraction() * _FAVOURITES)) % self._products
            return "checkout/cart.add", {"product_id": str(favourite), "quantity": "1"}
        return "account/edit.save", {"firstname": "A", "lastname": token, "telephone": ""}

    async def _read(self, http: aiohttp.ClientSession) -> None:
        number, due = self._any_product(), self._clock.monotonic()
        try:
            url = f"{self._base}/index.php?route=product/product&product_id={number}"
            async with http.get(url, timeout=aiohttp.ClientTimeout(total=PATIENCE)) as answer:
                await answer.read()
                self.ledger.answers[f"read {answer.status}"] += 1
                if answer.status >= 400:
                    self.ledger.wrong.append(f"product {number}: {answer.status}")
        except (aiohttp.ClientError, TimeoutError) as error:
            self.ledger.wrong.append(f"product {number}: {type(error).__name__} {error}")
        self.ledger.reads.append((due, self._clock.monotonic() - due))

    def _any_product(self) -> int:
        return 1 + int(self._ids.fraction() * self._products)
