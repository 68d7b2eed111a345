"""What every cache backend promises."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from banyan.foundation.cache import EVERYTHING, Cache
from banyan.foundation.cache.memory import MemoryCache
from banyan.foundation.cache.redis import RedisCache
from banyan.kernel.clock import SystemClock, VirtualClock
from tests.backends.redis_server import RedisServer

Later = Callable[[], Awaitable[None]]
PATIENT = 20.0  # seconds that a busy machine may take
SOON = 0.15  # seconds of things that are to end; `later` comes after


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(params=["memory", "redis"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def cache(backend: str, request: pytest.FixtureRequest, clock: VirtualClock) -> AsyncIterator[Cache]:
    if backend == "memory":
        made: Cache = MemoryCache(clock)
    else:
        server: RedisServer = request.getfixturevalue("redis")
        server.ask("flushall")
        made = await RedisCache.connect(server.url, SystemClock(), timeout=PATIENT)
    yield made
    await made.close()


@pytest.fixture
def later(backend: str, clock: VirtualClock) -> Later:
    """Wait until what lasts `SOON` is over."""

    async def wait() -> None:
        clock.advance(SOON * 1.2)
        if backend != "memory":
            await asyncio.sleep(SOON * 1.2)

    return wait


async def test_a_value_is_there_until_its_time_is_over(cache: Cache, later: Later) -> None:
    await cache.put("k", b"v", seconds=SOON)
    await cache.put("tagged", b"w", seconds=SOON, tags=("t",))
    assert (await cache.get("k"), await cache.get("tagged")) == (b"v", b"w")
    await later()
    assert (await cache.get("k"), await cache.get("tagged")) == (None, None)


async def test_a_value_put_again_is_the_new_one_for_as_long_as_was_said_last(cache: Cache, later: Later) -> None:
    await cache.put("k", b"old", seconds=SOON, tags=("t",))
    await cache.put("k", b"\x00\nnew\xff", seconds=60)
    await later()
    assert await cache.get("k") == b"\x00\nnew\xff"
    await cache.drop("t")
    assert await cache.get("k") == b"\x00\nnew\xff"


async def test_dropping_a_tag_forgets_all_that_was_made_of_it_and_nothing_else(cache: Cache) -> None:
    await cache.put("a", b"1", seconds=10, tags=("product:1", "lists"))
    await cache.put("b", b"2", seconds=10, tags=("product:2", "lists"))
    await cache.drop("product:1", "product:9")
    assert (await cache.get("a"), await cache.get("b")) == (None, b"2")
    await cache.drop("lists")
    assert await cache.get("b") is None


async def test_everything_that_has_tags_is_dropped_at_once(cache: Cache) -> None:
    await cache.put("a", b"1", seconds=10, tags=("x",))
    await cache.put("b", b"2", seconds=10)
    await cache.drop(EVERYTHING)
    assert (await cache.get("a"), await cache.get("b")) == (None, b"2")


async def test_what_was_begun_before_a_drop_is_not_kept_after_it(cache: Cache) -> None:
    began = await cache.look("page")
    assert (began.value, bool(began.since)) == (None, True)
    await cache.drop("t", "other")
    await cache.put("page", b"of before", seconds=10, tags=("t",), since=began.since)
    assert await cache.get("page") is None
    await cache.put("page", b"of others", seconds=10, tags=("u",), since=began.since)
    assert await cache.get("page") == b"of others"
    await cache.put("page", b"of after", seconds=10, tags=("t",), since=(await cache.look("page")).since)
    await cache.put("page", b"of before", seconds=10, tags=("t",), since=began.since)
    assert await cache.get("page") == b"of after"
    await cache.drop(EVERYTHING)
    await cache.put("page", b"of before", seconds=10, tags=("u",), since=began.since)
    assert await cache.get("page") is None


async def test_nothing_is_kept_since_nobody_knows_when(cache: Cache) -> None:
    await cache.put("k", b"v", seconds=10, since="")
    assert await cache.get("k") is None
    began = await cache.look("k")
    await cache.clear()  # and with it what is known of drops
    await cache.drop("other")
    await cache.put("k", b"v", seconds=10, tags=("t",), since=began.since)
    assert await cache.get("k") is None


async def test_a_look_tells_how_long_a_value_may_be_kept(cache: Cache) -> None:
    await cache.put("k", b"v", seconds=10, tags=("t",))
    found = await cache.look("k")
    assert found.value == b"v"
    assert 5 < found.seconds <= 10


async def test_of_two_versions_the_newer_stays_whichever_comes_last(cache: Cache, later: Later) -> None:
    await cache.put_newest({"a": b"2", "b": b"2"}, version="0002", seconds=60)
    await cache.put_newest({"a": b"1\n"}, version="0001", seconds=60)
    await cache.put_newest({"b": b"10\n"}, version="0010", seconds=SOON)
    assert await cache.get_newest(["a", "b", "c"]) == {"a": b"2", "b": b"10\n"}
    assert await cache.get_newest([]) == {}
    await later()
    assert await cache.get_newest(["a", "b"]) == {"a": b"2"}


async def test_a_counter_starts_anew_after_its_window(cache: Cache, later: Later) -> None:
    assert [(await cache.count("c", window=SOON))[0] for _ in range(3)] == [1, 2, 3]
    await later()
    assert await cache.count("c", window=60, cost=2) == (2, 60)
    assert (await cache.count("c", window=60, cost=-1, surely=True))[0] == 1


async def test_counting_at_once_loses_nothing(cache: Cache) -> None:
    counts = await asyncio.gather(*(cache.count("c", window=60) for _ in range(200)))
    assert sorted(count for count, _ in counts) == list(range(1, 201))
    assert all(0 < left <= 60 for _, left in counts)


async def test_clearing_forgets_everything(cache: Cache) -> None:
    await cache.put("k", b"v", seconds=10, tags=("t",))
    await cache.put_newest({"n": b"1"}, version="1", seconds=10)
    await cache.count("c", window=60)
    await cache.clear()
    assert (await cache.get("k"), await cache.get_newest(["n"])) == (None, {})
    assert (await cache.count("c", window=60))[0] == 1


async def test_keys_and_tags_may_be_long_and_of_any_characters(cache: Cache) -> None:
    long, odd = "/v1/search?q=" + "ü" * 2000, "a\nb {c}*"
    await cache.put(long, b"1", seconds=10, tags=(odd,))
    await cache.put(long + "x", b"2", seconds=10, tags=("a",))
    assert (await cache.get(long), await cache.get(long + "x")) == (b"1", b"2")
    await cache.drop(odd)
    assert (await cache.get(long), await cache.get(long + "x")) == (None, b"2")


async def test_memory_stays_bounded_and_the_least_used_goes_first(clock: VirtualClock) -> None:
    cache = MemoryCache(clock, max_bytes=10_000)
    for number in range(100):
        await cache.put(f"k{number}", bytes(400), seconds=60, tags=(f"t{number}",))
        await cache.get("k0")
    assert await cache.get("k0") is not None
    assert await cache.get("k1") is None
    assert cache._size <= 10_000
