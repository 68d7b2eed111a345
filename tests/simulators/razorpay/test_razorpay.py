"""The played Razorpay answers in its published shapes, keeps a sound book, settles, and goes wrong as it is told."""

import csv
import hmac
import io
import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from banyan.foundation import loopback
from banyan.foundation.peers import HttpAnswer
from banyan.kernel.clock import VirtualClock
from banyan.kernel.ids import SeededIds
from banyan.simulators.razorpay import KEY, Razorpay

BASIC = {"authorization": f"Basic {b64encode(':'.join(KEY).encode()).decode()}", "content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
# The fields of each thing in Razorpay's published reference and the samples of its SDKs (razorpay-python, MIT).
FIELDS = {
    "order": "id entity amount amount_paid amount_due currency receipt offer_id status attempts notes created_at",
    "payment": "id entity amount currency status order_id invoice_id international method amount_refunded refund_status"
    " captured description card_id bank wallet vpa email contact notes fee tax error_code error_description error_source"
    " error_step error_reason acquirer_data created_at",
    "refund": "id entity amount currency payment_id notes receipt acquirer_data created_at batch_id status"
    " speed_processed speed_requested",
    "link": "accept_partial amount amount_paid cancelled_at created_at currency customer description expire_by expired_at"
    " first_min_partial_amount id notes notify payments reference_id reminder_enable reminders short_url status"
    " updated_at user_id",
    "settlement": "id entity amount status fees tax utr created_at",
    "row": "entity_id type debit credit amount currency fee tax on_hold settled created_at settled_at settlement_id"
    " posted_at credit_type description notes payment_id settlement_utr order_id order_receipt method card_network"
    " card_issuer card_type dispute_id",
}


class Payee:
    """Someone who uses the API by hand."""

    def __init__(self, *, captures: bool = False) -> None:
        self.clock = VirtualClock()
        self.taken: list[bytes] = []
        self.status = 200
        self.razorpay = Razorpay(self.clock, SeededIds(self.clock, 3), self.post, captures=captures)

    async def post(self, headers: Mapping[str, str], body: bytes) -> int:
        self.taken.append(body)
        return self.status

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> HttpAnswer:
        raw = b"" if body is None else json.dumps(body).encode()
        sent = BASIC | {name.replace("_", "-"): value for name, value in headers.items()}
        return await loopback.request(self.razorpay.app, method, path, headers=sent, body=raw)

    async def made(self, shape: str, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        answer = await self.ask(method, path, body, **headers)
        assert answer.status == 200, answer.body
        missing = set(FIELDS[shape].split()) - answer.json().keys()
        assert not missing
        return dict(answer.json())

    async def link(self, reference: str = "ref-1", amount: int = 50_000) -> dict[str, Any]:
        body = {"amount": amount, "currency": "INR", "reference_id": reference, "notes": {"payment_id": reference}}
        back = {"callback_url": "https://shop.example/back?order=1", "callback_method": "get"}
        return await self.made("link", "POST", "/v1/payment_links", body | back)

    async def paid(self, reference: str = "ref-1", amount: int = 50_000) -> str:
        """The id of an authorized payment."""
        self.razorpay.pay((await self.link(reference, amount))["short_url"])
        return next(reversed(self.razorpay.book.payments))

    async def captured(self, reference: str = "ref-1", amount: int = 50_000) -> str:
        payment = await self.paid(reference, amount)
        body = {"amount": amount, "currency": "INR"}
        assert (await self.made("payment", "POST", f"/v1/payments/{payment}/capture", body))["status"] == "captured"
        return payment


@pytest.fixture
def payee() -> Payee:
    return Payee()


async def test_every_answer_on_the_way_of_a_payment_has_razorpays_fields(payee: Payee) -> None:
    payment = await payee.captured()
    told = await payee.made("payment", "GET", f"/v1/payments/{payment}")
    assert (told["fee"], told["tax"], told["captured"]) == (1180, 180, True)
    order = await payee.made("order", "GET", f"/v1/orders/{told['order_id']}")
    assert (order["status"], order["amount_paid"], order["amount_due"]) == ("paid", 50_000, 0)
    refund = await payee.made("refund", "POST", f"/v1/payments/{payment}/refund", {"amount": 100, "receipt": "r-1"})
    assert await payee.made("refund", "GET", f"/v1/refunds/{refund['id']}") == refund
    listed = (await payee.ask("GET", f"/v1/payments/{payment}/refunds")).json()
    assert (listed["entity"], listed["count"], listed["items"]) == ("collection", 1, [refund])
    found = (await payee.ask("GET", "/v1/payment_links?reference_id=ref-1")).json()["payment_links"]
    assert [each["payments"][0]["payment_id"] for each in found] == [payment]
    by_payment = (await payee.ask("GET", f"/v1/payment_links?payment_id={payment}")).json()["payment_links"]
    assert by_payment == found


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("GET", "/v1/payments/pay_X", None, "does not exist"),
        ("GET", "/v1/nothing", None, "not found"),
        ("POST", "/v1/orders", {"amount": 99, "currency": "INR"}, "minimum"),
        ("POST", "/v1/orders", {"amount": 1.5, "currency": "INR"}, "at least 1"),
        ("POST", "/v1/orders", {"amount": 12_345, "currency": "KWD"}, "zero"),
        ("POST", "/v1/orders", {"amount": 500, "currency": "INR", "receipt": "r" * 41}, "40 characters"),
        ("POST", "/v1/payment_links", {"amount": 500, "currency": "INR", "reference_id": "ref-1"}, "already"),
        ("POST", "/v1/payment_links", {"amount": 500, "currency": "INR", "expire_by": 1767225601}, "15 minutes"),
        (
            "POST",
            "/v1/payment_links",
            {"amount": 500, "currency": "INR", "callback_url": "https://x"},
            "callback_method",
        ),
        ("POST", "/v1/payments/{paid}/capture", {"amount": 1, "currency": "INR"}, "equal"),
        ("POST", "/v1/payments/{paid}/capture", {"amount": 50_000, "currency": "USD"}, "equal"),
        ("POST", "/v1/payments/{paid}/refund", {"amount": 1}, "captured"),
        ("POST", "/v1/payments/{captured}/capture", {"amount": 50_000, "currency": "INR"}, "already"),
        ("POST", "/v1/payments/{captured}/refund", {"amount": 50_001}, "greater"),
        ("POST", "/v1/payments/{captured}/refund", {"amount": 0}, "at least 1"),
    ],
)
async def test_what_breaks_a_rule_is_refused_in_razorpays_words_and_changes_nothing(
    payee: Payee, method: str, path: str, body: Any, words: str
) -> None:
    paid, captured = await payee.paid(), await payee.captured("ref-2")
    before = payee.razorpay.state()
    answer = await payee.ask(method, path.format(paid=paid, captured=captured), body)
    assert answer.status == 400
    assert words in answer.json()["error"]["description"]
    assert answer.json()["error"]["code"] == "BAD_REQUEST_ERROR"
    assert payee.razorpay.state() == before


