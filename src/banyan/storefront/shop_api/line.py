"""A visitor's line to the services: HTTP with who asks, sessions renewed on the way, refusals raised."""

from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from banyan.foundation.peers import HttpAnswer, Peers, refusal_of
from banyan.kernel.refusals import Refusal, Unavailable
from banyan.storefront.places import with_query

Shape = TypeVar("Shape", bound=BaseModel)
_NONE: Mapping[str, str] = {}
_TOKEN_REFUSED = ("token_expired", "invalid_token", "session_ended")  # unlike a wrong password


class Badge(Protocol):
    """Who asks, as headers."""

    async def headers(self) -> dict[str, str]: ...

    async def renew(self) -> bool:
        """The headers were not accepted. Whether there are others to try with now."""
        ...


class Line:
    """Asks services as one visitor. Every method raises the service's Refusal, or Unavailable when it does not answer."""

    def __init__(self, peers: Peers, badge: Badge) -> None:
        self._peers = peers
        self._badge = badge

    async def get(self, service: str, path: str, query: Iterable[tuple[str, str]] = ()) -> Any:
        return _read(await self._answer(service, "GET", with_query(path, query)))

    async def send(
        self,
        service: str,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str = "",
        version: int | None = None,
    ) -> Any:
        """`key`: the Idempotency-Key, where doing it twice would matter. `version`: the one that was read, for edits."""
        extra = {"content-type": "application/json"} if body is not None else {}
        if key:
            extra["idempotency-key"] = key
        if version is not None:
            extra["if-match"] = f'"{version}"'
        return _read(await self._answer(service, method, path, extra, b"" if body is None else orjson.dumps(body)))

    async def _answer(
        self, service: str, method: str, path: str, extra: Mapping[str, str] = _NONE, body: bytes = b""
    ) -> HttpAnswer:
        answer = await self._once(service, method, path, extra, body)
        if answer.status < 400:
            return answer
        refusal = refusal_of(answer)
        if answer.status == 401 and refusal.code in _TOKEN_REFUSED and await self._badge.renew():
            answer = await self._once(service, method, path, extra, body)
            if answer.status < 400:
                return answer
            refusal = refusal_of(answer)
        raise refusal

    async def _once(self, service: str, method: str, path: str, extra: Mapping[str, str], body: bytes) -> HttpAnswer:
        headers = {"accept-encoding": "identity", **await self._badge.headers(), **extra}  # peers do not unpack
        return await self._peers.http(service, method, path, headers=headers, body=body)


def _read(answer: HttpAnswer) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise Unavailable("an answer that is not JSON") from None


def shaped(shape: type[Shape], content: Any) -> Shape:
    """What a service said, in the shape we know. Unavailable where it does not fit: the page cannot be made of it."""
    try:
        return shape.model_validate(content)
    except ValidationError as wrong:
        raise Unavailable(f"an answer in another shape than {shape.__name__}") from wrong


async def or_none(asked: Awaitable[Any]) -> Any:
    """For parts that a page can do without: None where they are refused."""
    try:
        return await asked
    except Refusal:
        return None
