"""A provider's report and our ledger say the same of every minor unit, or it is said where they differ, and why."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from banyan.contracts.payments import Authorize, PaymentState, RefundPayment, VoidPayment
from banyan.kernel.money import Money
from banyan.payments import actions
from banyan.payments.providers.desk import Desk, known
from banyan.simulators.stripe import money
from tests.payments.conftest import OpenTill, Till
from tests.payments.providers.stages import PRICE, RETURN, STAGES, Stage, settings

DESK = Desk(known())
DAY = timedelta(days=1)
Run = dict[str, Any]


@pytest.fixture(scope="module")
async def shop(open_till: OpenTill) -> Till:
    return await open_till(**settings())


@pytest.fixture(scope="module")
def stages(shop: Till) -> dict[str, Stage]:
    return {name: make(shop) for name, make in STAGES.items()}


async def sold(stage: Stage, refunded: int = 0, **of: Any) -> str:
    """An order that is paid, and partly given back; its payment."""
    order = stage.ports.ids.new("ord")
    call = Authorize(
        order_id=order, amount=PRICE, provider=stage.name, token=stage.good, return_url=f"{RETURN}/{order}"
    )
    made = await stage.till.shop.peers.ask(call.model_copy(update=of))
    assert (await stage.till.capture(order)).state is PaymentState.CAPTURED
    if refunded:
        back = RefundPayment(order_id=order, refund_id="r1", amount=Money(refunded, "EUR"), reason="")
        assert (await stage.till.shop.peers.ask(back)).refunded.amount == refunded
    return made.payment_id


async def compare(stage: Stage, *, days: float = 9) -> Run:
    """The report of all that was, `days` later."""
    if days:
        stage.clock.advance(days * 86_400)
    now = stage.clock.now()
    begin = max(now - timedelta(days=80), datetime(2026, 1, 1, tzinfo=now.tzinfo) - DAY)
    return await actions.reconcile(DESK, stage.ports, stage.name, begin, now, "usr_operator")


async def paid_out(stage: Stage) -> None:
    """The provider pays out all that it owes."""
    stage.clock.advance(3 * 86_400)
    match stage.name:
        case "stripe":
            money.payouts(stage.played.book)
        case "paypal":
            stage.played.act("payouts", {"currency": "EUR"})
        case "razorpay":
            stage.played.act("payouts", {"currency": "EUR"})


async def booked(stage: Stage, kind: str) -> int:
    sql = """SELECT count(*) FROM transfer LEFT JOIN payment ON payment.id = payment_id
             WHERE kind = $1 AND coalesce(transfer.provider, payment.provider) = $2"""
    return int(await stage.ports.db.fetchval(sql, kind, stage.name))


async def broken(stage: Stage) -> dict[str, Any]:
    """Which of our invariants do not hold; some tests here break the bank's."""
    return {key: rows for key, rows in (await stage.till.broken()).items() if key.startswith("payments")}


async def open_differences(stage: Stage) -> list[tuple[str, int, int]]:
    found = await actions.differences(stage.ports, provider=stage.name, below=None, only_open=True, limit=50)
    return [(each["kind"], each["ours"], each["theirs"]) for each in found]


def total(run: Run) -> dict[str, Any]:
    (found,) = (each for each in run["totals"] if each["currency"] == "EUR")
    return dict(found)


@pytest.mark.parametrize("name", STAGES)
async def test_all_that_was_paid_and_given_back_is_explained_and_the_same_report_twice_is_as_once(
    stages: dict[str, Stage], name: str
) -> None:
    stage = stages[name]
    await sold(stage)
    await sold(stage, refunded=300)
    await paid_out(stage)
    run = await compare(stage)
    assert run["totals"], run
    assert (total(run)["ours"], total(run)["timing"], total(run)["unexplained"]) == (total(run)["theirs"], 0, 0)
    assert await open_differences(stage) == []
    if name != "testbank":
        assert await booked(stage, "fee") == 2
        assert await booked(stage, "payout") == 1
        assert total(run)["theirs"] == 0  # everything was paid out
    again = await compare(stage, days=0)
    assert (again["new_lines"], again["booked"], again["lines"]) == (0, 0, run["lines"])
    assert [each | {"reconciliation_id": run["id"]} for each in again["totals"]] == run["totals"]
    assert await broken(stage) == {}


