"""An operator's line to the services: HTTP with who asks, sessions renewed on the way, refusals raised."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from banyan.console.places import with_query
from banyan.foundation.peers import HttpAnswer, Peers, refusal_of
from banyan.kernel.refusals import Refusal, Unavailable


class Seen(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Shape = TypeVar("Shape", bound=Seen)
T = TypeVar("T")


class Page(Seen, Generic[Shape]):
    """A part of a list."""

    items: tuple[Shape, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A part of a page that the rest does without when it is refused."""

    value: T | None = None
    refusal: Refusal | None = None


class Badge(Protocol):
    """Who asks, as headers."""

    async def headers(self) -> dict[str, str]: ...

    async def renew(self) -> bool: ...


class Line:
    """Asks services as one operator. Raises the service's Refusal, or Unavailable when it does not answer."""

    def __init__(self, peers: Peers, badge: Badge) -> None:
        self._peers = peers
        self._badge = badge

    async def get(self, shape: type[Shape], service: str, path: str, query: Iterable[tuple[str, str]] = ()) -> Shape:
        return shaped(shape, await self.ask(service, "GET", with_query(path, query)))

    async def send(
        self,
        service: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str = "",
        if_match: str = "",
    ) -> HttpAnswer:
        """`key`: the Idempotency-Key, where doing it twice would matter. `if_match`: the ETag that was read, for edits."""
        extra = {"content-type": "application/json"} if body is not None else {}
        extra |= {"idempotency-key": key} if key else {}
        extra |= {"if-match": if_match} if if_match else {}
        return await self.ask(service, method, path, extra, b"" if body is None else orjson.dumps(body))

    async def ask(
        self, service: str, method: str, path: str, extra: Mapping[str, str] | None = None, body: bytes = b""
    ) -> HttpAnswer:
        headers = await self._badge.headers()
        answer = await self._peers.http(service, method, path, headers={**headers, **(extra or {})}, body=body)
        if answer.status == 401 and "authorization" in headers and await self._badge.renew():
            headers = await self._badge.headers()
            answer = await self._peers.http(service, method, path, headers={**headers, **(extra or {})}, body=body)
        if answer.status >= 400:
            raise refusal_of(answer)
        return answer

    def knows(self, service: str) -> bool:
        """Whether anybody said where this service is."""
        return self._peers.local(service) is not None or self._peers.url(service) is not None


def shaped(shape: type[Shape], answer: HttpAnswer) -> Shape:
    """What a service said, in the shape we know. Unavailable where it does not fit: the page cannot be made of it."""
    try:
        return shape.model_validate(answer.json())
    except (ValueError, ValidationError) as wrong:
        raise Unavailable(f"an answer in another shape than {shape.__name__}") from wrong


async def part(asked: Awaitable[T]) -> Part[T]:
    """What was asked, or why there is none. A session that ended is no part: it is raised."""
    try:
        return Part(await asked)
    except Refusal as refusal:
        if refusal.status == 401:
            raise
        return Part(refusal=refusal)


async def parts(*asked: Awaitable[Any]) -> list[Part[Any]]:
    """Several parts, asked at once."""
    return await asyncio.gather(*(part(each) for each in asked))
