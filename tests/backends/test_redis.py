"""What is so of Redis alone: many processes, one server for many shops, and a server that goes away."""

import asyncio
import logging
import random
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from banyan.foundation import choose
from banyan.foundation.cache.address import address
from banyan.foundation.cache.redis import MAX_VALUE, TIMEOUT, RedisCache
from banyan.foundation.settings import Settings, WrongSettings
from banyan.kernel.clock import SystemClock
from banyan.kernel.refusals import Unavailable
from tests.backends.redis_server import RedisServer, started

Opened = Callable[..., Awaitable[RedisCache]]
PATIENT = 20.0  # seconds that a busy machine may take


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """Each a process of its own, as far as the cache can tell."""
    made: list[RedisCache] = []

    async def open_(url: str, timeout: float = PATIENT) -> RedisCache:
        made.append(await RedisCache.connect(url, SystemClock(), timeout=timeout))
        return made[-1]

    yield open_
    for each in made:
        await each.close()


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[RedisServer]:
    """A server to be ended in a test."""
    server = started(tmp_path)
    yield server
    server.hang(False) if server.program.runs else None
    server.stop(kill=True)


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():
            await asyncio.sleep(0.02)


async def back(cache: RedisCache) -> None:
    async def kept() -> bool:
        await cache.put("probe", b"", seconds=1)
        return await cache.get("probe") is not None

    await eventually(kept)


async def test_what_one_process_puts_or_drops_is_so_for_all(redis: RedisServer, opened: Opened) -> None:
    one, other = await opened(redis.url), await opened(redis.url)
    began = await other.look("page")
    await one.put("page", b"1", seconds=10, tags=("t",))
    assert await other.get("page") == b"1"
    await one.drop("t")
    assert await other.get("page") is None
    await other.put("page", b"of before", seconds=10, tags=("t",), since=began.since)
    assert await one.get("page") is None
    counts = await asyncio.gather(*(each.count("c", window=60) for each in (one, other) * 20))
    assert max(count for count, _ in counts) == 40


async def test_shops_on_one_server_do_not_see_each_other(redis: RedisServer, opened: Opened) -> None:
    redis.ask("set", "somebody-elses", "value")
    ours, theirs = await opened(f"{redis.url}?prefix=ours"), await opened(f"{redis.url}?prefix=theirs")
    await ours.put("k", b"ours", seconds=10, tags=("t",))
    await theirs.put("k", b"theirs", seconds=10, tags=("t",))
    await ours.drop("t")
    assert (await ours.get("k"), await theirs.get("k")) == (None, b"theirs")
    await theirs.put_newest({f"n{number}": b"1" for number in range(2500)}, version="1", seconds=10)
    await ours.clear()
    assert len(await theirs.get_newest([f"n{number}" for number in range(2500)])) == 2500
    await theirs.clear()
    assert redis.ask("keys", "*theirs*") == redis.ask("keys", "*ours*") == ""
    assert redis.ask("get", "somebody-elses") == "value"


async def test_what_nobody_uses_leaves_the_memory_by_itself(redis: RedisServer, opened: Opened) -> None:
    redis.ask("flushall")
    cache = await opened(redis.url)
    for number in range(300):  # each of one list, which is never dropped
        await cache.put(f"page {number}", b"x", seconds=0.3, tags=("lists", f"product:{number}"))
    await cache.put("last", b"x", seconds=60, tags=("lists",))
    await asyncio.sleep(0.5)
    for number in range(300):
        assert (
            await cache.get(f"page {number}") is None
        )  # Redis forgets what is over when it is looked at, or in passing
    kept = redis.ask("--scan").split("\n")
    for key in kept:
        left = int(redis.ask("pttl", key)) if not key.endswith(":drops") else 0
        assert left <= 60_000
    assert await cache.get("last") == b"x"
    await cache.drop("lists")
    assert await cache.get("last") is None
    assert "last" not in redis.ask("--scan")


async def test_what_the_server_threw_away_of_a_value_takes_the_value_with_it(
    redis: RedisServer, opened: Opened
) -> None:
    cache = await opened(redis.url)
    for lost in ("tag:t", "tag:*"):
        await cache.put("k", b"v", seconds=10, tags=("t", "u"))
        assert await cache.get("k") == b"v"
        redis.ask("del", "{banyan}:" + lost)  # as an eviction would
        assert await cache.get("k") is None


