"""A request carried to a service of another process and its answer back, streamed both ways over pooled connections."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from banyan.contracts import gateway
from banyan.foundation import deadlines, telemetry
from banyan.foundation.identity.channel import Channel
from banyan.kernel.clock import Clock
from banyan.kernel.refusals import DeadlinePassed, Malformed, Refusal, Unavailable

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CONNECT = 1.0  # seconds, the wait for a free connection among them
CONNECTIONS = 256  # to one service: one that hangs does not take the others' places
_LONGEST = 15.0  # seconds, where the request has no deadline
_SMALL = 65_536  # bytes of an answer that is sent in one piece
_log = logging.getLogger(__name__)


class Proxy:
    """The gateway's connections to the services. `connect`: seconds that making one may take."""

    connect = CONNECT

    def __init__(self, clock: Clock, channel: Channel | None = None) -> None:
        self._clock = clock
        self._channel = channel
        self._session: aiohttp.ClientSession | None = None

    async def carry(self, base: str, scope: Message, receive: Receive, send: Send) -> None:
        """Ask the service at `base` what `scope` asks. Unavailable when it cannot be reached, DeadlinePassed when too slow.

        Where the answer breaks off in the middle nothing more is sent, so that the server cuts the connection and the
        caller sees that it is not whole.
        """
        body = _Body(receive) if _has_body(scope) else None
        begun = False
        try:
            async with self._open().request(
                scope["method"],
                URL(base + _target(scope), encoded=True),
                headers=self._headers(scope),
                data=body.chunks() if body else None,
                timeout=aiohttp.ClientTimeout(total=deadlines.remaining(_LONGEST), connect=self.connect),
                allow_redirects=False,
                ssl=self._channel.client() if self._channel else True,
            ) as answer:
                headers = [(name.lower(), value) for name, value in answer.raw_headers]
                begun = True
                await send({"type": "http.response.start", "status": answer.status, "headers": headers})
                await _send_body(answer, send)
        except (aiohttp.ClientError, TimeoutError) as error:
            if begun:
                _log.warning("an answer broke off", extra={"service": base, "why": type(error).__name__})
                return
            if body and body.refused:
                raise body.refused from error
            raise _refusal(error) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _headers(self, scope: Message) -> CIMultiDict[str]:
        sent = CIMultiDict[str]()
        for name, value in scope["headers"]:
            if name != b"host":
                sent.add(name.decode("latin-1"), text(value))
        sent[gateway.DEADLINE] = deadlines.header(self._clock)
        if telemetry.traceparent():
            sent[gateway.TRACEPARENT], sent[gateway.REQUEST_ID] = telemetry.traceparent(), telemetry.request_id()
        return sent

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = self._opened(keepalive=20)
        return self._session

    @staticmethod
    def _opened(*, keepalive: float) -> aiohttp.ClientSession:
        """`keepalive`: seconds for which a connection waits for its next request; 0: it has one only."""
        kept = {"keepalive_timeout": keepalive} if keepalive else {"force_close": True}
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=CONNECTIONS, **kept),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("accept", "accept-encoding", "user-agent", "content-type"),
        )


class _Body:
    """What the caller sends, as it comes."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.refused: Refusal | None = None  # why it cannot be passed on: too long, or broken off

    async def chunks(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            try:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    raise Malformed("the body broke off", code="body_broken")
            except Refusal as refusal:
                self.refused = refusal
                raise
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]


async def _send_body(answer: aiohttp.ClientResponse, send: Send) -> None:
    if answer.content_length is not None and answer.content_length <= _SMALL:
        await send({"type": "http.response.body", "body": await answer.read()})
        return
    async for chunk in answer.content.iter_any():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _has_body(scope: Message) -> bool:
    """By `banyan.chunked` or a length: hop-by-hop headers are gone by now."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return bool(scope.get("banyan.chunked")) or length.strip(b"0") != b""


def _target(scope: Message) -> str:
    query = scope["query_string"].decode("latin-1")
    path: str = scope["raw_path"].decode("latin-1")
    return f"{path}?{query}" if query else path


def text(value: bytes) -> str:
    """Header bytes as aiohttp, which writes UTF-8, will write them again where that can be."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _refusal(error: Exception) -> Refusal:
    if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ConnectionTimeoutError):
        return DeadlinePassed("the service did not answer in time")
    return Unavailable("a part of the shop does not answer; try again", retry_after=1)
