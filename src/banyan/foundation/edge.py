"""The outermost layer of a process's HTTP: request ids, traces, deadlines, body limits, metrics, log, health.

One thin ASGI middleware: framework instrumentation costs two thirds of the throughput (measured, docs/performance.md).
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST

from banyan.contracts import gateway
from banyan.foundation import deadlines, telemetry
from banyan.foundation.card_guard import REFUSAL, CardGuard, without_card_in_tracing
from banyan.foundation.peers import CALL_PATH
from banyan.foundation.web import MAX_BODY, MAX_CALL, problem
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.kernel.refusals import DeadlinePassed, Malformed, Refusal, TooLarge

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log = logging.getLogger("banyan.request")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LONGEST_REQUEST = 15.0  # seconds


class Quick(NamedTuple):
    """An answer that is there already. `route` is its name in metrics."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    route: str


class Edge:
    """Wraps an application; `ready` answers whether this process can serve now."""

    def __init__(
        self,
        app: Any,
        name: str,
        *,
        clock: Clock,
        ids: Ids,
        ready: Callable[[], Awaitable[bool]],
        trust: bool,
        max_body: Callable[[str, str], int] = lambda method, path: MAX_BODY,
        quick: Callable[[Scope], Quick | None] | None = None,
        guard: CardGuard | None = None,
    ) -> None:
        """`trust`: whether callers are our own services, whose deadlines are believed. Ids of requests and traces are
        taken over from anyone, once they look like some.

        `max_body`: bytes a request's body may have, by method and path; a call of our own services may have MAX_CALL.

        `quick`: the answer where it takes no more than a look-up. Deadlines, spans and limits are not for these: they
        cost ten times as much as the answer.

        `guard`: refuses card numbers at the door of the shop.
        """
        self._app = app
        self._name = name
        self._clock = clock
        self._ids = ids
        self._ready = ready
        self._trust = trust
        self._max_body = max_body
        self._quick = quick
        self._guard = guard
        self._observed: dict[tuple[str, str, int], telemetry.Quickest] = {}  # of quick answers
        self._named, self._number = b"req_" + ids.secret(6).hex().encode(), 0  # of quick answers: no chance for each
        self.draining = False
        self.running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await _lifespan(receive, send)
            return None
        if self._quick is not None and (ready := self._quick(scope)) is not None:
            return await self._send(ready, scope, send)
        if self._guard is not None:
            without_card_in_tracing(scope)
        given = dict(scope["headers"])
        request_id = telemetry.enter(
            given.get(b"traceparent", b"").decode("latin-1"),
            given.get(b"x-request-id", b"").decode("latin-1"),
            self._ids.secret(24).hex(),
        )
        began, status, withheld = self._clock.monotonic(), 0, False

        async def telling(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        async def sending(message: Message) -> None:
            """The answer; ours instead, whatever was made of a body whose card number was withheld."""
            nonlocal withheld
            if REFUSAL in scope and (withheld or not status):
                if not withheld:
                    withheld = True
                    await problem(scope[REFUSAL])(scope, receive, telling)
                return
            await telling(message)

        self.running += 1
        try:
            async with deadlines.within(self._seconds(given)):
                await self._answer(scope, given, receive, sending)
        except Refusal as refusal:
            if not status:
                await problem(refusal)(scope, receive, telling)
        finally:
            self.running -= 1
            self._note(scope, status, self._clock.monotonic() - began)

    async def _send(self, ready: Quick, scope: Scope, send: Send) -> None:
        """Send what is there, with the request's id, and count it."""
        began = self._clock.monotonic()
        request_id = telemetry.request_id_of(scope["headers"])
        if not request_id:
            self._number += 1
            request_id = b"%b%08x" % (self._named, self._number)
        headers = [*ready.headers, (b"x-request-id", request_id)]
        await send({"type": "http.response.start", "status": ready.status, "headers": headers})
        await send({"type": "http.response.body", "body": ready.body})
        labels = (scope["method"], ready.route, ready.status)
        seen = self._observed.get(labels)
        if seen is None:
            seen = self._observed[labels] = telemetry.Quickest(self._name, labels[0], labels[1], str(labels[2]))
        seen.observe(began, self._clock.monotonic())

    def _seconds(self, given: dict[bytes, bytes]) -> float:
        told = given.get(gateway.DEADLINE.encode(), b"") if self._trust else b""
        left = deadlines.from_header(told.decode("latin-1"), self._clock, LONGEST_REQUEST) if told else LONGEST_REQUEST
        if left <= 0:
            raise DeadlinePassed
        return left

    async def _answer(self, scope: Scope, given: dict[bytes, bytes], receive: Receive, send: Send) -> None:
        if self._guard is not None:
            receive = self._guard.enter(scope, receive)
        path = scope["path"]
        if path == "/livez":
            return await _plain(send, 200, b"ok", b"text/plain")
        if path == "/readyz":
            ready = not self.draining and await self._ready()
            return await _plain(send, 200 if ready else 503, b'{"ready":%s}' % (b"true" if ready else b"false"))
        if path == "/metrics":
            for seen in self._observed.values():
                seen.settle()
            return await _plain(send, 200, telemetry.metrics(), CONTENT_TYPE_LATEST.encode())
        length = given.get(b"content-length", b"0")
        if not length.isdigit():
            raise Malformed("Content-Length is not a number")
        limit = MAX_CALL if self._trust and path.startswith(CALL_PATH) else self._max_body(scope["method"], path)
        if len(length) > 15 or int(length) > limit:
            raise TooLarge(f"a body here is at most {limit} bytes")
        with telemetry.span(f"{scope['method']} {path}", service=self._name):
            await self._app(scope, _bounded(receive, limit), send)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or scope.get("banyan.route") or "other"
        method = scope["method"] if scope["method"] in _METHODS else "other"  # a label that callers cannot multiply
        telemetry.REQUESTS.labels(self._name, method, route, str(status)).observe(seconds)
        level = logging.ERROR if status >= 500 else logging.DEBUG if status < 400 else logging.INFO
        if _log.isEnabledFor(level):
            _log.log(
                level,
                "request",
                extra={
                    "method": scope["method"],
                    "path": scope["path"][:200],
                    "status": status,
                    "ms": round(seconds * 1000, 1),
                },
            )


def _bounded(receive: Receive, limit: int) -> Receive:
    """Count what arrives: a body may be longer than it said, or say nothing."""
    seen = 0

    async def receiving() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise TooLarge(f"a body here is at most {limit} bytes")
        return message

    return receiving


async def _plain(send: Send, status: int, body: bytes, media_type: bytes = b"application/json") -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", media_type), (b"cache-control", b"no-store")],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    """Starting and stopping belong to who runs the process, not to the server in it."""
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
