"""The played PayPal answers as its published OpenAPI says, keeps a sound book, and goes wrong as it is told."""

import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from banyan.foundation import loopback
from banyan.foundation.egress import NotSent
from banyan.foundation.peers import HttpAnswer
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.simulators.paypal import CLIENT, MERCHANT, PayPal, amounts
from banyan.simulators.paypal.signing import Authority, new_key

SCHEMAS = json.loads((Path(__file__).parent / "openapi.json").read_text())
BASIC = f"Basic {b64encode(':'.join(CLIENT).encode()).decode()}"
PRICE = {"currency_code": "EUR", "value": "12.99"}


AUTHORITY, SIGNS = Authority.begin(VirtualClock().now()), new_key()  # once: keys take their time


class Payee:
    """Someone who uses the API by hand."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.taken: list[bytes] = []
        self.status = 200
        self.paypal = PayPal(self.clock, SeededIds(self.clock, 3), self.post, authority=AUTHORITY, key=SIGNS)
        self.token = ""

    async def post(self, headers: Mapping[str, str], body: bytes) -> int:
        self.taken.append(body)
        return self.status

    async def ask(self, method: str, path: str, body: Any = None, schema: str = "", **headers: str) -> HttpAnswer:
        if not self.token:
            self.token = "asking"
            grant = b"grant_type=client_credentials"
            answer = await self.raw("POST", "/v1/oauth2/token", grant, {"authorization": BASIC})
            self.token = answer.json()["access_token"]
        sent = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        sent |= {"prefer": "return=representation"} | {name.replace("_", "-"): value for name, value in headers.items()}
        raw = b"" if body is None else json.dumps(body).encode()
        answer = await self.raw(method, path, raw, sent)
        if schema:
            jsonschema.Draft202012Validator({"$ref": f"#/$defs/{schema}", **SCHEMAS}).validate(answer.json())
        return answer

    async def raw(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        return await loopback.request(self.paypal.app, method, path, headers=headers, body=body)

    async def order(self, invoice: str = "inv", amount: dict[str, str] = PRICE, **headers: str) -> dict[str, Any]:
        context = {"return_url": "https://shop.example/back", "cancel_url": "https://shop.example/cancel"}
        unit = {"custom_id": invoice, "invoice_id": invoice, "amount": amount}
        body = {
            "intent": "AUTHORIZE",
            "purchase_units": [unit],
            "payment_source": {"paypal": {"experience_context": context}},
        }
        answer = await self.ask("POST", "/v2/checkout/orders", body, "orders.order", **headers)
        return dict(answer.json())

    async def approved(self, invoice: str = "inv", amount: dict[str, str] = PRICE) -> str:
        order = await self.order(invoice, amount)
        self.paypal.choose(self.paypal.book.orders[order["id"]], "approve")
        return str(order["id"])

    async def captured(self, invoice: str = "inv", amount: dict[str, str] = PRICE) -> dict[str, Any]:
        held = await self.ask(
            "POST", f"/v2/checkout/orders/{await self.approved(invoice, amount)}/authorize", {}, "orders.order"
        )
        held_id = held.json()["purchase_units"][0]["payments"]["authorizations"][0]["id"]
        path = f"/v2/payments/authorizations/{held_id}/capture"
        return dict((await self.ask("POST", path, {"final_capture": True}, "payments.capture-2")).json())


@pytest.fixture(scope="module")
def busy() -> Payee:
    """One whose book grows."""
    return Payee()


@pytest.fixture
def payee() -> Payee:
    return Payee()


async def test_every_answer_on_the_way_of_a_payment_is_of_paypals_schema(payee: Payee) -> None:
    capture = await payee.captured()
    back = {"amount": {"currency_code": "EUR", "value": "3.00"}, "custom_id": "refund-1"}
    refund = await payee.ask("POST", f"/v2/payments/captures/{capture['id']}/refund", back, "payments.refund")
    order_id = capture["supplementary_data"]["related_ids"]["order_id"]
    order = (await payee.ask("GET", f"/v2/checkout/orders/{order_id}", None, "orders.order")).json()
    held = order["purchase_units"][0]["payments"]["authorizations"][0]
    await payee.ask("GET", f"/v2/payments/authorizations/{held['id']}", None, "payments.authorization-2")
    await payee.ask("GET", f"/v2/payments/captures/{capture['id']}", None, "payments.capture-2")
    await payee.ask("GET", f"/v2/payments/refunds/{refund.json()['id']}", None, "payments.refund")
    query = "start_date=2026-01-01T00:00:00Z&end_date=2026-01-02T00:00:00Z"
    found = await payee.ask("GET", f"/v1/reporting/transactions?{query}", None, "reporting.search_response")
    infos = [each["transaction_info"] for each in found.json()["transaction_details"]]
    assert [(each["transaction_event_code"], each["transaction_amount"]["value"]) for each in infos] == [
        ("T0006", "12.99"),
        ("T1107", "-3.00"),
    ]
    assert infos[0]["fee_amount"]["value"] == "-0.94"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "issue"),
    [
        ("GET", "/v2/checkout/orders/NOBODYS", None, 404, "INVALID_RESOURCE_ID"),
        ("GET", "/v2/nothing", None, 404, "INVALID_RESOURCE_ID"),
        ("POST", "/v2/checkout/orders", {"intent": "PAY"}, 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "/v2/checkout/orders", {"intent": "AUTHORIZE", "purchase_units": []}, 400, "INVALID_ARRAY_MIN_ITEMS"),
        ("POST", "/v2/checkout/orders", {"intent": "AUTHORIZE", "purchase_units": [{}]}, 400, "MISSING_REQUIRED_PARAMETER"),
        ("POST", "/v2/checkout/orders/{created}/authorize", {}, 422, "ORDER_NOT_APPROVED"),
        ("POST", "/v2/checkout/orders/{created}/capture", {}, 422, "ACTION_DOES_NOT_MATCH_INTENT"),
        ("POST", "/v2/payments/captures/{capture}/refund", {"amount": {"currency_code": "EUR", "value": "13.00"}}, 422,
         "REFUND_AMOUNT_EXCEEDED"),
        ("POST", "/v2/payments/captures/{capture}/refund", {"amount": {"currency_code": "USD", "value": "1.00"}}, 422,
         "REFUND_CAPTURE_CURRENCY_MISMATCH"),
        ("POST", "/v2/payments/captures/{capture}/refund", {"amount": {"currency_code": "EUR", "value": "1.001"}}, 422,
         "DECIMAL_PRECISION"),
        ("POST", "/v2/payments/captures/{capture}/refund", {"amount": {"currency_code": "HUF", "value": "1.00"}}, 422,
         "DECIMALS_NOT_SUPPORTED"),
        ("POST", "/v2/payments/captures/{capture}/refund", {"amount": {"currency_code": "EUR", "value": "-1"}}, 400,
         "INVALID_PARAMETER_SYNTAX"),
        ("POST", "/v2/payments/authorizations/{held}/capture", {}, 422, "AUTHORIZATION_ALREADY_CAPTURED"),
        ("POST", "/v2/payments/authorizations/{held}/void", None, 422, "PREVIOUSLY_CAPTURED"),
        ("POST", "/v2/payments/authorizations/{held}/reauthorize", {"amount": PRICE}, 422, "AUTHORIZATION_ALREADY_CAPTURED"),
    ],
)  # fmt: skip
async def test_what_breaks_a_rule_is_refused_by_paypals_issue_and_changes_nothing(
    payee: Payee, method: str, path: str, body: Any, status: int, issue: str
) -> None:
    capture = await payee.captured()
    held = capture["supplementary_data"]["related_ids"]["authorization_id"]
    created = (await payee.order("other"))["id"]
    before = payee.paypal.state()
    answer = await payee.ask(method, path.format(capture=capture["id"], held=held, created=created), body)
    jsonschema.Draft202012Validator({"$ref": f"#/$defs/payments.error_{status}", **SCHEMAS}).validate(answer.json())
    assert (answer.status, answer.json()["details"][0]["issue"]) == (status, issue)
    assert payee.paypal.state() == before


async def test_a_key_used_again_does_nothing_anew_and_for_another_thing_is_refused(payee: Payee) -> None:
    first = await payee.order("inv-1", paypal_request_id="key")
    assert (await payee.order("inv-1", paypal_request_id="key"))["id"] == first["id"]
    body = {"intent": "AUTHORIZE", "purchase_units": [{"amount": PRICE}]}
    other = await payee.ask("POST", "/v2/checkout/orders", body, paypal_request_id="key")
    assert other.status == 422
    payee.clock.advance(6 * 3600 + 1)  # so long it is kept
    assert (await payee.order("inv-1", paypal_request_id="key"))["id"] != first["id"]


async def test_an_invoice_is_paid_once(payee: Payee) -> None:
    await payee.captured("inv-1")
    answer = await payee.ask("POST", f"/v2/checkout/orders/{await payee.approved('inv-1')}/authorize", {})
    assert answer.json()["details"][0]["issue"] == "DUPLICATE_INVOICE_ID"


async def test_without_a_token_of_now_nothing_is_told(payee: Payee) -> None:
    await payee.order()
    payee.clock.advance(9 * 3600)
    assert (await payee.ask("GET", "/v2/checkout/orders/X")).status == 401
    wrong = await payee.raw(
        "POST", "/v1/oauth2/token", b"grant_type=client_credentials", {"authorization": "Basic eA=="}
    )
    assert wrong.status == 401


@pytest.mark.parametrize(
    ("choice", "status", "back"), [("approve", "APPROVED", "/back?"), ("cancel", "PAYER_ACTION_REQUIRED", "/cancel?")]
)
async def test_a_payer_chooses_on_a_page_and_is_sent_back(payee: Payee, choice: str, status: str, back: str) -> None:
    order = await payee.order()
    url = next(each["href"] for each in order["links"] if each["rel"] == "payer-action").partition(".com")[2]
    page = await payee.raw("GET", url, b"", {})
    assert page.status == 200
    assert b"12.99 EUR" in page.body
    form = {"content-type": "application/x-www-form-urlencoded"}
    went = await payee.raw("POST", url, f"choice={choice}".encode(), form)
    assert went.status == 303
    assert (went.header("location") or "").startswith(f"https://shop.example{back}token={order['id']}")
    assert payee.paypal.book.orders[order["id"]].status == status
    assert (await payee.raw("GET", "/checkoutnow?token=nobody", b"", {})).status == 404


async def test_an_order_nobody_approved_is_forgotten(payee: Payee) -> None:
    order = await payee.order()
    payee.clock.advance(6 * 3600 + 1)
    assert (await payee.ask("GET", f"/v2/checkout/orders/{order['id']}")).status == 404


async def test_webhooks_are_sent_until_they_are_taken_and_then_no_more(payee: Payee) -> None:
    payee.status = 503
    await payee.captured()
    assert await payee.paypal.deliver() == 0
    assert await payee.paypal.deliver() == 0
    kinds = [json.loads(each)["event_type"] for each in payee.taken]
    assert kinds == ["CHECKOUT.ORDER.APPROVED", "PAYMENT.AUTHORIZATION.CREATED", "PAYMENT.CAPTURE.COMPLETED"]
    payee.status = 200
    payee.clock.advance(61)
    assert await payee.paypal.deliver() == 3
    payee.clock.advance(86_400)
    assert await payee.paypal.deliver() == 0
    assert payee.paypal.hooks.waiting == []


async def test_webhooks_nobody_takes_are_given_up_after_some_days(payee: Payee) -> None:
    payee.status = 500
    await payee.captured()
    for _ in range(40):
        await payee.paypal.deliver()
        payee.clock.advance(14_400)
    assert len(payee.taken) == 3 * 26
    assert payee.paypal.hooks.waiting == []


async def test_it_goes_wrong_as_it_is_told_and_as_often(payee: Payee) -> None:
    async def sim(method: str, path: str, body: Any = None) -> HttpAnswer:
        return await payee.raw(method, f"/_sim/{path}", json.dumps(body).encode() if body is not None else b"", JSON)

    await payee.order()
    for kind, status in (("error", 500), ("too_many", 429)):
        await sim("POST", "troubles", {"kind": kind, "path": "GET /v2/checkout", "times": 2})
        assert [(await payee.ask("GET", "/v2/checkout/orders/X")).status for _ in range(3)] == [status, status, 404]
    await sim("POST", "troubles", {"kind": "down"})
    with pytest.raises(NotSent):
        await payee.ask("GET", "/v2/checkout/orders/X")
    orders = len(payee.paypal.book.orders)
    await sim("POST", "troubles", {"kind": "lost", "path": "POST"})
    body = {"intent": "AUTHORIZE", "purchase_units": [{"amount": PRICE}]}
    assert (await payee.ask("POST", "/v2/checkout/orders", body)).status == 500
    assert len(payee.paypal.book.orders) == orders + 1
    await sim("POST", "troubles", {"kind": "hang", "times": 9})
    await sim("DELETE", "troubles")
    assert (await payee.ask("GET", "/v2/checkout/orders/X")).status == 404
    assert (await sim("POST", "troubles", {"kind": "explode"})).status == 400
    assert (await sim("POST", "nonsense", {})).status == 400
    assert (await sim("GET", "invariants")).json() == {"broken": []}
    assert len((await sim("GET", "state")).json()["orders"]) == orders + 1
    assert (await sim("POST", "hooks", {"held": True})).json() == {"taken": 0}


async def test_the_settlement_report_adds_up_to_the_balance(payee: Payee) -> None:
    first = await payee.captured("inv-1")
    await payee.captured("inv-2", {"currency_code": "JPY", "value": "1000"})
    await payee.ask(
        "POST", f"/v2/payments/captures/{first['id']}/refund", {"amount": {"currency_code": "EUR", "value": "3.00"}}
    )
    payee.paypal.act("disputes", {"capture": first["id"]})
    balance = payee.paypal.book.balance("EUR")
    assert balance == 1299 - 94 - 300 - 999 - 2000
    text = (await payee.raw("GET", "/_sim/report?date=2026-01-01", b"", {})).body.decode()
    rows = [line.split(",") for line in text.splitlines()]
    assert [row[0].strip('"') for row in rows] == ["RH", "FH", "SH", "CH", *["SB"] * 5, "SF", "SF", "SC", "RF", "FF"]
    total = 0
    for row in (each for each in rows if each[0] == '"SB"' and each[10] == '"EUR"'):
        total += int(row[9]) * (1 if row[8] == '"CR"' else -1) - int(row[12].strip('"') or 0)
    assert total == balance
    assert MERCHANT in text
    assert payee.paypal.act("payouts", {"currency": "JPY"}) == {"amount": 1000 - 75}
    assert payee.paypal.book.balance("JPY") == 0


@settings(max_examples=40)
@given(some.data())
async def test_no_order_of_requests_breaks_the_book(busy: Payee, data: Any) -> None:
    payee, book = busy, busy.paypal.book
    order = await payee.approved(invoice := f"inv-{len(book.orders)}")
    held = (await payee.ask("POST", f"/v2/checkout/orders/{order}/authorize", {})).json()
    held_id = held["purchase_units"][0]["payments"]["authorizations"][0]["id"]
    for _ in range(data.draw(some.integers(1, 6))):
        value = amounts.money(data.draw(some.integers(1, 1400)), "EUR")
        deed = data.draw(some.sampled_from(["capture", "void", "refund"]))
        captures = book.orders[order].taken
        if deed == "refund":
            path = f"/v2/payments/captures/{captures[0].id if captures else 'X'}/refund"
        else:
            path = f"/v2/payments/authorizations/{held_id}/{deed}"
        body = {"amount": value, "final_capture": data.draw(some.booleans())}
        await payee.ask("POST", path, body)
        assert busy.paypal.broken() == [], invoice


JSON = {"content-type": "application/json"}