async def test_the_trial_balance_of_each_currency_is_zero(shop: Till) -> None:
    answer = await shop.http("GET", "/v1/reconciliations/balance", may=["payments:read"])
    sums: dict[str, int] = {}
    for each in answer.json()["items"]:
        money = each["amount"]
        sums[money["currency"]] = sums.get(money["currency"], 0) + money["amount"]
    assert sums
    assert not any(sums.values())


async def test_two_who_compare_at_once_book_each_fee_once(stages: dict[str, Stage]) -> None:
    stage = stages["stripe"]
    await sold(stage)
    before = await booked(stage, "fee")
    runs = await asyncio.gather(compare(stage, days=1), compare(stage, days=0))
    assert await booked(stage, "fee") == before + 1
    assert [total(each)["unexplained"] for each in runs] == [0, 0]


async def test_what_only_they_have_is_open_until_an_operator_says_why(stages: dict[str, Stage]) -> None:
    stage, till = stages["stripe"], stages["stripe"].till
    strange = stage.played.book.of("charge")[next(iter(stage.played.book.of("charge")))] | {"id": "ch_strange"}
    money.enter(stage.played.book, "charge", strange | {"currency": "eur"}, 500)
    stage.played.book.of("charge")["ch_strange"] = strange | {"metadata": {}, "payment_intent": "pi_strange"}
    run = await compare(stage)
    assert (total(run)["unexplained"], total(run)["theirs"] - total(run)["ours"]) == (500, 500)
    assert await open_differences(stage) == [("theirs_only", 0, 500)]
    listed = (await till.http("GET", "/v1/reconciliations/differences", may=["payments:read"])).json()["items"]
    at = f"/v1/reconciliations/differences/{listed[0]['id']}/explanation"
    assert (await till.http("POST", at, {"why": "a test charge"}, may=["payments:read"])).status == 403
    told = await till.http("POST", at, {"why": "a test charge of the dashboard"}, may=["payments:write"])
    assert (told.status, told.json()["who"]) == (201, "usr_operator")
    assert (await till.http("POST", at, {"why": "another story"}, may=["payments:write"])).status == 409
    assert total(await compare(stage, days=0))["unexplained"] == 0
    assert await open_differences(stage) == []


async def test_another_amount_a_second_line_and_a_missing_one_are_told_apart(stages: dict[str, Stage]) -> None:
    stage = stages["testbank"]
    await compare(stage)
    bank = stage.till.shop.ports["testbank"].db
    wrong, twice, gone = await sold(stage), await sold(stage), await sold(stage)
    async with bank.transaction() as tx:
        await tx.execute("ALTER TABLE entry DISABLE TRIGGER USER")
        change = "UPDATE entry SET amount = amount - 9 WHERE transfer = $1 AND account = 'merchant'"
        await tx.execute(change, f"capture {wrong}.capture")
        copy = """INSERT INTO entry SELECT $2, charge_id, account, amount, currency, made_at FROM entry
                  WHERE transfer = $1 AND account = 'merchant'"""
        await tx.execute(copy, f"capture {twice}.capture", f"capture {twice}.again")
        await tx.execute("DELETE FROM entry WHERE transfer = $1", f"capture {gone}.capture")
        await tx.execute("ALTER TABLE entry ENABLE TRIGGER USER")
    run = await compare(stage)
    assert sorted(await open_differences(stage)) == [
        ("amount", 1299, 1290),
        ("duplicate", 0, 1299),
        ("ours_only", 1299, 0),
    ]
    assert total(run)["unexplained"] == 9 + 1299 + 1299
    assert total(await compare(stage, days=0))["unexplained"] == 9 + 1299 + 1299


