"""Razorpay's webhooks are believed when Razorpay signed them and they fit the payment; all else changes nothing, over HTTP."""

import base64
import copy
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from banyan.contracts.payments import Authorize, PaymentState
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.kernel.money import Money
from banyan.payments.providers import razorpay, testbank
from banyan.simulators.razorpay import WEBHOOK_SECRET, Razorpay
from tests.payments.conftest import OpenTill, Till
from tests.payments.hostile import Hostile, dumped, standing
from tests.payments.razorpay.conftest import SETTINGS
from tests.payments.razorpay.hostile_webhooks import HOSTILE

PRICE = Money(1299, "INR")


@dataclass
class Stage:
    """A shop with a payment whose answer was lost, and the genuine events that Razorpay has to tell."""

    till: Till
    razorpay: Razorpay
    events: dict[str, dict[str, Any]]
    other: str

    async def send(self, hostile: Hostile) -> tuple[int, Any]:
        told = copy.deepcopy(self.events[hostile.of])
        hostile.event(told)
        body = hostile.raw(dumped(told).replace(b"{other}", self.other.encode()))
        headers = sign(body, **(hostile.signed or {}))
        hostile.headers(headers)
        answer = await self.till.http("POST", "/webhooks/razorpay", hostile.after(body), headers=headers)
        return answer.status, answer.json()


def sign(
    body: bytes, *, secret: str = WEBHOOK_SECRET, hash: str = "sha256", over: bytes | None = None, form: str = "hex"
) -> dict[str, str]:
    made = hmac.digest(secret.encode(), body if over is None else over, hash)
    signature = base64.b64encode(made).decode() if form == "base64" else made.hex()
    return {"x-razorpay-signature": signature, "x-razorpay-event-id": "evtGenuine00001"}


async def authorize(till: Till, order_id: str, token: str) -> str:
    call = Authorize(order_id=order_id, amount=PRICE, provider="razorpay", token=token)
    return (await till.shop.peers.ask(call)).payment_id


@pytest.fixture(scope="module")
async def stage(open_till: OpenTill) -> Stage:
    clock = VirtualClock()

    async def post(headers: Mapping[str, str], body: bytes) -> int:
        return (await till.http("POST", "/webhooks/razorpay", body, headers=headers)).status

    played = Razorpay(clock, SeededIds(clock, 11), post)
    given = SETTINGS | {"razorpay_webhook_secret": f"{WEBHOOK_SECRET},next-secret"}
    providers = {"testbank": testbank.Client(), "razorpay": razorpay.Client()}
    till = await open_till(providers, clock=clock, **given)
    till.ports.egress.stand_in("https://api.razorpay.com", played.app)
    played.hooks.held = True
    made = played.act("tokens", {})
    token = f"{made['customer_id']}:{made['id']}"
    other = await authorize(till, "ord_taken", token)
    await till.capture("ord_taken")
    await till.shop.peers.ask(refund("ord_taken", "rfd_1", 300))
    played.troubles.add("cut", "POST .*/recurring$")
    await authorize(till, "ord_lost", token)
    assert (await till.stands("ord_lost")).state is PaymentState.UNKNOWN
    told = [json.loads(each.body) for each in played.hooks.told]
    events = {"held": told[-1], "refund": next(each for each in told if each["event"] == "refund.processed")}
    for name, reference in (("link", other), ("stranger", "somebody.elses")):
        asked = {"amount": 1299, "currency": "INR", "reference_id": f"{reference}x", "notes": {"payment_id": reference}}
        link = played.book.link(asked)
        link.reference_id = reference
        played.choose(link, "pay")
        played.api._capture(next(reversed(played.book.payments.values())), {"amount": 1299, "currency": "INR"})
        events[name] = json.loads(played.hooks.told[-1].body)
    events["link"]["payload"]["payment"]["entity"]["notes"]["payment_id"] = "pay_other"
    assert played.act("payouts", {})
    events["settled"] = json.loads(played.hooks.told[-1].body)
    played.hooks.told = played.hooks.told[: len(told)]
    return Stage(till, played, events, other)