async def test_what_is_too_large_is_not_kept(redis: RedisServer, opened: Opened) -> None:
    cache = await opened(redis.url)
    await cache.put("large", bytes(MAX_VALUE + 1), seconds=10)
    await cache.put("fits", bytes(MAX_VALUE), seconds=10)
    assert (await cache.get("large"), len(await cache.get("fits") or b"")) == (None, MAX_VALUE)


async def test_a_forgetful_server_keeps_nothing_that_was_begun_before(redis: RedisServer, opened: Opened) -> None:
    one, other = await opened(redis.url), await opened(redis.url)
    began = await one.look("page")
    await other.drop("t")
    redis.ask("flushall")
    redis.ask("script", "flush")
    await one.put("page", b"of before", seconds=10, tags=("t",), since=began.since)
    assert await other.get("page") is None


async def test_away_at_the_start_it_is_found_when_it_comes(frail: RedisServer, opened: Opened) -> None:
    frail.stop()
    cache = await opened(frail.url)
    assert await cache.get("k") is None
    frail.start()
    await back(cache)


async def test_a_server_that_dies_fails_nobody(
    frail: RedisServer, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    frail.stop()
    frail.more = ("--requirepass", "secret")
    frail.start()
    cache = await opened(frail.url.replace("redis://", "redis://:secret@"))
    await cache.put("k", b"v", seconds=60, tags=("t",))
    frail.stop(kill=True)
    for number in range(1, 200):
        found = await cache.look("k")
        assert (found.value, found.since) == (None, "")
        await cache.put("k", b"w", seconds=60)
        await cache.put_newest({"k": b"w"}, version="1", seconds=60)
        assert await cache.get_newest(["k"]) == {}
        assert (await cache.count("c", window=60))[0] == number, "each process counts for itself"
        await cache.drop("t")
    with pytest.raises(Unavailable):
        await cache.count("c", window=60, surely=True)
    await cache.clear()
    assert [each.message for each in caplog.records] == ["the shared cache fails; the shop goes on without"]
    assert "secret" not in caplog.text
    frail.start()
    await back(cache)
    assert (await cache.count("c", window=60, surely=True))[0] == 1
    assert [each.message for each in caplog.records][1:] == ["the shared cache is back"]


async def test_a_server_that_hangs_is_waited_for_once(frail: RedisServer, opened: Opened) -> None:
    cache = await opened(frail.url, TIMEOUT)
    await cache.put("k", b"v", seconds=60)
    frail.hang(True)
    async with asyncio.timeout(3000 * TIMEOUT / 10):  # not a tenth of them waited
        for _ in range(1000):
            assert await cache.get("k") is None
            await cache.drop("t")
            await cache.count("c", window=60)
    frail.hang(False)
    await back(cache)


async def test_what_could_not_be_dropped_is_not_believed_before_it_is(frail: RedisServer, opened: Opened) -> None:
    cache, other = await opened(frail.url, TIMEOUT), await opened(frail.url, TIMEOUT)
    await cache.put("k", b"stale", seconds=60, tags=("t",))
    frail.hang(True)
    await cache.drop("t")
    frail.hang(False)

    async def knows() -> bool:
        assert await cache.get("k") is None
        await cache.put("also", b"fresh", seconds=60, tags=("u",))
        return await cache.get("also") == b"fresh"

    await eventually(knows)
    assert await other.get("k") is None, "nor by others"


async def test_a_full_server_keeps_nothing_and_drops_all_the_same(frail: RedisServer, opened: Opened) -> None:
    cache = await opened(frail.url)
    await cache.put("k", b"stale", seconds=60, tags=("t",))
    frail.ask("config", "set", "maxmemory", "1")
    await cache.put("more", b"v", seconds=60)
    await cache.drop("t")
    assert (await cache.count("c", window=60))[0] == 1
    frail.ask("config", "set", "maxmemory", "0")
    await back(cache)
    assert await cache.get("k") is None


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_happens_to_the_server_nobody_fails_or_reads_what_he_heard_is_old(
    seed: int, frail: RedisServer, opened: Opened
) -> None:
    """Two processes ask, keep, hear of changes and count, while the server is emptied, killed and stopped."""
    chance = random.Random(seed)
    processes = [await opened(frail.url, TIMEOUT) for _ in range(2)]
    heard = dict.fromkeys(processes, 0)
    truth, hits, running = 0, 0, True

    async def ask(mine: RedisCache) -> None:
        nonlocal hits
        while running:
            knew = heard[mine]
            found = await mine.look("page")
            if found.value is not None:
                assert int(found.value) >= knew
                hits += 1
            else:
                answer = truth
                await asyncio.sleep(chance.random() * 0.01)
                await mine.put("page", b"%d" % answer, seconds=60, tags=("t",), since=found.since)
            await mine.count("c", window=1)
            await asyncio.sleep(0)

    async def change() -> None:
        nonlocal truth
        while running:
            truth += 1
            now = truth
            for each in chance.sample(processes, 2):
                await asyncio.sleep(chance.random() * 0.02)
                heard[each] = now
                await each.drop("t")

    tasks = [asyncio.create_task(ask(each)) for each in processes * 3] + [asyncio.create_task(change())]
    for _ in range(6):
        await asyncio.sleep(chance.random() * 0.3)
        match chance.choice(["flush", "flush", "kill", "hang"]):
            case "flush":
                await asyncio.to_thread(frail.ask, "flushall")
            case "kill":
                await asyncio.to_thread(frail.stop, kill=True)
                await asyncio.to_thread(frail.start)
            case "hang":
                frail.hang(True)
                await asyncio.sleep(0.3)
                frail.hang(False)
    for each in processes:
        await back(each)
    before = hits
    await eventually(lambda: asyncio.sleep(0, hits > before + 20))
    running = False
    await asyncio.gather(*tasks)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://", "names no host"),
        ("redis:///0", "names no host"),
        ("redis://host/one", "a database is a number"),
        ("redis://host/0/1", "a database is a number"),
        ("redis://host/-1", "a database is a number"),
        ("redis://host:port/0", "the port is no number"),
        ("redis://host:70000/0", "the port is no number"),
        ("redis://host/0?db=1", "db is unknown"),
        ("redis://host/0#1", "what follows the # is unknown"),
        ("redis://host/0?prefix=", "a prefix has"),
        ("redis://host/0?prefix=a*", "a prefix has"),
        ("redis://host/0?ca=x.pem", "ca is for rediss"),
        ("rediss://host/0?ca=/no/such.pem", "no such file"),
        ("redis+cluster://host", "is no backend for cache. Known: memory://, redis://, rediss://"),
        ("memcached://host", "is no backend for cache"),
    ],
)
async def test_a_url_that_cannot_be_is_refused(url: str, said: str) -> None:
    secret = url.replace("host", "user:hush@host")
    with pytest.raises(WrongSettings, match=said) as refused:
        await choose.cache(Settings(cache_url=secret), SystemClock())
    assert "hush" not in str(refused.value)


