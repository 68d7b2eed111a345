"""A promise to an order is kept, sold or released; once released it is so for ever, even when release came first."""

import asyncio
from contextlib import suppress

import pytest

from banyan.contracts.inventory import (
    HoldOutcome,
    Parcel,
    ReleaseStock,
    StockHold,
    StockLine,
    StockReleased,
    StockReturned,
    StockSold,
)
from banyan.kernel.refusals import Conflict, Invalid
from tests.inventory.floor import Floor

NEVER = StockHold(outcome=HoldOutcome.REFUSED)


async def test_sold_units_leave_the_books_once(floor: Floor) -> None:
    await floor.count("mug", 5)
    held = await floor.hold("crt_1", "ord_1", mug=2)
    await floor.told()
    assert await floor.sell("ord_1")
    assert not await floor.sell("ord_1")
    assert await floor.level("mug") == (3, 0)
    assert await floor.told() == [
        StockSold(
            reservation_id=held.reservation_id or "",
            order_id="ord_1",
            parcels=(Parcel(warehouse_id="wh_main", lines=(StockLine(sku="mug", quantity=2),)),),
        )
    ]
    assert await floor.broken() == []


async def test_nothing_held_is_nothing_to_sell(floor: Floor) -> None:
    await floor.count("bowl", 5)
    await floor.hold("crt_2", bowl=1)
    for order in ("ord_unknown", "crt_2"):
        with pytest.raises(Conflict):
            await floor.sell(order)
    assert await floor.level("bowl") == (5, 1)


async def test_a_promise_released_is_free_for_others_and_never_sold(floor: Floor) -> None:
    await floor.count("lamp", 1)
    held = await floor.hold("crt_3", "ord_3", lamp=1)
    await floor.told()
    assert await floor.release("ord_3", reason="payment_failed")
    assert not await floor.release("ord_3")
    [released] = await floor.told(StockReleased)
    assert released == StockReleased(
        reservation_id=held.reservation_id or "",
        cart_id="crt_3",
        order_id="ord_3",
        reason="payment_failed",
        lines=(StockLine(sku="lamp", quantity=1),),
    )
    with pytest.raises(Conflict):
        await floor.sell("ord_3")
    assert await floor.hold("crt_3", "ord_3", lamp=1) == NEVER
    assert (await floor.hold("crt_3", "ord_3b", lamp=1)).outcome is HoldOutcome.HELD
    assert await floor.broken() == []


async def test_an_order_released_before_it_held_anything_never_holds_anything(floor: Floor) -> None:
    await floor.count("vase", 1)
    assert not await floor.release("ord_4")
    assert not await floor.release("ord_4")
    await floor.hold("crt_4", vase=1)
    assert await floor.hold("crt_4", "ord_4", vase=1) == NEVER
    assert await floor.level("vase") == (1, 1)  # the cart's own hold is left as it was
    with pytest.raises(Conflict):
        await floor.sell("ord_4")


async def test_sold_units_of_a_cancelled_order_come_back(floor: Floor) -> None:
    await floor.count("rug", 3)
    await floor.hold("crt_5", "ord_5", rug=3)
    await floor.sell("ord_5")
    await floor.told()
    assert await floor.release("ord_5")
    assert not await floor.release("ord_5")
    assert await floor.told(StockReturned) == [
        StockReturned(order_id="ord_5", lines=(StockLine(sku="rug", quantity=3),))
    ]
    assert await floor.level("rug") == (3, 0)
    moved = (await floor.get("/v1/stock/rug/movements")).json()["items"]
    assert [(each["kind"], each["change"]) for each in moved] == [("returned", 3), ("sold", -3), ("counted", 3)]
    assert await floor.hold("crt_5", "ord_5", rug=1) == NEVER
    assert await floor.broken() == []


async def test_one_release_ends_an_order_and_its_cart(floor: Floor) -> None:
    await floor.count("fan", 4)
    await floor.hold("crt_6", "ord_6", fan=1)
    await floor.hold("crt_6", fan=2)
    assert (await floor.ask(ReleaseStock(order_id="ord_6", cart_id="crt_6"))).changed
    assert await floor.level("fan") == (4, 0)


@pytest.mark.parametrize(
    "call",
    [ReleaseStock(), ReleaseStock(order_id=""), ReleaseStock(cart_id="a\0")],
)
async def test_a_release_says_whose(floor: Floor, call: ReleaseStock) -> None:
    with pytest.raises(Invalid):
        await floor.ask(call)


async def test_a_release_never_fails_for_how_its_reason_is_spelt(floor: Floor) -> None:
    await floor.count("jug", 1)
    await floor.hold("crt_9", "ord_9", jug=1)
    assert await floor.release("ord_9", reason="\0line one\nline \ud800two" + "!" * 600)
    [released] = [fact for fact in await floor.told(StockReleased) if fact.order_id == "ord_9"]
    assert released.reason.startswith("line one line  two!")
    assert len(released.reason) <= 500


async def test_hold_and_release_of_one_order_at_once_end_released(floor: Floor) -> None:
    await floor.count("cup", 40)
    for number in range(20):
        order, cart = f"ord_7_{number}", f"crt_7_{number}"
        if number % 2:
            await floor.hold(cart, cup=1)
        await asyncio.gather(floor.hold(cart, order, cup=1), floor.release(order), floor.hold(cart, order, cup=1))
        assert await floor.hold(cart, order, cup=1) == NEVER
        await floor.release(cart=cart)
    assert await floor.level("cup") == (40, 0)
    assert await floor.broken() == []


async def test_sale_and_release_of_one_order_at_once_lose_no_unit(floor: Floor) -> None:
    await floor.count("pot", 20)

    async def sell(order: str) -> None:
        with suppress(Conflict):  # it was released first
            await floor.sell(order)

    for number in range(20):
        order = f"ord_8_{number}"
        await floor.hold(f"crt_8_{number}", order, pot=1)
        await asyncio.gather(sell(order), floor.release(order), sell(order), floor.release(order))
        await floor.release(order)
    assert await floor.level("pot") == (20, 0)
    assert await floor.broken() == []