def refund(order_id: str, refund_id: str, amount: int) -> Any:
    from banyan.contracts.payments import RefundPayment

    return RefundPayment(order_id=order_id, refund_id=refund_id, amount=Money(amount, "INR"), reason="too small")


def test_there_are_enough_and_each_has_its_name() -> None:
    assert len(HOSTILE) >= 80
    assert len({each.name for each in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
async def test_a_hostile_webhook_changes_nothing(stage: Stage, hostile: Hostile) -> None:
    before = await standing(stage.till)
    status, told = await stage.send(hostile)
    assert (status, told.get("code", "")) == (hostile.status, hostile.code)
    assert await standing(stage.till) == before


@pytest.mark.parametrize("secret", [WEBHOOK_SECRET, "next-secret"])
async def test_the_genuine_one_is_believed_once_by_either_secret_while_they_change(stage: Stage, secret: str) -> None:
    status, told = await stage.send(Hostile("genuine", 200, signed={"secret": secret}))
    assert (status, told) == (200, {"duplicate": secret != WEBHOOK_SECRET})
    assert (await stage.till.stands("ord_lost")).state is PaymentState.AUTHORIZED


async def test_an_id_with_another_body_is_refused_and_a_copy_under_another_id_changes_nothing(stage: Stage) -> None:
    before = await standing(stage.till)
    later = Hostile("reused", 409, event=lambda told: told.update(created_at=told["created_at"] + 1))
    assert (await stage.send(later))[0] == 409
    copied = Hostile("copied", 200, headers=lambda headers: headers.update({"x-razorpay-event-id": "evtCopied000001"}))
    assert (await stage.send(copied))[0] == 200
    assert await standing(stage.till) == before


async def test_all_that_razorpay_tells_is_taken_in_any_order_and_twice(stage: Stage) -> None:
    stage.razorpay.hooks.held, stage.razorpay.hooks.twice, stage.razorpay.hooks.backwards = False, True, True
    before = await standing(stage.till)
    assert await stage.razorpay.deliver() == len(stage.razorpay.hooks.told)
    after = await standing(stage.till)
    assert (after["transfer"], after["entry"]) == (before["transfer"], before["entry"])
    assert (await stage.till.stands("ord_taken")).refunded == Money(300, "INR")


async def test_a_settlement_is_a_payout_once_however_often_it_is_told(stage: Stage) -> None:
    amount = stage.events["settled"]["payload"]["settlement"]["entity"]["amount"]
    for event_id, new in (("evtSettled00001", True), ("evtSettled00001", False), ("evtSettled00002", True)):
        given = {"x-razorpay-event-id": event_id}
        settled = Hostile("settled", 200, of="settled", headers=lambda headers, given=given: headers.update(given))
        assert await stage.send(settled) == (200, {"duplicate": not new})
    sql = "SELECT account, amount FROM entry JOIN transfer ON transfer.id = transfer_id WHERE kind = 'payout'"
    moved = {row["account"]: row["amount"] for row in await stage.till.ports.db.fetch(sql)}
    assert moved == {"bank": amount, "provider_clearing": -amount}


async def test_a_shopper_who_pays_on_the_link_is_known_by_its_webhook(stage: Stage) -> None:
    played, client = stage.razorpay, razorpay.Client()
    link = played.book.link(
        {"amount": 500, "currency": "INR", "reference_id": "pay_x", "notes": {"payment_id": "pay_x"}}
    )
    played.hooks.held, before = True, len(played.hooks.told)
    played.choose(link, "pay")
    hook = played.hooks.told[before]
    notice = await client.verify_webhook(stage.till.ports, played._sign(hook), hook.body)
    assert notice is not None
    assert (notice.event_id, notice.evidence.reference) == (hook.id, "pay_x")
    assert (notice.evidence.state, notice.evidence.amount) == ("authorized", Money(500, "INR"))
