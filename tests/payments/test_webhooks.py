"""A webhook counts once, only when it is signed, now, and of this very payment; everything else changes nothing."""

import asyncio
import hmac
import json
from hashlib import sha256
from typing import Any

import pytest

from banyan.contracts.payments import PaymentState
from banyan.testbank import actions as bank_actions
from banyan.testbank.actions.secrets import webhook_secret
from tests.payments.conftest import PRICE, OpenTill, Till

UNKNOWN, AUTHORIZED = PaymentState.UNKNOWN, PaymentState.AUTHORIZED


def event(till: Till, payment_id: str, **charge: Any) -> dict[str, Any]:
    """What the bank would tell of a payment's charge of 12.99 EUR."""
    told: dict[str, Any] = {"id": f"tb_{payment_id[4:]}", "reference": payment_id, "amount": 1299, "currency": "EUR"}
    told |= {"state": "authorized", "captured": 0, "refunds": [], "reason": None} | charge
    return {"id": till.ports.ids.new("tbe"), "type": "charge.authorized", "merchant": "banyan", "charge": told}


def header(till: Till, body: bytes, *, secret: bytes | None = None, seconds: int = 0) -> str:
    timestamp = int(till.shop.clock.now().timestamp()) + seconds
    secret = webhook_secret(till.shop.settings) if secret is None else secret
    return f"t={timestamp},v1={hmac.new(secret, f'{timestamp}.'.encode() + body, sha256).hexdigest()}"


async def send(till: Till, told: object, signed: str | None = None) -> tuple[int, Any]:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    signature = header(till, body) if signed is None else signed
    answer = await till.http("POST", "/webhooks/testbank", body, headers={"testbank-signature": signature})
    return answer.status, answer.json()


async def waiting(till: Till, order_id: str) -> str:
    """A payment whose provider has not given a clear answer; its id."""
    payment = await till.authorize(order_id, "tok_5xx")
    assert payment.state is UNKNOWN
    return payment.payment_id


async def test_ten_times_the_same_at_once_counts_once(till: Till) -> None:
    told = event(till, await waiting(till, "ord_ten"))
    answers = await asyncio.gather(*(send(till, told) for _ in range(10)))
    assert [status for status, _ in answers] == [200] * 10
    assert sorted(each["duplicate"] for _, each in answers) == [False] + [True] * 9
    assert await till.told("ord_ten") == ["PaymentAuthorized"]


async def test_facts_in_any_order_end_the_same(till: Till) -> None:
    payment = await waiting(till, "ord_reordered")
    refunded = event(till, payment, state="captured", captured=1299)
    for told in (refunded, event(till, payment), event(till, payment, state="captured", captured=1299)):
        assert (await send(till, told))[0] == 200
    assert (await till.stands("ord_reordered")).state is PaymentState.CAPTURED
    assert await till.told("ord_reordered") == ["PaymentAuthorized", "PaymentCaptured"]


async def test_a_decline_by_webhook_is_a_decline(till: Till) -> None:
    told = event(till, await waiting(till, "ord_hook_no"), state="declined", reason="card_declined")
    assert (await send(till, told))[0] == 200
    declined = await till.stands("ord_hook_no")
    assert (declined.state, declined.reason) == (PaymentState.DECLINED, "card_declined")


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"amount": 1298}, 422, "evidence_mismatch"),
        ({"amount": 1}, 422, "evidence_mismatch"),
        ({"currency": "USD"}, 422, "evidence_mismatch"),
        ({"state": "captured", "captured": 100}, 422, "evidence_mismatch"),
        ({"captured": 1299}, 422, "evidence_mismatch"),
        ({"refunds": [{"reference": "pop_x", "amount": 5}]}, 422, "evidence_mismatch"),
        ({"reference": "pay_00000000000000000000000000"}, 422, "unknown_payment"),
        ({"reference": "nul\x00"}, 400, "webhook_malformed"),
        ({"amount": -1}, 400, "webhook_malformed"),
        ({"amount": 2**70}, 400, "webhook_malformed"),
        ({"amount": "1299"}, 400, "webhook_malformed"),
        ({"currency": "eur"}, 400, "webhook_malformed"),
        ({"state": "paid"}, 400, "webhook_malformed"),
        ({"refunds": None}, 400, "webhook_malformed"),
    ],
)
async def test_what_is_signed_and_does_not_fit_changes_nothing(
    till: Till, wrong: dict[str, Any], status: int, code: str
) -> None:
    order = "ord_misfit"
    payment = (await till.authorize(order, "tok_5xx")).payment_id
    before = await till.stands(order)
    got, problem = await send(till, event(till, payment, **wrong))
    assert (got, problem["code"]) == (status, code)
    assert await till.stands(order) == before
    assert await till.told(order) == []


async def kept(till: Till, told: dict[str, Any]) -> tuple[bool, str, int]:
    """Whether the event was taken, whose payment it named, and what it said of the amount."""
    row = await till.ports.db.fetchrow("SELECT * FROM webhook_event WHERE event_id = $1", told["id"])
    assert row
    return row["refused"] is None, row["payment_id"], row["said"]["amount"]


async def test_what_came_is_kept_with_what_it_said_taken_or_refused(till: Till) -> None:
    payment = await waiting(till, "ord_kept")
    wrong, right = event(till, payment, amount=1), event(till, payment)
    assert (await send(till, wrong))[0] == 422
    assert (await send(till, wrong))[0] == 422, "it is refused each time, and on the provider's page, too"
    assert await kept(till, wrong) == (False, payment, 1)
    assert (await send(till, right))[0] == 200
    assert await kept(till, right) == (True, payment, 1299)
    assert (await send(till, right | {"created": 1}))[1]["code"] == "event_reused"
    assert await kept(till, right) == (True, payment, 1299)


