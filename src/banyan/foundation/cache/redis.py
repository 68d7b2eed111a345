"""The cache in Redis (or Valkey), seen by all processes: every question one round trip, and none that anybody waits for long.

A Redis that is away fails and slows nobody: nothing is found and nothing kept, and each process counts for itself, until
a try beside the requests reaches it again. What it should have dropped meanwhile is dropped before anything is believed.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, TypeVar

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.asyncio.connection import BlockingConnectionPool, Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from banyan.foundation.cache import EVERYTHING, LONGEST, Found, scripts
from banyan.foundation.cache.address import NAME, Address, address
from banyan.foundation.cache.memory import MemoryCache
from banyan.foundation.settings import WrongSettings
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import Unavailable

AWAY = Counter("shop_cache_away_total", "Times that the shared cache failed and the shop went on without")
TIMEOUT = 0.2  # seconds, for everything; less than those who count are ready to wait
PAUSE = 1.0  # seconds between tries of a Redis that is away
SAID = 60.0  # seconds in which it is not said again
CONNECTIONS = 16
MAX_VALUE = 1024 * 1024  # bytes; what is larger is not kept
MAX_TAGS = 100
MAX_UNDROPPED = 20_000  # beyond these everything is to be dropped
_AT_ONCE = 1000  # keys of one script or one deletion
_LONG = 120  # characters of a key; longer ones are known by their digest
T = TypeVar("T")
_log = logging.getLogger(__name__)


class _NoAnswer(Exception):
    """Redis is away, or refused; it has been noted."""


class RedisCache:
    """For all processes whose URL names the same server, database and prefix."""

    shared = True

    def __init__(self, client: "Redis", clock: Clock, prefix: str, timeout: float) -> None:
        self._client = client
        self._clock = clock
        self._timeout = timeout
        self._prefix = f"{{{prefix}}}"
        self._own = MemoryCache(clock)  # counts while nobody else does
        self._away = False
        self._next_try = self._next_word = 0.0
        self._trying: asyncio.Task[None] | None = None
        self._turn = 0
        self._undropped: dict[str, int] = {}  # tags that Redis was not told of yet, each with the turn of its last drop
        self._drops = f"{self._prefix}:drops"
        self._look, self._put, self._drop, self._count, self._newest = (
            client.register_script(text)
            for text in (scripts.LOOK, scripts.PUT, scripts.DROP, scripts.COUNT, scripts.NEWEST)
        )

    @classmethod
    async def connect(cls, url: str, clock: Clock, *, timeout: float = TIMEOUT) -> "RedisCache":
        """Open it, also while the server is away. WrongSettings for a URL that cannot be, or that the server refuses."""
        to = address(url)
        cache = cls(Redis.from_pool(_pool(to, timeout)), clock, to.prefix, timeout)
        try:
            async with asyncio.timeout(timeout * 5):
                await cache._client.ping()
        except (AuthenticationError, ResponseError) as refused:
            await cache.close()
            raise WrongSettings(f"{NAME}: the server refuses it: {_why(refused)}") from None
        except (RedisError, OSError) as error:
            cache._lost(error)
        return cache

    async def get(self, key: str) -> bytes | None:
        return (await self.look(key)).value

    async def look(self, key: str) -> Found:
        with contextlib.suppress(_NoAnswer):
            value, left, since = await self._ask(self._look, keys=[self._key("value", key), self._drops])
            if not self._undropped:
                return Found(value, left / 1000, since.decode())
            self._try_again()  # what is being dropped just now will have been by then
        return Found(None, 0.0, "")

    async def put(
        self, key: str, value: bytes, *, seconds: float, tags: tuple[str, ...] = (), since: str | None = None
    ) -> None:
        left = int(min(seconds, LONGEST) * 1000) if tags else int(seconds * 1000)
        if left <= 0 or since == "" or self._undropped or len(value) > MAX_VALUE or len(tags) > MAX_TAGS:
            return
        made_of = [self._key("tag", tag) for tag in (*tags, EVERYTHING)] if tags else []
        with contextlib.suppress(_NoAnswer):
            keys = [self._key("value", key), self._drops, *made_of]
            await self._ask(self._put, keys=keys, args=[since or "", left, value])

    async def drop(self, *tags: str) -> None:
        """As promised. What cannot be told to Redis now is told before this process believes anything it has."""
        self._turn += 1
        self._undropped.update(dict.fromkeys(tags, self._turn))
        if len(self._undropped) > MAX_UNDROPPED:
            self._undropped = {EVERYTHING: self._turn}
        try:
            if not self._away:
                await self._settle()
        except _NoAnswer:
            pass
        finally:
            if self._undropped:
                self._try_again()

    async def get_newest(self, keys: Sequence[str]) -> dict[str, bytes]:
        if not keys:
            return {}
        with contextlib.suppress(_NoAnswer):
            kept = await self._ask(self._client.mget, [self._key("newest", key) for key in keys])
            return {key: value.partition(b"\n")[2] for key, value in zip(keys, kept, strict=True) if value is not None}
        return {}

    async def put_newest(self, values: Mapping[str, bytes], *, version: str, seconds: float) -> None:
        with contextlib.suppress(_NoAnswer):
            for some in _parts(list(values)):
                keys = [self._key("newest", key) for key in some]
                args = [version, int(seconds * 1000), *(values[key] for key in some)]
                await self._ask(self._newest, keys=keys, args=args)

    async def count(self, key: str, *, window: float, cost: int = 1, surely: bool = False) -> tuple[int, float]:
        try:
            keys, args = [self._key("count", key)], [cost, int(window * 1000)]
            count, left = await self._ask(self._count, keys=keys, args=args)
            return count, left / 1000
        except _NoAnswer:
            if surely:
                raise Unavailable("the counters do not answer", retry_after=PAUSE) from None
            return await self._own.count(key, window=window, cost=cost)

    async def clear(self) -> None:
        """Forget this shop's keys, and nobody else's on that server."""
        await self._own.clear()
        with contextlib.suppress(_NoAnswer):
            place = 0
            while True:
                place, keys = await self._ask(self._client.scan, place, f"{self._prefix}:*", _AT_ONCE)
                if keys:
                    await self._ask(self._client.unlink, *keys)
                if place == 0:
                    return

    async def close(self) -> None:
        self._next_try = float("inf")
        if self._trying is not None:
            self._trying.cancel()
            await asyncio.gather(self._trying, return_exceptions=True)
        await self._client.aclose(close_connection_pool=True)

    def _key(self, kind: str, name: str) -> str:
        if len(name) > _LONG or "\n" in name:
            name = "#" + blake2b(name.encode(), digest_size=20).hexdigest()
        return f"{self._prefix}:{kind}:{name}"

    async def _settle(self) -> None:
        """Tell Redis what is dropped."""
        for some in _parts(list(self._undropped.items())):
            keys = [self._drops, *(self._key("tag", tag) for tag, _ in some)]
            await self._ask(self._drop, keys=keys, trying=True)
            for tag, turn in some:
                if self._undropped.get(tag) == turn:
                    del self._undropped[tag]

    async def _ask(self, ask: Callable[..., Awaitable[Any]], *words: Any, trying: bool = False, **more: Any) -> Any:
        """The answer to a question, in time; while Redis is away none, at once. Raises _NoAnswer alone."""
        if self._away and not trying:
            self._try_again()
            raise _NoAnswer
        try:
            async with asyncio.timeout(self._timeout):
                return await ask(*words, **more)
        except (RedisError, OSError) as error:
            self._lost(error)
            raise _NoAnswer from None

    def _lost(self, error: Exception) -> None:
        """Go on without Redis: it does not answer, or will not do as it is asked."""
        if self._away:
            return
        self._away = True
        AWAY.inc()
        if self._clock.monotonic() >= self._next_word:
            self._next_word = self._clock.monotonic() + SAID
            _log.warning("the shared cache fails; the shop goes on without", extra={"why": _why(error)})
        self._try_again()

    def _try_again(self) -> None:
        now = self._clock.monotonic()
        if self._trying is None and now >= self._next_try:
            self._next_try = now + PAUSE
            self._trying = asyncio.create_task(self._try())

    async def _try(self) -> None:
        """See whether it is back, beside the requests: whether it can be written, and knows what is to be dropped."""
        try:
            await self._client.connection_pool.disconnect(inuse_connections=False)  # they may lead to who it was before
            await self._ask(self._count, keys=[self._key("count", "tries")], args=[1, 1000], trying=True)
            while self._undropped:
                await self._settle()
            if self._away:
                _log.info("the shared cache is back")
            self._away = False
        except _NoAnswer:
            pass
        finally:
            self._trying = None


def _parts(things: Sequence[T]) -> Iterator[Sequence[T]]:
    return (things[begin : begin + _AT_ONCE] for begin in range(0, len(things), _AT_ONCE))


def _pool(to: Address, timeout: float) -> BlockingConnectionPool:
    """Connections to it, none of them open yet."""
    secure: dict[str, Any] = {"ssl_ca_certs": to.ca} if to.secure else {}
    return BlockingConnectionPool(
        max_connections=CONNECTIONS,
        timeout=timeout,
        connection_class=SSLConnection if to.secure else Connection,
        host=to.host,
        port=to.port,
        db=to.database,
        username=to.user,
        password=to.password,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 1),  # once, at once: the server may have closed a connection that nobody used
        protocol=2,
        driver_info=None,
        **secure,
    )


def _why(error: Exception) -> str:
    """What went wrong, in few words; the driver's name neither user nor password."""
    return f"{type(error).__name__}: {error}"[:200]
