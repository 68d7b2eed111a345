"""Gateways that share a cache: one of them asks for all, and none shows the others what it heard is no longer so."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from banyan.foundation import loopback
from banyan.foundation.auth import GUEST
from banyan.foundation.cache import Cache
from banyan.foundation.cache.memory import MemoryCache
from banyan.foundation.cache.redis import RedisCache
from banyan.foundation.running import Shop
from banyan.gateway import limits
from banyan.gateway.app import open_gateway
from banyan.gateway.cache import FRESH, REVALIDATE, SETTLING, Shelf, key_of
from banyan.gateway.limits import SIGN_IN, Limits
from banyan.gateway.shared import Answers
from banyan.kernel.clock import SystemClock, VirtualClock
from banyan.kernel.refusals import TooMany, Unavailable
from tests.backends.redis_server import RedisServer
from tests.conftest import OpenShop
from tests.gateway.conftest import ROUTES, Toys, edge
from tests.gateway.test_cache import LIST, MUG, Catalog, answer, fact, mug, read, until_asked


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def cache(clock: VirtualClock) -> MemoryCache:
    """One for all: what is so of the port's promises is so of any backend."""
    return MemoryCache(clock)


class Street:
    """Several gateways, each with a shelf of its own."""

    def __init__(self, clock: VirtualClock, cache: Cache, count: int = 2) -> None:
        self.catalog = Catalog()
        self.shelves = [Shelf(self.catalog.ask, clock, patience=0.05, shared=Answers(cache)) for _ in range(count)]

    async def read(self, which: int, target: str = MUG) -> Any:
        got = await read(self.shelves[which], target)
        await asyncio.gather(*self.shelves[which]._asked)  # what it gives to the others
        return got


@pytest.fixture
def street(clock: VirtualClock, cache: MemoryCache) -> Street:
    return Street(clock, cache)


def price(got: Any) -> int:
    return int(got["price"])


async def test_what_one_was_answered_the_others_do_not_ask_for(street: Street) -> None:
    told = {"etag": '"v7"', "x-banyan-tags": "product:prd_1", "cache-control": "public, max-age=5"}
    street.catalog.answers[MUG] = answer({"id": "prd_1", "slug": "mug", "price": 7, "words": "clay " * 500}, told)
    assert price(await street.read(0)) == price(await street.read(1)) == 7
    assert street.catalog.asked == [MUG]
    mine, theirs = (shelf.fresh(key_of(MUG.encode(), b"")) for shelf in street.shelves)
    assert mine is not None
    assert mine.zipped is not None
    assert mine == theirs, "to the last byte: headers, ETags, plain and compressed"


async def test_a_change_is_a_change_for_all(street: Street, clock: VirtualClock) -> None:
    street.catalog.answers |= {MUG: mug(7), LIST: answer([7])}
    for target in (MUG, LIST):
        await street.read(0, target)
    street.catalog.answers |= {MUG: mug(8), LIST: answer([8])}
    clock.advance(1)
    for shelf in street.shelves:
        await shelf.hear([fact("PriceChanged", slug="mug")])
    clock.advance(SETTLING + 1)
    assert [price(await street.read(which)) for which in (1, 0)] == [8, 8]
    assert [await street.read(which, LIST) for which in (1, 0)] == [[8], [8]]
    assert len(street.catalog.asked) == 4, "the first to want it asks for both"


@pytest.mark.parametrize("kind", ["ProductRemoved", "CategoryChanged"])
async def test_what_is_gone_or_may_all_have_changed_is_asked_for_again(
    street: Street, clock: VirtualClock, kind: str
) -> None:
    street.catalog.answers[MUG] = mug(7)
    await street.read(0)
    clock.advance(1)
    await street.shelves[0].hear([fact(kind, slug="mug")])
    street.catalog.answers[MUG] = mug(8)
    assert price(await street.read(1)) == 8


async def test_who_asked_before_a_change_does_not_leave_his_answer_to_who_has_heard_of_it(
    street: Street, clock: VirtualClock
) -> None:
    slow, quick = street.shelves
    street.catalog.answers[MUG] = mug(7)
    street.catalog.open.clear()
    asking = asyncio.create_task(street.read(0))
    await until_asked(street.catalog, 1)
    street.catalog.answers[MUG] = mug(8)
    clock.advance(0.1)
    await quick.hear([fact("PriceChanged", slug="mug")])  # the slow one has not heard yet
    street.catalog.open.set()
    assert price(await asking) == 7
    assert slow.fresh(key_of(MUG.encode(), b"")) is not None
    clock.advance(0.1)
    assert price(await street.read(1)) == 8


async def test_while_indexes_settle_nothing_is_left_to_others(street: Street, clock: VirtualClock) -> None:
    street.catalog.answers[LIST] = answer([7])
    await street.shelves[0].hear([fact("PriceChanged", slug="mug")])
    clock.advance(SETTLING / 2)
    await street.read(0, LIST)
    await street.read(1, LIST)
    assert street.catalog.asked == [LIST, LIST]


