"""Stripe's webhooks are believed when Stripe signed them, now, for this account, and they fit; all else changes nothing."""

import copy
import hmac
import json
from dataclasses import dataclass
from typing import Any

import pytest

from banyan.contracts.payments import Authorize, PaymentState
from banyan.payments.providers import testbank
from banyan.payments.providers.stripe import Client
from banyan.simulators.stripe import Stripe
from tests.payments.conftest import PRICE, OpenTill, Till
from tests.payments.hostile import Hostile, dumped, standing
from tests.payments.providers.stages import STRIPE, simulated_stripe
from tests.payments.stripe.hostile_webhooks import HOSTILE


@dataclass
class Stage:
    """A shop with a payment whose answer was lost, and the genuine events that Stripe has to tell."""

    till: Till
    sim: Stripe
    events: dict[str, dict[str, Any]]
    names: dict[str, str]  # what stands in braces in hostile events

    async def send(self, hostile: Hostile) -> tuple[int, Any]:
        told = copy.deepcopy(self.events[hostile.of])
        hostile.event(told)
        body = hostile.raw(self.named(dumped(told)))
        headers = {"stripe-signature": self.sign(body, **(hostile.signed or {}))}
        hostile.headers(headers)
        answer = await self.till.http("POST", "/webhooks/stripe", hostile.after(body), headers=headers)
        return answer.status, answer.json()

    def named(self, body: bytes) -> bytes:
        for name, value in self.names.items():
            body = body.replace(b"{%s}" % name.encode(), value.encode())
        return body

    def sign(
        self,
        body: bytes,
        *,
        secret: str = "whsec_second",
        seconds: int = 0,
        payload: str = "{time}.{body}",
        how: str = "sha256",
    ) -> str:
        time = int(self.till.clock.now().timestamp()) + seconds
        signed = payload.encode().replace(b"{time}", str(time).encode()).replace(b"{body}", body)
        return f"t={time},v1={hmac.new(secret.encode(), signed, how).hexdigest()}"

    def last(self, kind: str) -> dict[str, Any]:
        (hooks,) = self.sim.hooks.values()
        told: list[dict[str, Any]] = [json.loads(each.body) for each in hooks.told]
        return [each for each in told if each["type"] == kind][-1]


async def authorize(till: Till, order_id: str, token: str = "pm_card_visa", **more: Any) -> str:
    call = Authorize(order_id=order_id, amount=PRICE, provider="stripe", token=token, **more)
    return (await till.shop.peers.ask(call)).payment_id


@pytest.fixture(scope="module")
async def stage(open_till: OpenTill) -> Stage:
    till = await open_till({"testbank": testbank.Client(), "stripe": Client()}, **STRIPE)
    sim = simulated_stripe(till)
    (hooks,) = sim.hooks.values()
    other = await authorize(till, "ord_taken")
    await till.capture("ord_taken")
    await sim.deliver()
    stage = Stage(till, sim, {"taken": {}}, {})
    stage.events["taken"] = stage.last("payment_intent.succeeded")
    hooks.held = True
    await till.refund("ord_taken", "rfd_1", 300)
    bank = (await till.authorize("ord_bank")).payment_id
    sim.troubles.add("lost", "POST /v1/payment_intents$")
    lost = await authorize(till, "ord_lost")
    assert (await till.stands("ord_lost")).state is PaymentState.UNKNOWN
    for name, kind in (
        ("held", "payment_intent.amount_capturable_updated"),
        ("refund", "refund.created"),
        ("charge", "charge.refunded"),
    ):
        stage.events[name] = stage.last(kind)
    # The body that was taken must be sent as it came: its id with any other body is refused.
    stage.names = {"other": other, "bank": bank, "CAPITALS": lost.upper(), "taken": stage.events["taken"]["id"]}
    return stage


def test_there_are_enough_and_each_has_its_name() -> None:
    assert len(HOSTILE) >= 80
    assert len({each.name for each in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
async def test_a_hostile_webhook_changes_nothing(stage: Stage, hostile: Hostile) -> None:
    before = await standing(stage.till)
    status, told = await stage.send(hostile)
    assert (status, told.get("code", "")) == (hostile.status, hostile.code)
    assert await standing(stage.till) == before


async def test_while_stripe_is_down_a_webhook_that_must_be_asked_back_is_to_come_again(stage: Stage) -> None:
    before = await standing(stage.till)
    for kind in ("error", "down"):
        stage.sim.troubles.add(kind, "GET /v1/payment_intents")
        assert (await stage.send(Hostile("genuine", 200, of="refund")))[0] == 503
    assert await standing(stage.till) == before


@pytest.mark.parametrize(
    ("order", "header"),
    [
        ("first", "{one}"),
        ("second", "{two}"),
        ("both", "{one},{two}"),
        ("old-beside", "{two},v0={zeros}"),
        ("wrong-beside", "v1={zeros},{two}"),
        ("newer-beside", "v2=Zm9v,{two}"),
    ],
)
async def test_while_a_secret_is_rolled_either_is_believed(stage: Stage, order: str, header: str) -> None:
    stage.sim.troubles.add("lost", "POST /v1/payment_intents$")
    await authorize(stage.till, f"ord_rolled_{order}")
    body = dumped(stage.last("payment_intent.amount_capturable_updated"))
    time, one = stage.sign(body, secret="whsec_first").split(",")
    two = stage.sign(body).split(",")[1]
    signed = f"{time}," + header.format(one=one, two=two, zeros="0" * 64)
    answer = await stage.till.http("POST", "/webhooks/stripe", body, headers={"stripe-signature": signed})
    assert (answer.status, answer.json()) == (200, {"duplicate": False})
    assert (await stage.till.stands(f"ord_rolled_{order}")).state is PaymentState.AUTHORIZED


async def test_a_genuine_one_is_believed_once_and_its_id_never_again(stage: Stage) -> None:
    for duplicate in (False, True):
        assert await stage.send(Hostile("genuine", 200)) == (200, {"duplicate": duplicate})
        assert (await stage.till.stands("ord_lost")).state is PaymentState.AUTHORIZED
    before = await standing(stage.till)
    assert (await stage.send(Hostile("reused", 409, event=lambda told: told.update(created=1))))[0] == 409
    assert await standing(stage.till) == before


async def test_all_that_stripe_tells_in_the_wrong_order_and_twice_ends_as_its_book_says(stage: Stage) -> None:
    stage.sim.troubles.coming.clear()
    mine = await authorize(stage.till, "ord_backwards")
    await stage.till.capture("ord_backwards")
    await stage.till.refund("ord_backwards", "rfd_2", 500)
    await authorize(stage.till, "ord_poor", "pm_card_chargeDeclined")
    (hooks,) = stage.sim.hooks.values()
    hooks.held, hooks.twice, hooks.backwards = False, True, True
    before = await standing(stage.till)
    await stage.sim.deliver()
    assert [each for each in hooks.waiting if mine.encode() in each.body] == []
    after = await standing(stage.till)
    assert {name: after[name] for name in ("transfer", "entry")} == {
        name: before[name] for name in ("transfer", "entry")
    }
    known = await stage.till.stands("ord_backwards")
    assert (known.state, known.captured.amount, known.refunded.amount) == (PaymentState.CAPTURED, 1299, 500)
    assert (await stage.till.stands("ord_poor")).state is PaymentState.DECLINED
