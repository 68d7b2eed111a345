"""HoldStock: all lines or none, replaced and never added to, taken over by an order without being given up."""

import pytest

from banyan.contracts.inventory import (
    HoldOutcome,
    HoldStock,
    Parcel,
    Shortage,
    StockLine,
    StockRefused,
    StockReleased,
    StockReserved,
)
from banyan.kernel.refusals import Invalid
from tests.inventory.floor import Floor

HELD, REFUSED = HoldOutcome.HELD, HoldOutcome.REFUSED


async def test_a_hold_sets_units_aside_and_tells_so(floor: Floor) -> None:
    await floor.count("mug", 5)
    await floor.told()
    held = await floor.hold("crt_1", mug=2)
    assert held.outcome is HELD
    assert held.expires_at is not None
    assert held.parcels == (Parcel(warehouse_id="wh_main", lines=(StockLine(sku="mug", quantity=2),)),)
    assert await floor.level("mug") == (5, 2)
    assert (await floor.available("mug"), await floor.available("mug", for_cart="crt_1")) == (3, 5)
    assert await floor.told() == [
        StockReserved(
            reservation_id=held.reservation_id or "",
            cart_id="crt_1",
            order_id=None,
            lines=(StockLine(sku="mug", quantity=2),),
        )
    ]
    assert await floor.broken() == []


async def test_all_lines_or_none(floor: Floor) -> None:
    await floor.count("plate", 5)
    await floor.count("bowl", 1)
    await floor.told()
    refused = await floor.hold("crt_2", plate=2, bowl=2, ghost=1)
    short = (Shortage(sku="bowl", wanted=2, available=1), Shortage(sku="ghost", wanted=1, available=0))
    assert (refused.outcome, refused.short, refused.reservation_id) == (REFUSED, short, None)
    assert await floor.told() == [StockRefused(cart_id="crt_2", order_id=None, short=short)]
    assert (await floor.level("plate"), await floor.level("bowl")) == ((5, 0), (1, 0))


async def test_what_a_cart_held_is_replaced_and_never_stands_in_its_own_way(floor: Floor) -> None:
    await floor.count("lamp", 3)
    first = await floor.hold("crt_3", lamp=3)
    again = await floor.hold("crt_3", lamp=3)
    assert again.outcome is HELD
    assert again.expires_at is not None
    assert first.expires_at is not None
    assert again.expires_at > first.expires_at
    assert await floor.level("lamp") == (3, 3)
    assert (await floor.hold("crt_3", lamp=1)).outcome is HELD
    assert await floor.level("lamp") == (3, 1)
    assert (await floor.hold("crt_3", lamp=4)).outcome is REFUSED
    assert await floor.level("lamp") == (3, 1)
    assert (await floor.hold("crt_4", lamp=2)).outcome is HELD
    assert await floor.broken() == []


async def test_another_wish_moves_the_hold_to_other_skus(floor: Floor) -> None:
    await floor.count("left", 4)
    await floor.count("right", 4)
    await floor.hold("crt_5", left=2, right=1)
    await floor.hold("crt_5", right=3)
    assert (await floor.level("left"), await floor.level("right")) == ((4, 0), (4, 3))
    assert await floor.broken() == []


async def test_an_order_takes_the_carts_hold_over_as_it_is(floor: Floor) -> None:
    await floor.count("vase", 2)
    mine = await floor.hold("crt_6", vase=2)
    taken = await floor.hold("crt_6", "ord_6", vase=2)
    assert (taken.outcome, taken.reservation_id, taken.expires_at) == (HELD, mine.reservation_id, None)
    assert taken.parcels == mine.parcels
    assert await floor.level("vase") == (2, 2)
    assert await floor.available("vase", for_cart="crt_6") == 0  # it is the order's now, not the cart's


