"""Simulated Stripe alone: a book on a clock that is moved by hand, asked over ASGI without a socket."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from banyan.foundation import loopback
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.payments.providers.stripe import wire
from banyan.simulators.stripe import KEY, Stripe


@dataclass(slots=True)
class Asker:
    clock: VirtualClock
    sim: Stripe
    webhooks: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    takes: int = 200  # what webhooks are answered with

    async def __call__(
        self, method: str, path: str, asked: Mapping[str, Any] | None = None, key: str = "", **headers: str
    ) -> tuple[int, Any]:
        """A request by whoever has the key; its status and its JSON."""
        form = wire.form(asked or {})
        sent = {"authorization": f"Bearer {KEY}", "content-type": "application/x-www-form-urlencoded", **headers}
        if key:
            sent["idempotency-key"] = key
        at = f"{path}?{form}" if method == "GET" and form else path
        answer = await loopback.request(
            self.sim.app, method, at, headers=sent, body=form.encode() if method == "POST" else b""
        )
        return answer.status, answer.json()

    async def pull(self, string: str, **how: object) -> Any:
        answer = await loopback.request(
            self.sim.app,
            "POST",
            f"/_sim/{string}",
            headers={"content-type": "application/json"},
            body=orjson.dumps(how),
        )
        return answer.json()

    async def pay(self, method: str = "pm_card_visa", *, manual: bool = True, **more: Any) -> dict[str, Any]:
        asked = {"amount": 1299, "currency": "eur", "confirm": True, "payment_method": method}
        asked |= {"capture_method": "manual"} if manual else {}
        return (await self("POST", "/v1/payment_intents", asked | more))[1]  # type: ignore[no-any-return]


@pytest.fixture
def ask() -> Asker:
    clock = VirtualClock()
    asker: list[Asker] = []

    async def post(_: str, headers: Mapping[str, str], body: bytes) -> int:
        asker[0].webhooks.append((headers, body))
        return asker[0].takes

    asker.append(Asker(clock, Stripe(clock, SeededIds(clock, 7), post)))
    return asker[0]
