"""Many asked at once are served in rounds: as if one after another, for the statements of one, each with its own answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from copy import deepcopy
from itertools import permutations
from pathlib import Path

import pytest

from banyan.contracts.inventory import (
    AskStock,
    AvailabilityChanged,
    HoldOutcome,
    HoldStock,
    ReleaseStock,
    SellStock,
    StockHold,
    StockLine,
    StockRefused,
    StockReleased,
    StockReserved,
    StockReturned,
    StockSold,
)
from banyan.foundation import choose, telemetry
from banyan.foundation.running import Shop
from banyan.foundation.settings import Settings
from banyan.inventory import actions
from banyan.inventory.app import service
from banyan.kernel.clock import SystemClock, VirtualClock
from banyan.kernel.ids import SeededIds, SystemIds
from banyan.kernel.refusals import Conflict, Invalid
from tests.inventory.conftest import OpenFloor
from tests.inventory.floor import Floor
from tests.inventory.test_model import SKUS, Model, asked_to_sell
from tests.orders.world import counted

HELD, REFUSED = HoldOutcome.HELD, HoldOutcome.REFUSED


def held(answers: list[StockHold]) -> int:
    return sum(answer.outcome is HELD for answer in answers)


async def test_a_round_costs_what_one_costs(floor: Floor) -> None:
    for number in range(5):
        await floor.count(f"plenty{number}", 100_000)

    async def cost(*calls: HoldStock | SellStock | ReleaseStock | AskStock) -> int:
        before = len(statements)
        await asyncio.gather(*(floor.ask(call) for call in calls))
        return len(statements) - before

    async def costs(size: int, prefix: str) -> dict[str, int]:
        names = [f"{prefix}_{number}" for number in range(size)]
        wishes = [(name, (StockLine(sku=f"plenty{n % 5}", quantity=1),)) for n, name in enumerate(names)]
        return {
            "hold for an order": await cost(
                *(HoldStock(cart_id=f"{n}_now", order_id=f"{n}_now", lines=line) for n, line in wishes)
            ),
            "hold for a cart": await cost(*(HoldStock(cart_id=n, lines=line) for n, line in wishes)),
            "take over": await cost(*(HoldStock(cart_id=n, order_id=n, lines=line) for n, line in wishes)),
            "sell": await cost(*(SellStock(order_id=n) for n in names)),
            "give back what was sold": await cost(*(ReleaseStock(order_id=n) for n in names)),
            "give back nothing": await cost(*(ReleaseStock(order_id=f"{n}_none") for n in names)),
            "ask": await cost(*(AskStock(skus=(f"plenty{n % 5}",), for_cart=f"crt_{n}") for n in range(size))),
        }

    with counted() as statements:
        await costs(1, "warm")
        for size in (1, 20):
            assert await costs(size, f"cost{size}") == {
                "hold for an order": 6,
                "hold for a cart": 6,
                "take over": 5,
                "sell": 5,
                "give back what was sold": 8,
                "give back nothing": 4,
                "ask": 1,
            }


async def test_refusals_of_a_round_cost_five_statements_and_are_all_told(floor: Floor) -> None:
    await floor.count("gone", 0)
    await floor.told()
    with counted() as statements:
        answers = await asyncio.gather(*(floor.hold(f"crt_g{n}", f"ord_g{n}", gone=1) for n in range(40)))
    assert len(statements) == 5
    assert held(answers) == 0
    assert {fact.order_id for fact in await floor.told(StockRefused)} == {f"ord_g{n}" for n in range(40)}


async def test_each_wish_of_a_round_has_its_own_answer(floor: Floor) -> None:
    await floor.count("few", 3)
    await floor.count("many", 99)
    await floor.hold("crt_1", few=1)
    sold = await floor.hold("crt_2", "ord_2", many=1)
    await floor.sell("ord_2")
    await floor.release("ord_3")
    await floor.told()
    answers = await asyncio.gather(
        floor.hold("crt_1", "ord_1", few=2),  # takes over and takes one more
        floor.hold("crt_2", "ord_2", many=9),  # was answered before
        floor.hold("crt_3", "ord_3", many=1),  # was released before
        floor.hold("crt_4", "ord_4", few=2),  # one is left
        floor.hold("crt_5", "ord_5", few=1, many=2),
        floor.hold("crt_6", "ord_6", few=1),  # none is left
        floor.hold("crt_7", few=0),
        floor.hold("crt_5", "ord_5", many=1),  # its first wish stands
        floor.hold("crt_8", nobody_knows=1),
        return_exceptions=True,
    )
    assert isinstance(answers[6], Invalid)
    rest = [each for each in answers if isinstance(each, StockHold)]
    assert [each.outcome for each in rest] == [HELD, HELD, REFUSED, REFUSED, HELD, REFUSED, HELD, REFUSED]
    assert rest[1] == sold
    assert rest[6] == rest[4]
    assert [(short.wanted, short.available) for short in (*rest[3].short, *rest[5].short)] == [(2, 1), (1, 0)]
    assert (await floor.level("few"), await floor.level("many")) == ((3, 3), (98, 2))
    told = await floor.told()
    assert {fact.order_id for fact in told if isinstance(fact, StockReserved)} == {"ord_1", "ord_5"}
    refused = {fact.cart_id for fact in told if isinstance(fact, StockRefused)}
    assert refused == {"crt_4", "crt_6", "crt_8"}
    assert [fact for fact in told if isinstance(fact, AvailabilityChanged)] == [
        AvailabilityChanged(sku="few", available=False)
    ]
    assert await floor.broken() == []


async def test_fifty_different_and_equal_wishes_at_once(floor: Floor) -> None:
    await floor.count("mix", 1000)
    wishes = [(f"crt_m{n % 30}", f"ord_m{n % 25}" if n % 3 else None) for n in range(50)]
    answers = await asyncio.gather(*(floor.hold(cart, order, mix=1 + n % 4) for n, (cart, order) in enumerate(wishes)))
    assert held(answers) == 50
    by_order: dict[str, set[str | None]] = {}
    for (_, order), answer in zip(wishes, answers, strict=True):
        if order:
            by_order.setdefault(order, set()).add(answer.reservation_id)
    assert all(len(ids) == 1 for ids in by_order.values())  # whoever asks for an order hears the same
    assert await floor.broken() == []


async def test_sales_and_releases_of_a_round_have_their_own_answers(floor: Floor) -> None:
    await floor.count("part", 50)
    for number in range(4):
        await floor.hold(f"crt_p{number}", f"ord_p{number}", part=2)
    await floor.sell("ord_p3")
    await floor.told()
    calls = [SellStock(order_id=each) for each in ("ord_p0", "ord_p0", "ord_p3", "ord_nobody", "ord_p1")]
    sold = await asyncio.gather(*(floor.ask(call) for call in calls), return_exceptions=True)
    assert isinstance(sold[3], Conflict)
    assert [each.changed for each in sold if not isinstance(each, BaseException)] == [True, False, False, True]
    assert [fact.order_id for fact in await floor.told(StockSold)] == ["ord_p0", "ord_p1"]
    assert await floor.level("part") == (44, 2)
    orders = ("ord_p0", "ord_p2", "ord_p9", "ord_p0")
    back = await asyncio.gather(*(floor.release(order, reason=f"for {order}") for order in orders))
    assert back == [True, True, False, False]
    told = await floor.told()
    assert [fact.order_id for fact in told if isinstance(fact, StockReturned)] == ["ord_p0"]
    assert [fact.reason for fact in told if isinstance(fact, StockReleased)] == ["for ord_p2"]
    assert (await floor.hold("crt_p9", "ord_p9", part=1)).outcome is REFUSED
    assert await floor.level("part") == (46, 0)
    assert await floor.broken() == []


async def test_a_cart_that_somebody_else_acts_for_keeps_only_itself_waiting(floor: Floor) -> None:
    await floor.count("free", 9)
    async with floor.ports.db.transaction() as tx:
        await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('cart crt_busy', 0))")
        busy = asyncio.create_task(floor.hold("crt_busy", free=1))
        others = await asyncio.gather(*(floor.hold(f"crt_idle{n}", free=1) for n in range(5)))
        assert held(others) == 5
        assert not busy.done()
    assert (await busy).outcome is HELD
    assert await floor.level("free") == (9, 6)


async def test_one_that_cannot_be_kept_is_nobody_elses_loss(open_floor: OpenFloor) -> None:
    floor = await open_floor()
    await floor.count("brim", 0, backorder=True)
    await floor.ports.db.execute("UPDATE level SET reserved = 999999990 WHERE sku = 'brim'")  # as if all but ten were
    answers = await asyncio.gather(
        *(floor.hold(f"crt_n{n}", brim=5 if n != 1 else 1_000_000) for n in range(3)), return_exceptions=True
    )
    assert [isinstance(each, StockHold) and each.outcome is HELD for each in answers] == [True, False, True]
    assert (await floor.level("brim"))[1] == 1_000_000_000


async def test_facts_of_a_round_carry_the_trace_of_their_own_request(floor: Floor) -> None:
    await floor.count("trace", 9)

    async def ask(number: int) -> None:
        telemetry.enter(f"00-{number:032x}-{number:016x}-01", "", "f" * 48)
        await floor.hold(f"crt_t{number}", f"ord_t{number}", trace=1)

    await asyncio.gather(*(asyncio.create_task(ask(number)) for number in range(1, 6)))
    rows = await floor.ports.db.fetch("SELECT data, traceparent FROM outbox WHERE data->>'cart_id' LIKE 'crt\\_t_'")
    traces = {row["data"]["cart_id"]: row["traceparent"] for row in rows}
    assert traces == {f"crt_t{n}": f"00-{n:032x}-{n:016x}-01" for n in range(1, 6)}


async def test_a_cart_sees_its_own_units_in_a_round_of_questions(floor: Floor) -> None:
    await floor.count("seen", 9)
    await floor.count("unseen", 4)
    for number in range(3):
        await floor.hold(f"crt_s{number}", seen=number + 1)
    asked = [floor.ask(AskStock(skus=("unseen", "seen", "nobody"), for_cart=f"crt_s{n}")) for n in range(5)]
    answers = await asyncio.gather(*asked)
    told = [{level.sku: level.available for level in answer.levels} for answer in answers]
    assert told == [{"seen": 3 + own, "unseen": 4} for own in (1, 2, 3, 0, 0)]


@pytest.mark.parametrize("seed", range(3))
async def test_a_round_is_the_same_as_its_wishes_in_some_order(open_floor: OpenFloor, seed: int) -> None:
    """Holds, sales and releases of few carts, orders and SKUs at once: some order of them explains every answer."""
    clock = VirtualClock()
    floor, model, chance = await open_floor(clock), Model(), SeededIds(clock, seed)

    def pick(count: int) -> int:
        return int(chance.fraction() * count)

    for sku in SKUS:
        await floor.count(sku, 12)
        model.on_hand[sku] = 12
    for _ in range(25):
        now = clock.monotonic()
        asks: list[Callable[[], Awaitable[object]]] = []
        explains: list[Callable[[Model], object]] = []
        for _ in range(1 + pick(5)):
            cart, order, kind = f"crt_{pick(4)}", f"ord_{pick(9)}", pick(6)
            wanted = {sku: 1 + pick(5) for sku in SKUS if pick(2)} or {"a": 1}
            over, seconds = order if pick(2) else None, 30 + pick(60)
            if kind == 0:
                asks.append(lambda order=order: asked_to_sell(floor, order))
                explains.append(lambda m, order=order: m.sell(order))
            elif kind == 1:
                asks.append(lambda order=order: floor.release(order))
                explains.append(lambda m, order=order: m.release(order))
            else:
                asks.append(lambda c=cart, o=over, s=seconds, w=wanted: hold(floor, c, o, s, w))
                explains.append(lambda m, c=cart, o=over, s=seconds, w=wanted, n=now: m.hold(c, o, w, n, s))
        answers = await asyncio.gather(*(each() for each in asks))
        free = {sku: await floor.available(sku) for sku in SKUS}
        model = explained(model, explains, answers, free, now)
        assert {sku: (await floor.level(sku))[0] for sku in SKUS} == model.on_hand
        assert await floor.broken() == []
        clock.advance(pick(40))
        if not pick(3):
            await actions.sweep(floor.ports)


async def hold(floor: Floor, cart: str, order: str | None, seconds: int, wanted: dict[str, int]) -> bool:
    return (await floor.hold(cart, order, seconds, **wanted)).outcome is HELD


def explained(
    model: Model, wishes: list[Callable[[Model], object]], answers: list[object], free: dict[str, int], now: float
) -> Model:
    """The model after these wishes in an order that gives these answers and leaves this much free."""
    for order in permutations(range(len(wishes))):
        after = deepcopy(model)
        if all(wishes[number](after) == answers[number] for number in order) and after.free(now) == free:
            return after
    raise AssertionError("no order of these wishes gives these answers")


@pytest.fixture
async def two_floors(
    fresh: Callable[..., Awaitable[dict[str, str]]], tmp_path: Path
) -> AsyncIterator[tuple[Floor, Floor]]:
    """Two processes' worth of inventory over the same database."""
    clock, urls = SystemClock(), await fresh("bus", "inventory")
    shops = []
    for _ in range(2):
        settings = Settings(data_dir=tmp_path, search_url="embedded://memory", pool_size=5)
        shop = Shop.over(settings, await choose.bus(urls["bus"]), clock=clock, ids=SystemIds(clock))
        await shop.open(service(), urls["inventory"])
        shops.append(shop)
    yield Floor(shops[0]), Floor(shops[1])
    for shop in shops:
        await shop.close()


