"""Shoppers of the demo: a steady stream of legacy-shaped requests through the one door, and their own ledger of promises.

Open loop: requests start when they are due whether or not the shop keeps up, so a pause shows in every one that waited.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.move.demo import stocking

PATIENCE = 30.0
"""Seconds a shopper waits for an answer."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A write that was acknowledged, whoever owned the shop: an address must be found once, and only once; of the edits of
    a customer's name the last."""

    kind: str  # address, edit
    customer: int
    token: str
    began: float  # seconds on the monotonic clock when it was sent
    at: float  # … and when it was acknowledged


@dataclass(slots=True)
class Ledger:
    """What shoppers saw."""

    promises: list[Promise] = field(default_factory=list)
    unsure: list[Promise] = field(default_factory=list)  # the line broke before an answer: may be there once, or not
    wrong: list[str] = field(default_factory=list)
    writes: list[tuple[float, float]] = field(default_factory=list)  # (when it was due, seconds it took)
    reads: list[tuple[float, float]] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)  # by `side status`

    def slowest(self, begin: float, end: float) -> float:
        """The longest a write took that was due between two moments; seconds."""
        return max((took for due, took in self.writes if begin <= due < end), default=0.0)


def quantile(times: Sequence[float], share: float) -> float:
    """The time that this share of requests stayed below; 0 for none."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Shoppers:
    """So many signed-in customers at one door."""

    def __init__(self, base: str, customers: Sequence[int], *, clock: Clock, ids: Ids, products: int) -> None:
        self.ledger = Ledger()
        self._base = base.rstrip("/")
        self._customers = customers
        self._products = products
        self._clock = clock
        self._ids = ids
        self._cookies: dict[int, dict[str, str]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def sign_in(self, http: aiohttp.ClientSession) -> None:
        """All of them, four at a time: a password check is made to be slow."""
        todo = iter(self._customers)

        async def one_after_another() -> None:
            for customer in todo:
                form = {"email": f"shopper{customer}@example.com", "password": stocking.PASSWORD}
                answer = await self._send(http, customer, "POST", "account/login.login", form)
                if "redirect" not in answer:
                    self.ledger.wrong.append(f"shopper {customer} could not sign in: {answer}")

        await asyncio.gather(*(one_after_another() for _ in range(4)))

    async def shop(
        self,
        http: aiohttp.ClientSession,
        *,
        writes: float,
        reads: float,
        going_on: Callable[[], bool],
        kinds: Sequence[str] = ("address", "edit", "cart", "edit", "cart", "edit"),
    ) -> None:
        """Start `writes` and `reads` a second, evenly, while `going_on()`; then wait for those that run."""
        await asyncio.gather(
            self._every(1 / writes, lambda n: self._write(http, kinds[n % len(kinds)]), going_on),
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

    async def _write(self, http: aiohttp.ClientSession, kind: str) -> None:
        customer = self._customers[int(self._ids.fraction() * len(self._customers))]
        due, token = self._clock.monotonic(), self._ids.secret(9).hex()
        promise = Promise(kind, customer, token, due, due)
        route, form = self._wish(kind, token)
        try:
            answer = await self._send(http, customer, "POST", route, form)
        except (aiohttp.ClientError, TimeoutError) as error:
            self.ledger.unsure.append(promise)
            self.ledger.wrong.append(f"{route}: {type(error).__name__} {error}")
            return
        finally:
            self.ledger.writes.append((due, self._clock.monotonic() - due))
        if "success" not in answer:
            self.ledger.wrong.append(f"{route}: {str(answer)[:200]}")
        elif kind in ("address", "edit"):
            self.ledger.promises.append(Promise(kind, customer, token, due, self._clock.monotonic()))

    def _wish(self, kind: str, token: str) -> tuple[str, dict[str, str]]:
        if kind == "address":
            place = {"firstname": "A", "lastname": "Shopper", "city": "Berlin", "postcode": "10115"}
            return "account/address.save", {**place, "address_1": token, "country_id": str(stocking.COUNTRY)}
        if kind == "cart":
            number = 1 + int(self._ids.fraction() * self._products)
            return "checkout/cart.add", {"product_id": str(number), "quantity": "1"}
        return "account/edit.save", {"firstname": "A", "lastname": token, "telephone": ""}

    async def _read(self, http: aiohttp.ClientSession) -> None:
        number = 1 + int(self._ids.fraction() * self._products)
        due = self._clock.monotonic()
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

    async def _send(
        self, http: aiohttp.ClientSession, customer: int, method: str, route: str, form: dict[str, str]
    ) -> dict[str, object]:
        """The JSON that the shop answers; other statuses than 200 are told as an error."""
        cookies = self._cookies.setdefault(customer, {})
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
        async with http.request(
            method,
            f"{self._base}/index.php?route={route}",
            data=form,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=PATIENCE),
        ) as answer:
            body = await answer.read()
            self.ledger.answers[f"write {answer.status}"] += 1
            for name, morsel in answer.cookies.items():
                cookies[name] = morsel.value
            if answer.status != 200:
                return {"error": f"{answer.status} {body[:200]!r}"}
            got = orjson.loads(body)
            return got if isinstance(got, dict) else {"error": str(got)}
