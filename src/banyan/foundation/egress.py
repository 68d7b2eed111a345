"""Requests to the world outside: payment providers, identity providers, a vault. No redirect is followed, no time unbounded."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from banyan.foundation import deadlines
from banyan.foundation.loopback import request
from banyan.foundation.peers import HttpAnswer
from banyan.kernel.refusals import DeadlinePassed, Unavailable

LONGEST_ANSWER = 4 * 2**20  # bytes
CONNECT_SECONDS = 2.0


class NotSent(Unavailable):
    """Nothing left this machine: whatever was asked has certainly not been done."""


class Egress:
    """The one way out. Stand-ins of this process answer for the origins they are given."""

    def __init__(self) -> None:
        self._stand_ins: dict[str, Any] = {}
        self._http: list[aiohttp.ClientSession] = []  # none or one

    def stand_in(self, origin: str, app: Any) -> None:
        """From now on `app` (ASGI), without a socket, is what listens at `origin`, as `https://api.stripe.com`."""
        self._stand_ins[origin] = app

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", seconds: float
    ) -> HttpAnswer:
        """One request, and its answer whatever its status is, in `seconds` or the deadline that is left.

        NotSent when it cannot have been received; Unavailable or DeadlinePassed when it may have been.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        app = self._stand_ins.get(origin)
        async with deadlines.within(seconds):
            if app is None:
                return await self._over_the_wire(method, url, origin, headers or {}, body)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            return await request(app, method, path, headers={"host": parts.netloc, **(headers or {})}, body=body)

    async def close(self) -> None:
        while self._http:
            await self._http.pop().close()

    async def _over_the_wire(
        self, method: str, url: str, origin: str, headers: Mapping[str, str], body: bytes
    ) -> HttpAnswer:
        timeout = aiohttp.ClientTimeout(total=deadlines.remaining(), connect=CONNECT_SECONDS)
        try:
            async with self._session().request(
                method, url, data=body or None, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                text = await answer.content.read(LONGEST_ANSWER + 1)
                while len(text) <= LONGEST_ANSWER and (more := await answer.content.read(LONGEST_ANSWER)):
                    text += more
                if len(text) > LONGEST_ANSWER:
                    raise Unavailable(f"{origin} answered with more than {LONGEST_ANSWER} bytes")
                return HttpAnswer(
                    answer.status, tuple((name.lower(), value) for name, value in answer.headers.items()), text
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"{origin} cannot be reached ({type(error).__name__})", retry_after=1) from error
        except TimeoutError:
            raise DeadlinePassed(f"{origin} did not answer in time") from None
        except aiohttp.ClientError as error:
            raise Unavailable(f"{origin} gave no answer ({type(error).__name__})", retry_after=1) from error

    def _session(self) -> aiohttp.ClientSession:
        if not self._http:
            self._http.append(
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(limit=0, limit_per_host=64, keepalive_timeout=20),
                    cookie_jar=aiohttp.DummyCookieJar(),
                )
            )
        return self._http[0]
