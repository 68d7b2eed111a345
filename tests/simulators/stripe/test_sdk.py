"""Stripe's official client, pointed at the simulator, notices no difference."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import stripe

from banyan.foundation import loopback
from tests.simulators.stripe.conftest import Asker


class Loopback(stripe.HTTPClient):
    """The official client's way out, without a socket."""

    name = "loopback"

    def __init__(self, app: Any) -> None:
        super().__init__()
        self._app = app

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        path = url.removeprefix("https://api.stripe.com")
        sent = dict(headers)
        body = (post_data or "").encode()
        answer = await loopback.request(self._app, method.upper(), path, headers=sent, body=body)
        return answer.body, answer.status, dict(answer.headers)

    async def sleep_async(self, secs: float) -> None:
        return None

    async def close_async(self) -> None:
        return None


@pytest.fixture
async def client(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[stripe.StripeClient]:
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    return stripe.StripeClient("sk_test_simulated", http_client=Loopback(ask.sim.app), max_network_retries=0)


async def test_a_payment_from_its_hold_to_its_refund(client: stripe.StripeClient, ask: Asker) -> None:
    intents = client.v1.payment_intents
    held = await intents.create_async(
        {
            "amount": 1299,
            "currency": "eur",
            "confirm": True,
            "capture_method": "manual",
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "metadata": {"payment_id": "pay_1"},
            "expand": ["latest_charge.refunds"],
        },
        {"idempotency_key": "pay_1"},
    )
    assert (held.status, held.amount_capturable) == ("requires_capture", 1299)
    taken = await intents.capture_async(held.id, {"amount_to_capture": 1000})
    assert (taken.status, taken.amount_received) == ("succeeded", 1000)
    refund = await client.v1.refunds.create_async({"payment_intent": held.id, "amount": 400})
    assert (refund.status, refund.amount) == ("succeeded", 400)
    seen = await intents.retrieve_async(held.id, {"expand": ["latest_charge.refunds"]})
    charge: Any = seen.latest_charge
    assert [each.id for each in charge.refunds.data] == [refund.id]
    entries = await client.v1.balance_transactions.list_async({"limit": 1})
    assert entries.has_more
    assert [each.amount async for each in entries.auto_paging_iter()] == [-400, 1000]


async def test_errors_arrive_as_the_clients_own(client: stripe.StripeClient, ask: Asker) -> None:
    asked: Any = {"amount": 1299, "currency": "eur", "confirm": True, "payment_method": "pm_card_chargeDeclined"}
    with pytest.raises(stripe.CardError) as declined:
        await client.v1.payment_intents.create_async(asked, {"idempotency_key": "one"})
    assert declined.value.error
    assert declined.value.error.decline_code == "generic_decline"
    with pytest.raises(stripe.IdempotencyError):
        await client.v1.payment_intents.create_async(asked | {"amount": 1300}, {"idempotency_key": "one"})
    with pytest.raises(stripe.InvalidRequestError):
        await client.v1.payment_intents.retrieve_async("pi_nobody")
    ask.sim.troubles.add("too_many")
    with pytest.raises(stripe.RateLimitError):
        await client.v1.balance.retrieve_async()


async def test_webhooks_pass_the_clients_own_check(client: stripe.StripeClient, ask: Asker) -> None:
    endpoint = await client.v1.webhook_endpoints.create_async(
        {"url": "https://shop.example/hook", "enabled_events": ["*"]}
    )
    await ask.pay(metadata={"payment_id": "pay_1"})
    await ask.sim.deliver()
    kinds = []
    for headers, body in ask.webhooks:
        stamp = int(headers["stripe-signature"].partition(",")[0][2:])
        assert stamp == int(ask.clock.now().timestamp())
        assert stripe.WebhookSignature.verify_header(body.decode(), headers["stripe-signature"], str(endpoint.secret))
        kinds.append(stripe.Event.construct_from(__import__("json").loads(body), "key").type)
    assert kinds == ["payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated"]