async def test_one_that_was_refused_because_it_came_too_early_counts_when_it_comes_again(till: Till) -> None:
    payment = await waiting(till, "ord_early")
    told = event(till, payment)
    await till.ports.db.execute("UPDATE payment SET provider = 'another' WHERE id = $1", payment)
    assert (await send(till, told))[1]["code"] == "unknown_payment"
    await till.ports.db.execute("UPDATE payment SET provider = 'testbank' WHERE id = $1", payment)
    assert await send(till, told) == (200, {"duplicate": False})
    assert (await kept(till, told))[0]
    assert await send(till, told) == (200, {"duplicate": True})


async def test_another_merchants_or_kind_of_event_changes_nothing(till: Till) -> None:
    told = event(till, await waiting(till, "ord_foreign"))
    assert (await send(till, told | {"merchant": "elsewhere"}))[1]["code"] == "webhook_of_another"
    assert (await send(till, told | {"type": "dispute.opened"})) == (200, {"duplicate": False})
    assert (await till.stands("ord_foreign")).state is UNKNOWN


async def test_a_forged_changed_or_unsigned_webhook_is_refused(till: Till) -> None:
    told = event(till, await waiting(till, "ord_forged"))
    body = json.dumps(told).encode()
    good = header(till, body)
    changed = json.dumps(told | {"charge": told["charge"] | {"state": "captured", "captured": 1299}}).encode()
    reordered = json.dumps(dict(reversed(told.items()))).encode()
    empty = hmac.new(b"", b"x", sha256).hexdigest()
    for raw, signed in (
        (body, ""),
        (body, "t=1"),
        (body, good[:-1]),
        (body, good.replace("v1", "v0")),
        (body, good.upper()),
        (body, f"t=99999999999999999999,v1={empty}"),
        (body, f"{good},v1=" + "é" * 64),
        (body, header(till, body, secret=b"guessed")),
        (body, header(till, body, secret=b"")),
        (changed, good),
        (reordered, good),
        (body + b" ", good),
    ):
        assert (await send(till, raw, signed))[1]["code"] == "bad_signature", signed
    assert (await till.stands("ord_forged")).state is UNKNOWN
    rotating = good.replace("v1=", f"v1={'0' * 64},v1=")
    assert await send(till, body, rotating) == (200, {"duplicate": False})


@pytest.mark.parametrize(("seconds", "status"), [(-301, 400), (301, 400), (-299, 200), (299, 200)])
async def test_only_a_webhook_of_now_is_believed(till: Till, seconds: int, status: int) -> None:
    body = json.dumps(event(till, await waiting(till, f"ord_when{seconds}"))).encode()
    assert (await send(till, body, header(till, body, seconds=seconds)))[0] == status


async def test_a_replay_after_three_days_signed_anew_is_a_duplicate(till: Till) -> None:
    told = event(till, await waiting(till, "ord_replay"))
    assert (await send(till, told))[1] == {"duplicate": False}
    till.clock.advance(3 * 86_400)
    assert await send(till, told) == (200, {"duplicate": True})


async def test_an_id_with_another_body_is_refused(till: Till) -> None:
    told = event(till, await waiting(till, "ord_reused"))
    await send(till, told)
    captured = told["charge"] | {"state": "captured", "captured": 1299}
    assert (await send(till, told | {"charge": captured}))[0] == 409
    assert (await till.stands("ord_reused")).state is AUTHORIZED


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'"\\ud800"', b"[" * 40_000, b" " * 70_000])
async def test_signed_rubbish_is_malformed(till: Till, body: bytes) -> None:
    assert (await send(till, body))[0] == 400


async def test_nobody_elses_webhooks_come_in(till: Till) -> None:
    for provider in ("stripe", "TESTBANK", "%00", "..%2f"):
        assert (await till.http("POST", f"/webhooks/{provider}", {})).status == 404


async def test_a_voided_payment_is_not_authorized_by_late_news(till: Till) -> None:
    payment = await till.void("ord_buried")
    assert (await send(till, event(till, payment.payment_id)))[0] == 200
    assert await till.stands("ord_buried") == payment


async def test_money_that_was_taken_after_the_end_is_in_the_books_and_on_its_way_back(open_till: OpenTill) -> None:
    till = await open_till()
    payment = await till.void("ord_too_late")
    assert (await send(till, event(till, payment.payment_id, state="captured", captured=1299)))[0] == 200
    now = await till.stands("ord_too_late")
    assert (now.state, now.captured.amount, now.reason) == (PaymentState.CAPTURED, 1299, "taken_after_the_end")
    asked = "SELECT kind, amount FROM operation WHERE payment_id = $1 AND next_look_at IS NOT NULL"
    assert [tuple(row) for row in await till.ports.db.fetch(asked, payment.payment_id)] == [("refund", 1299)]


async def test_the_bank_goes_on_until_the_shop_takes_its_webhooks(open_till: OpenTill) -> None:
    till = await open_till()
    with till.cut_off("payments"):
        charge = await bank_actions.charge(till.shop.ports["testbank"], "pay_" + "0" * 26, PRICE, "tok_ok")
        assert charge["state"] == "authorized"
        for _ in range(5):
            await till.deliver()
            till.clock.advance(60)
        waits = "SELECT attempts, delivered_at FROM webhook"
        row = await till.shop.ports["testbank"].db.fetchrow(waits)
        assert row
        assert (row["attempts"], row["delivered_at"]) == (5, None)
    payment = await till.authorize("ord_late", "tok_timeout")
    assert payment.state is UNKNOWN
    await till.deliver()
    assert (await till.stands("ord_late")).state is AUTHORIZED
