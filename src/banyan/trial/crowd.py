"""Many buyers on few units, through HTTP checkout: exactly as many are sold as there were, and all of them do sell."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids

PATIENCE = 90
"""Seconds that a shopper goes on trying: longer than a shop needs to come back on a slow machine."""
_LATER = (429, 502, 503, 504)
UNFINISHED = frozenset({"placed", "processing", "pending"})
ADDRESS = {"name": "A Buyer", "line1": "1 High Street", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB"}


@dataclass(slots=True)
class Outcome:
    """What became of the buyers; `odd` are answers that nobody should ever get."""

    counts: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Buyer:
    """One shopper over HTTP, who tries again with the same key when the shop is busy or the line breaks."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        base: str,
        *,
        clock: Clock,
        ids: Ids,
        seen: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`seen` is told the status of every answer, and 0 where the line broke, also of those that are tried again."""
        self._seen = seen
        self._http = http
        self._base = base.rstrip("/")
        self._clock = clock
        self._ids = ids
        self._token = ""

    @property
    def token(self) -> str:
        """What shows that a cart or an order is this buyer's; nothing before there is a cart."""
        return self._token

    async def call(self, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
        """One request; 429, 502, 503, 504 and broken connections are tried again with the same Idempotency-Key.

        Status 0 when nobody has answered for `PATIENCE` seconds.
        """
        headers = {"Idempotency-Key": key or self._ids.new("key")}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        deadline = self._clock.monotonic() + PATIENCE
        while self._clock.monotonic() < deadline:
            try:
                async with self._http.request(method, self._base + path, json=body, headers=headers) as answer:
                    got = _json(await answer.read())
                    self._seen(answer.status)
                    if answer.status not in _LATER and not (answer.status == 409 and got.get("code") == "in_flight"):
                        return answer.status, got
                    pause = float(answer.headers.get("Retry-After", 1))
            except (aiohttp.ClientError, TimeoutError):
                self._seen(0)
                pause = 1.0
            await self._clock.sleep(min(pause, 5) * (0.5 + self._ids.fraction()))
        return 0, {}

    async def fill_a_cart(self, sku: str, quantity: int = 1) -> tuple[str, int, Any]:
        """Make a cart with `sku` and give an address: (the cart's path or "", the last status, the last answer)."""
        status, cart = await self.call("POST", "/v1/carts", {})
        if status != 201:
            return "", status, cart
        self._token, at = cart["token"], f"/v1/carts/{cart['id']}"
        status, got = await self.call("POST", f"{at}/lines", {"sku": sku, "quantity": quantity})
        if 0 < status < 400:
            status, got = await self.call("GET", f"{at}/shipping-options")
        if 0 < status < 400:
            email = f"buyer.{self._ids.secret(6).hex()}@example.com"
            delivery = {"email": email, "address": ADDRESS, "shipping_option": got["items"][0]["id"]}
            status, got = await self.call("PUT", f"{at}/delivery", delivery)
        return (at if 0 < status < 400 else ""), status, got

    async def buy(self, sku: str, token: str = "tok_ok") -> tuple[str, Any]:
        """The whole way to an order: (its final status or what refused it, the last answer)."""
        at, status, got = await self.fill_a_cart(sku)
        if not at:
            return f"refused {status}", got
        payment = {"payment": {"provider": "testbank", "token": token}}
        status, order = await self.call("POST", f"{at}/checkout", payment)
        if not 200 <= status < 300:
            return f"refused {status}", order
        return await self.wait_for(order)

    async def wait_for(self, order: Any, seconds: float = 60) -> tuple[str, Any]:
        """Look at an order until it is final."""
        for _ in range(int(seconds / 0.25)):
            if order.get("status") not in UNFINISHED:
                return str(order.get("status")), order
            await self._clock.sleep(0.25)
            _, order = await self.call("GET", f"/v1/orders/{order['id']}")
        return "never finished", order


async def crowd(
    base: str,
    sku: str,
    *,
    buyers: int,
    parallel: int,
    clock: Clock,
    ids: Ids,
    progress: Callable[[int], None] = lambda _: None,
    leave_early: float = 0.0,
) -> Outcome:
    """Send `buyers` for one unit of `sku` each, `parallel` at a time; a share of `leave_early` never pays."""
    outcome, began = Outcome(), clock.monotonic()
    todo = iter(range(buyers))
    connector = aiohttp.TCPConnector(limit=parallel)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as http:

        async def one_after_another() -> None:
            for _ in todo:
                buyer = Buyer(http, base, clock=clock, ids=ids)
                if ids.fraction() < leave_early:
                    at, status, got = await buyer.fill_a_cart(sku)
                    what = "left" if at else f"refused {status}"
                else:
                    what, got = await buyer.buy(sku)
                outcome.counts[what] += 1
                if what in ("never finished", "refused 0") or what.startswith("refused 5") or _is_silent(what, got):
                    outcome.odd.append(f"{what}: {str(got)[:200]}")
                progress(sum(outcome.counts.values()))

        await asyncio.gather(*(one_after_another() for _ in range(parallel)))
    outcome.seconds = clock.monotonic() - began
    return outcome


def _json(body: bytes) -> Any:
    """What an answer says; a proxy in front of the shop speaks in pages of its own."""
    try:
        return json.loads(body) if body else {}
    except ValueError:
        return {}


def _is_silent(what: str, got: Any) -> bool:
    """A refusal that does not say why is as bad as a fault."""
    return what.startswith("refused 4") and not (isinstance(got, dict) and got.get("code"))
