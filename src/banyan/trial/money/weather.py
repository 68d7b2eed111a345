"""What goes wrong on the way to a provider and back, by seed: lost requests, lost answers, early and late webhooks, crashes."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from banyan.foundation.egress import NotSent
from banyan.kernel.ids import SeededIds
from banyan.kernel.refusals import DeadlinePassed

REQUESTS = {  # by kind: what share of troubled requests
    "provider down": 2,
    "5xx": 2,
    "too many requests": 1,
    "timeout, not done": 2,
    "answer lost (5xx)": 2,
    "answer lost (timeout)": 3,
    "webhook before the answer": 3,
    "webhook, then the answer lost": 2,
    "crash before asking": 2,
    "crash after asking": 2,
}
WEBHOOKS = {"webhook twice": 3, "webhook late": 3, "webhook taken, answer lost": 2}
POLLED = 0.05  # share of the poller's requests that meet trouble
_OURS = re.compile(rb"pay_[0-9a-z]{26}")
_BUSY = {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "slow down"}}


class Crash(BaseException):
    """Our process dies here. No handler of the services may catch it."""


@dataclass(slots=True)
class Fortune:
    """How much trouble an attempt meets. `met`: the kinds that it did meet."""

    chance: SeededIds
    share: float = 0.0  # of its requests
    hooks: float = 0.0  # of its webhooks
    met: set[str] = field(default_factory=set)


whose: ContextVar[Fortune | None] = ContextVar("whose", default=None)


@dataclass(slots=True)
class Weather:
    """Over all providers. Calm from the moment that `calm` is set."""

    chance: SeededIds
    calm: bool = False
    down: str = ""  # a provider that nobody reaches
    counts: Counter[str] = field(default_factory=Counter)
    fortunes: dict[bytes, Fortune] = field(default_factory=dict)  # by payment

    def request(self, provider: str) -> str:
        """What becomes of a request; empty: nothing special."""
        fortune = whose.get()
        if self.calm:
            return ""
        if provider == self.down:
            return self._met(fortune, "provider down")
        chance, share = (fortune.chance, fortune.share) if fortune else (self.chance, POLLED)
        if chance.fraction() >= share:
            return ""
        kind = _drawn(REQUESTS, chance.fraction())
        return self._met(fortune, kind if fortune or "crash" not in kind else "5xx")

    def webhook(self, body: bytes) -> str:
        found = _OURS.search(body)
        fortune = self.fortunes.get(found[0]) if found else None
        if self.calm or fortune is None or self.chance.fraction() >= fortune.hooks:
            return ""
        return self._met(fortune, _drawn(WEBHOOKS, self.chance.fraction()))

    def _met(self, fortune: Fortune | None, kind: str) -> str:
        self.counts[kind] += 1
        if fortune is not None:
            fortune.met.add(kind)
        return kind


def _drawn(shares: dict[str, int], fraction: float) -> str:
    left = fraction * sum(shares.values())
    for kind, share in shares.items():
        left -= share
        if left < 0:
            return kind
    raise AssertionError("unreachable: the fraction is below one")


def over(app: ASGIApp, provider: str, weather: Weather, deliver: Callable[[], Awaitable[object]]) -> ASGIApp:
    """A provider in this weather. `deliver`: have it send the webhooks that are due."""

    async def troubled(scope: Scope, receive: Receive, send: Send) -> None:
        kind = weather.request(provider)
        match kind:
            case "provider down":
                raise NotSent("nobody listens")
            case "5xx":
                return await JSONResponse({}, 500)(scope, receive, send)
            case "too many requests":
                return await JSONResponse(_BUSY, 429)(scope, receive, send)
            case "timeout, not done":
                raise DeadlinePassed("no answer came")
            case "crash before asking":
                raise Crash
        lost = kind in (
            "answer lost (5xx)",
            "answer lost (timeout)",
            "webhook, then the answer lost",
            "crash after asking",
        )
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await app(scope, receive, keep)
        if kind.startswith("webhook"):
            await deliver()
        if kind == "crash after asking":
            raise Crash
        if kind == "answer lost (5xx)":
            return await JSONResponse({}, 500)(scope, receive, send)
        if lost:
            raise DeadlinePassed("the answer was lost")
        for message in kept:
            await send(message)

    return troubled


def door(app: ASGIApp, weather: Weather) -> ASGIApp:
    """Our own door for webhooks: they come twice, or late, or our answer to them is lost and they come again."""

    async def troubled(scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith("/webhooks/"):
            return await app(scope, receive, send)
        message = await receive()
        token = whose.set(None)  # what we ask because of it is of nobody's attempt
        try:
            kind = weather.webhook(message.get("body", b""))
            if kind == "webhook late":
                return await JSONResponse({}, 503)(scope, receive, send)
            if kind:
                await app(scope, _again(message), _nowhere)
            if kind == "webhook taken, answer lost":
                return await JSONResponse({}, 503)(scope, receive, send)
            await app(scope, _again(message), send)
        finally:
            whose.reset(token)

    return troubled


def _again(message: Message) -> Receive:
    async def receive() -> Message:
        return message

    return receive


async def _nowhere(_: Message) -> None: ...