async def test_without_the_key_nothing_is_told(payee: Payee) -> None:
    assert (await payee.ask("GET", "/v1/orders", authorization="Basic eA==")).status == 401


async def test_a_refund_asked_for_twice_by_its_key_is_made_once(payee: Payee) -> None:
    path = f"/v1/payments/{await payee.captured()}/refund"
    first = await payee.made("refund", "POST", path, {"amount": 100}, x_refund_idempotency="refund-key-1")
    again = await payee.made("refund", "POST", path, {"amount": 100}, x_refund_idempotency="refund-key-1")
    assert again == first
    assert (await payee.ask("POST", path, {"amount": 200}, x_refund_idempotency="refund-key-1")).status == 400
    assert (await payee.ask("POST", path, {"amount": 100}, x_refund_idempotency="short")).status == 400


async def test_a_payer_pays_on_the_links_page_and_is_sent_back_with_a_signature(payee: Payee) -> None:
    link = await payee.link()
    path = urlsplit(link["short_url"]).path
    page = await loopback.request(payee.razorpay.app, "GET", path, headers={})
    assert b"50000 INR" in page.body
    failed = await loopback.request(payee.razorpay.app, "POST", path, headers=FORM, body=b"choice=fail")
    assert failed.status == 200
    went = await loopback.request(payee.razorpay.app, "POST", path, headers=FORM, body=b"choice=pay")
    query = {name: value for name, (value,) in parse_qs(urlsplit(went.header("location") or "").query).items()}
    told = [
        query[f"razorpay_{name}"] for name in ("payment_link_id", "payment_link_reference_id", "payment_link_status")
    ]
    signed = "|".join([*told, query["razorpay_payment_id"]]).encode()
    assert hmac.digest(KEY[1].encode(), signed, "sha256").hex() == query["razorpay_signature"]
    assert (query["order"], told[:2]) == ("1", [link["id"], "ref-1"])


async def test_a_cancelled_or_ended_link_is_paid_by_nobody(payee: Payee) -> None:
    cancelled = await payee.link()
    assert (await payee.made("link", "POST", f"/v1/payment_links/{cancelled['id']}/cancel"))["status"] == "cancelled"
    assert (await payee.ask("POST", f"/v1/payment_links/{cancelled['id']}/cancel")).status == 400
    body = {"amount": 500, "currency": "INR", "expire_by": int(payee.clock.now().timestamp()) + 1000}
    ended = await payee.made("link", "POST", "/v1/payment_links", body)
    payee.clock.advance(1001)
    for link in (cancelled, ended):
        path = urlsplit(link["short_url"]).path
        await loopback.request(payee.razorpay.app, "POST", path, headers=FORM, body=b"choice=pay")
    assert payee.razorpay.book.payments == {}


