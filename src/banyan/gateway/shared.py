"""Prepared answers in the cache that all processes share: looked for before the catalogue is asked, never instead of it.

Only what everyone is answered comes here, as the catalogue said it; the headers of a gateway's own it adds itself.
"""

import gzip
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from banyan.foundation.cache import Cache
from banyan.foundation.peers import HttpAnswer

_FORMAT = "page1:"  # gateways of two versions that keep answers in two ways do not see each other's
_ALL = "pages"  # what every answer is tagged with


@dataclass(frozen=True, slots=True)
class Shared:
    """An answer that another process got, or got none. `since`: when we looked, for `Answers.give`."""

    since: str
    answer: HttpAnswer | None = None
    zipped: bytes | None = None  # its body; empty: not worth it
    tags: frozenset[str] = frozenset()
    seconds: float = 0.0  # it may still be kept


class Answers:
    """The shared shelf. Away, it has nothing and takes nothing."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def look(self, key: tuple[bytes, bytes]) -> Shared:
        """What is kept under this key. What is not what we packed, or packed for another key, is nothing."""
        name = _name(key)
        found = await self._cache.look(_FORMAT + name)
        if found.value is not None:
            try:
                return _unpacked(found.value, name, found.seconds, found.since)
            except (ValueError, KeyError, TypeError, OSError, EOFError):
                pass
        return Shared(found.since)

    async def give(
        self,
        key: tuple[bytes, bytes],
        answer: HttpAnswer,
        zipped: bytes,
        *,
        tags: Iterable[str],
        seconds: float,
        since: str,
    ) -> None:
        """Keep an answer that was asked for `since`; not when something it was made of has changed after."""
        name, made_of = _name(key), sorted(tags)
        told = {"for": name, "headers": answer.headers, "tags": made_of, "zipped": bool(zipped)}
        value = orjson.dumps(told) + b"\n" + (zipped or answer.body)
        tagged = (_ALL, *(f"page:{tag}" for tag in made_of))
        await self._cache.put(_FORMAT + name, value, seconds=seconds, tags=tagged, since=since)

    async def drop(self, tags: Iterable[str]) -> None:
        """Forget what was made of these."""
        await self._cache.drop(*(f"page:{tag}" for tag in tags))

    async def drop_all(self) -> None:
        await self._cache.drop(_ALL)


def _name(key: tuple[bytes, bytes]) -> str:
    return b"?".join(key).decode("latin-1")


def _unpacked(value: bytes, name: str, seconds: float, since: str) -> Shared:
    head, _, body = value.partition(b"\n")
    told = orjson.loads(head)
    if told["for"] != name:
        raise ValueError("this is an answer to something else")
    headers = tuple((str(name), str(value)) for name, value in told["headers"])
    plain = gzip.decompress(body) if told["zipped"] else body
    answer = HttpAnswer(200, headers, plain)
    return Shared(since, answer, body if told["zipped"] else b"", frozenset(map(str, told["tags"])), seconds)
