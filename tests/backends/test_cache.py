"""What every cache backend promises."""

from collections.abc import AsyncIterator

import pytest

from banyan.foundation.cache import Cache
from banyan.foundation.cache.memory import MemoryCache
from banyan.kernel.clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(params=["memory"])
async def cache(request: pytest.FixtureRequest, clock: VirtualClock) -> AsyncIterator[Cache]:
    made: Cache = {"memory": lambda: MemoryCache(clock)}[request.param]()
    yield made
    await made.close()


async def test_a_value_is_there_until_its_time_is_over(cache: Cache, clock: VirtualClock) -> None:
    await cache.put("k", b"v", seconds=10)
    assert await cache.get("k") == b"v"
    clock.advance(11)
    assert await cache.get("k") is None


async def test_dropping_a_tag_forgets_all_that_was_made_of_it_and_nothing_else(cache: Cache) -> None:
    await cache.put("a", b"1", seconds=10, tags=("product:1", "lists"))
    await cache.put("b", b"2", seconds=10, tags=("product:2", "lists"))
    await cache.drop("product:1", "product:9")
    assert (await cache.get("a"), await cache.get("b")) == (None, b"2")
    await cache.drop("lists")
    assert await cache.get("b") is None


async def test_a_counter_starts_anew_after_its_window(cache: Cache, clock: VirtualClock) -> None:
    assert [(await cache.count("c", window=60))[0] for _ in range(3)] == [1, 2, 3]
    clock.advance(61)
    assert await cache.count("c", window=60, cost=2) == (2, 60)


async def test_clearing_forgets_everything(cache: Cache) -> None:
    await cache.put("k", b"v", seconds=10)
    await cache.clear()
    assert await cache.get("k") is None


async def test_memory_stays_bounded_and_the_least_used_goes_first(clock: VirtualClock) -> None:
    cache = MemoryCache(clock, max_bytes=10_000)
    for number in range(100):
        await cache.put(f"k{number}", bytes(400), seconds=60, tags=(f"t{number}",))
        await cache.get("k0")
    assert await cache.get("k0") is not None
    assert await cache.get("k1") is None
    assert cache._size <= 10_000
