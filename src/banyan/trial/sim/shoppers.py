"""Simulated people: shoppers who never lose their temper, and a storekeeper who now and then calls an order off."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from banyan.foundation import loopback
from banyan.foundation.peers import HttpAnswer
from banyan.kernel.ids import SeededIds
from banyan.trial.crowd import ADDRESS, UNFINISHED
from banyan.trial.sim.turnstile import Crash, Turnstile

TOKENS = ("tok_ok",) * 5 + ("tok_declined", "tok_timeout", "tok_slow", "tok_5xx")
BUSY = frozenset({429, 502, 503, 504, 500})


class LineBroke(Exception):
    """The process died under the request: it may or may not have been done."""


@dataclass(slots=True)
class Ledger:
    """What shoppers were told, which must stay true."""

    acknowledged: dict[str, str] = field(default_factory=dict)  # order → its shopper's token
    last_seen: dict[str, str] = field(default_factory=dict)  # order → status
    faults: list[str] = field(default_factory=list)
    left: int = 0  # shoppers still at it


@dataclass(slots=True)
class Shopper:
    """One visit. Every request is repeated, with its key, until it is answered."""

    app: Any
    turnstile: Turnstile
    chance: SeededIds
    ledger: Ledger
    number: int
    skus: tuple[str, ...]
    authorization: str = ""

    async def visit(self) -> None:
        """From an empty cart to an order that is final."""
        try:
            await self._visit()
        finally:
            self.ledger.left -= 1

    async def _visit(self) -> None:
        status, cart = await self._call("POST", "/v1/carts", {})
        if status != 201:
            self._fault("a cart was not made", status, cart)
            return
        self.authorization, at = f"Bearer {cart['token']}", f"/v1/carts/{cart['id']}"
        for sku in self.skus:
            quantity = 1 + int(self.chance.fraction() * 2)
            await self._call("POST", f"{at}/lines", {"sku": sku, "quantity": quantity})
        _, options = await self._call("GET", f"{at}/shipping-options")
        delivery = {
            "email": f"s{self.number}@example.com",
            "address": ADDRESS,
            "shipping_option": options["items"][0]["id"],
        }
        status, _ = await self._call("PUT", f"{at}/delivery", delivery)
        if status != 200:
            return  # sold out, and said so
        for attempt in range(2):
            order = await self._check_out(at, attempt)
            if order is None or order["status"] != "payment_failed":
                return

    async def _check_out(self, at: str, attempt: int) -> dict[str, Any] | None:
        token = TOKENS[int(self.chance.fraction() * len(TOKENS))]
        status, order = await self._call(
            "POST", f"{at}/checkout", {"payment": {"provider": "testbank", "token": token}}
        )
        if status not in (201, 202):
            if status >= 500:
                self._fault("a checkout failed", status, order)
            return None
        self.ledger.acknowledged[order["id"]] = self.authorization
        if self.chance.fraction() < 0.15:
            await self._call("POST", f"/v1/orders/{order['id']}/cancel", {"reason": "changed my mind"})
        for _ in range(400):
            status, order = await self._call("GET", f"/v1/orders/{order['id']}")
            if status != 200:
                self._fault("an acknowledged order is lost", status, order)
                return None
            if order["status"] not in UNFINISHED:
                break
            await self.turnstile.sleep(5)
        self.ledger.last_seen[order["id"]] = order["status"]
        return dict(order)

    async def _call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Until there is an answer that is not the shop's trouble; at most some 15 virtual minutes."""
        key = self.chance.new("key")
        answer: HttpAnswer | None = None
        for attempt in range(60):
            try:
                answer = await self._once(method, path, body, key)
            except LineBroke:
                answer = None
            running = answer is not None and answer.status == 409 and b'"in_flight"' in answer.body
            if answer is not None and answer.status not in BUSY and not running:
                break
            await self.turnstile.sleep(min(30, 0.5 * 2**attempt) * (0.5 + self.chance.fraction()))
        if answer is None:
            return 0, {}
        if answer.status == 500:
            self._fault(f"{method} {path} answered 500", 500, answer.body[:300])
        return answer.status, orjson.loads(answer.body or b"null")

    async def _once(self, method: str, path: str, body: Any, key: str) -> HttpAnswer:
        headers = {"idempotency-key": key, "content-type": "application/json"}
        if self.authorization:
            headers["authorization"] = self.authorization
        await self.turnstile.point(f"{method} {path} is sent")
        self.turnstile.inside(True)
        try:
            return await loopback.request(
                self.app, method, path, headers=headers, body=b"" if body is None else orjson.dumps(body)
            )
        except Crash:
            self.turnstile.crashed = True
            raise LineBroke from None
        finally:
            self.turnstile.inside(False)

    def _fault(self, what: str, status: int, got: Any) -> None:
        self.ledger.faults.append(f"shopper {self.number}: {what} ({status} {str(got)[:300]})")
