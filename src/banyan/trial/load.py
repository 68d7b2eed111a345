"""A small load generator: many keep-alive connections, one request in flight on each, from a process of its own.

Closed loop: it measures what a server can do, not what shoppers would feel when it cannot. Run it with
`python -m banyan.trial.load HOST PORT CONNECTIONS SECONDS < requests` where requests are a JSON list of raw texts.
"""

import asyncio
import sys
import tempfile
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import orjson


@dataclass(slots=True)
class Measured:
    """Requests answered, by status, and how long each took in seconds."""

    seconds: float
    statuses: dict[int, int] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    bytes: int = 0

    def rate(self) -> float:
        return len(self.times) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Seconds within which that share was answered; 0 for nothing measured."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class _Connection(asyncio.Protocol):
    """Sends a request, reads its answer by Content-Length, sends the next."""

    def __init__(self, requests: list[bytes], first: int, step: int, ends: float, measured: Measured) -> None:
        self._requests = requests
        self._next = first
        self._step = step
        self._ends = ends
        self._measured = measured
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._sent = 0.0
        self.closed: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so
        self._send()

    def data_received(self, chunk: bytes) -> None:
        buffer = self._buffer + chunk if self._buffer else chunk
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            self._buffer = buffer
            return
        head = buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(buffer) < end + 4 + length:
            self._buffer = buffer
            return
        self._buffer = b""
        status = int(buffer[9:12])
        self._measured.statuses[status] = self._measured.statuses.get(status, 0) + 1
        self._measured.times.append(self._loop.time() - self._sent)
        self._measured.bytes += length
        self._send()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def _send(self) -> None:
        self._sent = self._loop.time()
        if self._sent >= self._ends:
            self._transport.close()
            return
        self._transport.write(self._requests[self._next % len(self._requests)])
        self._next += self._step


async def measure(host: str, port: int, connections: int, seconds: float, requests: list[bytes]) -> Measured:
    """Ask for `requests` in turn for `seconds`, one after the other on the next connection: each once before any again."""
    loop, measured = asyncio.get_running_loop(), Measured(seconds)
    ends = loop.time() + seconds
    made = [
        await loop.create_connection(partial(_Connection, requests, number, connections, ends, measured), host, port)
        for number in range(connections)
    ]
    await asyncio.wait([protocol.closed for _, protocol in made], timeout=seconds + 15)
    return measured


def raw(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """A request as its bytes on the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: shop"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def in_a_process(port: int, connections: int, seconds: float, requests: list[bytes]) -> Measured:
    """The same from another process, so that the generator has a core of its own where there is one."""
    with tempfile.TemporaryFile() as told:  # not a pipe: of half a megabyte the end was seen to be missing
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "banyan.trial.load", "127.0.0.1", str(port), str(connections), str(seconds)),
            stdin=asyncio.subprocess.PIPE,
            stdout=told,
        )
        await process.communicate(orjson.dumps([each.decode() for each in requests]))
        if process.returncode:
            raise RuntimeError(f"the load generator ended with {process.returncode}; what it said is above")
        told.seek(0)
        got = orjson.loads(told.read())
    return Measured(got["seconds"], {int(k): v for k, v in got["statuses"].items()}, got["times"], got["bytes"])


def _main() -> None:
    import uvloop

    host, port, connections, seconds = sys.argv[1:5]
    requests = [each.encode() for each in orjson.loads(sys.stdin.buffer.read())]
    measured = uvloop.run(measure(host, int(port), int(connections), float(seconds), requests))
    shown = {
        "seconds": measured.seconds,
        "statuses": {str(k): v for k, v in measured.statuses.items()},
        "times": measured.times,
        "bytes": measured.bytes,
    }
    sys.stdout.buffer.write(orjson.dumps(shown))


if __name__ == "__main__":
    _main()
