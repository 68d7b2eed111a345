"""HTTP/1.1 over one connection as a client needs it here: little work for an answer, whoever has written it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import orjson

from banyan.trial.load import raw


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes  # as it came
    body: bytes
    stays: bool  # whether the server keeps the connection open

    def json(self) -> object:
        return orjson.loads(self.body)

    def headers(self, name: str) -> list[str]:
        """Every value of one header."""
        wanted = name.lower().encode() + b":"
        found = [line for line in self.head.split(b"\r\n")[1:] if line.lower().startswith(wanted)]
        return [line[len(wanted) :].strip().decode("latin-1") for line in found]


def read(buffer: bytes, ended: bool = False) -> tuple[Answer, bytes] | None:
    """The first answer in what has come, and the rest; None while it is not whole (`ended`: nothing more will come)."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head, start = buffer[:end], end + 4
    lower, status = head.lower(), int(buffer[9:12])
    stays = b"connection: close" not in lower
    at = lower.find(b"\r\ncontent-length:")
    if at >= 0:
        whole = start + int(lower[at + 17 :].split(b"\r\n", 1)[0])
        return (Answer(status, head, buffer[start:whole], stays), buffer[whole:]) if len(buffer) >= whole else None
    if b"\r\ntransfer-encoding: chunked" in lower:
        chunks = _chunked(buffer, start)
        return (Answer(status, head, chunks[0], stays), buffer[chunks[1] :]) if chunks else None
    if status in (204, 304):
        return Answer(status, head, b"", stays), buffer[start:]
    return (Answer(status, head, buffer[start:], False), b"") if ended else None


def _chunked(buffer: bytes, at: int) -> tuple[bytes, int] | None:
    parts: list[bytes] = []
    while True:
        line = buffer.find(b"\r\n", at)
        if line < 0:
            return None
        size = int(buffer[at:line].split(b";")[0], 16)
        if len(buffer) < line + 2 + size + 2:
            return None
        if size == 0:
            return b"".join(parts), line + 4
        parts.append(buffer[line + 2 : line + 2 + size])
        at = line + 2 + size + 2


class Line(asyncio.Protocol):
    """A connection that tells each answer to `heard`, and None when it is lost."""

    def __init__(self, heard: Callable[[Answer | None], None]) -> None:
        self._heard = heard
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        self._look(ended=False)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        if self._buffer:
            self._look(ended=True)
        self._heard(None)

    def send(self, request: bytes) -> None:
        if self._transport is not None:
            self._transport.write(request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _look(self, ended: bool) -> None:
        got = read(self._buffer, ended)
        if got is not None:
            self._buffer = got[1]
            self._heard(got[0])


class Talk:
    """One shopper's connection: a question, its answer; cookies are kept until `forget`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._line: Line | None = None
        self._waits: asyncio.Future[Answer | None] | None = None
        self._cookies: dict[str, str] = {}

    def forget(self) -> None:
        """Become somebody else."""
        self._cookies.clear()

    def cookies(self) -> str:
        """As a header's value."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def close(self) -> None:
        if self._line is not None:
            self._line.close()

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """ConnectionError when the server hangs up; a connection that it closed after an answer is made anew."""
        loop = asyncio.get_running_loop()
        if self._line is None:
            self._line = await self._connect(loop)
        if self._cookies:
            headers["Cookie"] = self.cookies()
        self._waits = loop.create_future()
        self._line.send(raw(method, path, b"" if body is None else orjson.dumps(body), **headers))
        async with asyncio.timeout(120):
            answer = await self._waits
        if answer is None:
            raise ConnectionError(f"{method} {path}: the server hung up")
        if not answer.stays:
            self._line.close()
            self._line = None
        for cookie in answer.headers("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name.strip()] = value.strip()
        return answer

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> Line:
        def heard(answer: Answer | None) -> None:
            if line is not self._line:
                return  # an earlier connection's end
            if answer is None:
                self._line = None
            if self._waits is not None and not self._waits.done():
                self._waits.set_result(answer)

        line = Line(heard)
        await loop.create_connection(lambda: line, "127.0.0.1", self._port)
        return line
