"""Catalogue reads answered from prepared bytes: one question to the catalogue for all who ask at once, kept until it changes.

The bus says what changed: while it is heard, what is kept lives for minutes, and for half of one where it is not. While
the catalogue does not answer, what was kept is shown a while longer. Where processes share a cache, it is looked into
before the catalogue is asked, and given what the catalogue answered.
"""

import asyncio
import contextlib
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from banyan.foundation import deadlines
from banyan.foundation.envelope import Envelope
from banyan.foundation.peers import HttpAnswer
from banyan.gateway.headers import Headers
from banyan.gateway.prepared import Prepared, prepare
from banyan.gateway.shared import Answers, Shared
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import DeadlinePassed, Unavailable

TOPICS = frozenset({"catalog"})
TAGS = "x-banyan-tags"  # a service may name what an answer was made of: `product:prd_…, lists`
LISTS = "lists"

FRESH = 30.0  # seconds something is kept where the service names no s-maxage, whatever becomes of the bus …
STEADY = 120.0  # … and while the bus is heard, and says nothing of it: a relay may wait for a long transaction
STALE = 600.0  # seconds it is still shown while the service fails
SETTLING = 3.0  # seconds after a change during which indexes may still give the old answer …
BRIEF = 0.5  # … which is therefore believed for this long only
REVALIDATE = 30.0  # seconds that something which has not changed is sent after its time, while it is asked for again
GRACE = 2.0  # seconds between two tries of a service that failed
CACHE_CONTROL = "public, max-age=2, stale-while-revalidate=10"  # for browsers and CDNs, who hear of no change

_FAMILIES = ("/v1/products", "/v1/categories", "/v1/brands", "/v1/search", "/v1/suggest")
_PRODUCT = "/v1/products/"
_UNSHARED = ("private", "no-store")  # `no-cache` asks to look first whether it changed: the bus tells us
_ALIKE = {"", "accept-encoding", "authorization", "cookie"}  # we ask with none of these, for those who send none
_MOST_CHANGES = 50_000
_REMEMBERED = 30.0  # seconds; longer than any question to a service takes

Key = tuple[bytes, bytes]
Ask = Callable[[str], Awaitable[HttpAnswer]]


def family_of(path: str) -> str | None:
    """Which reads a path belongs to, of those that answer everyone the same; None for all others."""
    for family in _FAMILIES:
        if path.startswith(family) and path[len(family) : len(family) + 1] in ("", "/"):
            return family
    return None


def key_of(raw_path: bytes, query: bytes) -> Key:
    """Under which an answer is kept: the order of different parameters makes no difference."""
    if b"&" in query:
        parts = [part for part in query.split(b"&") if part]
        parts.sort(key=_name)
        query = b"&".join(parts)
    return raw_path, query


def _name(parameter: bytes) -> bytes:
    return parameter.partition(b"=")[0]


@dataclass(slots=True)
class Kept:
    """A prepared answer on the shelf, of `target`. `until` is zero when something it was made of has changed."""

    prepared: Prepared
    tags: frozenset[str]
    until: float
    steady: float  # until when it lives on while the bus is heard
    merely_old: float  # until when it is sent once more while it is asked for again
    last: float  # when it is too old even for bad times
    size: int  # bytes, its key among them
    target: str


