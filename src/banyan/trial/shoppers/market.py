"""Shoppers from several processes at one shop: sent out, heard, added up."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from banyan.trial.shoppers.histogram import Histogram
from banyan.trial.shoppers.mixes import Mix
from banyan.trial.shoppers.shopper import Goods
from banyan.trial.shoppers.street import Seen

EACH = 17_000  # connections of a process, where it may open 20,000 files
_LINE = 64 * 1024 * 1024  # bytes of the longest line a process tells


@dataclass(frozen=True, slots=True)
class Progress:
    """`filled` of all are connected; or the second it is, and what was answered, failed and turned away in it."""

    filled: int = 0
    second: int = 0
    answered: tuple[int, int, int] = (0, 0, 0)


@dataclass(slots=True)
class Outcome:
    """What all processes saw together, and what they cost."""

    mix: Mix
    shoppers: int
    seen: Seen = field(default_factory=Seen)
    cpu_seconds: float = 0.0
    resident_megabytes: float = 0.0

    @property
    def total(self) -> Histogram:
        every = Histogram()
        for times in self.seen.times.values():
            every.take(times)
        return every

    @property
    def answered(self) -> int:
        return sum(sum(each.values()) for each in self.seen.statuses.values())

    def failed(self, act: str = "") -> int:
        """No answer, or one of 500 and above: also those turned away for now."""
        chosen = [self.seen.statuses[act]] if act else list(self.seen.statuses.values())
        return sum(count for each in chosen for status, count in each.items() if status == 0 or status >= 500)

    def refused(self, act: str) -> int:
        return sum(count for status, count in self.seen.statuses[act].items() if 400 <= status < 500)

    @property
    def hit_ratio(self) -> float:
        """Of the catalogue's reads, the share that came from prepared bytes."""
        reads = ("product", "list", "search", "suggest")
        asked = sum(self.seen.times[act].total for act in reads if act in self.seen.times)
        return sum(self.seen.hits[act] for act in reads) / asked if asked else 0.0

    def take(self, told: Mapping[str, Any]) -> None:
        seen, ours = told["seen"], self.seen
        for act, counts in seen["times"].items():
            ours.times[act].take(Histogram(counts))
        for act, statuses in seen["statuses"].items():
            ours.statuses[act] += Counter({int(status): count for status, count in statuses.items()})
        ours.orders += seen["orders"]
        ours.why += Counter(seen["why"])
        ours.hits += Counter(seen["hits"])
        ours.sent += seen["sent"]
        ours.late += seen["late"]
        for second, counts in seen["seconds"].items():
            before = ours.seconds.get(int(second), [0, 0, 0])
            ours.seconds[int(second)] = [a + b for a, b in zip(before, counts, strict=True)]
        self.cpu_seconds += told["cpu_seconds"]
        self.resident_megabytes += told["resident_megabytes"]


async def send_out(
    host: str,
    port: int,
    mix: Mix,
    goods: Goods,
    shoppers: int,
    *,
    seed: int = 1,
    note: Callable[[Progress], None] = lambda _: None,
    begun: Callable[[], None] = lambda: None,
) -> Outcome:
    """Let so many shoppers do what the mix says. RuntimeError when a process of theirs ends before its time.

    On this machine's own address each process takes a source address of its own, for ports are 28,000 to each.
    """
    count = -(-shoppers // EACH)
    outcome = Outcome(mix, shoppers)
    walkers = []
    for number in range(count):
        part = shoppers // count + (number < shoppers % count)
        order = {
            "host": host,
            "port": port,
            "mix": asdict(mix),
            "goods": goods.as_json(),
            "shoppers": part,
            "seed": seed * 1000 + number,
            "source": f"127.0.0.{number + 2}" if host.startswith("127.") else "",
        }
        walkers.append(await _start(order))
    together = _Together(walkers, note)
    try:
        await asyncio.gather(*(together.until_ready(number) for number in range(count)))
        for walker in walkers:
            assert walker.stdin is not None
            walker.stdin.write(b"go\n")
            await walker.stdin.drain()
        await asyncio.gather(*(together.until_opened(number) for number in range(count)))
        begun()
        for told in await asyncio.gather(*(together.until_seen(number) for number in range(count))):
            outcome.take(told)
    finally:
        for walker in walkers:
            if walker.returncode is None:
                walker.kill()
            await walker.wait()
    return outcome


async def _start(order: Mapping[str, Any]) -> "asyncio.subprocess.Process":
    walker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "banyan.trial.shoppers.walk"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE,
    )
    assert walker.stdin is not None
    walker.stdin.write(orjson.dumps(order) + b"\n")
    await walker.stdin.drain()
    return walker


class _Together:
    """What the processes tell while they are at it, added up."""

    def __init__(self, walkers: "list[asyncio.subprocess.Process]", note: Callable[[Progress], None]) -> None:
        self._walkers = walkers
        self._note = note
        self._filled = [0] * len(walkers)
        self._answered: dict[int, list[list[int]]] = {}

    async def until_ready(self, number: int) -> None:
        while "ready" not in (told := await self._line(number)):
            self._filled[number] = told["filled"]
            self._note(Progress(filled=sum(self._filled)))

    async def until_opened(self, number: int) -> None:
        while "opened" not in await self._line(number):
            pass

    async def until_seen(self, number: int) -> Mapping[str, Any]:
        while "seen" not in (told := await self._line(number)):
            of_all = self._answered.setdefault(told["second"], [])
            of_all.append(told["answered"])
            if len(of_all) == len(self._walkers):
                answered, failed, away = (sum(each) for each in zip(*of_all, strict=True))
                self._note(Progress(second=told["second"], answered=(answered, failed, away)))
        return told

    async def _line(self, number: int) -> Mapping[str, Any]:
        stdout = self._walkers[number].stdout
        assert stdout is not None
        line = await stdout.readline()
        if not line:
            raise RuntimeError("a process of shoppers ended before its time; what it said is above")
        told: Mapping[str, Any] = orjson.loads(line)
        return told
