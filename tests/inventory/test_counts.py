"""Counts and adjustments move the books by movements only, never below what is promised, and tell who crossed a line."""

import asyncio

import pytest

from banyan.contracts import Event
from banyan.contracts.inventory import (
    AskStock,
    AvailabilityChanged,
    HoldOutcome,
    SetStock,
    StockAdjusted,
    StockCount,
    StockLevel,
    StockLow,
)
from banyan.kernel.refusals import Conflict, Invalid
from tests.inventory.floor import Floor


async def test_an_import_counts_thousands_and_a_second_one_changes_nothing(floor: Floor) -> None:
    counts = tuple(StockCount(sku=f"sku_{number:05}", on_hand=number % 7) for number in range(3000))
    assert (await floor.ask(SetStock(counts=counts))).changed
    heard = await floor.told(Event)
    assert len([fact for fact in heard if isinstance(fact, StockAdjusted)]) == sum(n % 7 > 0 for n in range(3000))
    assert not (await floor.ask(SetStock(counts=counts))).changed
    one = (*counts[:-1], StockCount(sku=counts[-1].sku, on_hand=50))
    assert (await floor.ask(SetStock(counts=one))).changed
    change = 50 - counts[-1].on_hand
    assert await floor.told() == [
        StockAdjusted(sku=counts[-1].sku, warehouse_id="wh_main", change=change, reason="counted")
    ]
    assert (await floor.get(f"/v1/stock/{counts[-1].sku}/movements")).json()["items"][0]["change"] == change
    assert await floor.broken() == []


async def test_a_count_below_what_is_reserved_is_refused_by_name_and_changes_nothing(floor: Floor) -> None:
    await floor.count("mug", 5)
    await floor.count("bowl", 5)
    await floor.hold("crt_1", mug=3)
    await floor.told()
    counts = (StockCount(sku="mug", on_hand=2), StockCount(sku="bowl", on_hand=1), StockCount(sku="new", on_hand=1))
    with pytest.raises(Conflict, match="mug") as refused:
        await floor.ask(SetStock(counts=counts))
    assert refused.value.code == "below_reserved"
    assert [fault.detail for fault in refused.value.errors] == ["mug: 3 reserved"]
    assert (await floor.level("mug"), await floor.level("bowl")) == ((5, 3), (5, 0))
    assert (await floor.ask(AskStock(skus=("new",)))).levels == ()
    assert await floor.told() == []


async def test_imports_of_the_same_skus_at_once_add_nothing_up(floor: Floor) -> None:
    counts = [StockCount(sku=f"both_{number}", on_hand=3) for number in range(50)]
    await asyncio.gather(*(floor.ask(SetStock(counts=tuple(turn))) for turn in (counts, counts[::-1], counts)))
    assert {await floor.level(count.sku) for count in counts} == {(3, 0)}
    assert await floor.broken() == []


@pytest.mark.parametrize(
    "count",
    [
        StockCount(sku="", on_hand=1),
        StockCount(sku="a\0", on_hand=1),
        StockCount(sku="a" * 101, on_hand=1),
        StockCount(sku="a", on_hand=-1),
        StockCount(sku="a", on_hand=10**10),
        StockCount(sku="a", on_hand=1, low_stock_at=-1),
    ],
)
async def test_a_count_that_cannot_be_is_refused(floor: Floor, count: StockCount) -> None:
    with pytest.raises(Invalid):
        await floor.ask(SetStock(counts=(count,)))


async def test_ask_stock_leaves_out_what_nobody_knows(floor: Floor) -> None:
    await floor.count("plate", 4, backorder=True)
    asked = await floor.ask(AskStock(skus=("plate", "ghost", "a\0b", "\ud800"), for_cart="\0"))
    assert asked.levels == (StockLevel(sku="plate", available=4, backorder=True),)


