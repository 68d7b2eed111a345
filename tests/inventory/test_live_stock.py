"""Numbers in Redis are what shoppers are told; what is sold is decided by the database, whatever happens to Redis."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import orjson
import pytest

from banyan.contracts.inventory import HoldOutcome, StockHold
from banyan.inventory import storage
from banyan.inventory.actions.live_stock import SECONDS
from banyan.inventory.app import service
from tests.backends.redis_server import RedisServer
from tests.conftest import OpenShop
from tests.inventory.floor import Doorman, Floor


@pytest.fixture(scope="module")
async def live(open_shop: OpenShop, own_redis: RedisServer) -> Floor:
    shop = await open_shop(service(), work=True, cache_url=own_redis.url)
    shop.ports["inventory"].authority = Doorman()  # type: ignore[assignment]
    return Floor(shop)


async def told(floor: Floor, sku: str, who: str = "nobody") -> int:
    answer = await floor.get(f"/v1/stock/{sku}", who)
    assert answer.status == 200
    assert answer.json()["sku"] == sku
    return int(answer.json()["available"])


async def kept(floor: Floor, sku: str) -> int | None:
    found = await floor.ports.cache.get_newest([f"stock:{sku}"])
    return orjson.loads(found[f"stock:{sku}"])["available"] if found else None


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():
            await asyncio.sleep(0.02)


async def test_numbers_follow_what_is_held_sold_and_given_back(live: Floor) -> None:
    async def is_(units: int) -> None:
        async def holds() -> bool:
            return await kept(live, "mug") == units

        await eventually(holds)
        assert await told(live, "mug") == units

    await live.count("mug", 10)
    await is_(10)
    await live.hold("crt_a", mug=4)
    await is_(6)
    await live.hold("crt_a", "ord_a", mug=4)
    await live.sell("ord_a")
    await live.hold("crt_b", "ord_b", mug=1)
    await is_(5)
    await live.release("ord_a")
    await is_(9)


async def test_a_server_that_forgot_is_told_again_by_who_asks(live: Floor, own_redis: RedisServer) -> None:
    await live.count("cup", 3)
    own_redis.ask("flushall")

    async def knows() -> bool:
        assert await told(live, "cup") == 3
        return await kept(live, "cup") == 3

    await eventually(knows)
    answer = await live.get("/v1/stock?sku=cup&sku=unknown&sku=cup", "nobody")
    assert [(each["sku"], each["available"]) for each in answer.json()["items"]] == [("cup", 3)]
    assert set(answer.json()["items"][0]) >= {"sku", "available", "backorder", "low"}
    assert (await live.get("/v1/stock/unknown", "nobody")).status == 404


async def test_a_wrong_number_is_shown_at_most_and_decides_nothing(live: Floor) -> None:
    await live.count("rare", 1)
    await live.count("gone", 0)
    later = "9" * 20

    async def lied_to() -> bool:
        for sku, units in (("rare", 0), ("gone", 999)):
            shown = {"sku": sku, "available": units, "backorder": False, "low": False}
            values = {f"stock:{sku}": orjson.dumps(shown)}
            await live.ports.cache.put_newest(values, version=later, seconds=SECONDS)
        return (await told(live, "rare"), await told(live, "gone")) == (0, 999)

    await eventually(lied_to)
    assert (await told(live, "rare", "reader"), await told(live, "gone", "reader")) == (1, 0), "operators see the books"
    assert (await live.hold("crt_r", rare=1)).outcome is HoldOutcome.HELD
    assert (await live.hold("crt_g", gone=1)).outcome is HoldOutcome.REFUSED


async def test_what_was_read_later_is_known_to_be_newer(live: Floor) -> None:
    db = live.ports.db

    async def as_of() -> tuple[str, int]:
        [row] = await storage.look_up_as_of(db, ["ring"])
        return row["as_of"], row["available"]

    await live.count("ring", 1)
    first = await as_of()
    async with db.transaction() as old:  # it has its number before those that commit while it is open
        await old.execute("UPDATE level SET on_hand = 3 WHERE sku = 'ring'")
        async with db.transaction() as other:
            await other.execute("UPDATE stock SET low_stock_at = 1 WHERE sku = 'ring'")
        second = await as_of()
    third = await as_of()
    assert [units for _, units in (first, second, third)] == [1, 1, 3]
    assert first[0] < second[0] < third[0]
    async with db.transaction() as back:  # as the movements say
        await back.execute("UPDATE level SET on_hand = 1 WHERE sku = 'ring'")


async def test_without_redis_the_database_answers(live: Floor, own_redis: RedisServer) -> None:
    await live.count("lamp", 2)
    own_redis.stop(kill=True)
    try:
        assert [await told(live, "lamp") for _ in range(5)] == [2] * 5
    finally:
        own_redis.start()


@pytest.fixture
async def trouble(own_redis: RedisServer) -> AsyncIterator[None]:
    """Redis is emptied and killed while the test runs, and runs when it is over."""
    chance = random.Random(7)
    over = asyncio.Event()

    async def make() -> None:
        while not over.is_set():
            if chance.random() < 0.3:
                await asyncio.to_thread(own_redis.stop, kill=True)
                await asyncio.to_thread(own_redis.start)
            else:
                await asyncio.to_thread(own_redis.ask, "flushall")
            await asyncio.sleep(chance.random() * 0.1)

    making = asyncio.create_task(make())
    yield
    over.set()  # not cancelled: a thread that starts a server goes on, and a second start would find the port taken
    await making


@pytest.mark.usefixtures("trouble")
async def test_while_redis_is_in_trouble_exactly_what_there_is_is_sold(live: Floor) -> None:
    await live.count("drop", 20)
    answers: list[StockHold] = []
    for turn in range(6):
        takers = (live.hold(f"crt_t{turn}_{n}", f"ord_t{turn}_{n}", drop=1) for n in range(20))
        done, seen = await asyncio.gather(
            asyncio.gather(*takers), asyncio.gather(*(told(live, "drop") for _ in range(30)))
        )
        answers += done
        assert all(0 <= each <= 20 for each in seen)
    assert sum(each.outcome is HoldOutcome.HELD for each in answers) == 20
    assert await live.level("drop") == (20, 20)
    assert await live.broken() == []

    async def settled() -> bool:
        return await told(live, "drop") == 0

    await eventually(settled)