async def test_two_processes_sell_a_hot_sku_to_the_last_unit_and_no_more(two_floors: tuple[Floor, Floor]) -> None:
    one, two = two_floors
    await one.count("flash", 100)
    buyers = [(one, two)[n % 2] for n in range(500)]
    answers = await asyncio.gather(*(at.hold(f"crt_{n}", f"ord_{n}", flash=1) for n, at in enumerate(buyers)))
    assert held(answers) == 100
    assert await one.level("flash") == (100, 100)
    bought = [n for n, answer in enumerate(answers) if answer.outcome is HELD]
    done = await asyncio.gather(
        *(buyers[n - 1].sell(f"ord_{n}") for n in bought),
        *(at.release(f"ord_{n}") for n, at in enumerate(buyers) if n not in bought),
    )
    assert sum(done) == 100
    assert await one.level("flash") == (0, 0)
    facts = await one.told()
    assert sum(isinstance(fact, StockSold) for fact in facts) == 100
    assert len({fact.cart_id for fact in facts if isinstance(fact, StockRefused)}) == 400
    assert await one.broken() == []


async def test_two_processes_asked_the_same_do_it_once(two_floors: tuple[Floor, Floor]) -> None:
    one, two = two_floors
    names = [f"kit_{n}" for n in range(4)]
    for name in names:
        await one.count(name, 200)
    wishes = [dict.fromkeys(names[n % 4 :] + names[: n % 4], 1) for n in range(60)]

    async def order(n: int, at: Floor) -> StockHold:
        answer = await at.hold(f"crt_{n % 40}", f"ord_{n}", **wishes[n])
        await asyncio.gather(one.sell(f"ord_{n}"), two.sell(f"ord_{n}"))
        return answer

    answers = await asyncio.gather(*(order(n, at) for n in range(60) for at in (one, two)))
    assert held(answers) == 120
    assert len({answer.reservation_id for answer in answers}) == 60
    assert [await one.level(name) for name in names] == [(140, 0)] * 4
    assert sum(isinstance(fact, StockSold) for fact in await one.told()) == 60
    assert await one.broken() == []


async def test_an_order_that_was_refused_never_holds_anything_though_its_call_comes_again(floor: Floor) -> None:
    await floor.count("late", 3)
    assert (await floor.hold("crt_late", "ord_late", late=5)).outcome is REFUSED
    await floor.count("late", 10)
    assert (await floor.hold("crt_late", "ord_late", late=5)).outcome is REFUSED
    assert await floor.level("late") == (10, 0)
    assert (await floor.hold("crt_new", "ord_new", late=10)).outcome is HELD