async def test_a_sku_is_told_to_be_sold_out_and_back_just_when_it_crosses(floor: Floor) -> None:
    await floor.told()
    await floor.count("lamp", 3)
    assert await floor.crossings() == [AvailabilityChanged(sku="lamp", available=True)]
    await floor.hold("crt_2", lamp=2)
    assert await floor.crossings() == []
    await floor.hold("crt_3", "ord_3", lamp=1)
    assert await floor.told(AvailabilityChanged) == [AvailabilityChanged(sku="lamp", available=False)]
    await floor.sell("ord_3")
    await floor.hold("crt_2", "ord_2", lamp=2)
    assert await floor.crossings() == []
    await floor.release("ord_3")
    assert await floor.told(AvailabilityChanged) == [AvailabilityChanged(sku="lamp", available=True)]
    await floor.release("ord_2")
    assert await floor.told(AvailabilityChanged) == []


async def test_low_stock_is_told_once_on_the_way_down_and_again_after_a_rise(floor: Floor) -> None:
    await floor.count("vase", 3, low_stock_at=5)
    assert await floor.told(StockLow) == []  # it never was above
    await floor.count("vase", 8, low_stock_at=5)
    await floor.hold("crt_4", vase=2)
    assert await floor.told(StockLow) == []
    await floor.hold("crt_4", vase=4)
    assert await floor.told(StockLow) == [StockLow(sku="vase", available=4, threshold=5)]
    await floor.hold("crt_5", vase=4)
    assert await floor.told(StockLow) == []
    await floor.release(cart="crt_4")
    await floor.release(cart="crt_5")
    await floor.hold("crt_4", vase=3)
    assert await floor.told(StockLow) == [StockLow(sku="vase", available=5, threshold=5)]


async def test_the_crossing_is_told_once_even_when_the_last_units_go_in_two_warehouses_at_once(floor: Floor) -> None:
    east, west = await floor.warehouse("East", 5), await floor.warehouse("West", 6)
    for turn in range(10):
        sku = f"edge_{turn}"
        for house in (east, west):
            await floor.put(sku, 3, house)
        await floor.told()
        await asyncio.gather(*(floor.hold(f"crt_{sku}_{taker}", None, **{sku: 1}) for taker in range(8)))
        assert await floor.told(AvailabilityChanged) == [AvailabilityChanged(sku=sku, available=False)]
        await asyncio.gather(*(floor.release(cart=f"crt_{sku}_{taker}") for taker in range(8)))
        assert await floor.told(AvailabilityChanged) == [AvailabilityChanged(sku=sku, available=True)]
    assert await floor.broken() == []


async def test_on_backorder_more_is_sold_than_there_is_and_what_arrives_is_owed_first(floor: Floor) -> None:
    await floor.count("sofa", 1, backorder=True)
    assert (await floor.hold("crt_6", "ord_6", sofa=3)).outcome is HoldOutcome.HELD
    assert (await floor.hold("crt_7", sofa=1)).outcome is HoldOutcome.HELD
    assert await floor.available("sofa") == 0
    assert AvailabilityChanged(sku="sofa", available=False) not in await floor.crossings()
    await floor.sell("ord_6")
    assert await floor.level("sofa") == (-2, 1)
    wish = {"sku": "sofa", "change": 5, "kind": "received", "reason": "delivery 7"}
    assert (await floor.post("/v1/stock/adjustments", wish)).json()["available"] == 2
    assert await floor.broken() == []


async def test_backorder_ends_only_when_nothing_is_owed(floor: Floor) -> None:
    await floor.count("bed", 1, backorder=True)
    await floor.hold("crt_8", bed=2)
    with pytest.raises(Conflict):
        await floor.count("bed", 1)
    assert await floor.count("bed", 2)
    assert (await floor.hold("crt_9", bed=1)).outcome is HoldOutcome.REFUSED
    assert await floor.count("bed", 0, backorder=True)
    assert (await floor.hold("crt_9", bed=1)).outcome is HoldOutcome.HELD
    assert await floor.broken() == []