async def test_an_order_is_paid_once(payee: Payee) -> None:
    link = await payee.link()
    for _ in range(2):
        await loopback.request(
            payee.razorpay.app, "POST", urlsplit(link["short_url"]).path, headers=FORM, body=b"choice=wait"
        )
    first, second = payee.razorpay.book.payments.values()
    payee.razorpay.act("banked", {"payment": first.id})
    payee.razorpay.act("banked", {"payment": second.id})  # a late authorization: it goes back, for only one is captured
    body = {"amount": 50_000, "currency": "INR"}
    await payee.made("payment", "POST", f"/v1/payments/{first.id}/capture", body)
    payee.clock.advance(6 * 86_400)
    assert (await payee.made("payment", "GET", f"/v1/payments/{second.id}"))["status"] == "refunded"
    assert payee.razorpay.broken() == []


async def test_what_nobody_captures_goes_back_and_is_in_no_settlement(payee: Payee) -> None:
    payment = await payee.paid()
    payee.clock.advance(5 * 86_400 + 1)
    told = await payee.made("payment", "GET", f"/v1/payments/{payment}")
    assert (told["status"], told["captured"], told["refund_status"]) == ("refunded", False, "full")
    assert payee.razorpay.act("payouts", {}) == {}
    assert payee.razorpay.broken() == []


async def test_an_account_that_captures_by_itself_tells_of_both(payee: Payee) -> None:
    payee = Payee(captures=True)
    await payee.paid()
    kinds = [json.loads(each.body)["event"] for each in payee.razorpay.hooks.told]
    assert kinds == ["payment.authorized", "payment.captured", "order.paid", "payment_link.paid"]
    first = json.loads(payee.razorpay.hooks.told[0].body)["payload"]["payment"]["entity"]
    assert (first["status"], first["captured"]) == ("authorized", False)  # as it was then


async def test_the_settlement_adds_up_in_the_api_and_in_the_report(payee: Payee) -> None:
    first = await payee.captured("ref-1", 100_000)
    await payee.captured("ref-2", 50_000)
    await payee.made("refund", "POST", f"/v1/payments/{first}/refund", {"amount": 30_000, "receipt": "r-1"})
    settled = payee.razorpay.act("payouts", {})
    told = json.loads(payee.razorpay.hooks.told[-1].body)
    assert (told["event"], told["contains"]) == ("settlement.processed", ["settlement"])
    assert told["payload"]["settlement"]["entity"] == settled
    assert settled["amount"] == 100_000 - 2_360 + 50_000 - 1_180 - 30_000
    assert set(FIELDS["settlement"].split()) <= settled.keys()
    path = "/v1/settlements/recon/combined?year=2026&month=01&day=01"
    rows = (await payee.ask("GET", path)).json()["items"]
    assert [set(FIELDS["row"].split()) - row.keys() for row in rows] == [set()] * 3
    assert sum(row["credit"] - row["debit"] for row in rows) == settled["amount"]
    assert all(row["amount"] - row["fee"] == row["credit"] for row in rows if row["type"] == "payment")
    pages = [(await payee.ask("GET", f"{path}&count=2&skip={skip}")).json()["items"] for skip in (0, 2)]
    assert pages[0] + pages[1] == rows
    assert (await payee.ask("GET", path.replace("day=01", "day=02"))).json()["items"] == []
    text = (await payee.ask("GET", "/_sim/report")).body.decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert sum(int(line["credit"]) - int(line["debit"]) for line in lines) == settled["amount"]
    payee.razorpay.act("disputes", {"payment": first})
    assert payee.razorpay.act("payouts", {}) == {}  # the shop owes: nothing is paid out
    assert payee.razorpay.broken() == []


async def test_webhooks_are_sent_until_they_are_taken(payee: Payee) -> None:
    payee.status = 0
    await payee.captured()
    await payee.razorpay.deliver()
    waiting = len(payee.razorpay.hooks.waiting)
    assert waiting == len(payee.taken) == 4
    payee.status = 200
    payee.clock.advance(60)
    assert await payee.razorpay.deliver() == waiting
    assert await payee.razorpay.deliver() == 0


@settings(max_examples=40)
@given(some.data())
async def test_no_order_of_requests_breaks_the_book(data: Any) -> None:
    payee = Payee(captures=data.draw(some.booleans()))
    payment = await payee.paid()
    for _ in range(data.draw(some.integers(1, 6))):
        deed = data.draw(some.sampled_from(["capture", "refund", "wait", "settle"]))
        match deed:
            case "wait":
                payee.clock.advance(data.draw(some.integers(0, 4 * 86_400)))
            case "settle":
                payee.razorpay.act("payouts", {})
            case _:
                amount = data.draw(some.sampled_from([50_000, 1, 20_000, 49_999]))
                await payee.ask("POST", f"/v1/payments/{payment}/{deed}", {"amount": amount, "currency": "INR"})
        assert payee.razorpay.broken() == []
