"""An old shop's count of stock stands here, whatever carts hold; what is promised and what is owed is not forgotten."""

from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.contracts.inventory import AvailabilityChanged, HoldOutcome, ReleaseStock, StockAdjusted, StockReleased
from banyan.contracts.legacy import Fate, InventoryHandOver, InventoryTake, InventoryTenure, Outcome, StockRecord
from banyan.inventory import actions
from banyan.inventory.domain.taking import Count, Standing, holds_must_end, shifts
from banyan.kernel.clock import VirtualClock
from banyan.kernel.refusals import Moving
from tests.inventory.conftest import OpenFloor
from tests.inventory.floor import Floor

_epoch = count(1)
_versions = count(1)
BOOKS = ("stock", "level", "movement", "reservation", "reservation_line", "warehouse")


def stock(sku: str, on_hand: int, **given: Any) -> StockRecord:
    return StockRecord.model_validate({"id": sku, "version": next(_versions), "on_hand": on_hand} | given)


async def take(floor: Floor, *records: StockRecord) -> list[Fate]:
    return list((await floor.ask(InventoryTake(records=records))).fates)


async def taken(floor: Floor, *records: StockRecord) -> None:
    fates = await take(floor, *records)
    assert [fate.outcome for fate in fates] == [Outcome.TAKEN] * len(records), fates


async def back(floor: Floor, *skus: str) -> list[Any]:
    return list((await floor.ask(InventoryHandOver(kind="stock", ids=skus))).records)


async def owner(floor: Floor, whose: str | None) -> None:
    await floor.ask(InventoryTenure.model_validate({"group": "orders", "owner": whose, "epoch": next(_epoch)}))