async def test_an_answer_grows_no_younger_by_being_passed_on(street: Street, clock: VirtualClock) -> None:
    street.catalog.answers[MUG] = mug(7)
    await street.read(0)
    clock.advance(FRESH - 1)
    assert price(await street.read(1)) == 7
    street.catalog.answers[MUG] = mug(8)
    clock.advance(2)
    assert price(await street.read(1)) == 7, "once more, while it is asked for again"
    await asyncio.gather(*street.shelves[1]._asked)
    assert price(await street.read(1)) == 8
    clock.advance(FRESH + REVALIDATE + 1)
    street.catalog.answers[MUG] = mug(9)
    assert price(await street.read(0)) == 9


@pytest.mark.parametrize(
    "told",
    [{"set-cookie": "a=b"}, {"cache-control": "private"}, {"cache-control": "no-store"}, {"vary": "accept-language"}],
)
async def test_what_is_not_for_everyone_is_left_to_nobody(
    street: Street, cache: MemoryCache, told: dict[str, str]
) -> None:
    street.catalog.answers[MUG] = mug(7, told)
    assert await street.read(0) is None
    street.catalog.answers[MUG] = answer({"detail": "not here"}, status=404)
    await street.read(1)
    assert cache._size == 0


@pytest.mark.parametrize("kept", [b"", b"\x00\xff", b"{}\n", b'{"for":"/v1/products/cup?"}\nx', b"[]\n", b"null"])
async def test_what_nobody_here_packed_is_nothing(street: Street, cache: MemoryCache, kept: bytes) -> None:
    await cache.put(f"page1:{MUG}?", kept, seconds=60)
    street.catalog.answers[MUG] = mug(7)
    assert price(await street.read(0)) == 7


async def test_an_answer_to_something_else_is_no_answer(street: Street, cache: MemoryCache) -> None:
    street.catalog.answers |= {MUG: mug(7), "/v1/products/cup": mug(9)}
    await street.read(0, "/v1/products/cup")
    await cache.put(f"page1:{MUG}?", await cache.get("page1:/v1/products/cup?") or b"", seconds=60)
    assert price(await street.read(1)) == 7


@pytest.fixture(scope="module")
async def shop(open_shop: OpenShop, toys: Toys, own_redis: RedisServer) -> Shop:
    toys.busy.set()
    return await open_shop(*toys.services(), work=True, cache_url=own_redis.url)


@pytest.fixture
async def doors(shop: Shop) -> AsyncIterator[list[Any]]:
    """Two gateways on one Redis."""
    opened = [await open_gateway(shop, ROUTES) for _ in range(2)]
    yield [edge(each, shop) for each in opened]
    for each in opened:
        await each.close()


async def test_two_gateways_on_redis_ask_once_and_both_hear_of_a_change(
    doors: list[Any], toys: Toys, own_redis: RedisServer
) -> None:
    async def asked_once(turn: int) -> bool:
        """Not so when this machine is too busy for Redis to be waited for."""
        target = f"/v1/products?category=turn{turn}"
        first = await loopback.request(doors[0], "GET", target, headers={})
        for _ in range(50):
            if target in own_redis.ask("--scan"):
                break
            await asyncio.sleep(0.01)
        other = await loopback.request(doors[1], "GET", target, headers={})
        assert (other.status, other.header("etag"), other.body) == (200, first.header("etag"), first.body)
        return toys.asked.count(f"list turn{turn}") == 1

    assert any([await asked_once(turn) for turn in range(5)])
    cost = toys.prices["prd_mug"]
    edited = await loopback.request(
        doors[0], "PATCH", "/v1/products/prd_mug?price=99", headers={"if-match": f'"{cost}"'}, body=b"{}"
    )
    assert edited.status == 200
    for door in doors:
        async with asyncio.timeout(30):
            while (await loopback.request(door, "GET", "/v1/products/prd_mug", headers={})).json()["price"] != 99:
                await asyncio.sleep(0.01)
    own_redis.stop(kill=True)
    for door in doors:
        assert (await loopback.request(door, "GET", "/v1/products/prd_cup", headers={})).status == 200
    own_redis.start()


async def test_gateways_count_together(own_redis: RedisServer) -> None:
    clock = SystemClock()
    counters = [await RedisCache.connect(own_redis.url, clock, timeout=20) for _ in range(2)]
    doors = [Limits(each, MemoryCache(clock)) for each in counters]
    let_in = 0
    for turn in range(SIGN_IN.allowed * 3):
        with contextlib.suppress(TooMany, Unavailable):  # the second where this machine is too busy to count in time
            limits.refuse(await doors[turn % 2].admit("POST", "/v1/sessions", GUEST, "203.0.113.9"))
            let_in += 1
    assert SIGN_IN.allowed / 2 < let_in <= SIGN_IN.allowed
    for each in counters:
        await each.close()
