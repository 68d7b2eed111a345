"""The simulator keeps Stripe's rules: keys, holds, refunds, disputes, payouts and reports."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banyan.foundation import loopback
from banyan.kernel.ids import SeededIds
from banyan.payments.providers.stripe import wire
from banyan.simulators.common import Asked
from banyan.simulators.stripe import KEY, PUBLISHABLE, Stripe, elements
from banyan.simulators.stripe.book import broken
from tests.simulators.stripe.conftest import Asker

PLAIN = {
    "amount": 1299,
    "currency": "eur",
    "confirm": True,
    "payment_method": "pm_card_visa",
    "capture_method": "manual",
}


async def test_a_key_gives_the_first_answer_again_for_a_day(ask: Asker) -> None:
    _, first = await ask("POST", "/v1/payment_intents", PLAIN, key="k")
    await ask("POST", f"/v1/payment_intents/{first['id']}/capture")
    assert (await ask("POST", "/v1/payment_intents", PLAIN, key="k"))[1] == first  # as it was, not as it is
    ask.clock.advance(86_400)
    assert (await ask("POST", "/v1/payment_intents", PLAIN, key="k"))[1]["id"] != first["id"]


async def test_a_key_stands_for_one_question_only(ask: Asker) -> None:
    await ask("POST", "/v1/payment_intents", PLAIN, key="k")
    for other in (PLAIN | {"amount": 1300}, {"amount": 1299, "currency": "eur"}):
        status, told = await ask("POST", "/v1/payment_intents", other, key="k")
        assert (status, told["error"]["type"]) == (400, "idempotency_error")
    assert len(ask.sim.book.of("payment_intent")) == 1


async def test_a_decline_and_a_500_are_kept_by_a_key_and_a_wrong_question_is_not(ask: Asker) -> None:
    declined = PLAIN | {"payment_method": "pm_card_chargeDeclined"}
    assert await ask("POST", "/v1/payment_intents", declined, key="d") == await ask(
        "POST", "/v1/payment_intents", declined, key="d"
    )
    await ask.pull("troubles", kind="kept", path="/v1/payment_intents")
    for _ in range(3):
        assert (await ask("POST", "/v1/payment_intents", PLAIN, key="e"))[0] == 500
    assert (await ask("POST", "/v1/payment_intents", PLAIN | {"amount": 1}, key="f"))[0] == 400
    assert (await ask("POST", "/v1/payment_intents", PLAIN, key="f"))[0] == 200


async def test_a_key_that_is_being_answered_is_in_use(ask: Asker) -> None:
    form = wire.form(PLAIN).encode()
    ask.sim.keys.begin("k", Asked("POST", "/v1/payment_intents", "", {}, form), ask.sim.book.now())
    status, told = await ask("POST", "/v1/payment_intents", PLAIN, key="k")
    assert (status, told["error"]["code"]) == (409, "idempotency_key_in_use")
    assert ask.sim.book.of("payment_intent") == {}


async def test_a_hold_ends_after_seven_days(ask: Asker) -> None:
    held = await ask.pay()
    ask.clock.advance(7 * 86_400 - 1)
    assert (await ask("GET", f"/v1/payment_intents/{held['id']}"))[1]["status"] == "requires_capture"
    ask.clock.advance(1)
    ended = (await ask("GET", f"/v1/payment_intents/{held['id']}"))[1]
    assert (ended["status"], ended["cancellation_reason"], ended["amount_capturable"]) == ("canceled", "automatic", 0)
    status, told = await ask("POST", f"/v1/payment_intents/{held['id']}/capture")
    assert (status, told["error"]["code"]) == (400, "payment_intent_unexpected_state")


@pytest.mark.parametrize("last", ["cancel", "capture", "confirm"])
async def test_what_was_taken_is_final(ask: Asker, last: str) -> None:
    taken = await ask.pay(manual=False)
    assert (await ask("POST", f"/v1/payment_intents/{taken['id']}/{last}"))[0] == 400
    assert await ask.pull("invariants") == []


async def test_a_card_that_was_not_kept_pays_once(ask: Asker) -> None:
    first = await ask.pay()
    assert "error" in await ask.pay(first["payment_method"])
    _, customer = await ask("POST", "/v1/customers")
    kept = await ask.pay(customer=customer["id"], setup_future_usage="off_session")
    assert (await ask.pay(kept["payment_method"], customer=customer["id"], off_session=True))[
        "status"
    ] == "requires_capture"
    assert "error" in await ask.pay(kept["payment_method"])  # without its customer


async def test_refunds_come_to_what_was_taken_and_no_more(ask: Asker) -> None:
    taken = await ask.pay(manual=False)
    for amount, status in ((1000, 200), (300, 400), (299, 200), (1, 400)):
        assert (await ask("POST", "/v1/refunds", {"payment_intent": taken["id"], "amount": amount}))[0] == status
    held = await ask.pay()
    assert (await ask("POST", "/v1/refunds", {"payment_intent": held["id"]}))[0] == 400
    assert await ask.pull("invariants") == []


@pytest.mark.parametrize(
    ("token", "first", "then"), [("refundFail", "succeeded", "failed"), ("pendingRefund", "pending", "succeeded")]
)
async def test_some_refunds_end_later(ask: Asker, token: str, first: str, then: str) -> None:
    taken = await ask.pay(f"pm_card_{token}", manual=False)
    _, refund = await ask("POST", "/v1/refunds", {"payment_intent": taken["id"]})
    assert refund["status"] == first
    ask.clock.advance(60)
    assert (await ask("GET", f"/v1/refunds/{refund['id']}"))[1]["status"] == then
    assert await ask.pull("invariants") == []


async def test_lists_come_in_pages_newest_first_and_a_search_is_behind(ask: Asker) -> None:
    made = [(await ask.pay(metadata={"payment_id": f"pay_{number}"}))["id"] for number in range(5)]
    _, page = await ask("GET", "/v1/payment_intents", {"limit": 2})
    assert ([each["id"] for each in page["data"]], page["has_more"]) == (made[:2:-1], True)
    _, rest = await ask("GET", "/v1/payment_intents", {"limit": 3, "starting_after": page["data"][-1]["id"]})
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == (made[2::-1], False)
    query = {"query": "metadata['payment_id']:'pay_3'"}
    assert (await ask("GET", "/v1/payment_intents/search", query))[1]["data"] == []
    ask.clock.advance(5)
    assert [each["id"] for each in (await ask("GET", "/v1/payment_intents/search", query))[1]["data"]] == [made[3]]
    later = {"created": {"gt": int(ask.clock.now().timestamp()) - 5}}
    assert (await ask("GET", "/v1/payment_intents", later))[1]["data"] == []
    assert (await ask("GET", "/v1/payment_intents", {"limit": 101}))[0] == 400


async def test_a_dispute_takes_the_money_and_a_fee_and_gives_back_the_money_when_won(ask: Asker) -> None:
    taken = await ask.pay(manual=False)
    dispute = await ask.pull("disputes", charge=taken["latest_charge"])
    assert (await ask("POST", "/v1/refunds", {"payment_intent": taken["id"]}))[1]["error"]["code"] == "charge_disputed"
    assert (
        sum(each["net"] for each in ask.sim.book.money()) == -68 - 1500
    )  # 2.9 % of 12.99 EUR and 0.30, then the dispute
    await ask.pull("disputes/end", dispute=dispute["id"], status="won")
    assert sum(each["net"] for each in ask.sim.book.money()) == 1299 - 68 - 1500


async def test_payouts_pay_each_entry_once_and_the_report_explains_them(ask: Asker) -> None:
    taken = await ask.pay(manual=False, metadata={"payment_id": "pay_1"})
    await ask("POST", "/v1/refunds", {"payment_intent": taken["id"], "amount": 300, "metadata": {"reference": "pop_1"}})
    assert await ask.pull("payouts") == []  # nothing is available on the first day
    ask.clock.advance(2 * 86_400)
    (payout,) = await ask.pull("payouts")
    assert (payout["amount"], await ask.pull("payouts")) == (1299 - 68 - 300, [])
    _, entries = await ask("GET", "/v1/balance_transactions", {"payout": payout["id"]})
    assert sum(each["net"] for each in entries["data"]) == 0  # what it paid, and itself
    begin, end = 0, int(ask.clock.now().timestamp()) + 1
    within = {"interval_start": begin, "interval_end": end}
    asked = {"report_type": "balance_change_from_activity.itemized.3", "parameters": within}
    _, run = await ask("POST", "/v1/reporting/report_runs", asked)
    path = run["result"]["url"].removeprefix("https://api.stripe.com")
    told = await loopback.request(ask.sim.app, "GET", path, headers={"authorization": f"Bearer {KEY}"})
    lines = list(csv.DictReader(io.StringIO(told.body.decode())))
    assert [(each["reporting_category"], each["gross"], each["fee"], each["net"]) for each in lines] == [
        ("charge", "12.99", "0.68", "12.31"),
        ("refund", "-3.00", "0.00", "-3.00"),
    ]
    assert {each["automatic_payout_id"] for each in lines} == {payout["id"]}
    assert [each["payment_metadata[payment_id]"] for each in lines] == ["pay_1", "pay_1"]
    assert lines[1]["refund_metadata[reference]"] == "pop_1"


async def test_webhooks_are_sent_until_they_are_taken_each_signed_anew(ask: Asker) -> None:
    ask.sim.listen("https://shop.example/hook", "whsec_x", ("charge.succeeded",))
    ask.takes = 500
    await ask.pay()
    assert await ask.sim.deliver() == 0
    assert await ask.sim.deliver() == 0  # not before its pause is over
    ask.clock.advance(10)
    ask.takes = 200
    assert await ask.sim.deliver() == 1
    (first, body), (second, again) = ask.webhooks
    assert body == again
    assert first["stripe-signature"] != second["stripe-signature"]
    assert json.loads(body)["type"] == "charge.succeeded"


async def test_a_book_is_taken_up_again_from_its_file(ask: Asker, tmp_path: Path) -> None:
    async def post(_: str, __: Mapping[str, str], ___: bytes) -> int:
        return 200

    def opened() -> Asker:
        return Asker(ask.clock, Stripe(ask.clock, SeededIds(ask.clock, 8), post, file=tmp_path / "book.json"))

    held = await opened().pay(metadata={"payment_id": "pay_1"})
    taken = await opened()("POST", f"/v1/payment_intents/{held['id']}/capture")
    assert (taken[0], taken[1]["status"]) == (200, "succeeded")
    assert broken(opened().sim.book) == []


async def test_a_publishable_key_makes_payment_methods_and_nothing_else(ask: Asker) -> None:
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    bearer = {"authorization": f"Bearer {PUBLISHABLE}"}
    status, made = await ask("POST", "/v1/payment_methods", {"type": "card", "card": card}, **bearer)
    assert (status, made["card"]["last4"]) == (200, "4242")
    for method, path in (("POST", "/v1/payment_intents"), ("GET", "/v1/payment_methods"), ("GET", "/v1/charges")):
        status, told = await ask(method, path, PLAIN if method == "POST" else None, **bearer)
        assert (status, told["error"]["code"]) == (401, "secret_key_required")
    assert not ask.sim.book.of("payment_intent")


async def test_its_script_and_the_frame_of_its_fields_need_no_key(ask: Asker) -> None:
    for path, media_type in ((elements.SCRIPT, "text/javascript"), (elements.FRAME, "text/html")):
        answer = await loopback.request(ask.sim.app, "GET", path, headers={})
        assert (answer.status, (answer.header("content-type") or "").partition(";")[0]) == (200, media_type)


STEPS = st.lists(
    st.tuples(st.sampled_from(["capture", "cancel", "refund", "wait", "dispute", "payout"]), st.integers(1, 2000)),
    max_size=8,
)


@given(token=st.sampled_from(["visa", "refundFail", "pendingRefund", "createDispute"]), steps=STEPS)
def test_its_book_adds_up_whatever_is_asked(token: str, steps: list[tuple[str, int]]) -> None:
    import asyncio

    asyncio.run(_walk(token, steps))


async def _walk(token: str, steps: list[tuple[str, int]]) -> None:
    from banyan.kernel.clock import VirtualClock

    async def post(_: str, __: Mapping[str, str], ___: bytes) -> int:
        return 200

    clock = VirtualClock()
    ask = Asker(clock, Stripe(clock, SeededIds(clock, 1), post))
    intent: dict[str, Any] = await ask.pay(f"pm_card_{token}")
    for step, amount in steps:
        if step == "wait":
            clock.advance(amount * 500)
        elif step == "refund":
            await ask("POST", "/v1/refunds", {"payment_intent": intent["id"], "amount": amount})
        elif step == "dispute":
            await ask.pull("disputes", charge=intent["latest_charge"])
        elif step == "payout":
            await ask.pull("payouts")
        else:
            more = {"amount_to_capture": amount} if step == "capture" else {}
            await ask("POST", f"/v1/payment_intents/{intent['id']}/{step}", more)
        assert broken(ask.sim.book) == []