async def books(floor: Floor) -> list[list[str]]:
    return [[str(row) for row in await floor.ports.db.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")] for table in BOOKS]


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
async def fenced(open_floor: OpenFloor, clock: VirtualClock) -> Floor:
    """A floor of its own for tests that change who owns the stock."""
    return await open_floor(clock)


async def test_a_count_stands_on_the_books_and_is_told(floor: Floor) -> None:
    await floor.told()
    mug = stock("mug", 7)
    await taken(floor, mug)
    assert await floor.level("mug") == (7, 0)
    assert await floor.told() == [
        StockAdjusted(sku="mug", warehouse_id="wh_main", change=7, reason="legacy"),
        AvailabilityChanged(sku="mug", available=True),
    ]
    row = await floor.ports.db.fetchrow("SELECT kind, on_hand_change, reason FROM movement WHERE sku = 'mug'")
    assert tuple(row or ()) == ("counted", 7, "legacy")
    assert await back(floor, "mug") == [mug]
    await taken(floor, again := stock("mug", 7))
    assert await floor.told() == []
    assert [fate.outcome for fate in await take(floor, mug)] == [Outcome.STALE]
    await taken(floor, less := stock("mug", 0))
    assert await floor.told(AvailabilityChanged) == [AvailabilityChanged(sku="mug", available=False)]
    assert await back(floor, "mug") == [less]
    assert again.version < less.version
    assert await floor.broken() == []


async def test_what_is_owed_is_an_empty_shelf_here_and_counts_again_on_the_way_back(floor: Floor) -> None:
    owed, backordered = stock("owed", -5), stock("ordered", -5, backorder=True)
    await taken(floor, owed, backordered)
    assert await floor.level("owed") == (0, 0)
    assert await floor.level("ordered") == (-5, 0)
    assert (await floor.hold("crt_1", owed=1)).outcome is HoldOutcome.REFUSED
    assert await back(floor, "owed", "ordered") == [owed, backordered]
    wish = {"sku": "owed", "warehouse_id": "wh_main", "change": 3, "kind": "received", "reason": "came in"}
    assert (await floor.post("/v1/stock/adjustments", wish)).status == 201
    assert await back(floor, "owed") == [owed.model_copy(update={"on_hand": -2})]
    await taken(floor, now := stock("owed", 4))
    assert await floor.level("owed") == (4, 0)
    assert await back(floor, "owed") == [now]


async def test_what_is_sold_without_counting_can_always_be_bought_and_its_count_stays(floor: Floor) -> None:
    song = stock("song", 3, tracked=False)
    await taken(floor, song)
    await floor.hold("crt_2", "ord_2", song=10)
    assert await floor.sell("ord_2")
    assert await back(floor, "song") == [song]
    await taken(floor, counted := stock("song", 8))
    assert await floor.level("song") == (8, 0)
    assert await back(floor, "song") == [counted]
    assert await floor.broken() == []


async def test_units_promised_to_orders_have_left_the_old_shops_count(floor: Floor) -> None:
    await taken(floor, stock("bowl", 10))
    await floor.hold("crt_3", "ord_3", bowl=4)
    await floor.hold("crt_4", bowl=2)  # a cart's hold is nothing that the old shop would know of
    assert [each.on_hand for each in await back(floor, "bowl")] == [6]
    await taken(floor, bowl := stock("bowl", 6))
    assert await floor.level("bowl") == (10, 6)
    assert await back(floor, "bowl") == [bowl]
    assert await floor.sell("ord_3")
    assert await floor.level("bowl") == (6, 2)
    assert await back(floor, "bowl") == [bowl]
    await taken(floor, stock("bowl", 3))
    assert await floor.level("bowl") == (3, 2)
    assert await floor.broken() == []


async def test_carts_lose_what_the_old_shop_sold_to_others(floor: Floor) -> None:
    await taken(floor, stock("vase", 5), stock("lamp", 5))
    await floor.hold("crt_5", vase=3, lamp=1)
    await floor.told()
    await taken(floor, stock("vase", 2), lamp := stock("lamp", 4))
    [released] = await floor.told(StockReleased)
    assert (released.cart_id, released.reason) == ("crt_5", "legacy")
    assert await floor.level("vase") == (2, 0)
    assert await floor.level("lamp") == (4, 0)
    assert await back(floor, "lamp") == [lamp]
    assert await floor.broken() == []


async def test_units_go_from_the_default_warehouse_first_and_come_to_it(floor: Floor) -> None:
    await taken(floor, stock("rug", 5))
    second = await floor.warehouse("Second", 5)
    await floor.put("rug", 4, second)
    assert [each.on_hand for each in await back(floor, "rug")] == [9]
    await taken(floor, stock("rug", 2))
    assert await floor.level("rug") == (0, 0)
    assert await floor.level("rug", second) == (2, 0)
    await taken(floor, stock("rug", 8))
    assert await floor.level("rug") == (6, 0)
    assert await floor.broken() == []


async def test_a_removed_sku_cannot_be_bought(floor: Floor) -> None:
    await taken(floor, stock("old", 5, backorder=True), never := stock("never", 0, removed=True))
    await taken(floor, gone := stock("old", 0, removed=True))
    assert (await floor.hold("crt_6", old=1)).outcome is HoldOutcome.REFUSED
    assert await back(floor, "old", "never", "nobody's") == [gone, never]
    await floor.count("old", 3)
    [now] = await back(floor, "old")
    assert (now.removed, now.on_hand) == (False, 3)


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (stock("", 1), "cannot be a SKU"),
        (stock("a\x07", 1), "cannot be a SKU"),
        (stock("a\0", 1), "NUL"),
        (stock("x" * 101, 1), "cannot be a SKU"),
        (stock("much", 10**10), "more than a shelf can hold"),
        (stock("more", 10**40), "a number that is too large"),
    ],
)
async def test_one_that_cannot_be_taken_is_refused_in_plain_words_and_holds_up_nobody(
    floor: Floor, record: StockRecord, why: str
) -> None:
    fates = await take(floor, stock("good", 1), record, stock("fine", 2))
    assert [fate.outcome for fate in fates] == [Outcome.TAKEN, Outcome.REFUSED, Outcome.TAKEN]
    assert why in fates[1].why


_records = st.builds(
    stock, st.sampled_from(["p", "q", "r"]), st.integers(-20, 20), tracked=st.booleans(), backorder=st.booleans()
)
_holds = st.tuples(st.sampled_from(["p", "q", "r"]), st.integers(1, 9), st.booleans())


