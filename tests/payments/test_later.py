"""What is paid later: taken on the shopper's word where the shop says so, counted as come when somebody says it has."""

import pytest

from banyan.contracts.payments import Authorize, Payment, PaymentState
from banyan.kernel.money import Money
from tests.payments.conftest import PRICE, OpenTill, Till


@pytest.fixture(scope="module")
async def later(open_till: OpenTill) -> Till:
    return await open_till(pay_later="cod,bank_transfer")


async def _ask(till: Till, order: str, provider: str = "cod") -> Payment:
    return await till.shop.peers.ask(Authorize(order_id=order, amount=PRICE, provider=provider, token="later"))


async def test_it_is_sure_at_once_and_taken_when_it_has_come(later: Till) -> None:
    assert (await _ask(later, "ord_1")).state is PaymentState.AUTHORIZED
    taken = await later.capture("ord_1")
    assert (taken.state, taken.captured) == (PaymentState.CAPTURED, PRICE)
    back = await later.refund("ord_1", "rfd_1", 299)
    assert (back.state, back.refunded) == (PaymentState.CAPTURED, Money(299, "EUR"))
    assert (await later.refund("ord_1", "rfd_2", 1000)).state is PaymentState.REFUNDED
    assert await later.broken() == {}


async def test_an_order_that_is_called_off_owes_nothing(later: Till) -> None:
    await _ask(later, "ord_2", "bank_transfer")
    assert (await later.void("ord_2")).state is PaymentState.VOIDED
    assert (await later.capture("ord_2")).state is PaymentState.VOIDED


@pytest.mark.parametrize("provider", ["cheque", "nobody"])
async def test_what_the_shop_does_not_offer_is_declined(later: Till, provider: str) -> None:
    assert (await _ask(later, f"ord_{provider}", provider)).state is PaymentState.DECLINED


async def test_nothing_is_offered_unless_somebody_says_so(till: Till) -> None:
    declined = await _ask(till, "ord_3")
    assert (declined.state, declined.reason) == (PaymentState.DECLINED, "not_offered")
