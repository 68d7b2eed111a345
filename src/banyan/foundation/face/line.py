"""A browser's line to the services: HTTP with who asks, sessions renewed on the way, refusals raised."""

from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from banyan.contracts import gateway
from banyan.foundation.face.places import with_query
from banyan.foundation.peers import HttpAnswer, Peers, refusal_of
from banyan.kernel.refusals import Refusal, Unavailable

_PASSED_ON = ("user-agent", gateway.CLIENT_ADDRESS)
_TOKEN_REFUSED = ("token_expired", "invalid_token", "session_ended")  # unlike a wrong password
_NONE: Mapping[str, str] = {}


class Seen(BaseModel):
    """An answer, or a part of one. Fields that are not named are ignored: contracts only grow."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


Shape = TypeVar("Shape", bound=Seen)
T = TypeVar("T")


class Badge(Protocol):
    """Who asks, as headers."""

    async def headers(self) -> dict[str, str]: ...

    async def renew(self) -> bool:
        """The headers were not accepted. Whether there are others to try with now."""
        ...


class Nobody:
    """Asks without saying who; `told` is what goes along nevertheless."""

    def __init__(self, told: Mapping[str, str] = _NONE) -> None:
        self._told = told

    async def headers(self) -> dict[str, str]:
        return dict(self._told)

    async def renew(self) -> bool:
        return False


def told_by(given: Mapping[str, str]) -> dict[str, str]:
    """What services hear of a browser, from its request's headers: its network address, as the gateway set it, and its
    name. Sign-ins are throttled by the one, sessions known by the other."""
    return {name: value for name in _PASSED_ON if (value := given.get(name, "")) and value.isprintable()}


class Line:
    """Asks services as one browser. Raises the service's Refusal, or Unavailable when it does not answer."""

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
        extra |= {gateway.IDEMPOTENCY_KEY: key} if key else {}
        extra |= {"if-match": if_match} if if_match else {}
        return await self.ask(service, method, path, extra, b"" if body is None else orjson.dumps(body))

    async def ask(
        self, service: str, method: str, path: str, extra: Mapping[str, str] = _NONE, body: bytes = b""
    ) -> HttpAnswer:
        answer = await self._once(service, method, path, extra, body)
        if answer.status == 401 and refusal_of(answer).code in _TOKEN_REFUSED and await self._badge.renew():
            answer = await self._once(service, method, path, extra, body)
        if answer.status >= 400:
            raise refusal_of(answer)
        return answer

    def knows(self, service: str) -> bool:
        """Whether anybody said where this service is."""
        return self._peers.local(service) is not None or self._peers.url(service) is not None

    async def _once(self, service: str, method: str, path: str, extra: Mapping[str, str], body: bytes) -> HttpAnswer:
        headers = {"accept-encoding": "identity", **await self._badge.headers(), **extra}  # peers do not unpack
        return await self._peers.http(service, method, path, headers=headers, body=body)


def shaped(shape: type[Shape], answer: HttpAnswer) -> Shape:
    """What a service said, in the shape we know. Unavailable where it does not fit: the page cannot be made of it."""
    try:
        return shape.model_validate(answer.json())
    except (ValueError, ValidationError) as wrong:
        raise Unavailable(f"an answer in another shape than {shape.__name__}") from wrong


async def or_none(asked: Awaitable[T]) -> T | None:
    """For parts that a page can do without: None where they are refused."""
    try:
        return await asked
    except Refusal:
        return None