class Shelf:
    """Prepared answers: least recently used go first, bounded in bytes. `ask` gets a path from the service."""

    def __init__(
        self,
        ask: Ask,
        clock: Clock,
        *,
        finish: Callable[[Headers], Headers] = list,
        max_bytes: int = 48 * 1024 * 1024,
        patience: float = 2.0,
        shared: Answers | None = None,
    ) -> None:
        """`finish` adds the headers each answer carries; `patience`: seconds to wait before an old answer will do."""
        self._ask = ask
        self._clock = clock
        self._finish = finish
        self._max = max_bytes
        self._patience = patience
        self._shared = shared
        self._size = 0
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._tagged: defaultdict[str, set[Key]] = defaultdict(set)
        self._running: dict[Key, asyncio.Task[Prepared | HttpAnswer | None]] = {}  # those that may be joined
        self._asked: set[asyncio.Task[Any]] = set()  # all of them: a loop holds tasks weakly
        self._changed: OrderedDict[str, float] = OrderedDict()
        self._all_changed = self._heard = float("-inf")
        self._unshared: OrderedDict[Key, float] = OrderedDict()

    def fresh(self, key: Key) -> Prepared | None:
        """What can be sent right now. What is merely old is sent once more while it is asked for again (RFC 5861)."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        now = self._clock.monotonic()
        if kept.until <= now and not self._lives_on(kept, now):
            if not kept.until or kept.merely_old <= now:
                return None
            kept.until = min(now + GRACE, kept.merely_old)  # by when it should be another, or be asked for once more
            if key not in self._running:
                self._start(key, kept.target)
        self._kept.move_to_end(key)
        return kept.prepared

    def _lives_on(self, kept: Kept, now: float) -> bool:
        """Whether the bus, heard a moment ago, would have said if it had changed. Or it grows old from now on."""
        if not kept.until or kept.steady <= now or self._heard + FRESH <= now:
            kept.steady = 0.0
            return False
        kept.until = min(kept.steady, self._heard + FRESH)
        kept.merely_old = kept.until + REVALIDATE
        return True

    async def get(self, key: Key, target: str) -> Prepared | HttpAnswer | None:
        """Ask the service, once for all who want the same now; an old answer when it fails or is slow.

        None: the service says its answer is not for everyone, so that each must ask for himself. Raises its refusals.
        """
        if self._unshared.get(key, 0.0) > self._clock.monotonic():
            return None
        asking = self._running.get(key) or self._start(key, target)
        old = self._kept.get(key)
        if old is None or old.last <= self._clock.monotonic():
            return await asyncio.shield(asking)
        with contextlib.suppress(TimeoutError, Unavailable, DeadlinePassed):
            async with asyncio.timeout(self._patience):
                got = await asyncio.shield(asking)
            if not isinstance(got, HttpAnswer) or got.status < 500:
                return got
        old.until = self._clock.monotonic() + GRACE
        return old.prepared

    def changed(self, tags: Iterable[str]) -> None:
        """What was made of these is asked for again; what is being asked now is not joined by who comes later."""
        now = self._clock.monotonic()
        self._running.clear()
        for tag in tags:
            self._changed[tag] = now
            self._changed.move_to_end(tag)
            for key in self._tagged.get(tag, ()):
                self._kept[key].until = 0.0
        while self._changed:
            tag, when = next(iter(self._changed.items()))
            if when > now - _REMEMBERED and len(self._changed) <= _MOST_CHANGES:
                break
            del self._changed[tag]
            if when > now - _REMEMBERED:
                self._all_changed = max(self._all_changed, when)

    def all_changed(self) -> None:
        """Everything is asked for again."""
        self._all_changed = self._clock.monotonic()
        self._running.clear()
        for kept in self._kept.values():
            kept.until = 0.0

    def gone(self, tags: Iterable[str]) -> None:
        """What was made of these is not even shown in bad times."""
        tags = list(tags)
        self.changed(tags)
        for tag in tags:
            for key in list(self._tagged.get(tag, ())):
                self._forget(key)

    def heard(self) -> None:
        """The bus was asked, and all that it had to say was heard."""
        self._heard = self._clock.monotonic()

    async def hear(self, batch: Sequence[Envelope]) -> None:
        """Facts of the catalogue, any number of times over."""
        changed, gone, everything = set[str](), set[str](), False
        for fact in batch:
            product = {f"product:{fact.key}", f"product:{fact.data.get('slug', fact.key)}"}
            match fact.type:
                case "catalog.ProductAdded" | "catalog.ProductChanged" | "catalog.PriceChanged":
                    (changed if fact.data.get("published", True) else gone).update(product)
                case "catalog.ProductRemoved":
                    gone |= product
                case _:  # categories are part of every product's page, and a newer fact may change anything
                    everything = True
        if everything:
            self.all_changed()
        if changed or gone:
            self.changed({*changed, LISTS})
            self.gone(gone)
        if self._shared is not None:  # after our own: what was asked for before, here or there, is kept by neither
            if everything:
                await self._shared.drop_all()
            elif changed or gone:
                await self._shared.drop({*changed, *gone, LISTS})

    async def close(self) -> None:
        """Stop asking."""
        asked = list(self._asked)
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    def _start(self, key: Key, target: str) -> "asyncio.Task[Prepared | HttpAnswer | None]":
        task = self._running[key] = asyncio.create_task(self._fetch(key, target))
        self._asked.add(task)
        task.add_done_callback(lambda done: self._finished(key, done))
        return task

    def _finished(self, key: Key, done: "asyncio.Task[Prepared | HttpAnswer | None]") -> None:
        self._asked.discard(done)
        if self._running.get(key) is done:
            del self._running[key]
        if not done.cancelled():
            done.exception()  # those who wait raise it; when nobody waits any more nobody need know

    async def _fetch(self, key: Key, target: str) -> Prepared | HttpAnswer | None:
        deadlines.forget()  # it is for all who wait, not for the first
        began = self._clock.monotonic()
        known = await self._shared.look(key) if self._shared is not None else None
        if known is not None and known.answer is not None:
            return self._take(key, target, known, known.answer, began)
        answer = await self._ask(target)
        told = _named(answer)
        if "set-cookie" in told or (answer.status == 200 and not _shared(told)):
            self._unshared[key] = self._clock.monotonic() + SETTLING
            if len(self._unshared) > _MOST_CHANGES:
                self._unshared.popitem(last=False)
            return None
        if answer.status != 200:
            return answer
        prepared = self._prepared(target, answer, told)
        tags, seconds = tags_of(target, answer), _seconds(told)
        if self._keep(key, target, prepared, tags, began, seconds) and self._shared is not None and known is not None:
            zipped = prepared.zipped.body if prepared.zipped else b""
            given = self._shared.give(key, answer, zipped, tags=tags, seconds=seconds, since=known.since)
            task = asyncio.create_task(given)  # nobody waits for it
            self._asked.add(task)
            task.add_done_callback(self._asked.discard)
        return prepared

    def _take(self, key: Key, target: str, known: Shared, answer: HttpAnswer, began: float) -> Prepared:
        """Keep what another process was answered, for as long as it would."""
        told = _named(answer)
        prepared = self._prepared(target, answer, told, known.zipped)
        self._keep(key, target, prepared, known.tags, began, _seconds(told), known.seconds)
        return prepared

    def _prepared(self, target: str, answer: HttpAnswer, told: dict[str, str], zipped: bytes | None = None) -> Prepared:
        return prepare(
            answer.body,
            self._finish(_passed_on(answer.headers)),
            etag=told.get("etag", "").encode("latin-1"),
            route=family_of(target.partition("?")[0]) or "",
            zipped=zipped,
        )

    def _keep(
        self,
        key: Key,
        target: str,
        prepared: Prepared,
        tags: frozenset[str],
        began: float,
        seconds: float,
        left: float = STALE,
    ) -> bool:
        """Put an answer on the shelf, for `seconds` of which only `left` may be left. Whether others may have it, too."""
        now = self._clock.monotonic()
        changed = max(self._all_changed, *(self._changed.get(tag, self._all_changed) for tag in tags))
        size = prepared.size + len(key[0]) + len(key[1])
        if changed >= began or size > self._max // 8:
            return False
        settling = now < changed + SETTLING
        if settling:
            seconds = min(seconds, BRIEF)
        until, lasts = now + min(seconds, left), not settling and seconds == FRESH
        self._forget(key)
        self._kept[key] = Kept(
            prepared,
            tags,
            until,
            now + STEADY if lasts and left >= STALE else 0.0,
            until + REVALIDATE if lasts else until,
            now + STALE,
            size,
            target,
        )
        self._size += size
        for tag in tags:
            self._tagged[tag].add(key)
        while self._size > self._max:
            self._forget(next(iter(self._kept)))
        return not settling

    def _forget(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is None:
            return
        self._size -= kept.size
        for tag in kept.tags:
            keys = self._tagged[tag]
            keys.discard(key)
            if not keys:
                del self._tagged[tag]


def tags_of(target: str, answer: HttpAnswer) -> frozenset[str]:
    """What an answer was made of: as the service says, or the product it shows, or lists of many."""
    told = answer.header(TAGS)
    if told is not None:
        return frozenset(tag.strip() for tag in told.split(",") if tag.strip())
    path = target.partition("?")[0]
    if path.startswith(_PRODUCT) and "/" not in path[len(_PRODUCT) :]:
        try:
            product = orjson.loads(answer.body)
            return frozenset({f"product:{product['id']}", f"product:{product['slug']}"})
        except (ValueError, KeyError, TypeError):
            pass
    return frozenset({LISTS})


def _named(answer: HttpAnswer) -> dict[str, str]:
    """Headers by name; what is there several times, as one list."""
    told = dict[str, str]()
    for name, value in answer.headers:
        told[name] = f"{told[name]}, {value}" if name in told else value
    return told


def _shared(told: dict[str, str]) -> bool:
    control = told.get("cache-control", "").lower()
    varies = {each.strip() for each in told.get("vary", "").lower().split(",")} - _ALIKE
    return not varies and "content-encoding" not in told and not any(word in control for word in _UNSHARED)


def _seconds(told: dict[str, str]) -> float:
    """The service's s-maxage, which is said to us, where it gives one."""
    for directive in told.get("cache-control", "").split(","):
        name, _, value = directive.strip().lower().partition("=")
        if name == "s-maxage" and value.isdigit():
            return min(float(value), STALE)
    return FRESH


def _passed_on(told: Iterable[tuple[str, str]]) -> Headers:
    given = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told]
    if not any(name == b"cache-control" for name, _ in given):
        given.append((b"cache-control", CACHE_CONTROL.encode()))
    if not any(name == b"vary" and b"authorization" in value.lower() for name, value in given):
        given.append((b"vary", b"authorization"))  # who shows a token is not answered from here
    return given
