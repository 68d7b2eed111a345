"""A shopper buys: into the cart, through every step of the legacy shop's checkout, and the order is placed on delivery."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from banyan.kernel.clock import Clock
from banyan.move.demo.shoppers.browser import Browser, Unanswered
from banyan.move.demo.shoppers.ledger import Bought, Ledger

T = TypeVar("T")
REQUESTS = 7
"""Of an order of one product."""
_TRIES = 5  # through the steps; a checkout in which the shop changes hands may be sent back to its beginning
_AMOUNT = re.compile(rb"(\d+\.\d\d)(?:\xe2\x82\xac| EUR)")  # the last one of the page is the total
_PLACE = "extension/opencart/payment/cod.confirm"


class Again(Exception):
    """The shop has sent the shopper back to an earlier step."""


class Wrong(Exception):
    """What no shopper should see."""


@dataclass(slots=True)
class Buyer:
    """One customer, who does one thing after the other. `address`: the number of one of theirs."""

    customer: int
    address: int
    browser: Browser
    ledger: Ledger
    clock: Clock

    async def buy(self, units: Mapping[int, int]) -> None:
        """Buy so many of each product; what came of it is in the ledger."""
        total = 0
        try:
            for product, count in units.items():
                form = {"product_id": str(product), "quantity": str(count)}
                await self._done("checkout/cart.add", form)
            for _ in range(_TRIES):
                try:
                    total = await self._shown()
                    number = await self._placed()
                    break
                except Again:
                    self.ledger.begun_again += 1
            else:
                raise Wrong(f"a checkout was sent back {_TRIES} times")
            self.ledger.bought.append(Bought(self.customer, number, total, dict(units)))
            status, body = await self._timed(lambda: self.browser.ask("GET", "checkout/success"))
            if status >= 400:
                raise Wrong(f"checkout/success: {status} {body[:200]!r}")
        except Wrong as wrong:
            self.ledger.wrong.append(str(wrong))
        except Unanswered as error:
            self.ledger.wrong.append(f"an order by {self.customer}: {error}")
            self.ledger.unsure_orders.append(Bought(self.customer, "", total, dict(units)))

    async def _shown(self) -> int:
        """Every step up to the page that shows the order; its total in minor units."""
        await self._done("checkout/shipping_address.address", {"address_id": str(self.address)})
        await self._done("checkout/shipping_method.save", {"shipping_method": "flat.flat"})
        await self._done("checkout/payment_method.save", {"payment_method": "cod.cod"})
        status, body = await self._timed(lambda: self.browser.ask("GET", "checkout/confirm.confirm"))
        if status >= 400:
            raise Wrong(f"checkout/confirm.confirm: {status} {body[:200]!r}")
        found = _AMOUNT.findall(body)
        if not found:
            raise Again
        return int(found[-1].replace(b".", b""))

    async def _placed(self) -> str:
        """The order's number."""
        answer = await self._timed(lambda: self.browser.post(_PLACE, {}))
        if "checkout/success" in str(answer.get("redirect", "")):
            return str(answer.get("order_id", ""))
        if "redirect" in answer or "No order ID" in str(answer.get("error")):
            raise Again
        raise Wrong(f"{_PLACE}: {str(answer)[:300]}")

    async def _done(self, route: str, form: dict[str, str]) -> None:
        answer = await self._timed(lambda: self.browser.post(route, form))
        if "success" in answer:
            return
        if "redirect" in answer or "required" in str(answer.get("error")):
            raise Again
        raise Wrong(f"{route}: {str(answer)[:300]}")

    async def _timed(self, ask: Callable[[], Awaitable[T]]) -> T:
        due = self.clock.monotonic()
        try:
            return await ask()
        finally:
            self.ledger.writes.append((due, self.clock.monotonic() - due))