def test_a_url_says_all_there_is_to_say() -> None:
    told = address("redis://ann%40x:p%2Fw@[::1]:7000/3?prefix=shop.1")
    assert (told.host, told.port, told.database, told.prefix) == ("::1", 7000, 3, "shop.1")
    assert (told.user, told.password, told.secure) == ("ann@x", "p/w", False)
    assert "p/w" not in repr(told)
    told = address("rediss://cache.example")
    assert (told.port, told.database, told.prefix, told.secure, told.password) == (6379, 0, "banyan", True, None)


async def test_a_server_that_refuses_the_url_is_heard(tmp_path: Path, opened: Opened) -> None:
    server = started(tmp_path, "--requirepass", "open-sesame", "--databases", "2")
    try:
        there = server.url.removesuffix("/0").replace("redis://", "redis://:{}@")
        for url in (server.url, there.format("wrong"), there.format("open-sesame") + "/7"):
            with pytest.raises(WrongSettings, match="the server refuses it") as refused:
                await opened(url)
            assert "sesame" not in str(refused.value)
        cache = await opened(there.format("open-sesame") + "/1")
        await cache.put("k", b"v", seconds=10)
        assert await cache.get("k") == b"v"
    finally:
        server.stop()


async def test_over_tls_the_server_must_be_who_it_says(tmp_path: Path, opened: Opened) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate))
    await asyncio.to_thread(subprocess.run, [*made.split(), *names], check=True, capture_output=True)
    files = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-auth-clients", "no")
    server = RedisServer(tmp_path)
    server.more = ("--port", "0", "--tls-port", str(server.port), *files)
    server.start()
    try:
        url = server.url.replace("redis://", "rediss://")
        cache = await opened(f"{url}?ca={certificate}")
        await cache.put("k", b"v", seconds=10)
        assert await cache.get("k") == b"v"
        doubtful = await opened(url)  # nobody vouches for it
        assert await doubtful.get("k") is None
    finally:
        server.stop()