async def test_what_is_not_settled_yet_is_a_matter_of_time(stages: dict[str, Stage]) -> None:
    stage = stages["razorpay"]
    await sold(stage)
    run = await compare(stage, days=1)
    assert (total(run)["timing"], total(run)["unexplained"]) == (1299, 0)
    assert await open_differences(stage) == [("timing", 1299, 0)]
    await paid_out(stage)
    assert total(await compare(stage))["timing"] == 0
    assert await open_differences(stage) == []


async def test_a_report_that_was_downloaded_is_as_good_as_the_api_s(stages: dict[str, Stage]) -> None:
    stage, till = stages["stripe"], stages["stripe"].till
    await sold(stage, refunded=100)
    stage.clock.advance(86_400)
    now = int(stage.clock.now().timestamp())
    sheet = money.report(stage.played.book, now - 2 * 86_400, now)
    for new in (2, 0):
        asked = {"provider": "stripe", "report": sheet}
        told = (await till.http("POST", "/v1/reconciliations/reports", asked, may=["payments:write"])).json()
        assert (told["source"], told["new_lines"]) == ("csv", new)
        assert all(each["unexplained"]["amount"] == 0 for each in told["totals"])
    assert (await compare(stage))["new_lines"] == 0
    read = await till.http("GET", f"/v1/reconciliations/{told['id']}", may=["payments:read"])
    assert read.json() == told
    asked = {"provider": "stripe", "report": "no,such\n1,2\n"}
    assert (await till.http("POST", "/v1/reconciliations/reports", asked, may=["payments:write"])).status == 422


@pytest.mark.parametrize("end", ["won", "lost"])
@pytest.mark.parametrize("name", ["stripe", "paypal", "razorpay"])
async def test_a_dispute_moves_its_money_once_whoever_tells_of_it_and_is_shown(
    stages: dict[str, Stage], name: str, end: str
) -> None:
    stage = stages[name]
    payment = await sold(stage)
    await sold(stage)  # so that there is something to pay out
    before = {kind: await booked(stage, kind) for kind in ("dispute", "dispute_reversal", "dispute_lost")}
    dispute = _open_dispute(stage, payment)
    assert set(await _told(stage)) == {200}
    assert (await _state(stage, payment)) == ("needs_response", ["needs_response"])
    await paid_out(stage)
    await compare(stage)
    _end_dispute(stage, dispute, end)
    await _told(stage)
    await paid_out(stage)
    assert total(await compare(stage))["unexplained"] == 0
    await _told(stage)
    assert (await _state(stage, payment)) == (end, ["needs_response", end])
    made = {kind: await booked(stage, kind) - count for kind, count in before.items()}
    assert made == {"dispute": 1, "dispute_reversal": int(end == "won"), "dispute_lost": int(end == "lost")}
    sql = """SELECT coalesce(sum(amount), 0) FROM entry JOIN transfer ON transfer.id = transfer_id
             WHERE payment_id = $1 AND account = 'disputes'"""
    assert await stage.ports.db.fetchval(sql, payment) == 0
    assert await broken(stage) == {}


@pytest.mark.parametrize("name", ["stripe", "razorpay"])
async def test_a_payout_is_booked_when_its_webhook_comes_and_not_once_more_by_the_report(
    stages: dict[str, Stage], name: str
) -> None:
    stage = stages[name]
    await sold(stage)
    before = await booked(stage, "payout")
    await paid_out(stage)
    assert await _told(stage, 1) == [200, 200]
    assert await booked(stage, "payout") == before + 1
    run = await compare(stage)
    assert (total(run)["unexplained"], total(run)["ours"]) == (0, total(run)["theirs"])
    assert await open_differences(stage) == []
    assert await booked(stage, "payout") == before + 1
    assert await broken(stage) == {}


def _open_dispute(stage: Stage, payment: str) -> str:
    book = stage.played.book
    if stage.name == "stripe":
        (charge,) = (each for each in book.of("charge").values() if each["metadata"].get("payment_id") == payment)
        return str(money.dispute(book, charge)["id"])
    if stage.name == "paypal":
        (order,) = (each for each in book.orders.values() if each.custom_id == payment)
        return str(stage.played.act("disputes", {"capture": order.taken[0].id})["dispute_id"])
    (paid,) = (each for each in book.payments.values() if each.order.receipt == payment and each.captured)
    return str(stage.played.act("disputes", {"payment": paid.id})["dispute_id"])


