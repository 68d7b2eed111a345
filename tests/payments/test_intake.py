"""Money that a legacy shop took is booked as it says, whatever the order of its news, and never asked of a provider."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.contracts.payments import Payment, RefundPayment, TakenPayment, TakePayments, VoidPayment
from banyan.kernel.money import Money
from banyan.kernel.refusals import Conflict, NotFound
from banyan.payments.invariants import INVARIANTS
from tests.payments.conftest import Till

PAID = datetime(2023, 2, 1, 8, tzinfo=UTC)
_orders = count(1)


def order() -> str:
    return f"ord_legacy_{next(_orders)}"


async def take(till: Till, *said: tuple[str, int, int], currency: str = "EUR") -> int:
    payments = tuple(
        TakenPayment(order_id=id, version=version, amount=Money(amount, currency), reference="TX", paid_at=PAID)
        for id, version, amount in said
    )
    return (await till.shop.peers.ask(TakePayments(payments=payments))).changed


async def refund(till: Till, order_id: str, amount: int, **more: Any) -> Payment:
    call = RefundPayment(order_id=order_id, refund_id=f"rfd_{order_id}_{amount}", amount=Money(amount, "EUR"), **more)
    return await till.shop.peers.ask(call)


async def balanced(till: Till) -> None:
    for each in INVARIANTS:
        assert await till.ports.db.fetch(each.sql) == [], each.promise


async def test_it_is_captured_on_the_day_it_was_paid_and_nobody_is_told(till: Till) -> None:
    paid, unpaid = order(), order()
    told = await till.ports.db.fetchval("SELECT count(*) FROM outbox")
    assert await take(till, (paid, 1, 1500), (unpaid, 1, 0)) == 1
    payment = await till.stands(paid)
    assert (payment.state, payment.captured, payment.refunded) == ("captured", Money(1500, "EUR"), Money(0, "EUR"))
    with pytest.raises(NotFound):
        await till.stands(unpaid)
    days = await till.ports.db.fetch("SELECT made_at FROM transfer WHERE payment_id = $1", payment.payment_id)
    assert [row["made_at"] for row in days] == [PAID]
    assert await till.ports.db.fetchval("SELECT count(*) FROM outbox") == told
    assert await till.charge(payment.payment_id) is None
    await balanced(till)


async def test_the_same_news_twice_or_late_changes_nothing(till: Till) -> None:
    id = order()
    assert await take(till, (id, 5, 1000), (id, 4, 700)) == 1
    assert await take(till, (id, 5, 1000)) == 0
    assert await take(till, (id, 3, 10)) == 0
    assert (await till.stands(id)).captured == Money(1000, "EUR")


@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from([0, 1, 999, 1000, 5000])), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_newest_news_is_what_stays(till: Till, news: list[tuple[int, int]]) -> None:
    id, newest, kept = order(), 0, 0
    for version, amount in news:
        await take(till, (id, version, amount))
        if version > newest:
            newest, kept = version, amount
    if kept:
        payment = await till.stands(id)
        assert payment.captured.amount - payment.refunded.amount == kept
    await balanced(till)


async def test_it_goes_back_only_elsewhere_and_is_then_written_down_once(till: Till) -> None:
    id = order()
    await take(till, (id, 1, 1000))
    with pytest.raises(Conflict, match="legacy shop") as refused:
        await refund(till, id, 400)
    assert refused.value.code == "paid_elsewhere"
    for _ in range(2):
        payment = await refund(till, id, 400, elsewhere=True)
        assert (payment.state, payment.refunded) == ("captured", Money(400, "EUR"))
    with pytest.raises(Conflict, match="left to refund"):
        await refund(till, id, 601, elsewhere=True)
    assert (await refund(till, id, 600, elsewhere=True)).state == "refunded"
    await balanced(till)


async def test_ours_goes_back_from_here(till: Till) -> None:
    id = order()
    await till.sold(id)
    with pytest.raises(Conflict, match="paid here") as refused:
        await refund(till, id, 1, elsewhere=True)
    assert refused.value.code == "paid_here"
    assert await take(till, (id, 1, 5)) == 0  # what a legacy shop says of our own payment is no news
    assert (await till.stands(id)).captured == Money(1299, "EUR")


async def test_a_void_leaves_it_as_it_is(till: Till) -> None:
    id = order()
    await take(till, (id, 1, 1000))
    call = VoidPayment(order_id=id, amount=Money(1000, "EUR"), provider="legacy")
    assert (await till.shop.peers.ask(call)).state == "captured"
    await till.quiet()
    await balanced(till)


async def test_another_currency_is_not_mixed_in(till: Till) -> None:
    id = order()
    await take(till, (id, 1, 1000))
    assert await take(till, (id, 2, 1000), currency="USD") == 0
    assert (await till.stands(id)).captured == Money(1000, "EUR")
