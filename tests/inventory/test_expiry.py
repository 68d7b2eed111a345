"""A hold is over when its time is, whether or not anyone sweeps; and never a moment before."""

import asyncio

import pytest

from banyan.contracts.inventory import AvailabilityChanged, HoldOutcome, StockHold, StockLine, StockReleased
from banyan.inventory import actions
from banyan.inventory.app import service
from banyan.kernel.clock import VirtualClock
from tests.conftest import OpenShop
from tests.inventory.conftest import OpenFloor
from tests.inventory.floor import Floor

HELD, REFUSED = HoldOutcome.HELD, HoldOutcome.REFUSED


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
async def floor(open_floor: OpenFloor, clock: VirtualClock) -> Floor:
    return await open_floor(clock)


def _expired(held: StockHold, cart: str, sku: str, units: int) -> StockReleased:
    return StockReleased(
        reservation_id=held.reservation_id or "",
        cart_id=cart,
        order_id=None,
        reason="expired",
        lines=(StockLine(sku=sku, quantity=units),),
    )


async def test_others_get_the_units_at_the_moment_the_time_is_over(floor: Floor, clock: VirtualClock) -> None:
    await floor.count("mug", 2)
    old = await floor.hold("crt_1", seconds=60, mug=2)
    clock.advance(59.9)
    assert (await floor.hold("crt_2", mug=1)).outcome is REFUSED
    assert await floor.available("mug") == 0
    clock.advance(0.1)
    assert await floor.available("mug") == 2
    await floor.told()
    assert (await floor.hold("crt_2", mug=1)).outcome is HELD
    assert await floor.told(StockReleased) == [_expired(old, "crt_1", "mug", 2)]
    assert await floor.level("mug") == (2, 1)
    assert await floor.broken() == []


async def test_a_promise_to_an_order_never_runs_out(floor: Floor, clock: VirtualClock) -> None:
    await floor.count("bowl", 1)
    await floor.hold("crt_3", seconds=60, bowl=1)
    await floor.hold("crt_3", "ord_3", bowl=1)
    clock.advance(86_400)
    assert await actions.sweep(floor.ports) == 5
    assert (await floor.hold("crt_4", bowl=1)).outcome is REFUSED
    assert await floor.sell("ord_3")


async def test_a_late_order_still_gets_what_nobody_took_meanwhile(floor: Floor, clock: VirtualClock) -> None:
    await floor.count("lamp", 1)
    old = await floor.hold("crt_5", seconds=60, lamp=1)
    clock.advance(61)
    assert (await floor.hold("crt_5", "ord_5", lamp=1)).reservation_id == old.reservation_id
    assert (await floor.hold("crt_6", lamp=1)).outcome is REFUSED


async def test_the_sweeper_ends_what_is_over_and_tells_that_it_can_be_bought_again(
    floor: Floor, clock: VirtualClock
) -> None:
    await floor.count("rug", 2)
    over = await floor.hold("crt_7", seconds=60, rug=1)
    await floor.hold("crt_8", seconds=600, rug=1)
    clock.advance(61)
    await floor.told()
    assert await actions.sweep(floor.ports) == 5
    assert await floor.told() == [
        _expired(over, "crt_7", "rug", 1),
        AvailabilityChanged(sku="rug", available=True),
    ]
    assert await floor.level("rug") == (2, 1)
    await actions.sweep(floor.ports)
    assert await floor.told() == []


async def test_the_sweeper_goes_on_at_once_while_there_is_more(floor: Floor, clock: VirtualClock) -> None:
    await floor.count("many", 1000)
    for number in range(201):
        await floor.hold(f"crt_many{number}", seconds=60, many=1)
    clock.advance(61)
    assert [await actions.sweep(floor.ports), await actions.sweep(floor.ports)] == [0, 5]
    assert await floor.level("many") == (1000, 0)
    assert await floor.broken() == []


async def test_units_on_lapsed_holds_can_be_counted_away(floor: Floor, clock: VirtualClock) -> None:
    await floor.count("vase", 5)
    await floor.hold("crt_9", seconds=60, vase=5)
    clock.advance(61)
    assert await floor.count("vase", 1)
    assert await floor.level("vase") == (1, 0)


async def test_a_lapsed_hold_is_shown_as_expired(floor: Floor, clock: VirtualClock) -> None:
    await floor.count("pan", 5)
    old = await floor.hold("crt_10", seconds=60, pan=5)
    path = f"/v1/reservations/{old.reservation_id}"
    assert (await floor.get(path)).json()["state"] == "held"
    clock.advance(60)
    assert (await floor.get(path)).json()["state"] == "expired"
    assert (await floor.get("/v1/reservations?state=held&sku=pan")).json()["items"] == []
    [shelf] = (await floor.get("/v1/stock/pan")).json()["warehouses"]
    assert shelf == {"warehouse_id": "wh_main", "on_hand": 5, "reserved": 0, "available": 5}


async def test_carts_holds_are_forgotten_a_month_after_they_ended_and_orders_are_not(
    floor: Floor, clock: VirtualClock
) -> None:
    await floor.count("pot", 5)
    ended = await floor.hold("crt_11", pot=1)
    await floor.release(cart="crt_11")
    kept = await floor.hold("crt_11", "ord_11", pot=1)
    await floor.release("ord_11")
    clock.advance(29 * 86_400)
    await actions.forget(floor.ports)
    assert (await floor.get(f"/v1/reservations/{ended.reservation_id}")).status == 200
    clock.advance(2 * 86_400)
    await actions.forget(floor.ports)
    assert (await floor.get(f"/v1/reservations/{ended.reservation_id}")).status == 404
    assert (await floor.get(f"/v1/reservations/{kept.reservation_id}")).status == 200
    assert (await floor.hold("crt_11", "ord_11", pot=1)).outcome is REFUSED


async def test_a_working_shop_sweeps_by_itself(open_shop: OpenShop) -> None:
    floor = Floor(await open_shop(service(), work=True))
    await floor.count("cup", 1)
    await floor.hold("crt_12", seconds=1, cup=1)
    async with asyncio.timeout(20):
        while await floor.level("cup") != (1, 0):
            floor.ports.due["sweep"].ring()
            await asyncio.sleep(0.1)
    assert await floor.told(StockReleased)
