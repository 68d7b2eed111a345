"""A waiting room for a drop: so many shoppers a second may begin to buy, in the order in which they came.

A ticket is a number, sealed so that nobody can make one. The number served rises with time, never faster than the rate;
whoever's number has been served may buy for half an hour. No row is written for anyone who waits.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from http.cookies import CookieError, SimpleCookie

from starlette.responses import HTMLResponse, Response

from banyan.foundation.keys import Keys
from banyan.foundation.web import problem
from banyan.kernel.clock import Clock
from banyan.kernel.ids import Ids
from banyan.kernel.refusals import Unavailable

LASTS = 1800.0  # seconds a ticket is good for after its number was served
_SEALED_FOR = "a place in the waiting room"
COOKIE, HEADER = "banyan_ticket", b"banyan-ticket"
_BUYING = re.compile(
    r"POST /v1/carts(?:/[^/]+/(?:lines|checkout))?|POST /v1/orders/one-click|POST /(?:cart|checkout|buy-now)(?:/.*)?"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><title>In the line</title><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{seconds};url={back}"><link rel="stylesheet" href="/static/shop.css">
</head>
<body><main>
<h1>You have a place in the line</h1>
<p>Many want to buy at this moment. <strong>{ahead}</strong> are before you.</p>
<p>This page goes on by itself. Your place is kept as long as you leave it open.</p>
</main></body>
</html>"""
_OFTEN, _SELDOM = 2.0, 60.0  # seconds between two looks of somebody who waits: at least, at most


class Waits(Unavailable):
    """It is not this shopper's turn yet. `more`: the ticket to show next time, and how many are before it."""

    code = "waiting_room"
    title = "Many want to buy at this moment, and you have a place in the line"

    def __init__(self, ticket: str, ahead: int, seconds: float) -> None:
        super().__init__(
            f"{ahead} are before you; show your ticket again in {round(seconds)} seconds",
            retry_after=seconds,
            more={"ticket": ticket, "ahead": ahead},
        )
        self.ticket = ticket


@dataclass(slots=True)
class _Ticket:
    number: int
    line: int


class WaitingRoom:
    """`rate`: shoppers a second that may begin to buy. A line begins anew with the process: older tickets get new places."""

    def __init__(self, rate: float, keys: Keys, clock: Clock, ids: Ids) -> None:
        self._rate = rate
        self._keys = keys
        self._clock = clock
        self._ids = ids
        self._line = int.from_bytes(ids.secret(6))
        self._given = 0
        self._served = rate
        self._since = clock.monotonic()

    async def pass_by(self, shown: str) -> str:
        """The ticket of somebody who may buy now. Waits for everyone else, with a ticket of theirs."""
        self._serve()
        ticket = await self._opened(shown)
        if ticket is None or ticket.line != self._line or ticket.number <= self._served - self._rate * LASTS:
            self._given += 1
            ticket, shown = _Ticket(self._given, self._line), ""
        shown = shown or await self._sealed(ticket)
        if ticket.number <= self._served:
            return shown
        ahead = ticket.number - int(self._served)
        seconds = min(_SELDOM, max(_OFTEN, ahead / self._rate)) * (1.0 + self._ids.fraction() / 4)
        raise Waits(shown, ahead, seconds)

    def _serve(self) -> None:
        """Let time pass. Turns that nobody took are not saved up for longer than a second."""
        now = self._clock.monotonic()
        self._served = min(self._served + (now - self._since) * self._rate, self._given + self._rate)
        self._since = now

    async def _sealed(self, ticket: _Ticket) -> str:
        told = f"{ticket.line}.{ticket.number}".encode()
        return urlsafe_b64encode(await self._keys.seal(told, _SEALED_FOR)).decode().rstrip("=")

    async def _opened(self, shown: str) -> _Ticket | None:
        if not shown or len(shown) > 400:
            return None
        try:
            told = await self._keys.open(urlsafe_b64decode(shown + "=" * (-len(shown) % 4)), _SEALED_FOR)
            line, _, number = told.decode().partition(".")
            return _Ticket(int(number), int(line))
        except ValueError:  # sealed by nobody here
            return None


def buys(method: str, path: str) -> bool:
    """Whether this request is one that the line is for."""
    return _BUYING.fullmatch(f"{method} {path}") is not None


def shown(given: Mapping[bytes, bytes]) -> str:
    """The ticket of a request: a program's header, or a browser's cookie; empty for none."""
    if told := given.get(HEADER):
        return told.decode("latin-1")
    try:
        morsel = SimpleCookie(given.get(b"cookie", b"").decode("latin-1")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def cookie(ticket: str, *, secure: bool) -> bytes:
    return f"{COOKIE}={ticket}; HttpOnly; SameSite=Lax; Path=/; Max-Age={int(LASTS)}{'; Secure' * secure}".encode()


def answer(waits: Waits, given: Mapping[bytes, bytes], path: str, *, secure: bool) -> Response:
    """What somebody who waits is told: a page that goes on by itself, or a problem with the ticket in it."""
    if path.startswith("/v1/"):
        told = problem(waits)
    else:
        referer = given.get(b"referer", b"/").decode("latin-1")
        back = "/" + referer.partition("://")[2].partition("/")[2].lstrip("/")  # within the shop, whatever was sent
        seconds = max(1, round(waits.retry_after or _OFTEN))
        page = _PAGE.format(seconds=seconds, back=escape(back), ahead=waits.more["ahead"])
        told = HTMLResponse(page, 503, {"retry-after": str(seconds), "cache-control": "no-store"})
    told.headers["set-cookie"] = cookie(waits.ticket, secure=secure).decode()
    return told