@given(steps=st.lists(st.one_of(_records, _holds), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_taken_held_and_sold_between_the_last_count_goes_back_as_it_came(
    floor: Floor, steps: list[Any]
) -> None:
    orders: list[str] = []
    for step in steps:
        if isinstance(step, StockRecord):
            step = step.model_copy(update={"version": next(_versions)})
            await taken(floor, step)
            assert await back(floor, step.id) == [step]
            assert len({await floor.available(step.id), max(0, step.on_hand)}) <= 2
        elif await back(floor, step[0]):
            sku, units, ordered = step
            order = f"ord_{next(_versions)}" if ordered else None
            held = await floor.hold(f"crt_{next(_versions)}", order, **{sku: units})
            if order and held.outcome is HoldOutcome.HELD:
                orders.append(order)
    for order in orders:
        before = await back(floor, "p", "q", "r")
        assert await floor.sell(order)
        assert await back(floor, "p", "q", "r") == before
    assert await floor.broken() == []


@given(
    shelves=st.lists(st.tuples(st.integers(-9, 30), st.integers(0, 20)), min_size=1, max_size=4),
    free=st.integers(-9, 40),
    held=st.integers(0, 20),
    backorder=st.booleans(),
)
def test_shelves_together_hold_what_is_free_and_promised_and_none_gives_what_is_reserved(
    shelves: list[tuple[int, int]], free: int, held: int, backorder: bool
) -> None:
    there = [Standing(f"wh_{place}", on_hand, reserved) for place, (on_hand, reserved) in enumerate(shelves)]
    held = min(held, sum(each.reserved for each in there))
    wanted = Count("mug", free if backorder else max(0, free), backorder)
    if holds_must_end(wanted, held):
        with pytest.raises(ValueError, match="held"):
            shifts(wanted, there, held)
        return
    changes = shifts(wanted, there, held)
    after = {each.warehouse_id: each.on_hand + changes.get(each.warehouse_id, 0) for each in there}
    assert sum(after.values()) == wanted.free + sum(each.reserved for each in there) - held
    assert backorder or all(after[each.warehouse_id] >= each.reserved for each in there)


async def test_every_write_is_refused_while_the_old_shop_owns_the_stock_and_nothing_changes(
    fenced: Floor, clock: VirtualClock
) -> None:
    floor = fenced
    await taken(floor, stock("mug", 9))
    await floor.hold("crt_1", seconds=60, mug=2)
    await floor.hold("crt_2", "ord_2", mug=3)
    await owner(floor, "legacy")
    before = await books(floor)
    for call in (
        lambda: floor.hold("crt_3", mug=1),
        lambda: floor.count("mug", 8),
        lambda: floor.count("new", 3),
        lambda: floor.sell("ord_2"),
        lambda: floor.ask(ReleaseStock(order_id="ord_2")),
        lambda: floor.ask(ReleaseStock(cart_id="crt_1")),
    ):
        with pytest.raises(Moving):
            await call()
    wish = {"sku": "mug", "warehouse_id": "wh_main", "on_hand": 8, "reason": "counted"}
    for answer in (
        await floor.post("/v1/stock/adjustments", wish),
        await floor.post("/v1/warehouses", {"name": "x", "country": "FR", "priority": 3}),
        await floor.patch("/v1/stock/mug", {"backorder": True}, "*"),
    ):
        assert (answer.status, answer.json()["code"]) == (503, "moving"), answer
    assert await books(floor) == before
    assert (await floor.get("/v1/stock/mug")).status == 200
    clock.advance(61)
    await actions.sweep(floor.ports)  # holds of carts end as ever
    await actions.forget(floor.ports)
    assert await floor.level("mug") == (9, 3)
    await taken(floor, mug := stock("mug", 1))
    assert await floor.level("mug") == (4, 3)
    await owner(floor, "new")
    assert await floor.sell("ord_2")
    fates = await take(floor, stock("mug", 50), late := stock("late", 2))
    assert [fate.outcome for fate in fates] == [Outcome.REFUSED, Outcome.TAKEN]
    assert await back(floor, "mug", "late") == [mug, late]
    await owner(floor, None)
    assert await floor.broken() == []