def _end_dispute(stage: Stage, dispute: str, end: str) -> None:
    if stage.name == "stripe":
        money.end_dispute(stage.played.book, stage.played.book.find("dispute", dispute), end)
    else:
        stage.played.act("disputes/end", {"dispute": dispute, "status": end})


async def _told(stage: Stage, last: int = 3) -> list[int]:
    """The provider's last webhooks, each twice, the newest first; how they were answered."""
    assert stage.webhooks
    ends = []
    for headers, body in reversed(stage.webhooks()[-last:]):
        for _ in range(2):
            answer = await stage.till.http("POST", f"/webhooks/{stage.name}", body, headers=headers)
            ends.append(answer.status)
    return ends


async def _state(stage: Stage, payment: str) -> tuple[str, list[str]]:
    told = (await stage.till.http("GET", f"/v1/payments/{payment}", may=["payments:read"])).json()
    (dispute,) = told["disputes"]
    return dispute["state"], [each["state"] for each in dispute["steps"]]


async def test_money_that_comes_after_the_end_goes_back_by_itself(stages: dict[str, Stage]) -> None:
    stage, order = stages["razorpay"], stages["razorpay"].ports.ids.new("ord")
    stage.played.book.captures = True
    call = Authorize(
        order_id=order, amount=PRICE, provider="razorpay", token=stage.confirm, return_url=f"{RETURN}/{order}"
    )
    waits = await stage.till.shop.peers.ask(call)
    assert waits.action
    stage.played.pay(waits.action, "wait")
    void = VoidPayment(order_id=order, amount=PRICE, provider="razorpay")
    assert (await stage.till.shop.peers.ask(void)).state is PaymentState.VOIDED
    (late,) = (each for each in stage.played.book.payments.values() if each.status == "created")
    stage.played.api.banked(late)
    stage.played.book.captures = False
    await _told(stage)
    for _ in range(20):
        stage.clock.advance(1)
        await stage.till.payments.chores["settle razorpay"](stage.ports)
    known = await stage.till.stands(order)
    assert (known.state, known.refunded) == (PaymentState.REFUNDED, PRICE)
    assert (await stage.sums(waits.payment_id)).refunded == PRICE.amount
    assert "PaymentCaptured" not in await stage.till.told(order)
    assert await broken(stage) == {}
    await sold(stage)  # so that there is something to pay out
    await paid_out(stage)
    assert total(await compare(stage))["unexplained"] == 0


async def test_days_that_are_over_are_compared_by_night_once(stages: dict[str, Stage]) -> None:
    stage = stages["stripe"]
    chore = stage.till.payments.chores["reconcile stripe"]
    stage.clock.advance(86_400)
    midnight = stage.clock.now().replace(hour=0, minute=0, second=0)
    stage.clock.advance((midnight + DAY + timedelta(hours=5) - stage.clock.now()).total_seconds())
    for _ in range(2):
        assert await chore(stage.ports) > 0
    rows = await stage.ports.db.fetch("SELECT until FROM reconciliation WHERE made_by = '' AND provider = 'stripe'")
    assert [row["until"] for row in rows] == [midnight + DAY]


async def test_who_may_not_read_payments_sees_nothing_of_it(shop: Till) -> None:
    for path in ("", "/differences", "/balance"):
        assert (await shop.http("GET", f"/v1/reconciliations{path}", may=["orders:read"])).status == 403
    asked = {"provider": "stripe", "since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}
    assert (await shop.http("POST", "/v1/reconciliations", asked, may=["payments:read"])).status == 403
    made = await shop.http("POST", "/v1/reconciliations", asked, may=["payments:write"])
    assert made.status == 201
    strange = asked | {"provider": "later"}
    assert (await shop.http("POST", "/v1/reconciliations", strange, may=["payments:write"])).status == 404
    turned = asked | {"until": "2025-01-01T00:00:00Z"}
    assert (await shop.http("POST", "/v1/reconciliations", turned, may=["payments:write"])).status == 422
