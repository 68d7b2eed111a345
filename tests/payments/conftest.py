"""A till: payments and the test bank side by side, their chores run by hand, their two books compared."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from banyan.contracts.payments import (
    AskPayment,
    Authorize,
    CapturePayment,
    Payment,
    PaymentState,
    RefundPayment,
    VoidPayment,
)
from banyan.contracts.users import AskKeys, KeySet
from banyan.foundation import loopback
from banyan.foundation.db import Row
from banyan.foundation.peers import HttpAnswer, Local
from banyan.foundation.running import Shop
from banyan.foundation.service import Ports, Service
from banyan.kernel.clock import VirtualClock
from banyan.kernel.money import Money
from banyan.kernel.refusals import Unavailable
from banyan.payments import invariants as ours
from banyan.payments.app import service as payments_service
from banyan.payments.providers import Provider
from banyan.testbank import invariants as theirs
from banyan.testbank.app import service as bank_service
from tests.conftest import OpenShop

PRICE = Money(1299, "EUR")
KEY = RSAKey.generate_key(2048, {"kid": "test"})


@dataclass(slots=True)
class Till:
    """What a test does to payments, and what it may look at."""

    shop: Shop
    payments: Service
    bank: Service

    @property
    def clock(self) -> VirtualClock:
        assert isinstance(self.shop.clock, VirtualClock)
        return self.shop.clock

    @property
    def ports(self) -> Ports:
        return self.shop.ports["payments"]

    async def authorize(self, order_id: str, token: str = "tok_ok", amount: Money = PRICE, **of: Any) -> Payment:
        call = Authorize(order_id=order_id, amount=amount, provider="testbank", token=token, **of)
        return await self.shop.peers.ask(call)

    async def capture(self, order_id: str) -> Payment:
        return await self.shop.peers.ask(CapturePayment(order_id=order_id))

    async def void(self, order_id: str, amount: Money = PRICE) -> Payment:
        return await self.shop.peers.ask(VoidPayment(order_id=order_id, amount=amount, provider="testbank"))

    async def refund(self, order_id: str, refund_id: str, amount: int) -> Payment:
        call = RefundPayment(order_id=order_id, refund_id=refund_id, amount=Money(amount, "EUR"), reason="too small")
        return await self.shop.peers.ask(call)

    async def stands(self, order_id: str) -> Payment:
        return await self.shop.peers.ask(AskPayment(order_id=order_id))

    async def sold(self, order_id: str, token: str = "tok_ok") -> Payment:
        await self.authorize(order_id, token)
        return await self.capture(order_id)

    async def look(self) -> None:
        """One pass of the poller, at every provider."""
        await asyncio.gather(*(work(self.ports) for name, work in self.payments.chores.items() if "settle" in name))

    async def deliver(self) -> None:
        """One pass of the bank's webhooks."""
        await self.bank.chores["webhooks"](self.shop.ports["testbank"])

    async def settle(self, order_id: str, *ends: PaymentState, webhooks: bool = False, seconds: int = 120) -> Payment:
        """Let time pass until the order's payment is in one of these states."""
        for _ in range(seconds):
            known = await self.stands(order_id)
            if known.state in ends:
                return known
            self.clock.advance(1)
            await self.look()
            if webhooks:
                await self.deliver()
        raise AssertionError(f"still {known.state} after {seconds} s")

    async def quiet(self, seconds: int = 60) -> None:
        """Let time pass until nothing is open at the provider."""
        for _ in range(seconds):
            await self.look()
            await self.deliver()
            if not await self.open():
                return
            self.clock.advance(1)
        raise AssertionError(await self.open())

    async def open(self) -> list[Row]:
        """What was asked of the provider and is not known to have ended."""
        return await self.ports.db.fetch("SELECT * FROM operation WHERE next_look_at IS NOT NULL")

    @contextmanager
    def cut_off(self, name: str) -> Iterator[None]:
        """Nobody reaches this service for a while."""
        local = self.shop.peers.local(name)
        assert local is not None
        self.shop.peers.add(name, Local(self.ports, {}, _away))
        yield
        self.shop.peers.add(name, local)

    async def charge(self, payment_id: str) -> dict[str, Any] | None:
        """The bank's own row of a payment."""
        row = await self.shop.ports["testbank"].db.fetchrow("SELECT * FROM charge WHERE merchant_key = $1", payment_id)
        return dict(row) if row else None

    async def told(self, order_id: str) -> list[str]:
        """The facts told of an order, in order."""
        rows = await self.ports.db.fetch(
            "SELECT type FROM outbox WHERE data->>'order_id' = $1 ORDER BY txid, pos", order_id
        )
        return [row["type"].removeprefix("payments.") for row in rows]

    async def broken(self) -> dict[str, list[dict[str, Any]]]:
        """The rows of every invariant that does not hold, and of the two books where they differ."""
        found = {}
        for service in (self.payments, self.bank):
            for each in service.invariants:
                if rows := await self.shop.ports[service.name].db.fetch(each.sql):
                    found[f"{service.name} {each.id}"] = [dict(row) for row in rows]
        books = [
            {tuple(row.values()) for row in await self.shop.ports[name].db.fetch(sql)}
            for name, sql in (("payments", ours.BOOK_SQL), ("testbank", theirs.BOOK_SQL))
        ]
        if books[0] != books[1]:
            found["books"] = [{"ours": sorted(books[0] - books[1]), "theirs": sorted(books[1] - books[0])}]
        return found

    async def http(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        may: Iterable[str] | None = None,
        user: str = "usr_operator",
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """One request: as a guest, or with `may` as a user with these permissions."""
        sent = {"content-type": "application/json", **(headers or {})}
        if may is not None:
            sent["authorization"] = f"Bearer {self.token(user, may)}"
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        local = self.shop.peers.local("payments")
        assert local is not None
        return await loopback.request(local.app, method, path, headers=sent, body=raw)

    def token(self, user: str, may: Iterable[str]) -> str:
        now = int(self.shop.clock.now().timestamp())
        claims = {
            "iss": self.shop.settings.origin,
            "aud": "banyan",
            "sub": user,
            "permissions": list(may),
            "iat": now,
            "exp": now + 600,
        }
        return jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": "test"}, claims, KEY, algorithms=["RS256"])


async def _away(*_: object) -> None:
    raise Unavailable("cut off")


OpenTill = Callable[..., Awaitable[Till]]


@pytest.fixture(scope="module")
async def open_till(open_shop: OpenShop) -> OpenTill:
    """Open a till on fresh databases, on a clock that is moved by hand unless another is given."""

    async def make(providers: Mapping[str, Provider] | None = None, **given: Any) -> Till:
        payments, bank = payments_service(providers), bank_service()
        shop = await open_shop(payments, bank, **({"clock": VirtualClock()} | given))

        async def keys(_: Ports, __: AskKeys) -> KeySet:
            return KeySet(jwks=json.dumps({"keys": [KEY.as_dict(private=False)]}))

        shop.peers.add("users", Local(shop.ports["payments"], {AskKeys: keys}, None))
        return Till(shop, payments, bank)

    return make


@pytest.fixture(scope="module")
async def till(open_till: OpenTill) -> Till:
    return await open_till()
