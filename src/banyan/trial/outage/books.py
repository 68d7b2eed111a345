"""Who took the money: what the providers' own books say, beside the shop's orders and payments."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from banyan.foundation.db import Db
from banyan.trial.outage.stage import Stage
from banyan.trial.stocking import opened

_ORDERS = "SELECT order_id, status, total FROM order_view"
_PAYMENTS = "SELECT id, order_id FROM payment"
_OPEN = """
SELECT count(*) FROM payment WHERE state NOT IN ('captured', 'declined', 'voided', 'refunded')
    OR EXISTS (SELECT FROM operation WHERE payment_id = payment.id AND next_look_at IS NOT NULL)"""
_UNFINISHED = "SELECT count(*) FROM order_view WHERE status NOT IN ('confirmed', 'rejected', 'payment_failed')"
_BANK = "SELECT merchant_key, state, approved, captured, refunded FROM charge"
_PAUSE = 0.25  # seconds between two looks at whether all has settled


@dataclass(frozen=True, slots=True)
class Charge:
    """What a provider's book has of one payment, in minor units: kept is what was taken and not given back."""

    held: int
    kept: int


@dataclass(frozen=True, slots=True)
class Order:
    status: str
    total: int  # minor units
    payment: str  # empty: payments was never asked


@dataclass(frozen=True, slots=True)
class Books:
    """`charges`: by provider, of each payment of ours all that its book has; `broken`: what does not add up in one."""

    orders: Mapping[str, Order] = field(default_factory=dict)
    charges: Mapping[str, Mapping[str, list[Charge]]] = field(default_factory=dict)
    broken: tuple[str, ...] = ()

    def keepers(self, payment: str) -> list[str]:
        """The providers that keep money of it, each as often as it took some."""
        return [name for name, book in self.charges.items() for each in book.get(payment, ()) if each.kept]


class Ledgers:
    """The databases of orders, payments and the test bank, beside the running shop."""

    def __init__(self, on: Stage, dbs: Mapping[str, Db]) -> None:
        self._on, self._dbs = on, dbs

    @classmethod
    @asynccontextmanager
    async def of(cls, on: Stage) -> AsyncIterator["Ledgers"]:
        names = ("orders", "payments", "testbank")
        async with opened(on.shop.data_dir, *names, env=on.shop.env) as here:
            yield cls(on, {name: here.shop.ports[name].db for name in names})

    async def settled(self, seconds: float) -> bool:
        """Wait until no order and no payment is under way any more; whether that came within so long."""
        ends = self._on.clock.monotonic() + seconds
        while self._on.clock.monotonic() < ends:
            if not await self._dbs["payments"].fetchval(_OPEN) and not await self._dbs["orders"].fetchval(_UNFINISHED):
                return True
            await self._on.clock.sleep(_PAUSE)
        return False

    async def read(self) -> Books:
        """All of it. Stripe's simulator must be there."""
        payments = {row["order_id"]: row["id"] for row in await self._dbs["payments"].fetch(_PAYMENTS)}
        orders = {
            row["order_id"]: Order(row["status"], row["total"], payments.get(row["order_id"], ""))
            for row in await self._dbs["orders"].fetch(_ORDERS)
        }
        bank: dict[str, list[Charge]] = defaultdict(list)
        for row in await self._dbs["testbank"].fetch(_BANK):
            held = row["approved"] if row["state"] == "authorized" else 0
            bank[row["merchant_key"]].append(Charge(held, row["captured"] - row["refunded"]))
        async with aiohttp.ClientSession(self._on.stripe.url) as http:
            async with http.get("/_sim/state") as answer:
                stripe = of_stripe(await answer.json())
            async with http.get("/_sim/invariants") as answer:
                broken = tuple(map(str, await answer.json()))
        return Books(orders, {"stripe": stripe, "testbank": bank}, broken)


def of_stripe(objects: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Charge]]:
    """Its intents that hold or took money, by our payment; one without is under the empty name."""
    found: dict[str, list[Charge]] = defaultdict(list)
    back: dict[str, int] = defaultdict(int)
    for charge in objects.get("charge", {}).values():
        back[charge["payment_intent"]] += charge["amount_refunded"]
    for intent in objects.get("payment_intent", {}).values():
        if intent["status"] in ("requires_capture", "succeeded"):
            kept = intent["amount_received"] - back[intent["id"]]
            payment = intent["metadata"].get("payment_id", "")
            found[payment].append(Charge(intent["amount_capturable"], kept))
    return found