async def test_an_order_takes_over_and_adjusts_what_differs(floor: Floor) -> None:
    await floor.count("cup", 4)
    await floor.count("saucer", 4)
    mine = await floor.hold("crt_7", cup=2)
    taken = await floor.hold("crt_7", "ord_7", cup=1, saucer=2)
    assert taken.reservation_id == mine.reservation_id
    assert (await floor.level("cup"), await floor.level("saucer")) == ((4, 1), (4, 2))
    assert await floor.broken() == []


async def test_an_order_that_cannot_take_over_leaves_the_carts_hold(floor: Floor) -> None:
    await floor.count("rug", 2)
    await floor.hold("crt_8", rug=2)
    assert (await floor.hold("crt_8", "ord_8", rug=3)).outcome is REFUSED
    assert (await floor.hold("crt_8", "ord_8b", rug=2)).outcome is HELD


async def test_the_same_order_asked_again_is_answered_the_same_also_after_it_was_sold(floor: Floor) -> None:
    await floor.count("clock", 9)
    first = await floor.hold("crt_9", "ord_9", clock=2)
    assert await floor.hold("crt_9", "ord_9", clock=2) == first
    assert await floor.hold("crt_9", "ord_9", clock=5) == first
    await floor.sell("ord_9")
    assert await floor.hold("crt_9", "ord_9", clock=2) == first
    assert await floor.level("clock") == (7, 0)


async def test_a_carts_next_hold_leaves_what_its_order_was_promised(floor: Floor) -> None:
    await floor.count("fan", 3)
    await floor.hold("crt_10", "ord_10", fan=2)
    assert (await floor.hold("crt_10", fan=2)).outcome is REFUSED
    assert (await floor.hold("crt_10", fan=1)).outcome is HELD
    assert (await floor.hold("crt_10", "ord_10b", fan=1)).outcome is HELD
    assert await floor.level("fan") == (3, 3)
    assert await floor.sell("ord_10")
    assert await floor.broken() == []


async def test_a_cart_gives_back_what_no_order_has_taken(floor: Floor) -> None:
    await floor.count("sofa", 3)
    held = await floor.hold("crt_11", sofa=3)
    await floor.told()
    assert await floor.release(cart="crt_11", reason="emptied")
    assert not await floor.release(cart="crt_11")
    assert await floor.told(StockReleased) == [
        StockReleased(
            reservation_id=held.reservation_id or "",
            cart_id="crt_11",
            order_id=None,
            reason="emptied",
            lines=(StockLine(sku="sofa", quantity=3),),
        )
    ]
    await floor.hold("crt_11", "ord_11", sofa=3)
    assert not await floor.release(cart="crt_11")
    assert await floor.level("sofa") == (3, 3)


async def test_equal_skus_in_two_lines_are_one_wish(floor: Floor) -> None:
    await floor.count("pen", 3)
    line = StockLine(sku="pen", quantity=2)
    answer = await floor.ask(HoldStock(cart_id="crt_12", lines=(line, line)))
    assert answer.short == (Shortage(sku="pen", wanted=4, available=3),)


@pytest.mark.parametrize(
    "call",
    [
        HoldStock(cart_id="crt_x", lines=()),
        HoldStock(cart_id="crt_x", lines=(StockLine(sku="pen", quantity=0),)),
        HoldStock(cart_id="crt_x", lines=(StockLine(sku="pen", quantity=-1), StockLine(sku="pen", quantity=2))),
        HoldStock(cart_id="crt_x", lines=(StockLine(sku="pen", quantity=10**12),)),
        HoldStock(cart_id="crt_x", lines=(StockLine(sku="p\0n", quantity=1),)),
        HoldStock(cart_id="crt\ud800", lines=(StockLine(sku="pen", quantity=1),)),
        HoldStock(cart_id="crt_x", order_id="", lines=(StockLine(sku="pen", quantity=1),)),
        HoldStock(cart_id="crt_x", lines=(StockLine(sku="pen", quantity=1),), seconds=0),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(floor: Floor, call: HoldStock) -> None:
    await floor.told()
    with pytest.raises(Invalid):
        await floor.ask(call)
    assert await floor.told() == []
