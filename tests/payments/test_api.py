"""Payments over HTTP: who may do what, what is answered, and that a key makes each thing happen once."""

import asyncio
from typing import Any

import pytest

from banyan.contracts.payments import PaymentState
from tests.payments.conftest import Till

READ, WRITE = "payments:read", "payments:write"
NOBODYS = "pay_00000000000000000000000000"


def amount(units: int, currency: str = "EUR") -> dict[str, Any]:
    return {"amount": {"amount": units, "currency": currency}}


async def act(till: Till, payment_id: str, what: str, body: object = None, key: str | None = "k") -> Any:
    headers = {"idempotency-key": f"{key} {payment_id} {what}"} if key else {}
    return await till.http("POST", f"/v1/payments/{payment_id}/{what}", body, may=[WRITE], headers=headers)


async def test_a_payment_is_read_by_its_shopper_and_by_operators_only(till: Till) -> None:
    payment = await till.authorize("ord_read", user_id="usr_1")
    path = f"/v1/payments/{payment.payment_id}"
    assert (await till.http("GET", path)).status == 401
    assert (await till.http("GET", path, may=[], user="usr_2")).status == 404
    assert (await till.http("GET", path, may=[], user="usr_1")).status == 200
    told = (await till.http("GET", path, may=[READ])).json()
    assert told["created_at"].endswith("Z")
    assert {name: told[name] for name in ("id", "order_id", "provider", "state", "amount", "reason", "refunds")} == {
        "id": payment.payment_id,
        "order_id": "ord_read",
        "provider": "testbank",
        "state": "authorized",
        "amount": {"amount": 1299, "currency": "EUR"},
        "reason": None,
        "refunds": [],
    }
    assert "token" not in told


async def test_nothing_of_a_guests_payment_is_told_to_a_signed_in_stranger(till: Till) -> None:
    payment = await till.authorize("ord_guest")
    assert (await till.http("GET", f"/v1/payments/{payment.payment_id}", may=[], user="usr_1")).status == 404


async def test_payments_are_listed_page_by_page_and_found_by_order(till: Till) -> None:
    for number in range(3):
        await till.authorize(f"ord_list_{number}")
    assert (await till.http("GET", "/v1/payments")).status == 401
    assert (await till.http("GET", "/v1/payments", may=[WRITE])).status == 403
    seen, path = [], "/v1/payments?limit=2&state=authorized"
    while path:
        page = (await till.http("GET", path, may=[READ])).json()
        seen += [each["order_id"] for each in page["items"]]
        path = page["next_cursor"] and f"/v1/payments?limit=2&state=authorized&cursor={page['next_cursor']}"
    assert {"ord_list_0", "ord_list_1", "ord_list_2"} < set(seen)
    assert len(set(seen)) == len(seen)
    found = (await till.http("GET", "/v1/payments?order_id=ord_list_1", may=[READ])).json()["items"]
    assert [each["order_id"] for each in found] == ["ord_list_1"]


@pytest.mark.parametrize("query", ["order_id=%00", "cursor=WyJcdTAwMDAiXQ", "cursor=x", "state=paid", "limit=0"])
async def test_a_list_asked_for_wrongly_is_refused(till: Till, query: str) -> None:
    assert (await till.http("GET", f"/v1/payments?{query}", may=[READ])).status in (400, 422)


async def test_capture_and_refund_by_an_operator(till: Till) -> None:
    payment = await till.authorize("ord_operator")
    captured = await act(till, payment.payment_id, "capture")
    assert (captured.status, captured.json()["captured"]["amount"]) == (200, 1299)
    assert (await act(till, payment.payment_id, "capture", key="another")).status == 200
    refunded = await act(till, payment.payment_id, "refunds", amount(300) | {"reason": "a scratch"})
    assert refunded.status == 201
    [refund] = refunded.json()["refunds"]
    assert (refund["state"], refund["reason"], refund["amount"]["amount"]) == ("done", "a scratch", 300)
    again = await act(till, payment.payment_id, "refunds", amount(300) | {"reason": "a scratch"})
    assert (again.body, again.header("idempotent-replayed")) == (refunded.body, "true")
    assert (await act(till, payment.payment_id, "refunds", amount(301))).status == 422
    assert (await act(till, payment.payment_id, "refunds", amount(1000), key="more")).status == 409
    assert (await act(till, payment.payment_id, "void")).status == 409
    assert (await till.stands("ord_operator")).refunded.amount == 300


