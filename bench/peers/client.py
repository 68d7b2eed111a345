"""The client of every shop in the comparison, a process of its own: many connections, each with one request under way.

`python -m bench.peers.client < order`, where the order is JSON; what it saw is JSON on its output. It looks at every body.
"""

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson
from bench.peers.asked import Ask, Wrong
from bench.peers.wire import Answer, Line, Talk

ROOT = Path(__file__).parents[2]
_DRAIN = 60.0  # seconds that answers may take which are under way at the end

Purchase = Callable[[Talk, str, dict[str, Any]], Awaitable[None]]
"""The whole way from no cart to an order, by a buyer of this name; Wrong or ConnectionError if it fails."""


@dataclass(slots=True)
class Seen:
    """What came back in so many seconds: how many right answers, how many wrong ones, and the first of those."""

    seconds: float = 0.0
    done: int = 0
    wrong: int = 0
    sample: str = ""
    p95: float = 0.0  # seconds that 95 % of the right answers took at most


@dataclass(slots=True)
class _Notes:
    """What is seen while it goes on."""

    times: list[float] = field(default_factory=list)
    wrong: int = 0
    sample: str = ""

    def add(self, took: float, fault: str) -> None:
        if fault:
            self.wrong += 1
            self.sample = self.sample or fault
        else:
            self.times.append(took)

    def summed(self, seconds: float) -> Seen:
        ordered, count = sorted(self.times), len(self.times)
        return Seen(seconds, count, self.wrong, self.sample, ordered[int(count * 0.95)] if count else 0.0)


class _Asking:
    """Asks one thing after another, on one connection, which is made anew when the server has closed it."""

    def __init__(self, port: int, asks: list[Ask], first: int, step: int, ends: float, seen: _Notes) -> None:
        self._port = port
        self._asks = asks
        self._next = first
        self._step = step
        self._ends = ends
        self._seen = seen
        self._loop = asyncio.get_running_loop()
        self._line: Line | None = None
        self._ask: Ask | None = None
        self._sent = 0.0
        self._lost = asyncio.Event()

    async def run(self) -> None:
        while self._loop.time() < self._ends:
            self._lost.clear()
            try:
                _, self._line = await self._loop.create_connection(lambda: Line(self._hear), "127.0.0.1", self._port)
            except OSError as error:
                self._seen.add(0, f"no connection: {error}")
                await asyncio.sleep(0.2)
                continue
            self._send()
            await self._lost.wait()

    def _send(self) -> None:
        assert self._line is not None
        self._sent = self._loop.time()
        if self._sent >= self._ends:
            self._line.close()
            return
        self._ask = self._asks[self._next % len(self._asks)]
        self._next += self._step  # nothing is asked for twice before all of it was asked for once
        self._line.send(self._ask.request)

    def _hear(self, answer: Answer | None) -> None:
        ask, self._ask = self._ask, None
        if answer is None:
            if ask is not None:
                self._seen.add(0, "the server hung up")
            self._lost.set()
            return
        if ask is None:
            return
        self._seen.add(self._loop.time() - self._sent, ask.fault(answer.status, answer.body))
        if answer.stays:
            self._send()
        elif self._line is not None:
            self._line.close()


async def asking(port: int, connections: int, seconds: float, asks: list[Ask], first: int = 0) -> Seen:
    """Ask for them in turn, from the `first` on.

    The time counted goes on until the last answer has come: slow answers are neither cut off nor given for free.
    """
    loop, seen = asyncio.get_running_loop(), _Notes()
    began = loop.time()
    made = [_Asking(port, asks, first + n, connections, began + seconds, seen) for n in range(connections)]
    done, left = await asyncio.wait([loop.create_task(each.run()) for each in made], timeout=seconds + _DRAIN)
    for task in left:
        task.cancel()
        seen.add(0, f"no answer within {_DRAIN:.0f} s")
    for task in done:
        task.result()
    return seen.summed(loop.time() - began)


async def buying(port: int, shoppers: int, seconds: float, purchase: Purchase, told: dict[str, Any]) -> Seen:
    """Whole purchases by so many shoppers at once; a purchase under way at the end is finished and counted."""
    loop, seen = asyncio.get_running_loop(), _Notes()
    began = loop.time()

    async def shopper(number: int) -> None:
        talk, bought = Talk(port), 0
        while loop.time() < began + seconds:
            talk.forget()
            bought += 1
            started, fault = loop.time(), ""
            try:
                await purchase(talk, f"{told['run']}-{number}-{bought}", told)
            except (Wrong, OSError, TimeoutError, LookupError, TypeError, orjson.JSONDecodeError) as error:
                fault = f"{type(error).__name__}: {error}"
                talk.close()
                talk = Talk(port)
            seen.add(loop.time() - started, fault)
        talk.close()

    await asyncio.gather(*(shopper(number) for number in range(shoppers)))
    return seen.summed(loop.time() - began)


async def order(**told: Any) -> Seen:
    """Have an order carried out by a client in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.peers.client"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said, _ = await process.communicate(orjson.dumps(told))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError("the client failed")
    return Seen(**orjson.loads(said))


def _main() -> None:
    import uvloop

    told = orjson.loads(sys.stdin.buffer.read())
    port, number, seconds = told["port"], told["connections"], told["seconds"]
    if "purchase" in told:
        purchase: Purchase = importlib.import_module(told["purchase"]).purchase
        seen = uvloop.run(buying(port, number, seconds, purchase, told))
    else:
        seen = uvloop.run(asking(port, number, seconds, [Ask.of(each) for each in told["asks"]], told["first"]))
    sys.stdout.buffer.write(orjson.dumps(asdict(seen)))


if __name__ == "__main__":
    _main()
