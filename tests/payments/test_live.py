"""On a real clock, with the chores running by themselves: lost answers settle, and secrets are asked for in production."""

import asyncio

import pytest

from banyan.contracts.payments import PaymentState
from banyan.foundation.settings import WrongSettings
from banyan.kernel.clock import SystemClock
from banyan.payments.app import service as payments_service
from banyan.testbank.app import service as bank_service
from tests.conftest import OpenShop
from tests.payments.conftest import OpenTill


async def test_all_tokens_at_once_end_as_they_should(open_till: OpenTill) -> None:
    till = await open_till(work=True, clock=SystemClock())
    ends = {
        "tok_ok": PaymentState.AUTHORIZED,
        "tok_slow": PaymentState.AUTHORIZED,
        "tok_5xx": PaymentState.AUTHORIZED,
        "tok_timeout": PaymentState.AUTHORIZED,
        "tok_declined": PaymentState.DECLINED,
    }
    asked = [asyncio.create_task(till.authorize(f"ord_{token}", token)) for token in ends]
    async with asyncio.timeout(30):
        while True:  # the webhook comes before the answer
            rows = await till.ports.db.fetch("SELECT order_id, state FROM payment")
            if {row["order_id"]: row["state"] for row in rows} == {f"ord_{token}": end for token, end in ends.items()}:
                break
            await asyncio.sleep(0.05)
        assert not asked[3].done(), "tok_timeout is settled while its answer is still awaited"
        for each in await asyncio.gather(*asked):
            assert each.state in (*ends.values(), PaymentState.UNKNOWN)
    async with asyncio.timeout(30):
        while await till.ports.db.fetchval("SELECT count(*) FROM operation WHERE next_look_at IS NOT NULL"):
            await asyncio.sleep(0.05)
    assert await till.broken() == {}


@pytest.mark.parametrize("service", [payments_service, bank_service])
async def test_in_production_nobody_starts_with_the_well_known_key(open_shop: OpenShop, service: object) -> None:
    with pytest.raises(WrongSettings, match="BANYAN_TESTBANK_KEY"):
        await open_shop(service(), environment="production")  # type: ignore[operator]
    await open_shop(service(), environment="production", testbank_key="a long and random one")  # type: ignore[operator]


async def test_two_sides_with_different_keys_move_no_money(open_till: OpenTill) -> None:
    till = await open_till()
    till.shop.ports["payments"].settings = till.shop.settings.model_copy(
        update={"testbank_key": type(till.shop.settings.testbank_key)("another")}
    )
    payment = await till.authorize("ord_stranger")
    assert payment.state is PaymentState.UNKNOWN
    assert await till.charge(payment.payment_id) is None