async def test_the_same_refund_pressed_eight_times_at_once_is_made_once(till: Till) -> None:
    payment = await till.sold("ord_pressed")
    pressed = await asyncio.gather(*(act(till, payment.payment_id, "refunds", amount(100)) for _ in range(8)))
    assert {each.status for each in pressed} <= {201, 409}
    assert (await till.stands("ord_pressed")).refunded.amount == 100


async def test_what_is_being_settled_is_answered_202(till: Till) -> None:
    payment = await till.authorize("ord_slowly", "tok_capture_5xx")
    answer = await act(till, payment.payment_id, "capture")
    assert (answer.status, answer.json()["state"]) == (202, "authorized")
    await till.settle("ord_slowly", PaymentState.CAPTURED)
    later = await till.sold("ord_slow_refund", "tok_refund_timeout")
    answer = await act(till, later.payment_id, "refunds", amount(5))
    assert (answer.status, answer.json()["refunds"][0]["state"]) == (202, "pending")


async def test_a_refund_that_the_provider_refused_says_so(till: Till) -> None:
    payment = await till.sold("ord_refused", "tok_refund_declined")
    answer = await act(till, payment.payment_id, "refunds", amount(5))
    [refund] = answer.json()["refunds"]
    assert (answer.status, refund["state"], refund["failure"]) == (201, "failed", "refund_refused")


async def test_a_void_by_an_operator(till: Till) -> None:
    payment = await till.authorize("ord_voided")
    answer = await act(till, payment.payment_id, "void")
    assert (answer.status, answer.json()["state"]) == (200, "voided")
    assert (await act(till, payment.payment_id, "capture")).status == 409
    assert (await act(till, payment.payment_id, "void", key="again")).status == 200


@pytest.mark.parametrize("what", ["capture", "void", "refunds"])
async def test_money_moves_only_with_permission_a_key_and_a_payment(till: Till, what: str) -> None:
    payment = await till.authorize(f"ord_must_{what}")
    path, body = f"/v1/payments/{payment.payment_id}/{what}", amount(1) if what == "refunds" else None
    key = {"idempotency-key": "k"}
    assert (await till.http("POST", path, body, headers=key)).status == 401
    assert (await till.http("POST", path, body, may=[READ], headers=key)).status == 403
    assert (await till.http("POST", path, body, may=[WRITE])).json()["code"] == "key_required"
    assert (await act(till, NOBODYS, what, body)).status == 404
    assert (await act(till, "pay_%00", what, body)).status in (404, 422)
    assert (await till.stands(f"ord_must_{what}")).state is PaymentState.AUTHORIZED


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        amount(0),
        amount(-1),
        amount(2**63),
        amount(10**400),
        {"amount": 5},
        {"amount": {"amount": "5", "currency": "EUR"}},
        {"amount": {"amount": 1.5, "currency": "EUR"}},
        amount(5, "eur"),
        amount(5, "USD"),
        amount(5) | {"reason": "a\x00b"},
        amount(5) | {"reason": "a\nb"},
        amount(5) | {"reason": "x" * 201},
        amount(5) | {"state": "done"},
        b'{"amount": {"amount": 5, "currency": "EUR"}, "reason": "\\ud800"}',
        b'{"amount": {"amount": NaN, "currency": "EUR"}}',
    ],
)
async def test_a_refund_asked_for_wrongly_moves_nothing(till: Till, body: object) -> None:
    payment = await till.sold("ord_hostile")
    assert (await act(till, payment.payment_id, "refunds", body)).status in (400, 422)
    assert (await till.stands("ord_hostile")).refunded.amount == 0


async def test_the_ledger_of_a_payment_balances_line_by_line(till: Till) -> None:
    payment = await till.sold("ord_entries")
    await till.refund("ord_entries", "rfd_1", 99)
    path = f"/v1/payments/{payment.payment_id}/entries"
    assert (await till.http("GET", path, may=[])).status == 403
    items = (await till.http("GET", path, may=[READ])).json()["items"]
    assert [each["kind"] for each in items] == ["authorize"] * 2 + ["capture"] * 4 + ["refund"] * 2
    assert sum(each["amount"]["amount"] for each in items) == 0
    cleared = sum(each["amount"]["amount"] for each in items if each["account"] == "provider_clearing")
    assert cleared == 1299 - 99
    assert (await till.http("GET", f"/v1/payments/{NOBODYS}/entries", may=[READ])).status == 404
